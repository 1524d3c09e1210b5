//! The webhooks of `[access.notify]`: opened for the server, and checked.

use crate::config::{Fault, NotifyPlan, Plan};
use crate::io::notify::{self, NotifyFault, NotifyTarget};

/// As the shell wants them.
pub fn targets(plan: &Plan) -> Vec<NotifyTarget> {
    plan.shell.notify.iter().map(target).collect()
}

/// A fault for each that cannot be reached as it is written.
pub fn faults_of(plan: &Plan) -> Vec<Fault> {
    let fault = |NotifyFault { name, what }| {
        let line = plan.shell.notify.iter().find(|target| target.name == name).map_or(1, |target| target.line);
        let (key, remedy) = (format!("access.notify.{name}"), "see [access.notify] in the example".to_owned());
        Fault { file: None, line, column: 1, key, what, remedy }
    };
    notify::faults(&targets(plan)).into_iter().map(fault).collect()
}

fn target(plan: &NotifyPlan) -> NotifyTarget {
    NotifyTarget {
        name: plan.name.clone(),
        url: plan.url.clone(),
        secret: plan.secret.clone(),
        timeout: plan.timeout,
        retry: plan.retry,
        tries: plan.tries,
        ca: plan.ca.clone(),
    }
}

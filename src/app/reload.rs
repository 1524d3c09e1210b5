//! The configuration of a running server is read again: checked first, refused as a whole with all faults, applied at once.
//!
//! Everything that takes long happens on a thread of its own, and the engine only takes what is made. What it had is let go of here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::access::Policy;
use crate::base::limits::{FAULTS_LOGGED_MAX, PLACES_LEFT_MAX};
use crate::base::rng::Rng;
use crate::calls::settings::WebRtcPlan;
use crate::config::{self, Change, Fault, How, Plan, WavAt};
use crate::engine::question::Question;
use crate::engine::{ConfigSource, Configured, Input};
use crate::io::door::{ConfigFault, NotReloaded, ReloadDoor, Reloaded, Reloading};
use crate::io::leisure::at_leisure;
use crate::io::media::SoundsDoor;
use crate::io::notify::Notifier;
use crate::io::sip::tls::Tls;
use crate::io::telemetry::logging::LogFilter;
use crate::io::web::Served;
use crate::media::{Clip, Sounds};

use super::configuration::{self, NoPlan};
use super::numbers::Numbers;
use super::server::{random_seed, warm_up};
use super::warnings::warn;
use super::web::WebParts;
use super::{files, notices, sounds, tls};

/// What of a running server can be changed.
pub struct Reloader {
    me: Weak<Reloader>,
    /// `None`: the configuration is no file.
    file: Option<PathBuf>,
    parts: Parts,
    served: Served,
    /// How long calls in progress go on after SIGTERM.
    drain: ArcSwap<Duration>,
    present: Mutex<Present>,
}

/// The ends of the parts that take another configuration.
pub struct Parts {
    pub web: WebParts,
    pub numbers: Arc<Numbers>,
    /// Of SIP, and of the HTTP server.
    pub tls: (Option<Arc<Tls>>, Option<Arc<Tls>>),
    pub notifier: Notifier,
    /// `None`: somebody else's log.
    pub log: Option<LogFilter>,
    /// Of this process, whatever the file says.
    pub webrtc: WebRtcPlan,
}

/// The sounds that there are.
pub struct Stage {
    pub door: SoundsDoor,
    /// By `WavId`.
    pub files: Vec<Vec<WavAt>>,
    pub clips: Vec<Clip>,
}

/// What holds now.
struct Present {
    source: ConfigSource,
    stage: Stage,
    policies: Vec<Arc<Policy>>,
    /// Those that calls in progress may still have: the last one to hold a large one lets go of it here, not in the engine.
    former: Vec<Arc<Policy>>,
    /// Places that trunks and phones have left behind.
    left: usize,
}

/// What is compared with.
struct Before {
    source: ConfigSource,
    files: Vec<Vec<WavAt>>,
    clips: Vec<Clip>,
    left: usize,
}

/// A reload as far as it is only read.
struct Checked {
    plan: Plan,
    clips: Vec<Clip>,
    source: ConfigSource,
    changes: Vec<Change>,
    left: usize,
}

/// The way to a reloader that may have gone with its server.
struct ReloadHandle(Weak<Reloader>);

/// How often former policies are looked at.
const LET_GO_EVERY: Duration = Duration::from_secs(5);

impl Reloader {
    /// `file`: where the plan was read from. `rng` draws the ids of intents.
    pub fn new(
        file: Option<PathBuf>,
        parts: Parts,
        (plan, source, stage): (&Plan, ConfigSource, Stage),
        rng: Rng,
    ) -> Arc<Reloader> {
        let policies = policies_of(plan);
        let present = Mutex::new(Present { source, stage, policies, former: Vec::new(), left: 0 });
        let reloader = Arc::new_cyclic(|me: &Weak<Reloader>| {
            let served = Served::new(parts.web.router(plan, Arc::new(ReloadHandle(me.clone())), rng));
            let drain = ArcSwap::from_pointee(plan.shell.drain);
            Reloader { me: me.clone(), file, parts, served, drain, present }
        });
        tokio::spawn(let_go(Arc::downgrade(&reloader)));
        reloader
    }

    /// The API, which changes with the configuration.
    pub fn served(&self) -> Served {
        self.served.clone()
    }

    /// How long calls in progress go on after SIGTERM.
    pub fn drain(&self) -> Duration {
        **self.drain.load()
    }

    /// For a signal: what comes of it is in the log.
    pub async fn run_and_log(self: Arc<Reloader>) {
        match self.run(true).await {
            // It says so itself.
            Ok(Reloaded { .. }) => {}
            Err(NotReloaded::Faults(faults) | NotReloaded::NeedsRestart(faults)) => {
                for ConfigFault { key, file, line, what, remedy } in faults.iter().take(FAULTS_LOGGED_MAX) {
                    tracing::error!(file, line, key, remedy, "{what}");
                }
                if let more @ 1.. = faults.len().saturating_sub(FAULTS_LOGGED_MAX) {
                    tracing::error!(more, "more faults, each of which `throughline check` names");
                }
                tracing::error!(faults = faults.len(), "the configuration stays as it was");
            }
            Err(NotReloaded::Busy) => tracing::warn!("the configuration is being read again already"),
            Err(NotReloaded::NoFile) => tracing::warn!("there is no configuration file to read again"),
            Err(NotReloaded::NoEngine) => tracing::error!("the engine has not said that it has the new configuration"),
        }
    }

    async fn run(&self, apply: bool) -> Result<Reloaded, NotReloaded> {
        let mut present = self.present.try_lock().map_err(|_| NotReloaded::Busy)?;
        let file = self.file.clone().ok_or(NotReloaded::NoFile)?;
        let before = Before {
            source: present.source.clone(),
            files: present.stage.files.clone(),
            clips: present.stage.clips.clone(),
            left: present.left,
        };
        // A million domains are some seconds of work, which no call shall wait for.
        let checked = at_leisure("reload", move || check(&file, &before)).await.ok_or(NotReloaded::NoEngine)??;
        let changes: Vec<_> = checked.changes.iter().map(|change| (change.key.clone(), change.how.as_str())).collect();
        if apply {
            let policy = checked.plan.settings.calls.policy.version();
            self.apply(checked, &mut present).await?;
            let said: Vec<String> = changes.iter().map(|(key, how)| format!("{key} {how}")).collect();
            tracing::info!(changes = said.join(", "), %policy, "the configuration was read again");
        }
        Ok(Reloaded { changes, is_applied: apply })
    }

    async fn apply(&self, checked: Checked, present: &mut Present) -> Result<(), NotReloaded> {
        let Checked { mut plan, clips, source, left, .. } = checked;
        let parts = &self.parts;
        let seed = random_seed().map_err(|_| NotReloaded::NoEngine)?;
        // Files may have changed since they were checked. Nothing is taken before all that can still be refused.
        let certificates = tls::read_again(&plan, parts.tls.0.as_deref(), parts.tls.1.as_deref());
        let certificates = certificates.map_err(|faults| NotReloaded::Faults(told(self.file.as_deref(), faults)))?;
        parts
            .notifier
            .change(&notices::targets(&plan))
            .map_err(|_| NotReloaded::Faults(told(self.file.as_deref(), notices::faults_of(&plan))))?;
        certificates.take();
        self.drain.store(Arc::new(plan.shell.drain));
        if let Some(log) = &parts.log {
            log.set(&plan.shell.log.filter);
        }
        plan.settings.calls.media.webrtc = parts.webrtc.clone();
        // Before the first command that names one of them.
        present.stage.door.change(Sounds::new(clips.clone()));
        (present.stage.files, present.stage.clips) = (plan.shell.media.wavs.clone(), clips);
        // The numbers first: whoever registers next may be given one.
        parts.numbers.offer(&plan.settings.pools).await;
        let router = parts.web.router(&plan, Arc::new(ReloadHandle(self.me.clone())), Rng::from_seed(seed));
        present.former.extend(std::mem::replace(&mut present.policies, policies_of(&plan)));
        (present.source, present.left) = (source.clone(), left);
        let configured = Configured { settings: plan.settings, source };
        parts.web.door.input(Input::Configured(Box::new(configured)));
        // It has taken everything before it answers this.
        let answer = parts.web.door.ask(Question::Health).await;
        self.served.change(router);
        answer.map(drop).ok_or(NotReloaded::NoEngine)
    }
}

/// Reads the file and all that it names, as far as it goes without changing anything.
fn check(file: &Path, before: &Before) -> Result<Checked, NotReloaded> {
    let told = |faults| told(Some(file), faults);
    let (plan, source) = configuration::read(file, &before.files).map_err(|why| {
        NotReloaded::Faults(told(match why {
            NoPlan::Unreadable(error) => vec![of_file(format!("cannot be read ({error})"), "put it back in its place")],
            NoPlan::Faults(faults) => faults,
        }))
    })?;
    let mut faults = files::faults_beside_sounds(&plan);
    let read = sounds::read(&plan.shell.media.wavs, &before.clips);
    if read.is_err() {
        faults.extend(sounds::faults_of(&plan));
    }
    let (true, Ok(clips)) = (faults.is_empty(), read) else { return Err(NotReloaded::Faults(told(faults))) };
    let changes = config::diff(&before.source, &source).map_err(|faults| NotReloaded::NeedsRestart(told(faults)))?;
    let leaves = |change: &&Change| {
        change.how != How::Added && (change.key.starts_with("trunks.") || change.key.starts_with("agents."))
    };
    let left = before.left + changes.iter().filter(leaves).count();
    if left > PLACES_LEFT_MAX {
        let what = format!("has changed or taken away {left} trunks and phones since the process began");
        return Err(NotReloaded::NeedsRestart(told(vec![of_file(what, "restart the process")])));
    }
    warm_up(&plan);
    warn(&plan);
    Ok(Checked { plan, clips, source, changes, left })
}

/// The one that holds, and its shadow.
fn policies_of(plan: &Plan) -> Vec<Arc<Policy>> {
    plan.settings.calls.policies().map(|(_, policy)| Arc::clone(policy)).collect()
}

/// A fault of the file as a whole.
fn of_file(what: String, remedy: &str) -> Fault {
    Fault { file: None, line: 1, column: 1, key: String::new(), what, remedy: remedy.to_owned() }
}

fn told(file: Option<&Path>, faults: Vec<Fault>) -> Vec<ConfigFault> {
    let own = file.map(|file| file.display().to_string()).unwrap_or_default();
    let fault = |Fault { file, line, key, what, remedy, column: _ }| ConfigFault {
        file: file.unwrap_or_else(|| own.clone()),
        line,
        key,
        what,
        remedy,
    };
    faults.into_iter().map(fault).collect()
}

/// Former policies that no call has any more, as long as the server is there.
async fn let_go(reloader: Weak<Reloader>) {
    loop {
        tokio::time::sleep(LET_GO_EVERY).await;
        let Some(reloader) = reloader.upgrade() else { return };
        let mut present = reloader.present.lock().await;
        let (kept, gone) =
            std::mem::take(&mut present.former).into_iter().partition(|policy| Arc::strong_count(policy) > 1);
        let gone: Vec<Arc<Policy>> = gone;
        present.former = kept;
        if !gone.is_empty() {
            at_leisure("former-policies", move || drop(gone)).await;
        }
    }
}

impl ReloadDoor for ReloadHandle {
    fn reload(&self, apply: bool) -> Reloading<'_> {
        Box::pin(async move {
            let reloader = self.0.upgrade().ok_or(NotReloaded::NoEngine)?;
            reloader.run(apply).await
        })
    }
}

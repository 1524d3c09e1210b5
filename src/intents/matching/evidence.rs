//! Evidence: one observed fact that ties a call to an intent, or speaks against it, and how to say it to people.

use std::fmt;

use super::Observed;
use super::weights::Facts;

/// In the order of strength; the last four speak against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    Token,
    /// The signed-in page said "that is me calling now".
    PageConfirmed,
    LeasedNumber,
    /// The code that was shown with the number has been entered.
    Pin,
    /// We call the number that the customer gave.
    CalledBack,
    /// The customer's number, vouched for by the trunk.
    CallerIdAsserted,
    CallerId,
    /// The customer's number cannot be compared: none was shown.
    CallerWithheld,
    /// A number that is none of the customer's.
    CallerUnknown,
    /// The number of another customer who has an open intent.
    CallerOfAnother,
    /// The number that is leased to another intent.
    NumberOfAnother,
    /// Another call has this intent at the moment.
    OnAnotherCall,
}

impl Evidence {
    /// The word for it in the API and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Token => "token",
            Evidence::PageConfirmed => "page_confirmed",
            Evidence::LeasedNumber => "leased_number",
            Evidence::Pin => "pin",
            Evidence::CalledBack => "called_back",
            Evidence::CallerIdAsserted => "caller_id_asserted",
            Evidence::CallerId => "caller_id",
            Evidence::CallerWithheld => "caller_withheld",
            Evidence::CallerUnknown => "caller_unknown",
            Evidence::CallerOfAnother => "caller_of_another",
            Evidence::NumberOfAnother => "number_of_another",
            Evidence::OnAnotherCall => "on_another_call",
        }
    }

    /// One sentence for the agent and the explanation of a decision.
    pub fn text(self) -> &'static str {
        match self {
            Evidence::Token => "brought the signed token of this intent",
            Evidence::PageConfirmed => "confirmed on the signed-in page that it is they who call",
            Evidence::LeasedNumber => "dialled the number that was leased to this intent",
            Evidence::Pin => "entered the code that the page of this intent shows",
            Evidence::CalledBack => "goes to the number that they gave us",
            Evidence::CallerIdAsserted => "calls from a number of this customer, as the carrier asserts",
            Evidence::CallerId => "shows a number of this customer, which anybody could forge",
            Evidence::CallerWithheld => "withholds the caller's number",
            Evidence::CallerUnknown => "calls from a number that is not known as this customer's",
            Evidence::CallerOfAnother => "shows the number of another customer who wants to call",
            Evidence::NumberOfAnother => "dialled the number that was leased to another intent",
            Evidence::OnAnotherCall => "comes while another call of this intent is in progress",
        }
    }

    /// It speaks for the intent.
    pub fn supports(self) -> bool {
        matches!(
            self,
            Evidence::Token
                | Evidence::PageConfirmed
                | Evidence::LeasedNumber
                | Evidence::Pin
                | Evidence::CalledBack
                | Evidence::CallerIdAsserted
                | Evidence::CallerId
        )
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What speaks for candidate `best` and against it, strongest first.
pub(super) fn collect(observed: &Observed, facts: &[Facts], best: usize) -> Vec<Evidence> {
    let Some(own) = facts.get(best) else { return Vec::new() };
    let anothers_number = !own.leased_number && facts.iter().any(|other| other.leased_number);
    let found = [
        own.token.then_some(Evidence::Token),
        own.leased_number.then_some(Evidence::LeasedNumber),
        own.pin.then_some(Evidence::Pin),
        about_the_caller(observed, facts, own),
        anothers_number.then_some(Evidence::NumberOfAnother),
        own.on_another_call.then_some(Evidence::OnAnotherCall),
    ];
    found.into_iter().flatten().collect()
}

/// Whoever proves who they are needs no number; a browser has none.
fn about_the_caller(observed: &Observed, facts: &[Facts], own: &Facts) -> Option<Evidence> {
    match (own.caller_id, observed.asserted) {
        (true, true) => Some(Evidence::CallerIdAsserted),
        (true, false) => Some(Evidence::CallerId),
        (false, _) if observed.caller.is_none() => (!own.token).then_some(Evidence::CallerWithheld),
        (false, _) if facts.iter().any(|other| other.caller_id) => Some(Evidence::CallerOfAnother),
        (false, _) => Some(Evidence::CallerUnknown),
    }
}

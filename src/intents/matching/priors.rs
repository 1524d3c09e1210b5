//! The numbers that matching believes in before it has seen a call, each with its reason.

use std::time::Duration;

/// Rates are per second and per number, probabilities from 0 to 1. The defaults are estimates for a customer-service line; where
/// a site measures its own, `config` puts them in their place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priors {
    /// A customer who was shown a number calls at all. Of those who choose "Call us" some find the answer meanwhile.
    pub dials: f64,
    /// The mean time from registering to dialling of those who dial at once; design.md section 4 reckons with 5 minutes.
    pub mean_delay: Duration,
    /// The part of callers who dial at any time before the expiry instead: they looked for papers, or were called away.
    pub late_callers: f64,
    /// A customer with a number of their own dials that number and not one from a letter or an old contact entry.
    pub dials_shown_number: f64,
    /// ... dials by mistake exactly the number that is leased to another: both numbers must be in the same pool, and a
    /// digit must be wrong in just this way.
    pub dials_anothers_number: f64,
    /// The call comes from a telephone that the site knows. One in six uses another: the partner's, the office's.
    pub calls_from_known_phone: f64,
    /// An unknown telephone, when the customer's own was not used. The rest of those withhold their number.
    pub calls_from_unknown_phone: f64,
    /// The caller's number is withheld, by customers and strangers alike; carriers report 2 to 5 %.
    pub withheld: f64,
    /// A telephone that has nothing to do with this intent is exactly the one of another open intent.
    pub coincidence: f64,
    /// Stray calls to one leased number: wrong numbers, machines that dial everything, the holder before quarantine. One a month.
    pub strays_per_leased_number: f64,
    /// Stray calls to a number that is public or shared, when the caller is unknown. One a minute, a busy line.
    pub strays_per_public_number: f64,
    /// A customer who has an open intent calls about something else, or someone else calls from that telephone. Once in 4 days.
    pub strays_per_known_phone: f64,
    /// How much likelier a stray call is to show a customer's number when the trunk does not vouch for it: numbers are forged.
    pub forged: f64,
    /// The intent is in the hands of another call already: the customer hardly calls twice at once, but a call drops at times.
    pub calls_again: f64,
    /// From this share on the match may be strong. 19 to 1: the error that an agent who asks "is this about ...?" repairs.
    pub strong_share: f64,
    /// From this share on a match is likely: more probable than everything else together.
    pub likely_share: f64,
    /// A candidate with at least this part of the winner's weight is shown beside it.
    pub close: f64,
}

const MINUTE_S: f64 = 60.0;
const DAY_S: f64 = 24.0 * 3600.0;

impl Default for Priors {
    fn default() -> Priors {
        Priors {
            dials: 0.7,
            mean_delay: Duration::from_secs(300),
            late_callers: 0.2,
            dials_shown_number: 0.97,
            dials_anothers_number: 1e-4,
            calls_from_known_phone: 0.84,
            calls_from_unknown_phone: 0.12,
            withheld: 0.04,
            coincidence: 1e-3,
            strays_per_leased_number: 1.0 / (30.0 * DAY_S),
            strays_per_public_number: 1.0 / MINUTE_S,
            strays_per_known_phone: 1.0 / (4.0 * DAY_S),
            forged: 3.0,
            calls_again: 0.05,
            strong_share: 0.95,
            likely_share: 0.5,
            close: 0.25,
        }
    }
}

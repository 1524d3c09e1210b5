//! What people do more often than usual, or for longer: a world of it sees again and again what is rare else.

use std::time::Duration;

/// Of what there is more than usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum More {
    #[default]
    Nothing,
    /// Conversations last minutes: sessions are refreshed in them, claims renewed, desks cut off.
    Talk,
    /// Most customers want to be called, on the page and by the key, and call themselves all the same.
    Callbacks,
    /// Most conversations are passed on, or somebody is asked first.
    Transfers,
}

/// How people are; some of the chances are of twenty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// How long an agent and a caller talk, on average; half of all calls reach an agent, and they come so fast that some must wait.
    pub talk: Duration,
    /// A customer wants to be called back, before they call and while they wait.
    pub asks_page: f64,
    pub asks_page_waiting: f64,
    /// They take another telephone while they are being called back.
    pub rings_in: f64,
    /// A caller who is asked presses the key.
    pub presses_of_20: u64,
    /// An agent passes a conversation on from the phone at once, or asks somebody first.
    pub passes_on_of_20: u64,
    pub asks_first_of_20: u64,
    /// ... asks at the desk.
    pub asks_at_desk: f64,
}

const USUAL: Manners = Manners {
    talk: Duration::from_secs(20),
    asks_page: 0.25,
    asks_page_waiting: 0.1,
    rings_in: 0.2,
    presses_of_20: 6,
    passes_on_of_20: 2,
    asks_first_of_20: 3,
    asks_at_desk: 0.17,
};

impl More {
    pub const ALL: [More; 4] = [More::Nothing, More::Talk, More::Callbacks, More::Transfers];

    pub fn as_str(self) -> &'static str {
        match self {
            More::Nothing => "nothing",
            More::Talk => "talk",
            More::Callbacks => "callbacks",
            More::Transfers => "transfers",
        }
    }

    pub fn parse(text: &str) -> Option<More> {
        More::ALL.into_iter().find(|more| more.as_str() == text)
    }

    pub(super) fn manners(self) -> Manners {
        match self {
            More::Nothing => USUAL,
            More::Talk => Manners { talk: Duration::from_secs(300), ..USUAL },
            More::Callbacks => {
                Manners { asks_page: 0.7, asks_page_waiting: 0.4, rings_in: 0.5, presses_of_20: 14, ..USUAL }
            }
            More::Transfers => Manners { passes_on_of_20: 7, asks_first_of_20: 8, asks_at_desk: 0.5, ..USUAL },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_chosen_by_its_name() {
        for more in More::ALL {
            assert_eq!(More::parse(more.as_str()), Some(more));
        }
        assert_eq!(More::parse("rain"), None);
    }
}

//! Who calls, and what was dialled: which header fields of a trunk's INVITE say so, and who may hear it.

use crate::base::Pii;

/// What an INVITE of one trunk is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub dialled_from: DialledFrom,
    /// Remote-Party-ID counts like P-Asserted-Identity where that is missing and the trunk is trusted.
    pub remote_party_id: bool,
}

/// Where the number that the caller dialled stands. Without it there: in the Request-URI, and then in To.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialledFrom {
    #[default]
    RequestUri,
    To,
    /// The first who diverted (RFC 5806).
    Diversion,
    /// The first target (RFC 7044).
    HistoryInfo,
    /// P-Called-Party-ID (RFC 7315).
    CalledParty,
}

/// Who calls, by the word of a trusted trunk (RFC 3325).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// A name and an address, as they stand on the wire.
    pub identity: Pii<String>,
    /// Goes with `Privacy: id`.
    pub is_withheld: bool,
    pub hearer: Hearer,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearer {
    /// A phone of ours, wherever it is.
    Phone,
    /// A trusted trunk, known by its name or its address; nobody else.
    TrustedTrunk,
}

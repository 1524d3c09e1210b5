//! What a trunk or a phone has been promised: how numbers are written, which codecs, how many calls.

use crate::base::numbering::{NumbersIn, NumbersOut};
use crate::sdp::CodecList;

use super::caps::Caps;

/// Of one trunk. The default leaves everything as it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkTerms {
    pub numbers_in: NumbersIn,
    pub numbers_out: NumbersOut,
    pub caps: Caps,
    pub sound: SoundTerms,
}

/// Of one trunk or phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundTerms {
    pub codecs: CodecList,
}

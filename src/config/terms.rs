//! What one trunk is told: how its numbers are written, its caps, its codecs, its header fields.

use crate::base::phone::Region;
use crate::calls::terms::TrunkTerms;

use super::fault::Faults;
use super::sound_terms::OverTls;
use super::tree::Section;
use super::{caps, header_rules, number_forms, sound_terms};

pub(super) fn read(
    section: &mut Section<'_>,
    region: Option<Region>,
    over_tls: OverTls,
    faults: &mut Faults<'_>,
) -> TrunkTerms {
    TrunkTerms {
        numbers_in: number_forms::read_in(section, region, faults),
        numbers_out: number_forms::read_out(section, region, faults),
        caps: caps::read(section, faults),
        sound: sound_terms::of_trunk(section, over_tls, faults),
        headers: header_rules::read(section, faults),
    }
}

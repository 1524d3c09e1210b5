//! A table from names to numbers that does not change any more: those whose hashes are near stand together with their numbers, so that
//! a look-up touches one short piece of memory besides the list of where each begins.

/// Some names, and a number for each.
#[derive(Clone, Debug, Default)]
pub(super) struct PackedNames {
    /// Where each group begins, and the end of the last.
    starts: Vec<u32>,
    /// Entry behind entry: the length of the name, a byte of its hash, the number in four bytes, the name.
    entries: Vec<u8>,
}

/// Names in a group, on average.
const GROUP: usize = 4;
const HEAD: usize = 6;

impl PackedNames {
    /// `names`: each once and at most 255 bytes long, the same ones each time it is walked; `count` of them.
    pub(super) fn of<'n>(names: impl Iterator<Item = (&'n [u8], u32)> + Clone, count: usize) -> PackedNames {
        let groups = count.div_ceil(GROUP);
        let mut starts = vec![0u32; groups + 1];
        for (name, _) in names.clone() {
            starts[group_of(hash(name), groups) + 1] += (HEAD + name.len()) as u32;
        }
        let mut end = 0;
        starts.iter_mut().for_each(|start| {
            end += *start;
            *start = end;
        });
        let mut entries = vec![0; end as usize];
        let mut places = starts.clone();
        for (name, number) in names {
            let hash = hash(name);
            let place = &mut places[group_of(hash, groups)];
            write(&mut entries[*place as usize..], (name, number), hash);
            *place += (HEAD + name.len()) as u32;
        }
        PackedNames { starts, entries }
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let name = name.as_bytes();
        let hash = hash(name);
        let groups = self.starts.len().checked_sub(2)? + 1;
        let group = group_of(hash, groups);
        let (from, to) = (*self.starts.get(group)?, *self.starts.get(group + 1)?);
        let mut entries = self.entries.get(from as usize..to as usize)?;
        while let [length, tag, a, b, c, d, rest @ ..] = entries {
            let (known, after) = rest.split_at_checked(usize::from(*length))?;
            if *tag == tag_of(hash) && known == name {
                return Some(u32::from_le_bytes([*a, *b, *c, *d]));
            }
            entries = after;
        }
        None
    }

    /// All that it holds.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.entries.capacity()
    }
}

fn write(entry: &mut [u8], (name, number): (&[u8], u32), hash: u64) {
    let [a, b, c, d] = number.to_le_bytes();
    entry[..HEAD].copy_from_slice(&[name.len() as u8, tag_of(hash), a, b, c, d]);
    entry[HEAD..HEAD + name.len()].copy_from_slice(name);
}

/// By the upper bits of the hash.
fn group_of(hash: u64, groups: usize) -> usize {
    ((u128::from(hash) * groups as u128) >> 64) as usize
}

/// By the lowest.
fn tag_of(hash: u64) -> u8 {
    hash as u8
}

/// Eight letters at a time, by a multiplication whose halves are laid upon each other. Without a key: only the admin puts names in.
pub(super) fn hash(name: &[u8]) -> u64 {
    let (words, rest) = name.as_chunks::<8>();
    let hash = words.iter().fold(name.len() as u64, |hash, word| mixed(hash ^ u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(0, |rest, letter| rest << 8 | u64::from(*letter));
    mixed(hash ^ rest)
}

fn mixed(word: u64) -> u64 {
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(word ^ 0xd6e8_feb8_6659_fd93) * ODD;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_short_whatever_the_names_are_like() {
        for form in ["company{}.example.com", "{}", "a.rather.long.name.of.{}.example.org"] {
            let names: Vec<String> = (0..50_000).map(|n| form.replace("{}", &n.to_string())).collect();
            let packed = PackedNames::of(names.iter().map(String::as_bytes).zip(0..), names.len());
            let longest = packed.starts.windows(2).map(|pair| pair[1] - pair[0]).max().expect("a group");
            let entry = HEAD + form.len() + 5;
            assert!((longest as usize) < 20 * entry, "{form}: {longest} bytes in a group");
        }
    }
}

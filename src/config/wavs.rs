//! The sound files that the configuration names, each group of them one sound.

use std::path::PathBuf;

use crate::media::command::WavId;

use super::fault::Faults;
use super::plan::WavAt;
use super::tree::Text;

/// All that have been named so far, in the order of their `WavId`.
#[derive(Default)]
pub(super) struct Wavs {
    sounds: Vec<Vec<WavAt>>,
    /// Whether each is named by this configuration, or only by one before.
    is_named: Vec<bool>,
}

impl Wavs {
    /// Behind those of the configuration before, whose numbers stay what they are.
    pub(super) fn after(earlier: &[Vec<WavAt>]) -> Wavs {
        Wavs { sounds: earlier.to_vec(), is_named: vec![false; earlier.len()] }
    }

    /// One file; whether it is there and what it holds is seen when it is read.
    pub(super) fn file(&mut self, text: &Text<'_>, faults: &mut Faults<'_>) -> Option<WavId> {
        self.joined(std::slice::from_ref(text), faults)
    }

    /// Several files, one after the other.
    pub(super) fn joined(&mut self, texts: &[Text<'_>], faults: &mut Faults<'_>) -> Option<WavId> {
        let files: Vec<WavAt> = texts.iter().filter_map(|text| wav_at(text, faults)).collect();
        if files.is_empty() || files.len() < texts.len() {
            return None;
        }
        self.add(files)
    }

    /// A file whose name is ours, in a folder that the configuration names.
    pub(super) fn part(&mut self, path: PathBuf, folder: &Text<'_>, faults: &Faults<'_>) -> Option<WavId> {
        self.add(vec![WavAt { path, line: faults.line(&folder.place), key: folder.place.key.clone() }])
    }

    /// The same files again are the same sound.
    fn add(&mut self, files: Vec<WavAt>) -> Option<WavId> {
        let is_same = |known: &Vec<WavAt>| known.iter().map(|at| &at.path).eq(files.iter().map(|at| &at.path));
        let nth = self.sounds.iter().position(is_same).unwrap_or(self.sounds.len());
        let id = WavId(u16::try_from(nth).ok()?);
        match self.sounds.get_mut(nth) {
            // Where it is named first is where its faults are told.
            Some(known) if !self.is_named[nth] => *known = files,
            Some(_) => {}
            None => self.sounds.push(files),
        }
        self.is_named.resize(self.sounds.len(), false);
        self.is_named[nth] = true;
        Some(id)
    }

    /// No files at all stand for a sound that only calls in progress may still hear.
    pub(super) fn into_sounds(self) -> Vec<Vec<WavAt>> {
        let named = self.sounds.into_iter().zip(self.is_named);
        named.map(|(files, is_named)| if is_named { files } else { Vec::new() }).collect()
    }
}

pub(super) fn is_wav(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".wav")
}

fn wav_at(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<WavAt> {
    if !is_wav(text.value) {
        faults.add(&text.place, format!("{:?} is no sound file", text.value), "write the path of a .wav file");
        return None;
    }
    let line = faults.line(&text.place);
    Some(WavAt { path: PathBuf::from(text.value), line, key: text.place.key.clone() })
}

//! The sound files of a plan: read for the media workers, and checked with the line that names them.

use std::collections::BTreeSet;

use crate::config::{Plan, WavAt};
use crate::io::media::{FileError, read_clip};
use crate::media::Clip;

/// By `WavId`; on failure the first file that is of no use.
pub fn read(wavs: &[Vec<WavAt>]) -> Result<Vec<Clip>, (WavAt, FileError)> {
    wavs.iter().map(|files| sound(files)).collect()
}

/// A line for each key of the configuration that names files which cannot be played: the first of them.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults: Vec<(&WavAt, String, usize)> = Vec::new();
    for file in plan.shell.media.wavs.iter().flatten().filter(|file| seen.insert(&file.path)) {
        let Err(fault) = read_clip(&file.path) else { continue };
        match faults.iter_mut().find(|(first, ..)| first.key == file.key) {
            Some((_, _, more)) => *more += 1,
            None => faults.push((file, line(file, &fault), 0)),
        }
    }
    faults.into_iter().map(|(_, line, more)| if more == 0 { line } else { format!("{line} ({more} more)") }).collect()
}

fn sound(files: &[WavAt]) -> Result<Clip, (WavAt, FileError)> {
    let clip = |file: &WavAt| read_clip(&file.path).map_err(|fault| (file.clone(), fault));
    let clips = files.iter().map(clip).collect::<Result<Vec<_>, _>>()?;
    // A sound has one file at least.
    Ok(Clip::joined(&clips).unwrap_or_else(|| Clip::from_samples(&[])))
}

fn line(file: &WavAt, fault: &FileError) -> String {
    let path = file.path.display();
    let (what, remedy) = match fault {
        FileError::Unreadable(error) => (error.to_string(), "is the path right, and may this user read it?"),
        FileError::Wav(error) => (error.to_string(), "convert it: sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"),
    };
    format!("line {}: {}: {path} cannot be played: {what}; {remedy}", file.line, file.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named_with_its_line_and_a_remedy() {
        let file = WavAt { path: "/nowhere/music.wav".into(), line: 7, key: "queues[0].music[1]".to_owned() };
        let (at, fault) = read(&[vec![file]]).err().unwrap();
        let said = line(&at, &fault);
        assert!(said.starts_with("line 7: queues[0].music[1]: /nowhere/music.wav cannot be played"), "{said}");
        assert!(said.ends_with("may this user read it?"), "{said}");
    }
}

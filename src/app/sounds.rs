//! The sound files of a plan: read for the media workers, and checked with the line that names them.

use std::collections::BTreeSet;

use crate::config::{Fault, Plan, WavAt};
use crate::io::media::{FileError, read_clip};
use crate::media::Clip;

/// By `WavId`; on failure the first file that is of no use. A sound that the configuration does not name any more stays what it was.
pub fn read(wavs: &[Vec<WavAt>], earlier: &[Clip]) -> Result<Vec<Clip>, (WavAt, FileError)> {
    let kept = |nth: usize| earlier.get(nth).cloned().unwrap_or_else(|| Clip::from_samples(&[]));
    let read = |(nth, files): (usize, &Vec<WavAt>)| if files.is_empty() { Ok(kept(nth)) } else { sound(files) };
    wavs.iter().enumerate().map(read).collect()
}

/// A fault for each key of the configuration that names files which cannot be played: the first of them.
pub fn faults_of(plan: &Plan) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let mut faults: Vec<(&WavAt, Fault, usize)> = Vec::new();
    for file in plan.shell.media.wavs.iter().flatten().filter(|file| seen.insert(&file.path)) {
        let Err(why) = read_clip(&file.path) else { continue };
        match faults.iter_mut().find(|(first, ..)| first.key == file.key) {
            Some((_, _, more)) => *more += 1,
            None => faults.push((file, fault(file, &why), 0)),
        }
    }
    let with_others = |(_, fault, more): (&WavAt, Fault, usize)| match more {
        0 => fault,
        more => Fault { remedy: format!("{} ({more} more)", fault.remedy), ..fault },
    };
    faults.into_iter().map(with_others).collect()
}

fn sound(files: &[WavAt]) -> Result<Clip, (WavAt, FileError)> {
    let clip = |file: &WavAt| read_clip(&file.path).map_err(|fault| (file.clone(), fault));
    let clips = files.iter().map(clip).collect::<Result<Vec<_>, _>>()?;
    // A sound has one file at least.
    Ok(Clip::joined(&clips).unwrap_or_else(|| Clip::from_samples(&[])))
}

pub fn fault(file: &WavAt, fault: &FileError) -> Fault {
    let path = file.path.display();
    let (what, remedy) = match fault {
        FileError::Unreadable(error) => (error.to_string(), "is the path right, and may this user read it?"),
        FileError::Wav(error) => (error.to_string(), "convert it: sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"),
    };
    Fault {
        file: None,
        line: file.line,
        column: 1,
        key: file.key.clone(),
        what: format!("{path} cannot be played: {what}"),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named_with_its_line_and_a_remedy() {
        let file = WavAt { path: "/nowhere/music.wav".into(), line: 7, key: "queues[0].music[1]".to_owned() };
        let (at, fault) = read(&[vec![file]], &[]).err().unwrap();
        let said = super::fault(&at, &fault).to_string();
        let begins = "line 7, column 1: queues[0].music[1]: /nowhere/music.wav cannot be played";
        assert!(said.starts_with(begins), "{said}");
        assert!(said.ends_with("may this user read it?"), "{said}");
    }

    /// What an admin takes from a music library or a phone: each is refused with what it is and the command that makes it playable.
    #[test]
    fn music_as_it_is_sold_is_refused_with_the_command_that_converts_it() {
        for (rate, channels, bits) in [(16_000, 1, 16), (44_100, 2, 16), (8_000, 2, 16), (48_000, 2, 24)] {
            let path = std::env::temp_dir().join(format!("throughline-{}-{rate}-{channels}.wav", std::process::id()));
            let spec = hound::WavSpec {
                channels,
                sample_rate: rate,
                bits_per_sample: bits,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            (0..320).for_each(|_| writer.write_sample(0i32).unwrap());
            writer.finalize().unwrap();
            let file = WavAt { path: path.clone(), line: 12, key: "media.waiting".to_owned() };
            let (at, fault) = read(&[vec![file]], &[]).err().unwrap();
            std::fs::remove_file(&path).unwrap();
            let said = super::fault(&at, &fault).to_string();
            let is = format!("cannot be played: {rate} Hz, {channels} channel(s), {bits} bits");
            assert!(said.starts_with("line 12, column 1: media.waiting: ") && said.contains(&is), "{said}");
            assert!(said.ends_with("sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"), "{said}");
        }
    }
}

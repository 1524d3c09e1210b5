//! The thread that writes recordings: a file each, `.part` until it is complete. No call and no packet waits for the disk.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::OnEvent;
use crate::base::{CallId, limits};
use crate::media::MediaEvent;
use crate::media::g711::CLOCK;
use crate::media::recording::{self, Frame, HEADER, Recorded, StopCause, Tape, TapeOrder};

/// Where recordings are kept, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFiles {
    pub folder: PathBuf,
    pub longest: Duration,
    pub keep: Duration,
}

/// A worker's way to the thread.
pub struct Tapes {
    letters: Sender<Letter>,
    waiting: Arc<AtomicUsize>,
    /// Packets that were left out.
    dropped_by_call: HashMap<CallId, u64>,
}

struct Letter {
    order: TapeOrder,
    dropped: u64,
}

struct Recorder {
    files: RecordingFiles,
    on_event: OnEvent,
    /// `None`: it had to end before its call.
    open_by_call: BTreeMap<CallId, Option<Open>>,
    cleaned: Instant,
}

/// A recording in progress.
struct Open {
    file: BufWriter<File>,
    tape: Tape,
    octets: u32,
}

const COMPLETE: &str = "wav";
const PART: &str = "part";
/// Between two looks for recordings that have been kept long enough.
const CLEANED_EVERY: Duration = Duration::from_secs(3600);
const FRAME_OCTETS: usize = 4;
/// What people said is for nobody else on the machine.
const OWNER_ONLY: u32 = 0o600;
const OWNER_ONLY_FOLDER: u32 = 0o700;

/// Where the complete recording of a call lies.
pub fn path_of(folder: &Path, call: CallId) -> PathBuf {
    folder.join(format!("{call}.{COMPLETE}"))
}

/// The folder is there, and takes files.
pub fn prepare_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_FOLDER).create(folder)?;
    let probe = folder.join(".probe");
    File::create(&probe)?;
    fs::remove_file(probe)
}

/// The thread ends when all its `Tapes` are gone, and completes what is open.
pub fn spawn(files: RecordingFiles, on_event: OnEvent) -> io::Result<(TapeDoor, JoinHandle<()>)> {
    prepare_folder(&files.folder)?;
    mend(&files.folder)?;
    let (letters, inbox) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let door = TapeDoor { letters, waiting: Arc::clone(&waiting) };
    let recorder = Recorder { files, on_event, open_by_call: BTreeMap::new(), cleaned: Instant::now() };
    let run = move || recorder.run(&inbox, &waiting);
    Ok((door, thread::Builder::new().name("recorder".to_owned()).spawn(run)?))
}

/// From which each worker has its `Tapes`.
pub struct TapeDoor {
    letters: Sender<Letter>,
    waiting: Arc<AtomicUsize>,
}

impl TapeDoor {
    pub fn tapes(&self) -> Tapes {
        let (letters, waiting) = (self.letters.clone(), Arc::clone(&self.waiting));
        Tapes { letters, waiting, dropped_by_call: HashMap::new() }
    }
}

impl Tapes {
    /// Never waits: sound for which there is no room is left out and counted, and is silence in the file.
    pub fn give(&mut self, order: TapeOrder) {
        let dropped = match &order {
            TapeOrder::Sound { call, .. } if self.waiting.load(Ordering::Relaxed) >= limits::RECORDED_WAITING_MAX => {
                *self.dropped_by_call.entry(*call).or_default() += 1;
                return;
            }
            TapeOrder::Sound { .. } => 0,
            TapeOrder::End { call, .. } => self.dropped_by_call.remove(call).unwrap_or_default(),
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // A thread that is gone has said why; the call goes on.
        let _ = self.letters.send(Letter { order, dropped });
    }
}

impl Recorder {
    fn run(mut self, inbox: &Receiver<Letter>, waiting: &AtomicUsize) {
        self.clean();
        loop {
            match inbox.recv_timeout(CLEANED_EVERY) {
                Ok(letter) => {
                    waiting.fetch_sub(1, Ordering::Relaxed);
                    self.obey(letter);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.cleaned.elapsed() >= CLEANED_EVERY {
                self.clean();
            }
        }
        let calls: Vec<CallId> = self.open_by_call.keys().copied().collect();
        calls.into_iter().for_each(|call| self.end(call, None, 0));
    }

    fn obey(&mut self, letter: Letter) {
        match letter.order {
            TapeOrder::Sound { call, track, at, law, octets } => {
                let samples = law.decode(&octets);
                let end = at.saturating_add(samples.len() as u32);
                let written = self.open(call).map(|open| {
                    open.tape.advance(end);
                    let written = open.write_due();
                    open.tape.put(track, at, &samples);
                    written
                });
                match written {
                    Some(Err(_)) => self.stop(call, StopCause::File),
                    Some(Ok(())) if end > self.longest() => self.stop(call, StopCause::TooLong),
                    Some(Ok(())) | None => {}
                }
            }
            TapeOrder::End { call, length } => self.end(call, Some(length), letter.dropped),
        }
    }

    /// The recording of a call, begun if it is new; `None` for one that had to end.
    fn open(&mut self, call: CallId) -> Option<&mut Open> {
        if !self.open_by_call.contains_key(&call) {
            let begun = match self.open_by_call.len() < limits::RECORDINGS_MAX {
                true => Open::begin(&self.part(call)).map_err(|_| StopCause::File),
                false => Err(StopCause::Overload),
            };
            if let Err(cause) = &begun {
                self.say(call, Recorded { stopped: Some(*cause), ..Recorded::default() });
            }
            self.open_by_call.insert(call, begun.ok());
        }
        self.open_by_call.get_mut(&call)?.as_mut()
    }

    /// It ends before its call: what is there is kept.
    fn stop(&mut self, call: CallId, cause: StopCause) {
        let Some(open) = self.open_by_call.insert(call, None).flatten() else { return };
        let recorded = Recorded { length: open.length(), dropped: 0, stopped: Some(cause) };
        // A full disk takes no more, but a new name and a true head need no room.
        let _ = open.complete(&self.part(call), &self.complete(call));
        self.say(call, recorded);
    }

    fn end(&mut self, call: CallId, length: Option<u32>, dropped: u64) {
        let known = self.open_by_call.remove(&call);
        if known.is_none() {
            // Nobody has said anything: there is no file.
            return self.say(call, Recorded { dropped, ..Recorded::default() });
        }
        let Some(mut open) = known.flatten() else { return };
        let length = length.unwrap_or_else(|| open.tape.newest()).min(self.longest());
        open.tape.end(length);
        let written = open.write_due();
        let recorded = Recorded { length: open.length(), dropped, stopped: None };
        let completed = open.complete(&self.part(call), &self.complete(call));
        let stopped = written.and(completed).is_err().then_some(StopCause::File);
        self.say(call, Recorded { stopped, ..recorded });
    }

    /// Removes what has been kept long enough. What cannot be looked at now is looked at again.
    fn clean(&mut self) {
        self.cleaned = Instant::now();
        let Some(before) = SystemTime::now().checked_sub(self.files.keep) else { return };
        for path in with_extension(&self.files.folder, COMPLETE).unwrap_or_default() {
            let written = fs::metadata(&path).and_then(|metadata| metadata.modified());
            if written.is_ok_and(|written| written < before) && fs::remove_file(&path).is_ok() {
                tracing::info!(file = %path.display(), "a recording has been kept long enough");
            }
        }
    }

    fn say(&self, call: CallId, recorded: Recorded) {
        (self.on_event)(MediaEvent::Recorded { call, recorded });
    }

    fn longest(&self) -> u32 {
        u32::try_from(self.files.longest.as_secs()).unwrap_or(u32::MAX).saturating_mul(CLOCK)
    }

    fn part(&self, call: CallId) -> PathBuf {
        self.complete(call).with_extension(PART)
    }

    fn complete(&self, call: CallId) -> PathBuf {
        path_of(&self.files.folder, call)
    }
}

impl Open {
    fn begin(part: &Path) -> io::Result<Open> {
        let mut file =
            BufWriter::new(OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(part)?);
        file.write_all(&recording::header(0))?;
        Ok(Open { file, tape: Tape::default(), octets: 0 })
    }

    fn write_due(&mut self) -> io::Result<()> {
        while let Some(frames) = self.tape.poll() {
            self.file.write_all(&octets_of(&frames))?;
            self.octets = self.octets.saturating_add((frames.len() * FRAME_OCTETS) as u32);
        }
        Ok(())
    }

    fn length(&self) -> Duration {
        recording::sound_length(self.octets)
    }

    /// On the disk before it has its name.
    fn complete(mut self, part: &Path, complete: &Path) -> io::Result<()> {
        let flushed = self.file.flush();
        let (file, _) = self.file.into_parts();
        seal(file)?;
        fs::rename(part, complete)?;
        flushed
    }
}

/// The head says what is really there.
fn seal(mut file: File) -> io::Result<()> {
    let octets = file.metadata()?.len().saturating_sub(HEADER as u64) / FRAME_OCTETS as u64 * FRAME_OCTETS as u64;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&recording::header(u32::try_from(octets).unwrap_or(u32::MAX)))?;
    file.sync_all()
}

fn octets_of(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flatten().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// What a process that ended without a word has left is completed as far as it goes.
fn mend(folder: &Path) -> io::Result<()> {
    for part in with_extension(folder, PART)? {
        let file = File::options().read(true).write(true).open(&part)?;
        if file.metadata()?.len() > HEADER as u64 {
            seal(file)?;
            fs::rename(&part, part.with_extension(COMPLETE))?;
        } else {
            fs::remove_file(&part)?;
        }
    }
    Ok(())
}

fn with_extension(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;

    use super::*;
    use crate::media::g711::Law;
    use crate::media::recording::Track;

    struct World {
        folder: PathBuf,
        said: Arc<Mutex<Vec<Recorded>>>,
        tapes: Tapes,
        thread: JoinHandle<()>,
    }

    const CALL: CallId = CallId(7);

    fn world(name: &str, longest: Duration) -> World {
        let folder = std::env::temp_dir().join(format!("throughline-recorder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        started(folder, longest)
    }

    fn started(folder: PathBuf, longest: Duration) -> World {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let on_event: OnEvent = Arc::new(move |event| {
            if let MediaEvent::Recorded { recorded, .. } = event {
                heard.lock().unwrap().push(recorded);
            }
        });
        let files = RecordingFiles { folder: folder.clone(), longest, keep: Duration::from_secs(86_400) };
        let (door, thread) = spawn(files, on_event).unwrap();
        World { folder, said, tapes: door.tapes(), thread }
    }

    impl World {
        fn sound(&mut self, track: Track, at: u32, octet: u8) {
            self.tapes.give(TapeOrder::Sound { call: CALL, track, at, law: Law::Mu, octets: vec![octet; 160] });
        }

        /// What was said, and the samples of the file.
        fn end(self) -> (Vec<Recorded>, Vec<i16>) {
            drop(self.tapes);
            self.thread.join().unwrap();
            assert!(with_extension(&self.folder, PART).unwrap().is_empty());
            let samples = fs::read(path_of(&self.folder, CALL))
                .map(|bytes| hound::WavReader::new(bytes.as_slice()).unwrap().samples().map(Result::unwrap).collect());
            fs::remove_dir_all(&self.folder).unwrap();
            let said = self.said.lock().unwrap().clone();
            (said, samples.unwrap_or_default())
        }
    }

    #[test]
    fn a_recording_is_complete_with_both_sides_and_its_silence() {
        let mut world = world("both", Duration::from_secs(60));
        world.sound(Track::Caller, 0, 0xce);
        world.sound(Track::Far, 160, 0x4e);
        world.tapes.give(TapeOrder::End { call: CALL, length: 8_000 });
        let (said, samples) = world.end();
        assert_eq!(said, [Recorded { length: Duration::from_secs(1), dropped: 0, stopped: None }]);
        assert_eq!((samples.len(), &samples[..2], &samples[320..322]), (16_000, &[988, 0][..], &[0, -988][..]));
        assert!(samples[640..].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn a_recording_is_for_its_owner_alone() {
        let mut world = world("owner", Duration::from_secs(60));
        world.sound(Track::Caller, 0, 0xce);
        world.tapes.give(TapeOrder::End { call: CALL, length: 160 });
        drop(world.tapes);
        world.thread.join().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&world.folder), mode(&path_of(&world.folder, CALL))), (0o700, 0o600));
        fs::remove_dir_all(&world.folder).unwrap();
    }

    #[test]
    fn the_longest_recording_ends_and_the_call_goes_on() {
        let mut world = world("longest", Duration::from_secs(1));
        (0..200).for_each(|n| world.sound(Track::Caller, n * 160, 0xce));
        world.tapes.give(TapeOrder::End { call: CALL, length: 32_000 });
        let (said, samples) = world.end();
        assert_eq!(said.len(), 1, "said once");
        assert_eq!(said[0].stopped, Some(StopCause::TooLong));
        assert!((8_000..=16_400).contains(&samples.len()), "{}", samples.len());
    }

    #[test]
    fn a_folder_that_takes_nothing_ends_the_recording_alone() {
        let mut world = world("full", Duration::from_secs(60));
        // A directory stands where the file would be.
        fs::create_dir(world.folder.join(format!("{CALL}.{PART}"))).unwrap();
        world.sound(Track::Caller, 0, 0xce);
        world.sound(Track::Caller, 160, 0xce);
        world.tapes.give(TapeOrder::End { call: CALL, length: 8_000 });
        fs::metadata(&world.folder).unwrap();
        drop(world.tapes);
        world.thread.join().unwrap();
        assert_eq!(*world.said.lock().unwrap(), [Recorded { stopped: Some(StopCause::File), ..Recorded::default() }]);
        fs::remove_dir_all(&world.folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_none_is_found_before_any_call() {
        let file = std::env::temp_dir().join(format!("throughline-recorder-{}-file", std::process::id()));
        fs::write(&file, b"x").unwrap();
        assert!(prepare_folder(&file).is_err() && prepare_folder(&file.join("below")).is_err());
        fs::remove_file(&file).unwrap();
        assert!(prepare_folder(&file.join("below")).is_ok() && prepare_folder(&file.join("below")).is_ok());
        fs::remove_dir_all(&file).unwrap();
    }

    #[test]
    fn sound_that_does_not_fit_is_left_out_and_counted() {
        let mut world = world("dropped", Duration::from_secs(60));
        world.tapes.waiting.fetch_add(limits::RECORDED_WAITING_MAX, Ordering::Relaxed);
        world.sound(Track::Caller, 0, 0xce);
        world.tapes.waiting.fetch_sub(limits::RECORDED_WAITING_MAX, Ordering::Relaxed);
        world.sound(Track::Caller, 160, 0xce);
        world.tapes.give(TapeOrder::End { call: CALL, length: 800 });
        let (said, samples) = world.end();
        assert_eq!((said[0].dropped, samples[0], samples[320]), (1, 0, 988));
    }

    #[test]
    fn what_a_dead_process_left_is_completed_and_what_is_old_goes() {
        let world = world("left", Duration::from_secs(60));
        drop(world.tapes);
        world.thread.join().unwrap();
        let mut left = recording::header(0).to_vec();
        left.extend([1, 0, 2, 0, 3, 0, 4, 0, 9]);
        fs::write(world.folder.join(format!("{CALL}.{PART}")), left).unwrap();
        let old = path_of(&world.folder, CallId(8));
        fs::write(&old, b"old").unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(2 * 86_400);
        File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        let (_, samples) = started(world.folder, Duration::from_secs(60)).end();
        assert_eq!(samples, [1, 2, 3, 4]);
        assert!(!old.exists());
    }
}

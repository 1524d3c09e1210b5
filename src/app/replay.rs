//! `throughline replay`: feeds a journal to an engine made from its header, and proves that the outputs are the same.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::base::CallId;
use crate::calls::facts::{CallRecord, Fact};
use crate::calls::settings::WebRtcPlan;
use crate::config::{self, WavAt};
use crate::engine::digest::OutputDigest;
use crate::engine::{ConfigSource, Configured, Engine, Input, Output, Settings};
use crate::io::journal::{Entry, JournalError, read_journal};

/// The flags of `throughline replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayArgs {
    /// The journal of a server (`journal` in its configuration).
    journal: PathBuf,
    /// Print every fact of this call only.
    #[arg(long)]
    call: Option<CallId>,
}

/// What a journal came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    pub inputs: u64,
    pub outputs: u64,
    /// Proofs in the journal that held.
    pub proofs: u64,
    /// The last state of each call's record.
    pub records: BTreeMap<CallId, CallRecord>,
    /// The facts of the call that was asked for, with the time in nanoseconds since the process began.
    pub facts: Vec<(u64, String)>,
}

/// Why a journal does not repeat.
#[derive(Debug)]
pub enum ReplayError {
    Journal(JournalError),
    /// The configuration in the header is not taken by this version; the first fault of it.
    Config(String),
    /// The outputs differ from the recorded ones: somewhere between the proof before and this line.
    Diverged {
        line: u64,
        since_line: u64,
        expected: u64,
        outputs: u64,
        recorded: u64,
    },
}

/// Replays, and prints the calls' records; 1 when it cannot be read or diverges.
pub fn run(args: &ReplayArgs) -> ExitCode {
    match replay(&args.journal, args.call) {
        Ok(replayed) => {
            print(&replayed, args.call);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Feeds the whole journal to a new engine.
pub fn replay(path: &Path, call: Option<CallId>) -> Result<Replayed, ReplayError> {
    let (header, mut entries) = read_journal(path).map_err(ReplayError::Journal)?;
    let mut sounds = Vec::new();
    let settings = settings(&header.config, &header.webrtc, &mut sounds)?;
    let mut run = Run {
        engine: Engine::new(settings, header.seed, header.boot),
        webrtc: header.webrtc,
        sounds,
        digest: OutputDigest::default(),
        replayed: Replayed::default(),
        call,
        proven_line: 1,
    };
    while let Some(entry) = entries.next() {
        run.take(entry.map_err(ReplayError::Journal)?, entries.line())?;
    }
    Ok(run.replayed)
}

/// What a configuration comes to in the process that wrote the journal; the sounds are numbered on from those before.
fn settings(source: &ConfigSource, webrtc: &WebRtcPlan, sounds: &mut Vec<Vec<WavAt>>) -> Result<Settings, ReplayError> {
    let mut plan = config::read_source(source, sounds)
        .map_err(|faults| ReplayError::Config(faults.first().map_or_else(String::new, ToString::to_string)))?;
    plan.settings.calls.media.webrtc = webrtc.clone();
    *sounds = plan.shell.media.wavs;
    Ok(plan.settings)
}

struct Run {
    engine: Engine,
    webrtc: WebRtcPlan,
    sounds: Vec<Vec<WavAt>>,
    digest: OutputDigest,
    replayed: Replayed,
    call: Option<CallId>,
    proven_line: u64,
}

impl Run {
    fn take(&mut self, entry: Entry, line: u64) -> Result<(), ReplayError> {
        let at = match entry {
            Entry::Input(input, now) => {
                self.engine.handle(*input, now);
                now.mono.0
            }
            Entry::Configured(source, now) => {
                let settings = settings(&source, &self.webrtc, &mut self.sounds)?;
                self.engine.handle(Input::Configured(Box::new(Configured { settings, source: *source })), now);
                now.mono.0
            }
            Entry::Timeout(now) => {
                self.engine.handle_timeout(now);
                now.mono.0
            }
            Entry::Proof { digest, outputs } => return self.prove(digest, outputs, line),
        };
        self.replayed.inputs += 1;
        while let Some(output) = self.engine.poll_output() {
            self.digest.add(&output);
            self.replayed.outputs += 1;
            self.note(output, at);
        }
        Ok(())
    }

    fn prove(&mut self, digest: u64, outputs: u64, line: u64) -> Result<(), ReplayError> {
        if (self.digest.value(), self.digest.outputs()) != (digest, outputs) {
            return Err(ReplayError::Diverged {
                line,
                since_line: self.proven_line,
                expected: digest,
                outputs: self.digest.outputs(),
                recorded: outputs,
            });
        }
        self.proven_line = line;
        self.replayed.proofs += 1;
        Ok(())
    }

    fn note(&mut self, output: Output, at: u64) {
        let Output::Fact(fact) = output else { return };
        if self.call.is_some_and(|call| fact.call() == Some(call)) {
            self.replayed.facts.push((at, format!("{fact:?}")));
        }
        if let Fact::CallEnded(record) = fact {
            self.replayed.records.insert(record.call, *record);
        }
    }
}

fn print(replayed: &Replayed, call: Option<CallId>) {
    for (at, fact) in &replayed.facts {
        println!("{:12.6} s  {fact}", *at as f64 / 1e9);
    }
    for record in replayed.records.values().filter(|record| call.is_none_or(|call| call == record.call)) {
        println!("{}", line(record));
    }
    println!(
        "{} inputs, {} outputs, {} calls: equal to the run at all {} proofs",
        replayed.inputs,
        replayed.outputs,
        replayed.records.len(),
        replayed.proofs
    );
}

/// One call on one line; nothing personal.
fn line(record: &CallRecord) -> String {
    let word = |text: Option<&'static str>| text.unwrap_or("-");
    let agent = record.agent.as_ref().map_or("-", |agent| agent.as_str());
    format!(
        "{} {} {} {} {} by {} agent {} talked {:.1} s",
        record.call,
        record.trunk,
        record.level,
        word(record.outcome.map(|outcome| outcome.as_str())),
        word(record.fallback.map(|cause| cause.as_str())),
        word(record.ended_by.map(|by| by.as_str())),
        agent,
        record.talked.as_secs_f64()
    )
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Journal(error) => write!(f, "{error}"),
            ReplayError::Config(fault) => {
                write!(f, "this version does not take the configuration of the journal: {fault}")
            }
            ReplayError::Diverged { line, since_line, expected, outputs, recorded } => write!(
                f,
                "the replay differs from the run between lines {since_line} and {line} of the journal: {outputs} outputs where \
                 {recorded} were recorded (digest {expected:016x}); was it written by another version?"
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::base::rng::Rng;
    use crate::base::{Mono, Now, Pii, Wall};
    use crate::io::journal::{Journal, JournalHeader};
    use crate::sdp::Fingerprint;
    use crate::sim::phone::{Phone, PhoneDial, PhoneOutput, PhoneSetup};
    use crate::sip::api::FlowId;

    const CONFIG: &str = include_str!("../../tests/support/smallest.toml");

    /// A server that journals as the real loop does, and a phone that calls it.
    struct Server {
        engine: Engine,
        journal: Journal,
        phone: Phone,
        now: Now,
    }

    fn server(path: &Path) -> Server {
        let mut plan = config::read(CONFIG).unwrap_or_else(|faults| panic!("{faults:?}"));
        // Another certificate than any that the configuration could name.
        plan.settings.calls.media.webrtc = WebRtcPlan { ports: vec![5005], fingerprint: Fingerprint([3; 32]) };
        let webrtc = plan.settings.calls.media.webrtc.clone();
        let header =
            JournalHeader { seed: [9; 32], boot: 1_795_420_800, config: ConfigSource::of_text(CONFIG), webrtc };
        let phone = PhoneSetup::new("192.0.2.20:5060".parse().unwrap(), "pbx");
        Server {
            engine: Engine::new(plan.settings, header.seed, header.boot),
            journal: Journal::create(path, &header).unwrap(),
            phone: Phone::new(phone, Rng::from_number(1)),
            now: Now::new(Mono(1), Wall(1_795_420_800_000)),
        }
    }

    impl Server {
        fn call(&mut self) {
            let to: SocketAddr = "192.0.2.10:5060".parse().unwrap();
            let dial = PhoneDial {
                to,
                uri: "sip:+12015550100@192.0.2.10".to_owned(),
                from_user: Pii::new("+12015550150".to_owned()),
                display: Pii::default(),
                asserted: None,
                user_to_user: None,
                rtp: "192.0.2.20:4000".parse().unwrap(),
            };
            self.phone.call(dial, self.now.mono);
            self.settle();
            self.journal.flush();
        }

        fn take(&mut self, input: Input) {
            self.journal.input(&input, self.now);
            self.engine.handle(input, self.now);
            self.drain();
        }

        fn settle(&mut self) {
            while let Some(output) = self.phone.poll_output() {
                if let PhoneOutput::Send(bytes, _) = output {
                    let input = Input::Datagram { flow: FlowId(0), from: self.phone.address(), bytes };
                    self.journal.input(&input, self.now);
                    self.engine.handle(input, self.now);
                    self.drain();
                }
            }
        }

        fn drain(&mut self) {
            while let Some(output) = self.engine.poll_output() {
                self.journal.outputs(&output);
                if let Output::Transmit(transmit) = output {
                    self.phone.handle(transmit.bytes, transmit.to, self.now.mono);
                }
            }
        }

        fn pass(&mut self, seconds: u64) {
            let end = Mono(self.now.mono.0 + seconds * 1_000_000_000);
            while let Some((at, _)) = self.engine.poll_timeout().filter(|(at, _)| *at <= end) {
                self.now.mono = at;
                self.journal.timeout(self.now);
                self.engine.handle_timeout(self.now);
                self.drain();
                self.settle();
                self.journal.flush();
            }
        }
    }

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("throughline-replay-{name}-{}.journal", std::process::id()))
    }

    #[test]
    fn a_journal_repeats_the_run_and_proves_it() {
        let path = path("whole");
        let mut server = server(&path);
        server.call();
        server.pass(60);
        drop(server);
        let replayed = replay(&path, None).unwrap();
        let call = *replayed.records.keys().next().expect("a call");
        let of_call = replay(&path, Some(call)).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(replayed.records.len(), 1);
        assert!(replayed.proofs > 1 && replayed.facts.is_empty(), "{replayed:?}");
        assert!(of_call.facts.len() > 3, "{of_call:?}");
    }

    /// The next call meets the new rules, and the journal repeats it.
    #[test]
    fn another_configuration_is_repeated_where_it_came() {
        let path = path("configured");
        let mut server = server(&path);
        server.call();
        let refused = CONFIG.to_owned() + "[access.default]\nanswer = \"refuse\"\nstatus = 486\n";
        let source = ConfigSource::of_text(&refused);
        let plan = config::read_source(&source, &[]).unwrap_or_else(|faults| panic!("{faults:?}"));
        let input = Input::Configured(Box::new(Configured { settings: plan.settings, source }));
        server.take(input);
        server.call();
        server.pass(60);
        drop(server);
        let replayed = replay(&path, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        let reasons: Vec<_> = replayed.records.values().map(|record| record.reason.clone()).collect();
        assert_eq!(reasons.len(), 2, "{replayed:?}");
        assert_ne!(reasons[0], reasons[1], "the first call was matched under the rules that it began with");
        assert!(replayed.proofs > 1);
    }

    #[test]
    fn a_journal_that_was_changed_does_not_pass() {
        let path = path("changed");
        let mut server = server(&path);
        server.call();
        server.pass(60);
        drop(server);
        let text = std::fs::read_to_string(&path).unwrap();
        let without_one: Vec<&str> =
            text.lines().enumerate().filter(|(nth, _)| *nth != 1).map(|(_, line)| line).collect();
        std::fs::write(&path, without_one.join("\n")).unwrap();
        let error = replay(&path, None);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(error, Err(ReplayError::Diverged { since_line: 1, .. })), "{error:?}");
    }

    /// Written on 2026-11-25 by a program that knew no browsers. What it decided may be decided otherwise by now; then the message says so.
    #[test]
    fn a_journal_of_an_older_program_replays_or_is_refused_with_the_reason() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/before-browsers.journal");
        match replay(&path, None) {
            Ok(replayed) => assert_eq!((replayed.records.len(), replayed.proofs), (1, 2), "{replayed:?}"),
            Err(error) => assert!(error.to_string().contains("version"), "{error}"),
        }
    }

    #[test]
    fn a_journal_of_another_form_is_refused_by_its_number() {
        let path = path("form");
        std::fs::write(&path, "{\"journal\":7,\"key\":1}\n").unwrap();
        let error = replay(&path, None).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(error.contains("version 7") && error.contains("version 1"), "{error}");
    }
}

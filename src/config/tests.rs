//! The example must pass; every fault must be named with its line; several at once.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::access::{After, Answer, Facts, Overflow, QueueLoad};
use crate::base::{AgentId, Level, PoolId, QueueId, SkillId, TrunkId, Wall};
use crate::calls::settings::{Fallback, Mode, WaitingSound};
use crate::media::command::WavId;
use crate::media::spoken::Language;
use crate::routing::{Estimator, Order, Pause};
use crate::sip::api::{FlowId, Reliable, Target, Transport};
use crate::sip::auth::Algorithm;

const EXAMPLE: &str = include_str!("../../sip-configs/throughline.example.toml");
const HASH: &str = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";

/// The least that is whole.
pub fn small() -> String {
    include_str!("../../tests/support/smallest.toml").to_owned()
}

pub fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|faults| panic!("{}", lines(&faults)))
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// The small file with one piece exchanged has just this fault, on the line of `at`.
pub fn check(from: &str, to: &str, at: &str, key: &str, what: &str) {
    let text = small().replacen(from, to, 1);
    assert!(text.contains(to), "{from}");
    let faults = read(&text).err().unwrap_or_default();
    let line = 1 + text[..text.find(at).expect(at)].matches('\n').count();
    assert_eq!(faults.len(), 1, "{}", lines(&faults));
    let fault = &faults[0];
    assert_eq!((fault.line, fault.key.as_str()), (line, key), "{fault}");
    assert!(fault.to_string().contains(what), "{fault}");
}

/// Keys would be offered to the fallback, and whoever is on the way would read them.
#[test]
fn keys_that_need_tls_are_not_offered_to_a_fallback_over_udp() {
    let tls = "bind = [\"192.0.2.10:5060\", \"tls:192.0.2.10:5061\"]\ntls = { certificate = \"a\", key = \"b\" }";
    let text = small().replace("bind = [\"192.0.2.10:5060\"]", tls);
    let with = |fallback: &str, srtp: &str| {
        let terms = format!("srtp = \"{srtp}\"\nsrtp_needs_tls = true\nfallback = {{ sip = \"{fallback}\" }}");
        read(&text.replace("fallback = { status = 503 }", &terms))
    };
    let faults = with("sip:a@192.0.2.20", "offer").err().unwrap_or_default();
    assert!(faults.len() == 1 && lines(&faults).contains("others can read"), "{}", lines(&faults));
    for (fallback, srtp) in
        [("sips:a@192.0.2.20", "require"), ("sip:a@192.0.2.20;transport=tls", "offer"), ("sip:a@192.0.2.20", "accept")]
    {
        let plan = with(fallback, srtp).unwrap_or_else(|faults| panic!("{}", lines(&faults)));
        assert!(plan.settings.calls.trunks[&TrunkId::new("pbx")].terms.sound.keys_need_tls);
    }
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    let with = |origin: &str| format!("{}[http]\norigins = [{origin:?}]\n", small());
    assert_eq!(plan(&with("https://shop.example.com")).shell.origins, ["https://shop.example.com"]);
    for bad in
        ["shop.example.com", "https://shop.example.com/", "https://Shop.example.com", "https://a.example.com:443", "*"]
    {
        let faults = read(&with(bad)).err().unwrap_or_default();
        assert_eq!(faults.len(), 1, "{bad}: {}", lines(&faults));
        assert!(faults[0].key.starts_with("http.origins") && faults[0].what.contains("no web origin"), "{}", faults[0]);
    }
}

#[test]
fn a_queue_has_music_and_messages_of_its_own() {
    let queue = "requires = { english = 3 }";
    let with = |more: &str| small().replacen(queue, &format!("{queue}\n{more}"), 1);
    let text =
        with("music = [\"a.wav\", \"b.wav\"]\nmessages = { first_after_s = 5, files = [\"sorry.wav\", \"b.wav\"] }");
    let plan = plan(&text.replace("[routing]", "[media]\nmusic = \"b.wav\"\n[routing]"));
    let media = &plan.settings.calls.media;
    let sound = &media.queues[&QueueId::new("help")];
    assert_eq!((sound.music, media.waiting), (Some(WaitingSound::Wav(WavId(0))), WaitingSound::Wav(WavId(2))));
    let messages = sound.messages.as_ref().unwrap();
    assert_eq!((messages.first_after.as_secs(), messages.every.as_secs()), (5, 45));
    assert_eq!(messages.files, [WavId(1), WavId(2)], "the same file is one sound");
    let wavs = &plan.shell.media.wavs;
    assert_eq!(wavs.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    let line = text.lines().position(|line| line.starts_with("music")).unwrap() + 1;
    assert_eq!((wavs[0][1].key.as_str(), wavs[0][1].line), ("queues[0].music[1]", line + 2));
    for (more, key, what) in [
        ("music = \"a.mp3\"", "queues[0].music", "no sound file"),
        ("messages = { every_s = 10 }", "queues[0].messages", "says nothing"),
        ("messages = { every_s = 1, files = \"a.wav\" }", "queues[0].messages.every_s", "out of range"),
    ] {
        let faults = read(&with(more)).err().unwrap_or_default();
        assert_eq!(faults.len(), 1, "{}", lines(&faults));
        assert!(faults[0].key == key && faults[0].what.contains(what), "{}", faults[0]);
    }
}

#[test]
fn places_and_waits_are_spoken_from_recorded_parts() {
    let queue = "requires = { english = 3 }";
    let prompts = "[prompts]\nfolder = \"parts\"\nlanguages = [\"es\", \"en\"]\n[routing]";
    let with = |messages: &str, prompts: &str| {
        let text = small().replacen(queue, &format!("{queue}\nmessages = {{ {messages} }}"), 1);
        text.replacen("[routing]", prompts, 1)
    };
    let plan = plan(&with("place = true, wait = true, language = \"en\"", prompts));
    let media = &plan.settings.calls.media;
    let messages = media.queues[&QueueId::new("help")].messages.clone().unwrap();
    assert_eq!((messages.place, messages.wait, messages.language), (true, true, Some(Language::English)));
    assert_eq!(media.spoken.usual, Language::Spanish);
    let wavs = &plan.shell.media.wavs;
    let path = |part: &str| wavs[usize::from(media.spoken.part(Language::Spanish, part).unwrap().0)][0].path.clone();
    assert_eq!(path("twenty-one").to_str(), Some("parts/es/twenty-one.wav"));
    assert_eq!(wavs.len(), Language::ALL.map(|language| language.parts().count()).iter().sum::<usize>());
    for (messages, prompts, key, what) in [
        ("place = true", "[routing]", "queues[0].messages", "nothing to speak with"),
        ("wait = true, language = \"fr\"", prompts, "queues[0].messages.language", "no language"),
        (
            "wait = true, language = \"en\"",
            &prompts.replace(", \"en\"", ""),
            "queues[0].messages.language",
            "no recorded",
        ),
        ("wait = true", &prompts.replace("folder", "foldr"), "prompts.foldr", "no key"),
    ] {
        let faults = read(&with(messages, prompts)).err().unwrap_or_default();
        let found = faults.iter().any(|fault| fault.key == key && fault.what.contains(what));
        assert!(found, "{key}: {}", lines(&faults));
    }
}

#[test]
fn an_announcement_may_be_a_file() {
    let with = |announcement: &str| {
        format!("{}[access]\ndefault = {{ answer = \"refuse\", announcement = {announcement:?} }}\n", small())
    };
    let file = plan(&with("closed.wav"));
    let announcements = &file.settings.calls.media.announcements;
    assert_eq!(announcements.get("closed.wav"), Some(&WavId(0)));
    assert_eq!(file.shell.media.wavs[0][0].key, "access.default.announcement");
    assert!(plan(&with("Please use the page")).settings.calls.media.announcements.is_empty());
}

#[test]
fn codes_are_asked_for_on_trunks_and_shared_numbers() {
    let pool = "numbers = [\"+12015550100..+12015550109\"]";
    let with = |pin: &str, trunk: &str, shared: &str| {
        let text = small().replacen(pool, &format!("{pool}\n{shared}"), 1);
        let text = text.replacen("fallback = { status = 503 }", trunk, 1);
        text.replacen("[routing]", &format!("{pin}\n[routing]"), 1)
    };
    let (pin, shared) = ("[pin]\nquestion = \"code.wav\"\ndigits = 4", "shared = \"+12015550199\"");
    let trunk = "pin = true\nfallback = { sip = \"sip:ivr@192.0.2.20\" }";
    let asked = plan(&with(pin, trunk, shared)).settings.calls.pin.unwrap();
    assert_eq!((asked.digits, asked.tries, asked.trunks.len(), asked.numbers.len()), (4, 3, 1, 1));
    assert_eq!(asked.question, asked.again);
    for (pin, trunk, shared, key, what) in [
        ("", trunk, shared, "trunks[0].pin", "there is no [pin]"),
        (pin, &trunk.replace("true", "false"), shared, "pin", "on no trunk"),
        (pin, trunk, "", "pin", "no number to be asked on"),
        ("[pin]", trunk, shared, "pin.question", "missing"),
        (pin, "pin = true\nfallback = { status = 503 }", shared, "trunks[0].pin", "then refuses"),
        (&pin.replace('4', "9"), trunk, shared, "pin.digits", "out of range"),
    ] {
        let faults = read(&with(pin, trunk, shared)).err().unwrap_or_default();
        let found = faults.iter().any(|fault| fault.key == key && fault.what.contains(what));
        assert!(found && faults.len() == 1, "{key}: {}", lines(&faults));
    }
}

#[test]
fn the_example_passes_and_means_what_it_says() {
    let plan = plan(EXAMPLE);
    let settings = &plan.settings;
    let trunk = &settings.calls.trunks[&TrunkId::new("pbx")];
    assert_eq!(trunk.fallback, Fallback::Sip { uri: "sip:{dialled}@192.0.2.20:5060".to_owned(), via: None });
    assert_eq!(settings.endpoint.trunks[0].networks.len(), 2);
    assert_eq!(settings.pools[0].numbers.len(), 41);
    assert_eq!(plan.shell.intents.pool, Some(PoolId::new("help-line")));
    assert_eq!(settings.routing.queues.len(), 2);
    assert_eq!(settings.calls.default_queue, Some(QueueId::new("help")));
    assert_eq!(settings.calls.phones[&AgentId::new("ann")].target, Target::Registered(AgentId::new("ann")));
    assert_eq!(settings.endpoint.phones.len(), 1);
    assert_eq!(settings.desks.accounts.len(), 2);
    assert_eq!((plan.shell.api_keys[1].write, plan.shell.api_keys[1].read), (false, true));
}

#[test]
fn a_queue_says_who_is_preferred_whose_turn_it_is_and_how_the_search_widens() {
    let requires = "requires = { english = 3 }";
    let more = "prefers = { english = 7 }\norder = \"least-occupied\"\nprefer_wait_s = 5\n\
        rings = [{ after_s = 30, requires = { english = 1 } }, { after_s = 60, queues = [\"back\"] }]\n\
        [[queues]]\nname = \"back\"";
    let kept = "token_sha256";
    let text = small().replacen(requires, &format!("{requires}\n{more}"), 1).replacen(
        kept,
        &format!("queues = {{ help = 0, back = -5 }}\n{kept}"),
        1,
    );
    let routing = plan(&text).settings.routing;
    let help = routing.queues.iter().find(|queue| queue.id.as_str() == "help").expect("help");
    assert_eq!((help.order, help.prefer_wait), (Order::LeastOccupied, Some(Duration::from_secs(5))));
    assert_eq!(help.prefers[0].min_level, 7);
    let rings: Vec<_> =
        help.rings.iter().map(|ring| (ring.after.as_secs(), ring.requires.is_some(), ring.queues.len())).collect();
    assert_eq!(rings, [(30, true, 0), (60, false, 1)]);
    let kept = routing.agents[0].queues.as_ref().expect("they are listed");
    assert_eq!(kept.iter().map(|(_, points)| *points).sum::<i32>(), -5);
}

#[test]
fn rings_that_add_nobody_and_queues_that_are_not_there_are_named() {
    let from = "requires = { english = 3 }";
    let with = |rings: &str| format!("{from}\nrings = [{rings}]");
    for (rings, key, what) in [
        ("{ after_s = 30 }", "queues[0].rings[0]", "adds nobody"),
        (
            "{ after_s = 30, requires = { english = 3 } }",
            "queues[0].rings[0]",
            "asks for all that was asked for before",
        ),
        ("{ after_s = 30, requires = { spanish = 1 } }", "queues[0].rings[0].requires.spanish", "no skill is called"),
        ("{ requires = { english = 1 } }", "queues[0].rings[0].after_s", "is missing"),
        ("{ after_s = 30, queues = [\"help\"] }", "queues[0].rings[0].queues[0]", "is the queue itself"),
        ("{ after_s = 30, queues = [\"hepl\"] }", "queues[0].rings[0].queues[0]", "did you mean \"help\""),
        (
            "{ after_s = 9, requires = { english = 2 } }, { after_s = 9, requires = { english = 1 } }",
            "queues[0].rings[1].after_s",
            "no later",
        ),
    ] {
        check(from, &with(rings), "rings = [", key, what);
    }
    check(from, &format!("{from}\norder = \"longest\""), "order =", "queues[0].order", "no order");
    let skills = "skills = [";
    let last = format!("expected_wait = \"last-served\"\n{skills}");
    assert_eq!(plan(&small().replacen(skills, &last, 1)).settings.routing.estimator, Estimator::LastServed);
    let breaks = format!("breaks = [\"lunch\", \"coffee\"]\n{skills}");
    assert_eq!(plan(&small().replacen(skills, &breaks, 1)).settings.desks.breaks, ["lunch", "coffee"]);
    check(skills, &format!("breaks = [\"\"]\n{skills}"), "breaks", "routing.breaks[0]", "no reason");
    let odd = format!("expected_wait = \"guess\"\n{skills}");
    check(skills, &odd, "expected_wait", "routing.expected_wait", "no way to work it out");
    let token = "token_sha256";
    check(token, &format!("queues = {{ hlep = 1 }}\n{token}"), "queues = {", "agents[0].queues.hlep", "did you mean");
    check(token, &format!("queues = {{}}\n{token}"), "queues = {", "agents[0].queues", "names no queue");
}

/// Whoever comes in only later serves the queue too.
#[test]
fn a_queue_may_be_served_by_its_rings_alone() {
    let from = "requires = { english = 3 }";
    let ring = "requires = { english = 10 }\nrings = [{ after_s = 30, requires = { english = 9 } }]";
    plan(&small().replacen(from, ring, 1));
    let narrow = "requires = { english = 10 }\nrings = [{ after_s = 30, requires = { english = 10 } }]";
    assert!(read(&small().replacen(from, narrow, 1)).is_err());
}

#[test]
fn a_trunk_says_whether_provisional_answers_are_acknowledged() {
    let trunk = "networks = [\"192.0.2.20\"]";
    let text = small().replacen(trunk, &format!("{trunk}\nreliable = \"required\""), 1);
    assert_eq!(plan(&text).settings.endpoint.trunks[0].reliable, Reliable::Required);
    assert_eq!(plan(&small()).settings.endpoint.trunks[0].reliable, Reliable::Supported);
    let odd = format!("{trunk}\nreliable = \"yes\"");
    check(trunk, &odd, "reliable", "trunks[0].reliable", "\"required\"");
}

#[test]
fn the_rules_of_the_example_decide() {
    let plan = plan(EXAMPLE);
    let trunk = TrunkId::new("pbx");
    // A Wednesday at noon in New York.
    let noon = Wall(1_780_502_400_000);
    let decide = |domain, level, category| {
        let facts = Facts { domain: Some(domain), level, category, ..Facts::of_nobody(&trunk, noon) };
        plan.settings.calls.policy.decide(&facts).rule.to_string()
    };
    assert_eq!(decide("shop.example.com", Level::Likely, None), "gold customers first");
    assert_eq!(decide("ann@gmail.com", Level::Likely, None), "free mail helps itself");
    assert_eq!(decide("ann@gmail.com", Level::Strong, Some("billing")), "billing");
    assert_eq!(decide("physics.college.edu", Level::Unmatched, None), "schools");
    assert_eq!(decide("somebody.example", Level::Unmatched, None), "default");
}

#[test]
fn rules_ask_for_words_load_and_look_alikes() {
    let rules = r#"
[access]
protected = ["example.com"]
[[access.rules]]
name = "leaving"
when = { keywords = ["cancel*", "close my account"], channel = "phone" }
answer = "human"
[[access.rules]]
name = "busy"
when.load = { min_waiting = 3, max_free = 0 }
answer = "self-service"
[[access.rules]]
name = "imitation"
when = { domain = "look-alike" }
answer = "refuse"
[access.default]
answer = "human"
"#;
    let policy = plan(&format!("{}{rules}", small())).settings.calls.policy;
    assert_eq!(policy.queues_asked(), [QueueId::new("help")]);
    let trunk = TrunkId::new("pbx");
    let busy = [QueueLoad { queue: QueueId::new("help"), free: 0, waiting: 3, expected_wait: None }];
    let nobody = Facts::of_nobody(&trunk, Wall(0));
    for (facts, rule) in [
        (Facts { words: Some("Cancelling!"), ..nobody.clone() }, "leaving"),
        (Facts { words: Some("my account is closed"), ..nobody.clone() }, "default"),
        (Facts { loads: &busy, ..nobody.clone() }, "busy"),
        (Facts { domain: Some("examp1e.com"), ..nobody.clone() }, "imitation"),
        (Facts { domain: Some("example.com"), ..nobody.clone() }, "default"),
    ] {
        assert_eq!(&*policy.decide(&facts).rule, rule, "{facts:?}");
    }
}

/// Further queues, before the agents.
fn with_queues(queues: &str, rules: &str) -> String {
    format!("{}\n{rules}", small().replacen("[[agents]]", &format!("{queues}\n[[agents]]"), 1))
}

#[test]
fn a_queue_says_what_follows_it() {
    let queues = "[[queues]]\nname = \"late\"\nceiling_s = 60\nthen_queue = \"last\"
        [[queues]]\nname = \"last\"\nceiling_s = 30\nthen = \"refuse\"\nstatus = 486\nannouncement = \"closed.wav\"";
    let rules =
        "[[access.rules]]\nname = \"r\"\nanswer = \"queue\"\nqueue = \"help\"\nceiling_s = 20\nthen_queue = \"late\"
        skills = { english = 7 }
        [access.default]\nanswer = \"queue\"\nqueue = \"last\"";
    let policy = plan(&with_queues(queues, rules)).settings.calls.policy;
    let s = Duration::from_secs;
    let trunk = TrunkId::new("pbx");
    let decision = policy.decide(&Facts::of_nobody(&trunk, Wall(0)));
    let last = Overflow {
        queue: QueueId::new("last"),
        ceiling: Some(s(30)),
        then: After::Refuse { status: 486, announcement: Some("closed.wav".into()) },
    };
    let late = Overflow { queue: QueueId::new("late"), ceiling: Some(s(60)), then: After::Queue(Arc::new(last)) };
    let then = After::Queue(Arc::new(late));
    assert_eq!(decision.answer, Answer::Queue { queue: QueueId::new("help"), priority: 0, ceiling: s(20), then });
    assert_eq!(decision.skills[..], [(SkillId::new("english"), 7)]);
}

#[test]
fn overflows_that_lead_nowhere_are_named() {
    let two = "[[queues]]\nname = \"one\"\nceiling_s = 9\nthen_queue = \"two\"\n[[queues]]\nname = \"two\"\n";
    let rule = "[[access.rules]]\nname = \"r\"\nanswer = \"queue\"\nqueue = \"one\"\n";
    for (queues, rules, key, what) in [
        (format!("{two}ceiling_s = 9\nthen_queue = \"one\""), "", "queues[1].then_queue", "one, then two, then one"),
        (format!("{two}ceiling_s = 9\nthen_queue = \"onee\""), "", "queues[2].then_queue", "did you mean \"one\"?"),
        (format!("{two}then = \"refuse\""), "", "queues[2].then", "without a ceiling"),
        (format!("{two}ceiling_s = 9\nthen = \"queue\""), "", "queues[2].then_queue", "is missing"),
        (
            format!("{two}ceiling_s = 9\nthen = \"refuse\"\nthen_queue = \"one\""),
            "",
            "queues[2].then_queue",
            "not what",
        ),
        (
            two.to_owned(),
            &*format!("{rule}then_queue = \"one\""),
            "access.rules[0].then_queue",
            "the queue of the rule",
        ),
        (two.to_owned(), &*format!("{rule}skills = {{ english = 10 }}"), "access.rules[0].skills", "any agent"),
        (two.to_owned(), &*format!("{rule}skills = {{ englsh = 1 }}"), "access.rules[0].skills.englsh", "\"english\"?"),
    ] {
        let faults = read(&with_queues(&queues, rules)).err().unwrap_or_default();
        assert_eq!(faults.len(), 1, "{queues} {rules}: {}", lines(&faults));
        assert_eq!(
            (faults[0].key.as_str(), faults[0].what.contains(what) || faults[0].remedy.contains(what)),
            (key, true),
            "{}",
            faults[0]
        );
    }
}

#[test]
fn a_rule_tells_whom_it_names() {
    let with = |target: &str, name: &str| {
        let rule = format!("[[access.rules]]\nname = \"r\"\nanswer = \"human\"\nnotify = {name:?}");
        format!("{}\n[access.notify.team]\n{target}\n{rule}", small())
    };
    let key = "url = \"https://crm.example.com/x\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";
    let plan = plan(&with(key, "team"));
    let trunk = TrunkId::new("pbx");
    let decision = plan.settings.calls.policy.decide(&Facts::of_nobody(&trunk, Wall(0)));
    assert_eq!(decision.notify.as_deref(), Some("team"));
    let [target] = &plan.shell.notify[..] else { panic!("one target") };
    let default = "[access.default]\nanswer = \"human\"\nskills = { english = 5 }\nnotify = \"team\"";
    let told = self::plan(&format!("{}\n[access.notify.team]\n{key}\n{default}", small()));
    let decision = told.settings.calls.policy.decide(&Facts::of_nobody(&trunk, Wall(0)));
    assert_eq!((&*decision.rule, decision.notify.as_deref(), decision.skills.len()), ("default", Some("team"), 1));
    assert_eq!((target.name.as_str(), target.secret.expose().len(), target.tries), ("team", 24, 12));
    for (target, name, what) in [
        (key.replace("https", "ftp"), "team", "no address of the web"),
        (key.replace("whsec_", "secret_"), "team", "is no key"),
        (key.replace("Y2LaLaSw", "").replace("2LaLaSw", ""), "team", "is no key"),
        (key.replace("url", "ulr"), "team", "did you mean"),
        (key.to_owned(), "taem", "did you mean \"team\"?"),
    ] {
        let faults = read(&with(&target, name)).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.to_string().contains(what)), "{target}: {}", lines(&faults));
        assert!(!lines(&faults).contains("MfKQ9"), "the secret is not repeated");
    }
}

#[test]
fn a_rule_that_is_never_reached_is_named_with_the_one_before_it() {
    let rules = "[[access.rules]]\nname = \"known\"\nwhen = { min_level = \"V1\" }\nanswer = \"human\"
[[access.rules]]\nname = \"proven\"\nwhen = { min_level = \"V3\", channel = \"browser\" }\nanswer = \"human\"
[[access.rules]]\nname = \"all\"\nanswer = \"self-service\"
[[access.rules]]\nname = \"more\"\nwhen = { keywords = \"help\" }\nanswer = \"human\"\n";
    let text = format!("{}\n{rules}", small());
    let faults = read(&text).err().unwrap_or_default();
    let first = 1 + text[..text.find("\"known\"").expect("there")].matches('\n').count();
    let said: Vec<_> = faults.iter().map(|fault| (fault.line - first, fault.what.clone())).collect();
    let taken = |by: &str, line: usize| format!("is never reached: {by:?} on line {line} takes all its callers");
    assert_eq!(said, [(4, taken("known", first)), (11, taken("all", first + 8))]);
}

#[test]
fn rules_whose_hours_leave_them_nothing_are_told() {
    let rules = "[access.holidays.de]\ndates = [\"2026-12-25\"]
[[access.rules]]\nname = \"sundays\"\nwhen = { hours = { zone = \"UTC\", open = [\"sun 08:00-12:00\"], on = \"de\" } }\nanswer = \"human\"
[[access.rules]]\nname = \"day\"\nwhen = { min_level = \"V1\", hours = { zone = \"UTC\", open = [\"mon-fri 08:00-18:00\"] } }\nanswer = \"human\"
[[access.rules]]\nname = \"strong\"\nwhen = { min_level = \"V2\" }\nanswer = \"human\"\npriority = 5
[access.default]\nanswer = \"self-service\"\n";
    let text = format!("{}\n{rules}", small());
    let line = |name: &str| 1 + text[..text.find(&format!("{name:?}")).expect(name)].matches('\n').count();
    let said: Vec<_> = plan(&text).warnings.iter().map(|one| (one.line, one.key.clone(), one.what.clone())).collect();
    let never = "are never open: no day of \"de\" is one of their weekdays".to_owned();
    let outside =
        format!("is reached out of hours alone: \"day\" on line {} takes all its callers within its own", line("day"));
    assert_eq!(
        said,
        [
            (line("sundays") + 1, "access.rules[0].when.hours".to_owned(), never),
            (line("strong"), "access.rules[2].name".to_owned(), outside),
        ]
    );
    let taken = text.replace(
        "{ min_level = \"V2\" }",
        "{ min_level = \"V2\", hours = { zone = \"UTC\", open = [\"tue 09:00-10:00\"] } }",
    );
    let faults = read(&taken).err().unwrap_or_default();
    assert_eq!(faults.len(), 1, "{}", lines(&faults));
    assert!(faults[0].what.starts_with("is never reached: \"day\""), "{}", faults[0]);
}

#[test]
fn a_redirected_trunk_needs_extensions() {
    let fallback = "fallback = { status = 503 }";
    let redirect = "fallback = { status = 503 }\nmode = \"redirect\"\nredirect_hold_s = 30";
    let plan = plan(&small().replace(fallback, redirect));
    let mode = &plan.settings.calls.trunks[&TrunkId::new("pbx")].mode;
    assert!(matches!(mode, Mode::Redirect(plan) if plan.hold == Duration::from_secs(30)), "{mode:?}");
    let phone = &plan.settings.calls.phones[&AgentId::new("ann")];
    assert_eq!(phone.extension.as_deref(), Some("sip:ann@192.0.2.21"));
    let registered = "phone = { user = \"ann\", password = \"x\" }";
    let text = small().replace(fallback, redirect).replace("phone = { contact = \"sip:ann@192.0.2.21\" }", registered);
    let faults = read(&text).err().unwrap_or_default();
    assert_eq!(lines(&faults).matches("has no extension, and a trunk is redirected").count(), 1, "{}", lines(&faults));
    check(
        fallback,
        &format!("{fallback}\nredirect_hold_s = 30"),
        "redirect_hold_s",
        "trunks[0].redirect_hold_s",
        "says something of a redirect",
    );
    check(fallback, &format!("{fallback}\nmode = \"redirekt\""), "mode", "trunks[0].mode", "did you mean \"redirect\"");
    let at = "extension = \"sip:1@192.0.2.1?x=y\"";
    check("phone = {", &format!("{at}\nphone = {{"), "extension", "agents[0].extension", "has more than an address");
}

#[test]
fn a_small_file_is_whole_and_the_rest_is_as_usual() {
    let plan = plan(&small());
    assert_eq!(plan.shell.http.to_string(), "127.0.0.1:8080");
    assert_eq!(plan.shell.store, StorePlan::Embedded { path: "throughline.db".into() });
    assert_eq!(plan.shell.intents.ttl, Duration::from_secs(900));
    assert_eq!(plan.shell.intents.pool, Some(PoolId::new("main")));
    assert_eq!(plan.settings.calls.deadlines.pop, Duration::from_millis(400));
    assert_eq!(plan.settings.calls.default_queue, Some(QueueId::new("help")));
    assert_eq!(plan.settings.calls.media.waiting, WaitingSound::Tone);
    assert_eq!(plan.settings.calls.media.advertised.first().to_string(), "192.0.2.10");
    assert_eq!(plan.settings.routing.pause, Pause::For(Duration::from_secs(30)));
    assert_eq!(plan.settings.endpoint.flows[0].flow, FlowId(0));
    assert_eq!(plan.settings.endpoint.digests, [Algorithm::Md5]);
    let trunk = TrunkId::new("pbx");
    let decide = |level| {
        let facts = Facts { level, ..Facts::of_nobody(&trunk, Wall(0)) };
        plan.settings.calls.policy.decide(&facts).answer
    };
    assert_eq!(decide(Level::Likely), Answer::Human { queue: None, priority: 0 });
    assert_eq!(decide(Level::Unmatched), Answer::SelfService);
}

#[test]
fn passwords_become_hashes() {
    let phone = r#"phone = { user = "ann", password = "secret" }"#;
    let text = small().replace(r#"phone = { contact = "sip:ann@192.0.2.21" }"#, phone);
    let account = &plan(&text.replace("[sip]", "[sip]\nrealm = \"voice.example.com\"")).settings.endpoint.phones[0];
    // printf %s ann:voice.example.com:secret | md5sum
    assert_eq!(account.ha1_md5, "8793dbdd31b7b57c02cf73cfe955934e");
    assert_eq!(account.ha1_sha256, "4e771e4ede5600eb3f13637b551e1590e2310d411c616721a960f7224d5570d9");
}

/// Its packets may come from anywhere; what it proves itself with is a hash here.
#[test]
fn a_trunk_with_a_password_needs_no_networks() {
    let auth = r#"auth = { user = "pbx", password = "hunter2" }"#;
    let settings = plan(&small().replacen(r#"networks = ["192.0.2.20"]"#, auth, 1)).settings;
    let trunk = &settings.endpoint.trunks[0];
    assert!(trunk.networks.is_empty() && !format!("{trunk:?}").contains("hunter2"));
    // printf %s pbx:throughline:hunter2 | md5sum
    assert_eq!(
        trunk.account.as_ref().map(|account| account.ha1_md5.as_str()),
        Some("7d0639c13f6908da0f7576a7a3913b31")
    );
}

#[test]
fn a_registration_is_a_login_too() {
    let register = r#"register = { server = "sip:192.0.2.30:5070", user = "u", password = "hunter2" }"#;
    let settings = plan(&small().replacen("fallback", &format!("{register}\nfallback"), 1)).settings;
    let trunk = &settings.endpoint.trunks[0];
    let enrol = trunk.enrol.as_ref().expect("a registration");
    assert_eq!((enrol.server.as_str(), enrol.contact_user.as_str()), ("sip:192.0.2.30:5070", "u"));
    assert!(trunk.login.is_some() && !format!("{trunk:?}").contains("hunter2"));
}

/// Hosts may have names, and a fallback may go through the gateways of a trunk that stands further down.
#[test]
fn names_and_gateways_are_allowed() {
    let gateways = "[{ uri = \"sip:gw1.example.com\" }, { uri = \"sip:192.0.2.7;transport=tcp\", priority = 20, weight = 5, keep_alive = false }]";
    let other = format!(
        "[[trunks]]\nname = \"carrier\"\nnetworks = [\"192.0.2.30\"]\nfallback = {{ sip = \"sip:ivr@ivr.example.com\" }}\n\
         keep_alive = \"sip.example.com\"\ngateways = {gateways}\n[[pools]]"
    );
    let text = small().replacen("status = 503", "trunk = \"carrier\"", 1).replacen("[[pools]]", &other, 1);
    let settings =
        plan(&text.replacen("[sip]", "[sip]\nname_servers = [\"192.0.2.53\", \"[2001:db8::53]:5353\"]", 1)).settings;
    let (pbx, carrier) = (TrunkId::new("pbx"), TrunkId::new("carrier"));
    let expected = Fallback::Trunk { trunk: carrier, user: "{dialled}".to_owned() };
    assert_eq!(settings.calls.trunks[&pbx].fallback, expected);
    let peer = &settings.endpoint.trunks[1];
    assert_eq!(peer.keep_alive.as_ref().map(|keep_alive| keep_alive.uri.as_str()), Some("sip:sip.example.com"));
    let shape: Vec<_> = peer.gateways.iter().map(|one| (one.priority, one.weight, one.every.is_some())).collect();
    assert_eq!(shape, [(10, 1, true), (20, 5, false)]);
}

#[test]
fn sound_has_an_address_of_each_family() {
    let with =
        |sip: &str, media: &str| small().replacen("[\"192.0.2.10:5060\"]", sip, 1) + &format!("\n[media]\n{media}\n");
    let both = "[\"192.0.2.10:5060\", \"[2001:db8::10]:5060\"]";
    let addresses = |text: &str| {
        let plan = plan(text);
        let text = |all: crate::base::Addresses| all.all().map(|one| one.to_string()).collect::<Vec<_>>().join(" ");
        (text(plan.settings.calls.media.advertised), text(plan.shell.media.bind))
    };
    let told = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(addresses(&with(both, "")), told("192.0.2.10 2001:db8::10", "0.0.0.0 ::"));
    assert_eq!(addresses(&with(both, "bind = \"0.0.0.0\"")), told("192.0.2.10", "0.0.0.0"));
    let said = "advertised = [\"2001:db8::7\", \"198.51.100.7\"]";
    assert_eq!(addresses(&with(both, said)), told("2001:db8::7 198.51.100.7", ":: 0.0.0.0"));
    for (media, what) in [
        ("advertised = [\"192.0.2.1\", \"192.0.2.2\"]", "192.0.2.2 is a second address of its family"),
        ("bind = \"::\"\nadvertised = \"192.0.2.1\"", "has no address at which 192.0.2.1 is received"),
    ] {
        let faults = read(&with(both, media)).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.to_string().contains(what)), "{faults:?}");
    }
}

#[test]
fn each_fault_has_its_line_and_its_remedy() {
    for (from, to, at, key, what) in [
        ("networks", "netwroks", "netwroks", "trunks[0].netwroks", "did you mean \"networks\"?"),
        ("[[pools]]", "[[polls]]", "[[polls]]", "polls", "did you mean \"pools\"?"),
        ("english = 3", "inglish = 3", "inglish = 3", "queues[0].requires.inglish", "did you mean \"english\"?"),
        ("english = 3", "english = 11", "english = 11", "queues[0].requires.english", "from 1 to 10"),
        ("english = 3", "english = \"x\"", "requires", "queues[0].requires.english", "a whole number"),
        ("english = 9", "english = 2", "name = \"help\"", "queues[0].name", "no agent can serve"),
        ("[\"+12015550100..+12015550109\"]", "[]", "numbers = []", "pools[0].numbers", "without numbers"),
        ("\"+12015550100..", "\"+12015550105\", \"+12015550100..", "numbers", "pools[0].numbers[1]", "+12015550105"),
        ("numbers = [", "shared = \"+12015550103\"\nnumbers = [", "shared", "pools[0].shared", "already"),
        ("100..+12015550109", "109..+12015550100", "numbers", "pools[0].numbers[0]", "no range"),
        ("[\"192.0.2.20\"]", "[\"192.0.2.0/24\", \"192.0.2.9\"]", "networks", "trunks[0].networks[1]", "overlaps"),
        ("[\"192.0.2.20\"]", "[\"192.0.2.0/33\"]", "networks", "trunks[0].networks[0]", "no network"),
        ("[\"192.0.2.20\"]", "[]", "networks", "trunks[0].networks", "is empty"),
        ("status = 503", "status = 503, redirect = \"sip:a@b\"", "fallback", "trunks[0].fallback", "one of"),
        (
            "status = 503",
            "sip = \"sip:ivr@a.example.com;transport=sctp\"",
            "fallback",
            "trunks[0].fallback.sip",
            "transport",
        ),
        ("status = 503", "trunk = \"pxb\"", "fallback", "trunks[0].fallback.trunk", "did you mean \"pbx\"?"),
        ("status = 503", "trunk = \"pbx\"", "fallback", "trunks[0].fallback.trunk", "has no gateways"),
        ("status = 503", "trunk = \"pbx\", user = \"a b\"", "fallback", "trunks[0].fallback.user", "no user part"),
        ("fallback", "gateways = [{ uri = \"gw1\" }]\nfallback", "gateways", "trunks[0].gateways[0].uri", "no SIP URI"),
        (
            "fallback",
            "gateways = [{ uri = \"sip:a@192.0.2.1\" }]\nfallback",
            "gateways",
            "trunks[0].gateways[0].uri",
            "a user part",
        ),
        ("fallback", "keep_alive = \"a b\"\nfallback", "keep_alive", "trunks[0].keep_alive", "no host"),
        ("[sip]", "[sip]\nname_servers = [\"dns\"]", "name_servers", "sip.name_servers[0]", "like \"192.0.2.53\""),
        ("[[trunks]]", "[deadlines]\ntarget_ms = 9\n[[trunks]]", "target_ms", "deadlines.target_ms", "100 to 30000"),
        ("status = 503", "redirect = \"ivr\"", "fallback", "trunks[0].fallback.redirect", "no SIP URI"),
        ("networks = [\"192.0.2.20\"]", "auth = { user = \"pbx\" }", "auth", "trunks[0].auth", "says no password"),
        (
            "fallback",
            "register = { server = \"sip:a@192.0.2.1\", user = \"u\", password = \"p\" }\nfallback",
            "register",
            "trunks[0].register.server",
            "has a user part",
        ),
        (
            "fallback",
            "register = { server = \"sip:192.0.2.1\", user = \"u\", password = \"p\", contact_user = \"@\" }\nfallback",
            "register",
            "trunks[0].register.contact_user",
            "no user part",
        ),
        ("fallback", "login = { user = \"us\" }\nfallback", "login", "trunks[0].login.password", "is missing"),
        ("status = 503", "status = 200", "fallback", "trunks[0].fallback.status", "400 to 699"),
        ("192.0.2.10:5060", "0.0.0.0:5060", "bind", "sip.bind[0]", "advertised"),
        ("192.0.2.10:5060", "192.0.2.10", "bind", "sip.bind[0]", "a port"),
        (
            "[\"192.0.2.10:5060\"]",
            "[\"192.0.2.10:5060\", \"0.0.0.0:5060\"]\nadvertised = [\"192.0.2.1:5060\", \"192.0.2.1:5060\"]",
            "bind",
            "sip.bind[1]",
            "bound already",
        ),
        ("contact = \"sip:ann@192.0.2.21\"", "user = \"ann\"", "phone", "agents[0].phone", "password"),
        ("[[trunks]]", "[media]\nports = \"20001-20003\"\n[[trunks]]", "ports", "media.ports", "room for a call"),
        ("[[trunks]]", "[media]\nports = \"5000-6000\"\n[[trunks]]", "ports", "media.ports", "SIP port 5060"),
        ("[[trunks]]", "[media]\nwebrtc_port = 5060\n[[trunks]]", "webrtc_port", "media.webrtc_port", "a SIP port"),
        ("[[trunks]]", "[media]\nwebrtc_port = 70000\n[[trunks]]", "webrtc_port", "media.webrtc_port", "out of range"),
        ("[[trunks]]", "[media]\nports = \"9-1\"\n[[trunks]]", "ports", "media.ports", "no range"),
        (
            "[[trunks]]",
            "[deadlines]\nmatch_ms = \"soon\"\n[[trunks]]",
            "match_ms",
            "deadlines.match_ms",
            "whole number",
        ),
        ("[[trunks]]", "[intents]\npool = \"mian\"\n[[trunks]]", "pool =", "intents.pool", "did you mean \"main\"?"),
        ("[[trunks]]", "[store]\nredis = \"localhost\"\n[[trunks]]", "redis", "store.redis", "redis://"),
        ("[[trunks]]", "[log]\nformat = \"xml\"\n[[trunks]]", "format", "log.format", "text, json"),
        ("id = 1", "id = 256", "id = 256", "token_keys[0].id", "0 to 255"),
        ("[sip]", "[sip]\ndigest = [\"MD4\"]", "digest", "sip.digest[0]", "SHA-256"),
        ("[sip]", "[sip]\nsession_expires_s = 60", "[sip]", "sip.session_expires_s", "min_se_s"),
        ("name = \"pbx\"", "name = \"pbx\"\nmin_se_s = 2000", "[[trunks]]", "trunks[0].session_expires_s", "min_se_s"),
        (
            "fallback =",
            "srtp_needs_tls = true\nfallback =",
            "srtp_needs_tls",
            "trunks[0].srtp_needs_tls",
            "no socket of ours",
        ),
        ("[sip]", "[sip]\nmin_se_s = 0", "min_se_s", "sip.min_se_s", "1 to 86400"),
        ("[routing]", "[routing]\ndefault_queue = \"halp\"", "default_queue", "routing.default_queue", "\"help\"?"),
        ("fallback =", "numbers_in = \"e165\"\nfallback =", "numbers_in", "trunks[0].numbers_in", "\"e164\"?"),
        ("fallback =", "numbers_out = \"national\"\nfallback =", "numbers_out", "trunks[0].numbers_out", "region"),
        (
            "fallback =",
            "numbers_out = [{ strip = \"x\", add = \"0\" }]\nfallback =",
            "numbers_out",
            "trunks[0].numbers_out[0].strip",
            "beginning of a number",
        ),
        (
            "fallback =",
            "numbers_in = [{ strip = \"0\", add = \"0\" }]\nfallback =",
            "numbers_in",
            "trunks[0].numbers_in[0]",
            "changes nothing",
        ),
        ("fallback =", "limits_in = { calls = 0 }\nfallback =", "limits_in", "trunks[0].limits_in.calls", "from 1"),
        ("fallback =", "limits_out = { burst = 2 }\nfallback =", "limits_out", "trunks[0].limits_out.burst", "rate"),
        (
            "fallback =",
            "limits_in = { calls = 1, status = 500 }\nfallback =",
            "limits_in",
            "trunks[0].limits_in.status",
            "503 or 486",
        ),
        ("fallback =", "srtp = \"requier\"\nfallback =", "srtp", "trunks[0].srtp", "\"require\"?"),
        ("fallback =", "codecs = [\"telephone-event\"]\nfallback =", "codecs", "trunks[0].codecs", "nothing to talk"),
        ("fallback =", "codecs = [\"PCMU\", \"G 722\"]\nfallback =", "codecs", "trunks[0].codecs[1]", "no codec"),
        ("sip:ann@192.0.2.21\"", "sip:ann@192.0.2.21\", codecs = []", "phone", "agents[0].phone.codecs", "nothing"),
    ] {
        check(from, to, at, key, what);
    }
}

#[test]
fn rules_are_checked_too() {
    let with = |rule: &str| format!("{}\n[[access.rules]]\nname = \"r\"\n{rule}\n", small());
    for (rule, what) in [
        ("answer = \"humam\"", "did you mean \"human\"?"),
        ("answer = \"human\"\nqueue = \"hlep\"", "did you mean \"help\"?"),
        ("answer = \"human\"\nceiling_s = 9", "no key that belongs here"),
        ("answer = \"refuse\"\nstatus = 200", "400 to 699"),
        ("answer = \"human\"\nwhen = { tier = \"gold\" }", "no tier is called \"gold\""),
        ("answer = \"human\"\nwhen = { trunk = \"pxb\" }", "did you mean \"pbx\"?"),
        ("answer = \"human\"\nwhen = { domain = \"*.co.uk\" }", "public suffix"),
        ("answer = \"human\"\nwhen = { domain = \"bücher.example\" }", "xn--"),
        ("answer = \"human\"\nwhen = { public_suffixes = \"example.com\" }", "not a public suffix"),
        ("answer = \"human\"\nwhen = { min_level = \"V4\" }", "V3"),
        ("answer = \"human\"\nwhen = { min_urgency = \"hihg\" }", "did you mean \"high\"?"),
        ("answer = \"human\"\nwhen = { min_value = { minor_units = 5 } }", "is missing"),
        ("answer = \"human\"\nwhen = { min_value = { minor_units = 5, currency = \"euro\" } }", "no currency"),
        ("answer = \"human\"\nwhen = { number = \"many\" }", "not a telephone number"),
        ("answer = \"human\"\nwhen = { hours = { zone = \"Mars\", open = [\"daily 00:00-24:00\"] } }", "time zone"),
        ("answer = \"human\"\nwhen = { hours = { zone = \"UTC\", open = [\"always\"] } }", "mon-fri"),
        ("answer = \"human\"\nwhen = { keywords = \"--\" }", "would be found nowhere"),
        ("answer = \"human\"\nwhen = { keywords = [] }", "has no keyword in it"),
        ("answer = \"human\"\nwhen = { keywords = \"a*b\" }", "at the end only"),
        ("answer = \"human\"\nwhen = { channel = \"fax\" }", "phone, browser, callback"),
        ("answer = \"human\"\nwhen = { case = \"opne\" }", "did you mean \"open\"?"),
        ("answer = \"human\"\nwhen = { min_articles = 0 }", "1 to 255"),
        ("answer = \"human\"\nwhen = { repeat_within_days = 0 }", "1 to 3650"),
        ("answer = \"human\"\nwhen = { load = { queue = \"hlep\", min_free = 1 } }", "did you mean \"help\"?"),
        ("answer = \"human\"\nwhen = { load = { queue = \"help\" } }", "asks nothing"),
        ("answer = \"human\"\nwhen = { load = { min_free = 2, max_free = 1 } }", "min_free is more than max_free"),
        ("answer = \"human\"\nwhen = { load = [{ min_wait_s = 9, max_wait_s = 1 }] }", "min_wait_s is more than"),
        ("answer = \"human\"\nwen = { }", "did you mean \"when\"?"),
        ("when = { }", "is missing"),
    ] {
        let faults = read(&with(rule)).err().unwrap_or_default();
        assert_eq!(faults.len(), 1, "{rule}: {}", lines(&faults));
        assert!(faults[0].to_string().contains(what), "{rule}: {}", faults[0]);
        assert!(faults[0].line > small().lines().count(), "{}", faults[0]);
    }
}

#[test]
fn all_faults_are_named_at_once_in_the_order_of_the_file() {
    let text = small()
        .replace("id = 1", "id = \"one\"")
        .replace("networks", "netwroks")
        .replace("english = 3", "spanish = 3")
        .replace("sip:ann@192.0.2.21", "ann");
    let faults = read(&text).err().unwrap_or_default();
    let keys: Vec<_> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        ["token_keys[0].id", "trunks[0].netwroks", "queues[0].requires.spanish", "agents[0].phone.contact"]
    );
    assert!(faults.is_sorted_by_key(|fault| fault.line));
}

#[test]
fn what_is_no_toml_is_said_with_every_line() {
    let faults = read("a = \nb = 1\nc = [1, \n").err().unwrap_or_default();
    assert!(faults.len() >= 2, "{}", lines(&faults));
    assert_eq!(faults[0].line, 1);
    assert!(!lines(&read("").err().unwrap_or_default()).is_empty());
}

#[test]
fn secrets_are_not_repeated() {
    let wrong = small().replacen(HASH, "hunter2", 1);
    assert!(!lines(&read(&wrong).err().unwrap_or_default()).contains("hunter2"));
    let wrong = small().replace(&format!("token_sha256 = \"{HASH}\""), "token_sha256 = \"hunter2\"");
    assert!(!lines(&read(&wrong).err().unwrap_or_default()).contains("hunter2"));
    let login = "login = { user = \"us\", password = \"hunter2\" }\nfallback";
    let settings = plan(&small().replacen("fallback", login, 1)).settings;
    assert!(settings.endpoint.trunks[0].login.is_some());
    assert!(!format!("{:?}", settings.endpoint).contains("hunter2"));
}

#[test]
fn a_phone_in_the_browser_needs_no_password_and_a_name_that_can_stand_in_an_address() {
    let contact = "phone = { contact = \"sip:ann@192.0.2.21\" }";
    let text = small();
    assert!(text.contains(contact), "{text}");
    let settings = plan(&text.replacen(contact, "phone = { browser = true }", 1)).settings;
    let phone = &settings.endpoint.phones[0];
    assert!(phone.is_in_browser_only() && phone.user == phone.agent.as_str());
    assert_eq!(settings.desks.phones.user_by_agent.get(&phone.agent), Some(&phone.user));
    for wrong in ["browser = true, user = \"ann\", password = \"x\"", "browser = true, contact = \"sip:a@192.0.2.9\""] {
        let faults = read(&text.replacen(contact, &format!("phone = {{ {wrong} }}"), 1)).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.to_string().contains("in the browser")), "{faults:?}");
    }
}

#[test]
fn a_certificate_for_http_makes_the_websockets_secure() {
    let with = |tls: &str| format!("{}\n[http]\n{tls}\n", small());
    let plan = plan(&with("tls = { certificate = \"web.pem\", key = \"web.key\" }"));
    assert_eq!(plan.settings.endpoint.flows.last().map(|flow| flow.transport), Some(Transport::Wss));
    let tls = plan.shell.http_tls.expect("files");
    assert_eq!((tls.certificate.path.to_str(), tls.key.path.to_str()), (Some("web.pem"), Some("web.key")));
    let faults = read(&with("tls = { certificate = \"web.pem\" }")).err().unwrap_or_default();
    assert!(faults.iter().any(|fault| fault.to_string().contains("http.tls.key")), "{faults:?}");
}

#[test]
fn browsers_call_on_a_trunk_of_their_own() {
    let settings = plan(&small()).settings;
    let web = &settings.calls.trunks[&TrunkId::new("(web)")];
    assert_eq!((&web.fallback, web.flow), (&Fallback::Status { code: 503 }, FlowId(1)));
    let with = |more: &str| format!("{}\n{more}", small());
    let web = "[web]\nfallback = { sip = \"sip:9000@192.0.2.5\" }\nlimits_in = { calls = 20 }\n";
    let rule = "[[access.rules]]\nname = \"pages\"\nwhen = { trunk = \"(web)\" }\nanswer = \"human\"\n";
    let settings = plan(&with(&format!("{web}{rule}"))).settings;
    let web = &settings.calls.trunks[&TrunkId::new("(web)")];
    assert_eq!(web.fallback, Fallback::Sip { uri: "sip:9000@192.0.2.5".to_owned(), via: None });
    assert_eq!(web.terms.caps.incoming.calls, Some(20));
    for (more, what) in [
        ("[web]\nfallback = { sip = \"sip:{dialled}@192.0.2.5\" }", "browsers dial none"),
        ("[web]\nfallback = { trunk = \"pbx\" }", "browsers dial none"),
        ("[web]\nfallback = { trunk = \"(web)\", user = \"9\" }", "no trunk is called"),
        ("[web]\nfall_back = 1", "fall_back"),
    ] {
        let faults = read(&with(more)).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.to_string().contains(what)), "{more} {faults:?}");
    }
    let faults = read(&small().replacen("name = \"pbx\"", "name = \"(web)\"", 1)).err().unwrap_or_default();
    assert!(faults.iter().any(|fault| fault.to_string().contains("is built in")), "{faults:?}");
}

#[test]
fn web_sites_are_named_as_browsers_write_them() {
    let with = |origins: &str| format!("{}\n[http]\norigins = [{origins}]\n", small());
    let shell = plan(&with("\"https://shop.example.com\", \"http://127.0.0.1:8090\"")).shell;
    assert_eq!(shell.origins, ["https://shop.example.com", "http://127.0.0.1:8090"]);
    for wrong in
        ["shop.example.com", "https://Shop.example.com", "https://shop.example.com/", "https://a.example.com:443", "*"]
    {
        let faults = read(&with(&format!("{wrong:?}"))).err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.to_string().contains("no web origin")), "{wrong} {faults:?}");
    }
}

#[test]
fn sockets_for_tcp_and_tls_are_named_with_their_transport() {
    let text = small()
        .replacen(
            "[\"192.0.2.10:5060\"]",
            "[\"192.0.2.10:5060\", \"tcp:192.0.2.10:5060\", \"tls:[2001:db8::1]:5061\"]\n\
                  [sip.tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\nclient_ca = \"ca.pem\"",
            1,
        )
        .replacen("networks = [\"192.0.2.20\"]", "tls_name = \"SBC.example.com\"\nbind = \"tcp:192.0.2.10:5060\"", 1)
        .replacen("sip:ann@192.0.2.21", "sip:ann@192.0.2.21;transport=tcp", 1);
    let plan = plan(&text);
    let transports: Vec<Transport> = plan.settings.endpoint.flows.iter().map(|flow| flow.transport).collect();
    assert_eq!(transports, [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws]);
    let trunk = &plan.settings.endpoint.trunks[0];
    assert_eq!((trunk.tls_name.as_deref(), trunk.networks.len()), (Some("sbc.example.com"), 0));
    let tls = plan.shell.tls.expect("files");
    assert_eq!((tls.certificate.line, tls.key.line, tls.client_ca.map(|file| file.line)), (5, 6, Some(7)));
    let trunk_flow = plan.settings.calls.trunks.get(&trunk.trunk).map(|trunk| trunk.flow);
    assert_eq!(trunk_flow, Some(FlowId(1)));
}

#[test]
fn faults_of_transports_are_named() {
    let bind = "[\"192.0.2.10:5060\"]";
    let tls = "[\"192.0.2.10:5060\", \"tls:192.0.2.10:5061\"]";
    check(bind, "[\"tcp:192.0.2.10\"]", "tcp:", "sip.bind[0]", "192.0.2.10");
    check(bind, "[\"tcp:192.0.2.10:5060\", \"tcp:0.0.0.0:5060\"]", "tcp:0", "sip.bind[1]", "is bound already");
    check(bind, &format!("{tls}\n[sip.tls]\nkey = \"b\""), "[sip.tls]", "sip.tls.certificate", "is missing");
    check(
        bind,
        &format!("{bind}\n[sip.tls]\ncertificate = \"a\"\nkey = \"b\""),
        "[sip.tls]",
        "sip.tls",
        "no socket for TLS",
    );
    let pbx = "networks = [\"192.0.2.20\"]";
    check(pbx, "tls_name = \"sbc.example.com\"", "tls_name", "trunks[0].tls_name", "can never be proved");
    check(
        pbx,
        "networks = [\"192.0.2.20\"]\ntls_name = \"a b\"",
        "tls_name",
        "trunks[0].tls_name",
        "is no name of a certificate",
    );
    check(
        "sip:ann@192.0.2.21",
        "sip:ann@192.0.2.21;transport=tcp",
        "contact",
        "agents[0].phone.contact",
        "a transport that we do not have",
    );
    check(
        "{ status = 503 }",
        "{ sip = \"sips:{dialled}@192.0.2.5\" }",
        "fallback",
        "trunks[0].fallback.sip",
        "a transport that we do not have",
    );
    check(
        pbx,
        "networks = [\"192.0.2.20\"]\nbind = \"tcp:192.0.2.10:5060\"",
        "bind = \"tcp",
        "trunks[0].bind",
        "is not one of our sockets",
    );
}

#[test]
fn the_dial_rules_name_their_faults() {
    let with = |rules: &str| format!("[dial]\nallow = [\n{rules}\n]\n[sip]");
    let good = "{ user = \"8??\", host = \"192.0.2.20\" }, { user = \"+1*\", to = \"sip:{dialled}@192.0.2.20\", trunk = \"pbx\" }";
    let plan = plan(&small().replacen("[sip]", &with(good), 1));
    assert_eq!(plan.settings.calls.dial.rules.len(), 2);
    assert_eq!(plan.settings.calls.dial.agents.get("ann"), Some(&AgentId::new("ann")));
    for (rule, key, what) in [
        ("{ user = \"8??\" }", "dial.allow[0]", "says neither host nor to"),
        ("{ user = \"8*1\", host = \"x\" }", "dial.allow[0].user", "is no pattern"),
        (
            "{ user = \"1\", to = \"sip:{dialled}@192.0.2.20\", trunk = \"pxb\" }",
            "dial.allow[0].trunk",
            "did you mean \"pbx\"",
        ),
        ("{ host = \"192.0.2.20\" }", "dial.allow[0].user", "write rules like"),
    ] {
        let text = with(rule);
        check("[sip]", &text, if key.ends_with(".trunk") { "{ user" } else { "{ " }, key, what);
    }
}

#[test]
fn recordings_need_a_place_a_notice_and_a_rule() {
    let rule = "[[access.rules]]\nname = \"known\"\nanswer = \"human\"\nqueue = \"help\"\nrecord = true\n[deadlines]\n";
    let with = |more: &str| format!("{}{rule}{more}", small());
    let recorded = plan(&with("[recording]\nfolder = \"/var/recordings\"\nnotice = \"on-page\"\n"));
    let recording = recorded.settings.calls.recording.expect("a plan");
    assert!(recording.rules.contains("known") && recording.pause == Duration::from_secs(120));
    assert_eq!(recorded.shell.recordings.map(|shell| shell.keep), Some(Duration::from_secs(90 * 86_400)));
    assert!(plan(&small()).settings.calls.recording.is_none());
    for (more, what) in [
        ("", "access.rules[0].record: asks for recordings"),
        ("[recording]\nnotice = \"on-page\"\n", "recording.folder: is missing"),
        ("[recording]\nfolder = \"x\"\nnotice = \"whispered\"\n", "\"whispered\" is no notice"),
        ("[recording]\nfolder = \"x\"\nnotice = \"on-page\"\nkeep = 3\n", "recording.keep: is no key"),
    ] {
        let faults = lines(&read(&with(more)).err().unwrap_or_default());
        assert!(faults.contains(what), "{what}: {faults}");
    }
}

#[test]
fn a_supervisor_supervises_queues_that_exist() {
    let with =
        |line: &str| small().replace("skills = { english = 9 }\n", &format!("skills = {{ english = 9 }}\n{line}\n"));
    let plan = plan(&with("supervises = [\"help\"]"));
    let supervision = plan.settings.calls.supervision;
    assert_eq!(supervision.queues_by_agent[&AgentId::new("ann")], [QueueId::new("help")].into());
    assert!(supervision.tell && plan.settings.desks.accounts[0].supervises.len() == 1);
    let faults = lines(&read(&with("supervises = [\"hlep\"]")).err().unwrap_or_default());
    assert!(faults.contains("help"), "{faults}");
}

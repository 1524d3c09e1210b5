//! On what and when it was measured.

use std::fs;
use std::process::Command;

use crate::table::Table;

pub fn table() -> Table {
    let mut table = Table::new("machine", &["what", "is"]);
    let mut push = |what: &str, is: String| table.push(vec![what.to_owned(), is.replace(',', ";")]);
    push("date", said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
    push("processor", processor());
    push("cores", std::thread::available_parallelism().map_or_else(|_| String::new(), |cores| cores.to_string()));
    push("kernel", said("uname", &["-sr"]));
    push("load before it began", load());
    push("Throughline", env!("CARGO_PKG_VERSION").to_owned());
    push("compiler", said("rustc", &["--version"]));
    push("Kamailio", first_words("kamailio", &["-v"], 3));
    push("rtpengine", first_words("rtpengine", &["--version"], 2));
    push("Redis", first_words("redis-server", &["--version"], 3));
    push("sipp", said("sipp", &["-v"]));
    table
}

/// Processes that wanted a core, on average over the last minute, five, fifteen: above 0.3 the machine was not ours alone.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" / ")
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or_else(String::new, |line| line.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// The first line that is not empty, of what it says on either channel.
fn said(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else { return "-".to_owned() };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("-").to_owned()
}

fn first_words(program: &str, arguments: &[&str], count: usize) -> String {
    said(program, arguments).split_whitespace().take(count).collect::<Vec<_>>().join(" ")
}

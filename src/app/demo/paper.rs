//! How the demo writes on the terminal.

use std::io::{IsTerminal, Write};

/// Standard output, with the width of the names.
pub struct Paper {
    chapters: u32,
    is_terminal: bool,
    shown_percent: Option<u64>,
}

const BAR_WIDTH: u64 = 40;

impl Paper {
    pub fn new() -> Paper {
        Paper { chapters: 0, is_terminal: std::io::stdout().is_terminal(), shown_percent: None }
    }

    pub fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        println!("\n{}. {title}", self.chapters);
    }

    /// One line of what somebody does.
    pub fn line(&self, who: &str, what: &str) {
        println!("   {who:<8} {what}");
    }

    pub fn plain(&self, text: &str) {
        println!("{text}");
    }

    /// Text of somebody else, set in.
    pub fn quote(&self, text: &str) {
        for line in text.lines() {
            println!("            {line}");
        }
    }

    pub fn stage(&self, name: &str, us: f64) {
        println!("            {name:<28} {:>9.3} ms", us / 1000.0);
    }

    /// A bar that moves on a terminal, and a line each tenth elsewhere.
    pub fn progress(&mut self, done: u64, of: u64, note: &str) {
        let percent = (done * 100).checked_div(of).unwrap_or(100);
        let step = if self.is_terminal { percent } else { percent / 10 * 10 };
        if self.shown_percent == Some(step) {
            return;
        }
        self.shown_percent = Some(step);
        let full = (percent * BAR_WIDTH / 100) as usize;
        let bar: String = "█".repeat(full) + &"░".repeat(BAR_WIDTH as usize - full);
        let line = format!("   {bar} {done}/{of} {note}");
        if self.is_terminal {
            print!("\r{line}");
            let _ = std::io::stdout().flush();
        } else {
            println!("{line}");
        }
        if done >= of {
            self.shown_percent = None;
            if self.is_terminal {
                println!();
            }
        }
    }
}

impl Default for Paper {
    fn default() -> Self {
        Paper::new()
    }
}

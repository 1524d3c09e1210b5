//! What was measured, as a table: printed in columns, kept as CSV.

use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

pub struct Table {
    /// Of its file, without the ending.
    pub name: &'static str,
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(name: &'static str, titles: &[&str]) -> Table {
        Table { name, titles: titles.iter().map(|title| (*title).to_owned()).collect(), rows: Vec::new() }
    }

    /// Prints the row at once as well: whoever waits for the whole table sees how far it is.
    pub fn push(&mut self, row: Vec<String>) {
        assert_eq!(row.len(), self.titles.len(), "a cell for each title of {}", self.name);
        if self.rows.is_empty() {
            println!("\n{}:\n{}", self.name, line(&self.titles, &self.titles));
        }
        println!("{}", line(&row, &self.titles));
        self.rows.push(row);
    }

    /// Writes `name.csv`; no cell has a comma.
    pub fn write(&self, folder: &Path) {
        let lines = std::iter::once(&self.titles).chain(&self.rows).map(|cells| cells.join(",") + "\n");
        fs::create_dir_all(folder).expect("a folder for the results");
        fs::write(folder.join(self.name).with_extension("csv"), lines.collect::<String>()).expect("a file of results");
    }
}

fn line(cells: &[String], titles: &[String]) -> String {
    let mut line = String::new();
    for (cell, title) in cells.iter().zip(titles) {
        let _ = write!(line, "{cell:>width$}  ", width = title.len().max(11));
    }
    line.trim_end().to_owned()
}

pub fn whole(number: impl Into<f64>) -> String {
    format!("{:.0}", number.into())
}

pub fn one_decimal(number: f64) -> String {
    format!("{number:.1}")
}

pub fn two_decimals(number: f64) -> String {
    format!("{number:.2}")
}

pub fn three_decimals(number: f64) -> String {
    format!("{number:.3}")
}

/// A dash for what was not measured.
pub fn or_dash(cell: Option<impl fmt::Display>) -> String {
    cell.map_or("-".to_owned(), |cell| cell.to_string())
}

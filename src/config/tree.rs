//! Reads the TOML tree key by key, and notes every key that is missing, unknown, or of the wrong type.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Faults, Place, did_you_mean, nearest};

/// A table of the file. `finish` must be called when all its keys have been asked for.
pub(super) struct Section<'a> {
    table: Option<&'a DeTable<'a>>,
    pub place: Place,
    asked: Vec<&'static str>,
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Item<'a> {
    value: &'a DeValue<'a>,
    pub place: Place,
}

/// A string and where it stands.
#[derive(Clone)]
pub(super) struct Text<'a> {
    pub value: &'a str,
    pub place: Place,
}

impl<'a> Section<'a> {
    pub(super) fn top(table: &'a DeTable<'a>) -> Section<'a> {
        Section { table: Some(table), place: Place::top(), asked: Vec::new() }
    }

    pub(super) fn empty() -> Section<'a> {
        Section { table: None, place: Place::top(), asked: Vec::new() }
    }

    pub(super) fn item(&mut self, key: &'static str) -> Option<Item<'a>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let (name, value) = self.table?.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Item { value: value.get_ref(), place: self.place.key(key, name.span().start) })
    }

    /// A value without which nothing works.
    pub(super) fn required(&mut self, key: &'static str, remedy: &str, faults: &mut Faults<'_>) -> Option<Item<'a>> {
        let item = self.item(key);
        // A key that is nearly this one has a fault of its own.
        let others = self.table.into_iter().flat_map(|table| table.keys()).map(|name| &**name.get_ref());
        if item.is_none() && nearest(key, others).is_none() {
            faults.add(&self.place.key(key, self.place.offset), "is missing", remedy);
        }
        item
    }

    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<Text<'a>> {
        self.item(key)?.text(faults)
    }

    pub(super) fn flag(&mut self, key: &'static str, default: bool, faults: &mut Faults<'_>) -> bool {
        let Some(item) = self.item(key) else { return default };
        item.value.as_bool().unwrap_or_else(|| {
            item.wrong_type("true or false", faults);
            default
        })
    }

    pub(super) fn number<N: TryFrom<i64> + TryInto<i64> + Copy>(
        &mut self,
        key: &'static str,
        default: N,
        range: RangeInclusive<i64>,
        faults: &mut Faults<'_>,
    ) -> N {
        self.item(key).and_then(|item| item.number(range, faults)).unwrap_or(default)
    }

    /// A key that ends in `_ms`.
    pub(super) fn millis(
        &mut self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<i64>,
        faults: &mut Faults<'_>,
    ) -> Duration {
        let given = self.item(key).and_then(|item| item.number(range, faults));
        given.map_or(default, Duration::from_millis)
    }

    /// A key that ends in `_s`.
    pub(super) fn seconds(
        &mut self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<i64>,
        faults: &mut Faults<'_>,
    ) -> Duration {
        let given = self.item(key).and_then(|item| item.number(range, faults));
        given.map_or(default, Duration::from_secs)
    }

    /// A list of strings, or one string alone; empty when absent.
    pub(super) fn texts(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Vec<Text<'a>> {
        self.item(key).map(|item| item.texts(faults)).unwrap_or_default()
    }

    /// A table; one without keys when absent.
    pub(super) fn section(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Section<'a> {
        let absent = Section { place: self.place.key(key, self.place.offset), ..Section::empty() };
        self.item(key).and_then(|item| item.section(faults)).unwrap_or(absent)
    }

    /// `[[key]]`; empty when absent.
    pub(super) fn sections(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Vec<Section<'a>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let Some(array) = item.value.as_array() else {
            item.wrong_type(&format!("a list of tables, each under [[{key}]]"), faults);
            return Vec::new();
        };
        let nth = |(n, value): (usize, &'a Spanned<DeValue<'a>>)| item.element(n, value).section(faults);
        array.iter().enumerate().filter_map(nth).collect()
    }

    /// Every key with its value, for tables whose keys are names; such a section needs no `finish`.
    pub(super) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        let entry = |(name, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &'a std::borrow::Cow<'a, str> = name.get_ref();
            (&**name, value)
        };
        let Some(table) = self.table else { return Vec::new() };
        let places = table.iter().map(|(name, _)| name.span().start);
        let entries = table.iter().map(entry).zip(places);
        entries
            .map(|((name, value), at)| (name, Item { value: value.get_ref(), place: self.place.key(name, at) }))
            .collect()
    }

    /// As it stands in the file.
    pub(super) fn table(&self) -> Option<&'a DeTable<'a>> {
        self.table
    }

    pub(super) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// Names the keys that nobody asked for.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        for (name, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            if !self.asked.iter().any(|asked| name.get_ref() == asked) {
                let place = self.place.key(name.get_ref(), name.span().start);
                faults.add(&place, "is no key that belongs here", did_you_mean(name.get_ref(), &self.asked));
            }
        }
    }
}

impl<'a> Item<'a> {
    pub(super) fn text(&self, faults: &mut Faults<'_>) -> Option<Text<'a>> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type("a text in quotes", faults);
        }
        text.map(|value| Text { value, place: self.place.clone() })
    }

    pub(super) fn number<N: TryFrom<i64>>(&self, range: RangeInclusive<i64>, faults: &mut Faults<'_>) -> Option<N> {
        let Some(integer) = self.value.as_integer() else {
            self.wrong_type("a whole number", faults);
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        let number = number.and_then(|n| N::try_from(n).ok());
        if number.is_none() {
            let remedy = format!("write a number from {} to {}", range.start(), range.end());
            faults.add(&self.place, format!("{} is out of range", integer.as_str()), remedy);
        }
        number
    }

    /// A number with a fraction, or a whole one.
    pub(super) fn fraction(&self, range: RangeInclusive<f64>, faults: &mut Faults<'_>) -> Option<f64> {
        let float = self.value.as_float().map(|float| float.as_str());
        let Some(text) = float.or_else(|| self.value.as_integer().map(|integer| integer.as_str())) else {
            self.wrong_type("a number, like 0.01", faults);
            return None;
        };
        let number = text.replace('_', "").parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let remedy = format!("write a number from {} to {}", range.start(), range.end());
            faults.add(&self.place, format!("{text} is out of range"), remedy);
        }
        number
    }

    pub(super) fn texts(&self, faults: &mut Faults<'_>) -> Vec<Text<'a>> {
        match self.value.as_array() {
            Some(array) => array.iter().enumerate().filter_map(|(n, v)| self.element(n, v).text(faults)).collect(),
            None => self.text(faults).into_iter().collect(),
        }
    }

    /// A list of anything.
    pub(super) fn elements(&self, faults: &mut Faults<'_>) -> Vec<Item<'a>> {
        let Some(array) = self.value.as_array() else {
            self.wrong_type("a list in brackets", faults);
            return Vec::new();
        };
        array.iter().enumerate().map(|(n, value)| self.element(n, value)).collect()
    }

    /// The elements of a list; `None` when it is none.
    pub(super) fn list(&self) -> Option<Vec<Item<'a>>> {
        Some(self.value.as_array()?.iter().enumerate().map(|(n, value)| self.element(n, value)).collect())
    }

    pub(super) fn section(&self, faults: &mut Faults<'_>) -> Option<Section<'a>> {
        let table = self.value.as_table();
        if table.is_none() {
            self.wrong_type("a table", faults);
        }
        table.map(|table| Section { table: Some(table), place: self.place.clone(), asked: Vec::new() })
    }

    fn element(&self, n: usize, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        // A table that has no brackets of its own has no span either.
        let at = if value.span().is_empty() { self.place.offset } else { value.span().start };
        Item { value: value.get_ref(), place: self.place.nth(n, at) }
    }

    fn wrong_type(&self, expected: &str, faults: &mut Faults<'_>) {
        let found = self.value.type_str();
        faults.add(&self.place, format!("is of type {found}"), format!("write {expected}"));
    }
}

impl<'a> Text<'a> {
    /// Reads the text by `read`; what is wrong with it is said by the error.
    pub(super) fn parse<T, E: std::fmt::Display>(
        &self,
        read: impl Fn(&'a str) -> Result<T, E>,
        remedy: &str,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        read(self.value).map_err(|error| faults.add(&self.place, format!("{:?}: {error}", self.value), remedy)).ok()
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)], faults: &mut Faults<'_>) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == self.value).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            faults.add(&self.place, format!("{:?} is not known here", self.value), did_you_mean(self.value, &known));
        }
        found
    }
}

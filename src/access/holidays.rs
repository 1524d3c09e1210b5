//! Days that are not like others, from an iCalendar file (RFC 5545): whole days, once or each year.

use std::collections::BTreeSet;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::base::limits::HOLIDAYS_MAX;

/// The days, as they stand in a calendar on the wall.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Holidays(BTreeSet<Date>);

/// What is wrong with a file, and where; the line is that of its beginning when it goes on over several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolidayFault {
    pub line: usize,
    pub why: BadHoliday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHoliday {
    NotText,
    /// It does not begin with `BEGIN:VCALENDAR`, or has nothing but that.
    NoCalendar,
    /// No `NAME:VALUE`.
    Line,
    /// `END` without its `BEGIN`, or the other way round.
    Nesting,
    /// A `VEVENT` without `DTSTART`.
    NoStart,
    /// Not a day that there is, or one with a time.
    Date,
    /// With an hour of its day.
    Time,
    /// It does not end after it begins, or lasts longer than a year.
    Span,
    /// A repetition that is not yearly, or with parts that are not known here.
    Repetition,
    TooMany,
}

/// One `VEVENT` as far as it is read.
struct Event {
    line: usize,
    start: Option<Date>,
    end: Option<Date>,
    /// In days, in place of the end.
    length: Option<i32>,
    /// Further days on which it begins.
    more: Vec<Date>,
    rule: Option<(usize, Yearly)>,
    except: Vec<Date>,
    is_cancelled: bool,
}

/// `RRULE:FREQ=YEARLY` with what calendars of holidays write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Yearly {
    interval: i16,
    count: Option<u32>,
    until: Option<Date>,
    month: Option<i8>,
    day: Option<i8>,
    /// The nth such weekday of the month, from its end when negative.
    weekday: Option<(i8, Weekday)>,
}

/// Nobody plans further ahead.
const LAST_YEAR: i16 = 2100;
const SPAN_MAX: i32 = 366;

impl Holidays {
    /// Reads an iCalendar file; all that is wrong with it, in its order.
    pub fn read(bytes: &[u8]) -> Result<Holidays, Vec<HolidayFault>> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(vec![HolidayFault { line: 1, why: BadHoliday::NotText }]);
        };
        let mut reader = Reader::default();
        let lines = unfolded(text.trim_start_matches('\u{feff}'));
        if lines.first().is_none_or(|(_, line)| !line.eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
            return Err(vec![HolidayFault { line: 1, why: BadHoliday::NoCalendar }]);
        }
        lines.iter().for_each(|(nth, line)| reader.take(*nth, line));
        reader.finish(lines.last().map_or(1, |(nth, _)| *nth))
    }

    /// Adds `2026-12-25`; false when it is no day.
    pub fn add(&mut self, text: &str) -> bool {
        let date: Option<Date> = text.trim().parse().ok().filter(|_| text.trim().len() == "2026-12-25".len());
        self.0.extend(date);
        date.is_some()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, date: Date) -> bool {
        self.0.contains(&date)
    }

    pub(super) fn has_all_of(&self, other: &Holidays) -> bool {
        other.0.is_subset(&self.0)
    }

    pub(super) fn has_none_of(&self, other: &Holidays) -> bool {
        self.0.is_disjoint(&other.0)
    }

    /// The latest first.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = Date> {
        self.0.iter().rev().copied()
    }
}

/// Why a value is no whole day.
fn no_date(value: &str) -> BadHoliday {
    let has_a_day = value.split_once('T').is_some_and(|(day, _)| date(day).is_some());
    if has_a_day { BadHoliday::Time } else { BadHoliday::Date }
}

/// The content lines with the numbers of their first lines (section 3.1): one that begins with a blank goes on with the one before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (nth, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, before))) => before.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((nth, line.trim_end().to_owned())),
        }
    }
    lines
}

#[derive(Default)]
struct Reader {
    days: BTreeSet<Date>,
    /// The components that are open.
    inside: Vec<String>,
    event: Option<Event>,
    faults: Vec<HolidayFault>,
}

impl Reader {
    fn take(&mut self, line: usize, text: &str) {
        let Some((name, value)) = text.split_once(':') else { return self.fault(line, BadHoliday::Line) };
        let name = name.split(';').next().unwrap_or_default().to_ascii_uppercase();
        let value = value.trim();
        match name.as_str() {
            "BEGIN" => self.begin(line, value),
            "END" => self.end(line, value),
            _ if self.is_in_event() => self.property(line, &name, value),
            _ => {}
        }
    }

    /// Not in an alarm of it.
    fn is_in_event(&self) -> bool {
        self.inside.last().is_some_and(|component| component == "VEVENT")
    }

    fn begin(&mut self, line: usize, component: &str) {
        self.inside.push(component.to_ascii_uppercase());
        if self.is_in_event() {
            let (start, end, length, rule) = (None, None, None, None);
            let (more, except) = (Vec::new(), Vec::new());
            self.event = Some(Event { line, start, end, length, more, rule, except, is_cancelled: false });
        }
    }

    fn end(&mut self, line: usize, component: &str) {
        if self.inside.pop().is_none_or(|open| !open.eq_ignore_ascii_case(component)) {
            return self.fault(line, BadHoliday::Nesting);
        }
        if component.eq_ignore_ascii_case("VEVENT")
            && let Some(event) = self.event.take()
        {
            let line = event.line;
            // What is wrong with its start has been said.
            let is_told = self.faults.iter().any(|fault| fault.line > line);
            match event.days() {
                Err((_, BadHoliday::NoStart)) if is_told => {}
                Err((line, why)) => self.fault(line, why),
                Ok(days) => self.days.extend(days),
            }
            if self.days.len() > HOLIDAYS_MAX {
                self.days.clear();
                self.fault(line, BadHoliday::TooMany);
            }
        }
    }

    fn property(&mut self, line: usize, name: &str, value: &str) {
        let Some(event) = &mut self.event else { return };
        let read = match name {
            "DTSTART" => date(value).map(|date| event.start = Some(date)).ok_or_else(|| no_date(value)),
            "DTEND" => date(value).map(|date| event.end = Some(date)).ok_or_else(|| no_date(value)),
            "DURATION" => days(value).map(|days| event.length = Some(days)).ok_or(BadHoliday::Span),
            "RDATE" => dates(value).map(|dates| event.more.extend(dates)).ok_or(BadHoliday::Date),
            "EXDATE" => dates(value).map(|dates| event.except.extend(dates)).ok_or(BadHoliday::Date),
            "RRULE" => Yearly::read(value).map(|rule| event.rule = Some((line, rule))).ok_or(BadHoliday::Repetition),
            "STATUS" => {
                event.is_cancelled = value.eq_ignore_ascii_case("CANCELLED");
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(why) = read {
            self.fault(line, why);
        }
    }

    fn fault(&mut self, line: usize, why: BadHoliday) {
        self.faults.push(HolidayFault { line, why });
    }

    fn finish(mut self, last: usize) -> Result<Holidays, Vec<HolidayFault>> {
        if !self.inside.is_empty() && self.faults.is_empty() {
            self.fault(last, BadHoliday::Nesting);
        }
        if self.faults.is_empty() { Ok(Holidays(self.days)) } else { Err(self.faults) }
    }
}

impl Event {
    /// All its days, or the line of what is wrong with them.
    fn days(self) -> Result<Vec<Date>, (usize, BadHoliday)> {
        let start = self.start.ok_or((self.line, BadHoliday::NoStart))?;
        // Without an end it is one day (section 3.6.1); the end itself is no day of it.
        let length = self.end.map(|end| (end - start).get_days()).or(self.length).unwrap_or(1);
        if !(1..=SPAN_MAX).contains(&length) {
            return Err((self.line, BadHoliday::Span));
        }
        if self.is_cancelled {
            return Ok(Vec::new());
        }
        let starts = self.rule.map_or_else(|| vec![start], |(_, rule)| rule.starts(start));
        let kept = starts.into_iter().chain(self.more).filter(|start| !self.except.contains(start));
        let days = kept.flat_map(|start| (0..length).filter_map(move |day| start.checked_add(day.days()).ok()));
        Ok(days.collect())
    }
}

impl Yearly {
    fn read(text: &str) -> Option<Yearly> {
        let mut rule = Yearly { interval: 1, count: None, until: None, month: None, day: None, weekday: None };
        let mut is_yearly = false;
        for part in text.split(';') {
            let (key, value) = part.split_once('=')?;
            match key.to_ascii_uppercase().as_str() {
                "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => rule.interval = value.parse().ok().filter(|years| (1..=100).contains(years))?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(date(value.split(['T', 't']).next()?)?),
                "BYMONTH" => rule.month = Some(value.parse().ok().filter(|month| (1..=12).contains(month))?),
                "BYMONTHDAY" => rule.day = Some(value.parse().ok().filter(|day| (1..=31).contains(day))?),
                "BYDAY" => rule.weekday = Some(weekday(value)?),
                "WKST" => {}
                _ => return None,
            }
        }
        is_yearly.then_some(rule)
    }

    /// The first day of each repetition; those that a year does not have, as February 29, are left out.
    fn starts(&self, first: Date) -> Vec<Date> {
        let years = (first.year()..=LAST_YEAR.max(first.year())).step_by(usize::from(self.interval.unsigned_abs()));
        let starts = years.filter_map(|year| self.in_year(year, first)).filter(|start| *start >= first);
        let bounded = starts.filter(|start| self.until.is_none_or(|until| *start <= until));
        bounded.take(self.count.map_or(usize::MAX, |count| count as usize)).collect()
    }

    fn in_year(&self, year: i16, first: Date) -> Option<Date> {
        let month = self.month.unwrap_or(first.month());
        match self.weekday {
            Some((nth, weekday)) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
            None => Date::new(year, month, self.day.unwrap_or(first.day())).ok(),
        }
    }
}

fn dates(text: &str) -> Option<Vec<Date>> {
    text.split(',').map(date).collect()
}

/// `P3D`, `P1W`, `P1DT0H0M0S`: whole days (section 3.3.6).
fn days(text: &str) -> Option<i32> {
    let text = text.trim_start_matches('+').strip_prefix('P')?;
    let (text, time) = text.split_once('T').unwrap_or((text, ""));
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_whole = time.bytes().all(|byte| matches!(byte, b'0' | b'H' | b'M' | b'S'));
    let in_one = match unit {
        "D" => 1,
        "W" => 7,
        _ => return None,
    };
    count.parse::<i32>().ok().filter(|_| is_whole)?.checked_mul(in_one)
}

/// `20261225`; some programs write the midnight that it begins with.
fn date(text: &str) -> Option<Date> {
    let text = text.strip_suffix("T000000").unwrap_or(text);
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// `4TH`, `-1MO`.
fn weekday(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (nth, day) = (text.get(..at)?, text.get(at..)?);
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let place = days.iter().position(|known| known.eq_ignore_ascii_case(day))?;
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()?;
    let nth: i8 = nth.parse().ok().filter(|nth: &i8| *nth != 0 && nth.abs() <= 5)?;
    Some((nth, weekday))
}

/// How many: each of thousands is of no use in a message.
impl fmt::Debug for Holidays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holidays({})", self.0.len())
    }
}

impl BadHoliday {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            BadHoliday::NotText => "save it as UTF-8",
            BadHoliday::NoCalendar => "name an iCalendar file: its first line is BEGIN:VCALENDAR",
            BadHoliday::Line => "write NAME:VALUE, or begin the line with a blank if it goes on with the one before",
            BadHoliday::Nesting => "end each BEGIN with an END of the same name",
            BadHoliday::NoStart => "give it a day: DTSTART;VALUE=DATE:20261225",
            BadHoliday::Date | BadHoliday::Time => "write a whole day: DTSTART;VALUE=DATE:20261225",
            BadHoliday::Span => {
                "let DTEND be the day after the last one, or DURATION be P3D for three days; at most a year"
            }
            BadHoliday::Repetition => {
                "write FREQ=YEARLY with INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY or BYDAY=4TH, or list the days one by one"
            }
            BadHoliday::TooMany => "leave out the years that are over",
        }
    }
}

impl fmt::Display for BadHoliday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadHoliday::NotText => f.write_str("is no text"),
            BadHoliday::NoCalendar => f.write_str("is no calendar"),
            BadHoliday::Line => f.write_str("is no line of a calendar"),
            BadHoliday::Nesting => f.write_str("ends what has not begun, or nothing ends what began"),
            BadHoliday::NoStart => f.write_str("begins an event without a day"),
            BadHoliday::Date => f.write_str("is no day that there is"),
            BadHoliday::Time => f.write_str("is a time of day, and a holiday is a whole day"),
            BadHoliday::Span => f.write_str("says no whole days, from the first to one after it"),
            BadHoliday::Repetition => f.write_str("repeats in a way that is not known here"),
            BadHoliday::TooMany => write!(f, "makes it more than {HOLIDAYS_MAX} days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nSUMMARY:A day\r\n{lines}END:VEVENT\r\n")
    }

    fn read(events: &str) -> Holidays {
        Holidays::read(calendar(events).as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    fn on(holidays: &Holidays, text: &str) -> bool {
        holidays.contains(text.parse().expect("a date"))
    }

    #[test]
    fn a_day_is_whole_and_its_end_is_not_of_it() {
        let found = read(&event("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\n"));
        for (day, is) in [("2026-12-23", false), ("2026-12-24", true), ("2026-12-26", true), ("2026-12-27", false)] {
            assert_eq!(on(&found, day), is, "{day}");
        }
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_length_a_midnight_and_further_days_are_read() {
        for (lines, days) in [
            ("DTSTART;VALUE=DATE:20261224\r\nDURATION:P3D\r\n", &["2026-12-24", "2026-12-25", "2026-12-26"][..]),
            ("DTSTART;VALUE=DATE:20261225\r\nDURATION:P1DT0H0M0S\r\n", &["2026-12-25"]),
            (
                "DTSTART;TZID=Europe/Berlin:20261225T000000\r\nDTEND;TZID=Europe/Berlin:20261227T000000\r\n",
                &["2026-12-25", "2026-12-26"],
            ),
            (
                "DTSTART;VALUE=DATE:20261225\r\nRDATE;VALUE=DATE:20270416,20270517\r\n",
                &["2026-12-25", "2027-04-16", "2027-05-17"],
            ),
        ] {
            let found = read(&event(lines));
            assert_eq!(found.len(), days.len(), "{lines}");
            assert!(days.iter().all(|day| on(&found, day)), "{lines}");
        }
        assert_eq!(read(&event("DTSTART;VALUE=DATE:20261221\r\nDURATION:P1W\r\n")).len(), 7);
    }

    #[test]
    fn a_yearly_day_comes_each_year_from_its_first_on() {
        let rule = "DTSTART;VALUE=DATE:20241225\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20261225\r\n";
        let found = read(&event(rule));
        for (day, is) in [("2023-12-25", false), ("2024-12-25", true), ("2026-12-25", false), ("2050-12-25", true)] {
            assert_eq!(on(&found, day), is, "{day}");
        }
        let counted = read(&event("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;COUNT=2\r\n"));
        assert!(counted.len() == 2 && on(&counted, "2028-02-29"), "{counted:?}");
        let until = read(&event("DTSTART;VALUE=DATE:20240101\r\nRRULE:FREQ=YEARLY;INTERVAL=2;UNTIL=20280101\r\n"));
        assert!(until.len() == 3 && on(&until, "2028-01-01"), "{until:?}");
    }

    #[test]
    fn the_fourth_thursday_and_the_last_monday_are_found() {
        let thanks = read(&event("DTSTART;VALUE=DATE:20241128\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n"));
        assert!(on(&thanks, "2026-11-26") && !on(&thanks, "2026-11-28"), "{thanks:?}");
        let memorial = read(&event("DTSTART;VALUE=DATE:20240527\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO\r\n"));
        assert!(on(&memorial, "2026-05-25"), "{memorial:?}");
    }

    #[test]
    fn lines_may_be_folded_and_other_parts_are_passed_over() {
        let text = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
            .to_owned()
            + &event("DTSTART;VALUE=D\r\n ATE:202\r\n\t61225\r\nBEGIN:VALARM\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n")
            + &event("DTSTART;VALUE=DATE:20270101\r\nSTATUS:CANCELLED\r\n");
        let found = read(&text);
        assert!(found.len() == 1 && on(&found, "2026-12-25"), "{found:?}");
    }

    #[test]
    fn nonsense_is_named_with_its_line() {
        for (events, expect) in [
            (event("DTSTART;VALUE=DATE:20261325\r\n"), vec![(5, BadHoliday::Date)]),
            (event("DTSTART:20261225T080000Z\r\n"), vec![(5, BadHoliday::Time)]),
            (event(""), vec![(3, BadHoliday::NoStart)]),
            (event("DTSTART:20261225\r\nDTEND:20261225\r\n"), vec![(3, BadHoliday::Span)]),
            (event("DTSTART:20261225\r\nDURATION:PT8H\r\n"), vec![(6, BadHoliday::Span)]),
            (event("DTSTART:20261225\r\nRDATE:soon\r\n"), vec![(6, BadHoliday::Date)]),
            (event("DTSTART:20261225\r\nRRULE:FREQ=WEEKLY\r\n"), vec![(6, BadHoliday::Repetition)]),
            (event("DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYDAY=TH\r\n"), vec![(6, BadHoliday::Repetition)]),
            ("hello\r\n".to_owned() + &event("DTSTART:2026\r\n"), vec![(3, BadHoliday::Line), (6, BadHoliday::Date)]),
            ("END:VEVENT\r\n".to_owned(), vec![(3, BadHoliday::Nesting), (4, BadHoliday::Nesting)]),
        ] {
            let faults = Holidays::read(calendar(&events).as_bytes()).unwrap_err();
            let found: Vec<_> = faults.iter().map(|fault| (fault.line, fault.why)).collect();
            assert_eq!(found, expect, "{events}");
        }
        for (bytes, why) in [(&b"\xff\xfe"[..], BadHoliday::NotText), (b"domain,tier\n", BadHoliday::NoCalendar)] {
            assert_eq!(Holidays::read(bytes), Err(vec![HolidayFault { line: 1, why }]));
        }
    }

    #[test]
    fn days_may_be_listed() {
        let mut holidays = Holidays::default();
        assert!(holidays.add("2026-12-25") && on(&holidays, "2026-12-25"));
        assert!(!holidays.add("2026-13-25") && !holidays.add("Christmas") && !holidays.add("2026-12-25T10:00"));
    }
}

//! Opening hours: weekdays and windows of the clock on the wall of one time zone.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::base::Wall;

use super::holidays::Holidays;

/// When a rule holds. The zone's rules are compiled in, so that no file of the machine is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    clock: Clock,
    windows: Vec<Window>,
    days: Days,
    /// As it was written.
    text: Box<str>,
}

/// The clock on the wall of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clock(TimeZone);

/// On which days of the calendar; the small hours of a window that passes midnight are of the day that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    All,
    But(Arc<Holidays>),
    Only(Arc<Holidays>),
}

/// Some weekdays, from one minute of the day up to, not including, another; past midnight when it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    days: [bool; 7],
    from_min: u16,
    to_min: u16,
}

/// Why a text does not say opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadHours {
    UnknownZone,
    /// A window that cannot be read.
    Unreadable(String),
    /// No window at all.
    Never,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MIN: u16 = 24 * 60;

impl Hours {
    /// `zone` as in the IANA database, `Europe/Berlin`; each window like `mon-fri 08:00-18:00`, `sat,sun 22:00-02:00` or
    /// `daily 00:00-24:00`.
    pub fn parse(zone: &str, windows: &[String]) -> Result<Hours, BadHours> {
        let text = format!("{} in {zone}", windows.join(", ")).into_boxed_str();
        let zone = TimeZoneDatabase::bundled().get(zone).map_err(|_| BadHours::UnknownZone)?;
        if windows.is_empty() {
            return Err(BadHours::Never);
        }
        let read = |text: &String| Window::parse(text).ok_or_else(|| BadHours::Unreadable(text.clone()));
        let clock = Clock(zone);
        Ok(Hours { clock, windows: windows.iter().map(read).collect::<Result<_, _>>()?, days: Days::All, text })
    }

    /// Not on these holidays, which are called so.
    pub fn except(self, name: &str, holidays: Arc<Holidays>) -> Hours {
        let text = format!("{} but on {name}", self.text).into_boxed_str();
        Hours { days: Days::But(holidays), text, ..self }
    }

    /// On these holidays alone.
    pub fn only(self, name: &str, holidays: Arc<Holidays>) -> Hours {
        let text = format!("{} on {name}", self.text).into_boxed_str();
        Hours { days: Days::Only(holidays), text, ..self }
    }

    /// A date beyond what the calendar knows is outside every window.
    pub fn contains(&self, wall: Wall) -> bool {
        self.clock.read(wall).is_some_and(|local| self.contains_local(local))
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// `local`: what its clock shows.
    pub(super) fn contains_local(&self, local: DateTime) -> bool {
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let is_of_days = match &self.days {
            Days::All => true,
            Days::But(holidays) => !holidays.contains(local.date()),
            Days::Only(holidays) => holidays.contains(local.date()),
        };
        is_of_days && self.windows.iter().any(|window| window.contains(local.weekday(), minute))
    }

    /// The weekday and the time on the wall of the zone: `thu 13:05`.
    pub(super) fn local(&self, wall: Wall) -> String {
        let Some(local) = self.clock.read(wall) else { return "beyond the calendar".to_owned() };
        let day = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        format!("{} {:02}:{:02}", DAYS.get(day).copied().unwrap_or_default(), local.hour(), local.minute())
    }
}

impl Clock {
    /// `None`: beyond what the calendar knows.
    pub(super) fn read(&self, wall: Wall) -> Option<DateTime> {
        let at = i64::try_from(wall.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())?;
        Some(self.0.to_datetime(at))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Window {
    fn parse(text: &str) -> Option<Window> {
        let mut words = text.split_ascii_whitespace();
        let days = parse_days(words.next()?)?;
        let (from, to) = words.next()?.split_once('-')?;
        let (from_min, to_min) = (parse_minute(from)?, parse_minute(to)?);
        let is_window = words.next().is_none() && from_min < DAY_MIN && from_min != to_min;
        is_window.then_some(Window { days, from_min, to_min })
    }

    fn contains(&self, day: Weekday, minute: u16) -> bool {
        let today = self.on(day.to_monday_zero_offset());
        if self.from_min < self.to_min {
            return today && (self.from_min..self.to_min).contains(&minute);
        }
        let yesterday = self.on((day.to_monday_zero_offset() + 6) % 7);
        (today && minute >= self.from_min) || (yesterday && minute < self.to_min)
    }

    fn on(&self, day_from_monday: i8) -> bool {
        self.days.get(day_from_monday.unsigned_abs() as usize).copied().unwrap_or(false)
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let text = text.to_ascii_lowercase();
    if text == "daily" {
        return Some([true; 7]);
    }
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|nth| days[(first + nth) % 7] = true);
    }
    Some(days)
}

fn parse_day(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| *day == text)
}

fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MIN).then_some(total)
}

impl fmt::Display for BadHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadHours::UnknownZone => f.write_str("not a time zone of the IANA database: write it like Europe/Berlin"),
            BadHours::Unreadable(text) => write!(f, "not opening hours: {text:?}; write them like mon-fri 08:00-18:00"),
            BadHours::Never => f.write_str("no opening hours given: write at least one, like mon-fri 08:00-18:00"),
        }
    }
}

impl std::error::Error for BadHours {}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, windows: &[&str]) -> Result<Hours, BadHours> {
        Hours::parse(zone, &windows.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())
    }

    fn at(text: &str) -> Wall {
        let time: Timestamp = text.parse().expect("a time");
        Wall(time.as_millisecond() as u64)
    }

    #[test]
    fn a_window_is_open_from_its_first_minute_to_before_its_last() {
        let office = hours("Europe/Berlin", &["mon-fri 08:00-18:00"]).expect("hours");
        // 2026-11-23 is a Monday; Berlin is one hour ahead in winter, two in summer.
        for (time, open) in [
            ("2026-11-23T06:59:59Z", false),
            ("2026-11-23T07:00:00Z", true),
            ("2026-11-23T16:59:59Z", true),
            ("2026-11-23T17:00:00Z", false),
            ("2026-11-22T10:00:00Z", false),
            ("2026-07-20T06:00:00Z", true),
            ("2026-07-20T16:00:00Z", false),
        ] {
            assert_eq!(office.contains(at(time)), open, "{time}");
        }
    }

    #[test]
    fn a_window_may_pass_midnight() {
        let night = hours("UTC", &["sun 22:00-06:00"]).expect("hours");
        for (time, open) in [
            ("2026-11-22T21:59:00Z", false),
            ("2026-11-22T22:00:00Z", true),
            ("2026-11-23T05:59:00Z", true),
            ("2026-11-23T06:00:00Z", false),
            ("2026-11-24T01:00:00Z", false),
        ] {
            assert_eq!(night.contains(at(time)), open, "{time}");
        }
    }

    #[test]
    fn days_may_be_lists_and_pass_the_end_of_the_week() {
        let days = |text| parse_days(text).map(|d| d.map(u8::from));
        assert_eq!(days("sat-mon"), Some([1, 0, 0, 0, 0, 1, 1]));
        assert_eq!(days("Tue,thu-fri"), Some([0, 1, 0, 1, 1, 0, 0]));
        assert_eq!(days("daily"), Some([1; 7]));
        assert_eq!(days("mon,"), None);
    }

    #[test]
    fn what_says_no_hours_says_so() {
        assert_eq!(hours("Mars/Olympus", &["daily 00:00-24:00"]).err(), Some(BadHours::UnknownZone));
        assert_eq!(hours("UTC", &[]).err(), Some(BadHours::Never));
        for text in ["mon", "mon 8-18", "mon 08:00-25:00", "mon 08:60-09:00", "mon 08:00-08:00", "mon 08:00-09:00 x"] {
            assert_eq!(hours("UTC", &[text]).err(), Some(BadHours::Unreadable(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn holidays_are_left_out_or_are_all_there_is() {
        let mut holidays = Holidays::default();
        assert!(holidays.add("2026-11-24"));
        let holidays = Arc::new(holidays);
        let office = || hours("Europe/Berlin", &["mon-fri 08:00-18:00", "mon-fri 23:00-01:00"]).expect("hours");
        let (but, only) = (office().except("de", Arc::clone(&holidays)), office().only("de", holidays));
        // 2026-11-24 is a Tuesday; it begins at 23:00 of the day before in UTC.
        for (time, is_open, is_holiday) in [
            ("2026-11-23T10:00:00Z", true, false),
            ("2026-11-23T22:30:00Z", true, false),
            ("2026-11-23T23:30:00Z", false, true),
            ("2026-11-24T10:00:00Z", false, true),
            ("2026-11-24T23:30:00Z", true, false),
        ] {
            assert_eq!((but.contains(at(time)), only.contains(at(time))), (is_open, is_holiday), "{time}");
        }
        assert_eq!(only.to_string(), "mon-fri 08:00-18:00, mon-fri 23:00-01:00 in Europe/Berlin on de");
    }

    #[test]
    fn a_date_beyond_the_calendar_is_closed() {
        let always = hours("UTC", &["daily 00:00-24:00"]).expect("hours");
        assert!(always.contains(Wall(0)));
        assert!(!always.contains(Wall(u64::MAX)));
    }
}

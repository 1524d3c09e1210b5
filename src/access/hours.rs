//! Opening hours: weekdays and windows of the clock on the wall of one time zone.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
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

/// When hours are open for the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastDay {
    /// There is always another day.
    None,
    Day(Date),
    /// None of the days that they are for is one of their weekdays.
    Never,
}

/// Why a text does not say opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadHours {
    UnknownZone(String),
    /// A window that cannot be read.
    Unreadable(String),
    /// A window that ends when it begins.
    Empty(String),
    /// No window at all.
    Never,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];
const DAY_MIN: u16 = 24 * 60;

impl Hours {
    /// `zone` as in the IANA database, `Europe/Berlin`; each window like `mon-fri 08:00-18:00`, `sat,sun 22:00-02:00` or
    /// `daily 00:00-24:00`.
    pub fn parse(zone: &str, windows: &[String]) -> Result<Hours, BadHours> {
        let text = format!("{} in {zone}", windows.join(", ")).into_boxed_str();
        let zone = TimeZoneDatabase::bundled().get(zone).map_err(|_| BadHours::UnknownZone(zone.to_owned()))?;
        if windows.is_empty() {
            return Err(BadHours::Never);
        }
        let read = |text: &String| Window::read(text);
        let clock = Clock(zone);
        Ok(Hours { clock, windows: windows.iter().map(read).collect::<Result<_, _>>()?, days: Days::All, text })
    }

    /// The names of the zones that there are.
    pub fn zones() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
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

    /// The last day on which some hour is open; `None` when there is always another one.
    pub fn last_day(&self) -> LastDay {
        let Days::Only(holidays) = &self.days else { return LastDay::None };
        let is_open = |date: &Date| self.edges().any(|minute| self.is_in_a_window(date.weekday(), minute));
        holidays.latest_first().find(is_open).map_or(LastDay::Never, LastDay::Day)
    }

    /// They will not be open any more.
    pub fn is_over(&self, wall: Wall) -> bool {
        let LastDay::Day(last) = self.last_day() else { return false };
        self.clock.read(wall).is_some_and(|local| local.date() > last)
    }

    /// Whenever `other` is open this is. Where that is not certain, as between time zones, it is not said.
    pub(super) fn hold_all_of(&self, other: &Hours) -> bool {
        let edges = || self.edges().chain(other.edges());
        let mut moments = WEEK.into_iter().flat_map(|day| edges().map(move |minute| (day, minute)));
        self.clock == other.clock
            && self.days.hold_all_of(&other.days)
            && moments.all(|(day, minute)| self.is_in_a_window(day, minute) || !other.is_in_a_window(day, minute))
    }

    /// `of`, or all time where it is `None`, cut wherever one of `others` may open or close: each part is within one of them or apart from it.
    /// Those of another time zone are left out of account.
    pub(super) fn parts(of: Option<&Hours>, others: &[&Hours]) -> Vec<Hours> {
        let Some(clock) = of.or(others.first().copied()).map(|hours| &hours.clock) else { return Vec::new() };
        let others: Vec<&Hours> = others.iter().copied().filter(|other| other.clock == *clock).collect();
        let cuts: BTreeSet<u16> = others.iter().copied().chain(of).flat_map(Hours::edges).collect();
        let spans: Vec<(u16, u16)> = cuts.iter().copied().zip(cuts.iter().copied().skip(1).chain([DAY_MIN])).collect();
        let is_open = |day: Weekday, from: u16| of.is_none_or(|of| of.is_in_a_window(day, from));
        let windows = WEEK.into_iter().flat_map(|day| spans.iter().map(move |span| (day, *span)));
        let windows: Vec<Window> =
            windows.filter(|(day, (from, _))| is_open(*day, *from)).map(Window::of_day).collect();
        let part = |days: &Days, window: &Window| Hours {
            clock: clock.clone(),
            windows: vec![*window],
            days: days.clone(),
            text: Box::default(),
        };
        let days = Days::parts(of.map_or(&Days::All, |of| &of.days), &others);
        days.iter().flat_map(|days| windows.iter().map(|window| part(days, window))).collect()
    }

    /// The minutes of a day at which something may open or close.
    fn edges(&self) -> impl Iterator<Item = u16> {
        let of_windows = self.windows.iter().flat_map(|window| [window.from_min, window.to_min % DAY_MIN]);
        std::iter::once(0).chain(of_windows)
    }

    fn is_in_a_window(&self, day: Weekday, minute: u16) -> bool {
        self.windows.iter().any(|window| window.contains(day, minute))
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
        is_of_days && self.is_in_a_window(local.weekday(), minute)
    }

    /// The weekday and the time on the wall of the zone: `thu 13:05`.
    pub(super) fn local(&self, wall: Wall) -> String {
        let Some(local) = self.clock.read(wall) else { return "beyond the calendar".to_owned() };
        let day = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        format!("{} {:02}:{:02}", DAYS.get(day).copied().unwrap_or_default(), local.hour(), local.minute())
    }
}

impl Days {
    /// All days are those that are holidays and those that are none.
    fn parts(of: &Days, others: &[&Hours]) -> Vec<Days> {
        let named = others.iter().find_map(|other| match &other.days {
            Days::All => None,
            Days::But(holidays) | Days::Only(holidays) => Some(Arc::clone(holidays)),
        });
        match (of, named) {
            (Days::All, Some(holidays)) => vec![Days::But(Arc::clone(&holidays)), Days::Only(holidays)],
            (Days::All, None) | (Days::But(_) | Days::Only(_), _) => vec![of.clone()],
        }
    }

    fn hold_all_of(&self, other: &Days) -> bool {
        match (self, other) {
            (Days::All, Days::All | Days::But(_) | Days::Only(_)) => true,
            (Days::But(_) | Days::Only(_), Days::All) | (Days::Only(_), Days::But(_)) => false,
            (Days::But(not_ours), Days::But(not_theirs)) => not_theirs.has_all_of(not_ours),
            (Days::But(not_ours), Days::Only(theirs)) => not_ours.has_none_of(theirs),
            (Days::Only(ours), Days::Only(theirs)) => ours.has_all_of(theirs),
        }
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
    fn read(text: &str) -> Result<Window, BadHours> {
        let window = Window::parse(text).ok_or_else(|| BadHours::Unreadable(text.to_owned()))?;
        let is_empty = window.from_min == window.to_min;
        if is_empty { Err(BadHours::Empty(text.to_owned())) } else { Ok(window) }
    }

    fn parse(text: &str) -> Option<Window> {
        let mut words = text.split_ascii_whitespace();
        let days = parse_days(words.next()?)?;
        let (from, to) = words.next()?.split_once('-')?;
        let (from_min, to_min) = (parse_minute(from)?, parse_minute(to)?);
        let is_window = words.next().is_none() && from_min < DAY_MIN;
        is_window.then_some(Window { days, from_min, to_min })
    }

    /// Of one weekday alone.
    fn of_day((day, (from_min, to_min)): (Weekday, (u16, u16))) -> Window {
        let only = usize::from(day.to_monday_zero_offset().unsigned_abs());
        Window { days: std::array::from_fn(|nth| nth == only), from_min, to_min }
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
            BadHours::UnknownZone(zone) => write!(f, "no time zone of the IANA database is called {zone:?}"),
            BadHours::Unreadable(text) => write!(f, "{text:?} are no opening hours"),
            BadHours::Empty(text) => write!(f, "{text:?} end in the minute in which they begin"),
            BadHours::Never => f.write_str("no opening hours are given"),
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
        assert_eq!(
            hours("Mars/Olympus", &["daily 00:00-24:00"]).err(),
            Some(BadHours::UnknownZone("Mars/Olympus".to_owned()))
        );
        assert_eq!(hours("UTC", &[]).err(), Some(BadHours::Never));
        for text in ["mon", "mon 8-18", "mon 08:00-25:00", "mon 08:60-09:00", "mon 08:00-09:00 x"] {
            assert_eq!(hours("UTC", &[text]).err(), Some(BadHours::Unreadable(text.to_owned())), "{text}");
        }
        let empty = "mon 08:00-08:00";
        assert_eq!(hours("UTC", &[empty]).err(), Some(BadHours::Empty(empty.to_owned())));
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
    fn hours_that_are_within_others_are_known_as_such() {
        let days = |texts: &[&str]| {
            let mut holidays = Holidays::default();
            texts.iter().for_each(|text| assert!(holidays.add(text)));
            Arc::new(holidays)
        };
        let berlin = |windows: &[&str]| hours("Europe/Berlin", windows).expect("hours");
        let (christmas, both) = (days(&["2026-12-25"]), days(&["2026-12-25", "2027-01-01"]));
        let office = || berlin(&["mon-fri 08:00-12:00", "mon-fri 12:00-18:00"]);
        for (wide, narrow) in [
            (office(), berlin(&["tue-wed 09:00-17:30"])),
            (berlin(&["daily 00:00-24:00"]), berlin(&["sun 22:00-06:00"])),
            (berlin(&["mon 20:00-24:00", "tue 00:00-07:00"]), berlin(&["mon 22:00-06:00"])),
            (berlin(&["mon 22:00-06:00"]), berlin(&["tue 00:00-05:00"])),
            (office(), office().only("de", Arc::clone(&both))),
            (office().except("a", Arc::clone(&christmas)), office().except("b", Arc::clone(&both))),
            (office().only("b", Arc::clone(&both)), office().only("a", Arc::clone(&christmas))),
            (office().except("a", Arc::clone(&christmas)), office().only("b", days(&["2027-01-01"]))),
        ] {
            assert!(wide.hold_all_of(&narrow), "{wide} / {narrow}");
            assert!(wide.hold_all_of(&wide), "{wide}");
            assert!(!narrow.hold_all_of(&wide), "{narrow} / {wide}");
        }
        assert!(!office().hold_all_of(&hours("Europe/Paris", &["tue 09:00-10:00"]).expect("hours")));
        assert!(!office().hold_all_of(&berlin(&["fri 17:00-18:01"])));
        assert!(!office().hold_all_of(&berlin(&["fri 17:00-02:00"])));
    }

    #[test]
    fn holidays_come_to_an_end_or_never_meet_the_weekdays() {
        // A Friday, a Saturday.
        let mut holidays = Holidays::default();
        assert!(holidays.add("2026-12-25") && holidays.add("2026-12-26"));
        let holidays = Arc::new(holidays);
        let last = |windows: &[&str]| {
            let hours = hours("UTC", windows).expect("hours");
            hours.only("de", Arc::clone(&holidays)).last_day()
        };
        let day = |text: &str| LastDay::Day(text.parse().expect("a day"));
        assert_eq!(last(&["daily 00:00-24:00"]), day("2026-12-26"));
        assert_eq!(last(&["mon-fri 08:00-18:00"]), day("2026-12-25"));
        assert_eq!(last(&["fri 22:00-03:00"]), day("2026-12-26"), "the small hours of a Saturday");
        assert_eq!(last(&["sun-thu 08:00-18:00"]), LastDay::Never);
        let office = hours("UTC", &["fri 08:00-18:00"]).expect("hours");
        assert_eq!(
            (office.last_day(), office.clone().except("de", Arc::clone(&holidays)).last_day()),
            (LastDay::None, LastDay::None)
        );
        let closed = hours("Europe/Berlin", &["daily 00:00-24:00"]).expect("hours").only("de", holidays);
        let is_over = ["2026-12-26T22:59:59Z", "2026-12-26T23:00:00Z"].map(|time| closed.is_over(at(time)));
        assert_eq!((is_over, office.is_over(at("2099-01-01T00:00:00Z"))), ([false, true], false));
    }

    #[test]
    fn a_date_beyond_the_calendar_is_closed() {
        let always = hours("UTC", &["daily 00:00-24:00"]).expect("hours");
        assert!(always.contains(Wall(0)));
        assert!(!always.contains(Wall(u64::MAX)));
    }
}

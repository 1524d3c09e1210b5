//! Telephone numbers for fiction, as many as a run wants: +1, an area code, 555 01 and two digits.

const FIRST_AREA: usize = 201;
const LAST_AREA: usize = 989;

/// How many different ones there are.
const COUNT: usize = (LAST_AREA - FIRST_AREA + 1) * 100;
/// Of them, for those who call; the rest belongs to the crowd that only waits.
const CALLERS: usize = 40_000;

/// The `nth` caller, from the last area code down.
pub fn caller(nth: usize) -> String {
    number(nth % CALLERS)
}

/// The `nth` of those who do not call; after some ten thousand they come again.
pub fn crowd(nth: usize) -> String {
    number(CALLERS + nth % (COUNT - CALLERS))
}

fn number(nth: usize) -> String {
    format!("+1{}55501{:02}", LAST_AREA - nth / 100, nth % 100)
}

/// Ranges of at least `count` numbers that are leased, from the first area code up.
pub fn pool(count: usize) -> Vec<String> {
    let areas = FIRST_AREA..LAST_AREA.min(FIRST_AREA + count.div_ceil(100));
    areas.map(|area| format!("+1{area}5550100..+1{area}5550199")).collect()
}

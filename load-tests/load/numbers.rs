//! Telephone numbers for fiction, as many as a run wants: +1, an area code, 555 01 and two digits.

const FIRST_AREA: usize = 201;
const LAST_AREA: usize = 989;

/// How many different ones there are.
pub const COUNT: usize = (LAST_AREA - FIRST_AREA + 1) * 100;

/// The `nth`, from the first area code up.
pub fn caller(nth: usize) -> String {
    let nth = nth % COUNT;
    format!("+1{}55501{:02}", FIRST_AREA + nth / 100, nth % 100)
}

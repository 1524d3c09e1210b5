//! A word to the processor about memory that is read soon. What a program does is the same with it and without.

/// What a processor brings nearer at once, in octets.
const LINE: usize = 64;

/// Has the element at this place come nearer while something else is done; a place that is not there is none.
#[inline]
pub fn prefetch<T>(list: &[T], place: usize) {
    if let Some(element) = list.get(place) {
        line(std::ptr::from_ref(element).cast());
    }
}

/// Has all of it come nearer, but for what it points to.
#[inline]
pub fn whole<T>(value: &T) {
    let begin: *const u8 = std::ptr::from_ref(value).cast();
    (0..size_of::<T>()).step_by(LINE).for_each(|octet| line(begin.wrapping_add(octet)));
}

/// The same for a list.
#[inline]
pub fn list<T>(list: &[T]) {
    let begin: *const u8 = list.as_ptr().cast();
    (0..size_of_val(list)).step_by(LINE).for_each(|octet| line(begin.wrapping_add(octet)));
}

#[inline]
fn line(octet: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every processor of this kind has the instruction, and it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(octet.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = octet;
}

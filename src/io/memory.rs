//! The allocator of the program: mimalloc, which gives out small pieces with less work than the system's, and huge pages for what is large.

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys as mimalloc;

/// For `#[global_allocator]`.
pub struct Memory;

/// From here on a piece lies in huge pages where the kernel has them: tables for a million domains are found with less waiting. What is
/// smaller never does: a page of 2 MiB of which a held call needs a part counts whole. mimalloc is built without them (`no_thp`).
const LARGE: usize = 4 * 1024 * 1024;
const HUGE_PAGE: usize = 2 * 1024 * 1024;
/// What every piece is aligned to that is at least as long.
const USUAL_ALIGNMENT: usize = 16;

/// How a piece is asked for.
enum Kind {
    /// Without a word of its alignment, which is less work.
    Usual,
    Aligned(usize),
    Large(usize),
}

fn kind(size: usize, alignment: usize) -> Kind {
    if size >= LARGE {
        Kind::Large(alignment.max(HUGE_PAGE))
    } else if alignment <= USUAL_ALIGNMENT && alignment <= size {
        Kind::Usual
    } else {
        Kind::Aligned(alignment)
    }
}

/// Advice only: without huge pages it is the same memory, and slower to look things up in.
fn advise(piece: *mut u8, size: usize) -> *mut u8 {
    if !piece.is_null() {
        // SAFETY: the range is of one piece, which begins at a page and is ours; what it holds stays.
        unsafe { libc::madvise(piece.cast(), size, libc::MADV_HUGEPAGE) };
    }
    piece
}

// SAFETY: everything is mimalloc's. It aligns a piece to its size, rounded down to a power of two, up to 16 octets without being asked.
unsafe impl GlobalAlloc for Memory {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size();
        // SAFETY: as the caller promises.
        match kind(size, layout.align()) {
            Kind::Usual => unsafe { mimalloc::mi_malloc(size) }.cast(),
            Kind::Aligned(alignment) => unsafe { mimalloc::mi_malloc_aligned(size, alignment) }.cast(),
            Kind::Large(alignment) => advise(unsafe { mimalloc::mi_malloc_aligned(size, alignment) }.cast(), size),
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let size = layout.size();
        // SAFETY: as the caller promises.
        match kind(size, layout.align()) {
            Kind::Usual => unsafe { mimalloc::mi_zalloc(size) }.cast(),
            Kind::Aligned(alignment) => unsafe { mimalloc::mi_zalloc_aligned(size, alignment) }.cast(),
            Kind::Large(alignment) => advise(unsafe { mimalloc::mi_zalloc_aligned(size, alignment) }.cast(), size),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, piece: *mut u8, _: Layout) {
        // SAFETY: as the caller promises.
        unsafe { mimalloc::mi_free(piece.cast()) }
    }

    #[inline]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let piece = piece.cast();
        // SAFETY: as the caller promises.
        match kind(size, layout.align()) {
            Kind::Usual => unsafe { mimalloc::mi_realloc(piece, size) }.cast(),
            Kind::Aligned(alignment) => unsafe { mimalloc::mi_realloc_aligned(piece, size, alignment) }.cast(),
            Kind::Large(alignment) => {
                advise(unsafe { mimalloc::mi_realloc_aligned(piece, size, alignment) }.cast(), size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grows a piece through `sizes`; what was in it stays, and it is aligned at each.
    fn grown(alignment: usize, sizes: &[usize]) {
        let mut layout = Layout::from_size_align(sizes[0], alignment).unwrap();
        // SAFETY: each layout is the one that the piece has, and no more than its size is touched.
        unsafe {
            let mut piece = Memory.alloc_zeroed(layout);
            assert!((0..layout.size()).all(|at| *piece.add(at) == 0));
            piece.write_bytes(7, layout.size());
            for size in &sizes[1..] {
                let kept = layout.size().min(*size);
                piece = Memory.realloc(piece, layout, *size);
                assert!((piece as usize).is_multiple_of(alignment), "{alignment} of {size}");
                assert!((0..kept).all(|at| *piece.add(at) == 7), "{size}");
                layout = Layout::from_size_align(*size, alignment).unwrap();
                piece.write_bytes(7, *size);
            }
            Memory.dealloc(piece, layout);
        }
    }

    #[test]
    fn pieces_of_every_size_are_aligned_and_keep_what_is_in_them() {
        for alignment in [1, 2, 8, 16, 32, 64, 4096] {
            grown(alignment, &[1, 3, 8, 24, 40, 1000, 70_000, LARGE - 1, LARGE, 3 * LARGE, LARGE + 5, 20, 1]);
        }
    }

    #[test]
    fn a_new_piece_is_aligned_as_asked() {
        for (size, alignment) in (0..200).flat_map(|size| (0..8).map(move |log| (size.max(1), 1 << log))) {
            let layout = Layout::from_size_align(size, alignment).unwrap();
            // SAFETY: the layout is the same for both.
            unsafe {
                let pieces = [(); 3].map(|()| Memory.alloc(layout));
                assert!(
                    pieces.iter().all(|piece| (*piece as usize).is_multiple_of(alignment)),
                    "{size} of {alignment}"
                );
                pieces.into_iter().for_each(|piece| Memory.dealloc(piece, layout));
            }
        }
    }
}

//! Columns put together anew from runs of the old and a few fresh rows.

use std::ops::Range;

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A run of the old rows.
    Kept(Range<u32>),
    /// The fresh row of this place.
    Fresh(usize),
}

/// Puts a column together.
pub(super) fn splice<T: Clone>(old: &[T], pieces: &[Piece], fresh: &[T]) -> Vec<T> {
    let count = pieces.iter().map(|piece| match piece {
        Piece::Kept(rows) => rows.len(),
        Piece::Fresh(_) => 1,
    });
    let mut all = Vec::with_capacity(count.sum());
    for piece in pieces {
        match piece {
            Piece::Kept(rows) => all.extend_from_slice(&old[rows.start as usize..rows.end as usize]),
            Piece::Fresh(place) => all.push(fresh[*place].clone()),
        }
    }
    all
}

/// Where the rows of a column of `count` rows go when some of them are taken out (in ascending order) and each fresh row is put in
/// before the old row that it names (ascending, too).
pub(super) fn pieces(count: u32, gone: &[u32], fresh_before: &[u32]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(gone.len() + 2 * fresh_before.len() + 1);
    let mut at = 0;
    let mut gone = gone.iter().copied().peekable();
    let mut keep_until = |pieces: &mut Vec<Piece>, end: u32| {
        while let Some(row) = gone.next_if(|row| *row < end) {
            pieces.push(Piece::Kept(at..row));
            at = row + 1;
        }
        pieces.push(Piece::Kept(at..end));
        at = end;
    };
    for (place, before) in fresh_before.iter().enumerate() {
        keep_until(&mut pieces, *before);
        pieces.push(Piece::Fresh(place));
    }
    keep_until(&mut pieces, count);
    pieces.retain(|piece| !matches!(piece, Piece::Kept(rows) if rows.is_empty()));
    pieces
}

//! Many short texts in one allocation.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{
    NONE,
    splice::{Piece, splice},
};

/// A text a row. Four bytes a row beside the text itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Appends a text. All texts together stay below 4 GiB.
    fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// The text of a row.
    pub fn get(&self, row: u32) -> &str {
        &self.bytes[self.start(row)..self.ends[row as usize] as usize]
    }

    fn start(&self, row: u32) -> usize {
        if row == 0 { 0 } else { self.ends[row as usize - 1] as usize }
    }

    /// The same texts, put together anew: runs of them and fresh ones.
    pub(super) fn spliced(&self, pieces: &[Piece], fresh: &[&str]) -> Self {
        let mut all = Self { bytes: String::with_capacity(self.bytes.len() + 64), ends: Vec::with_capacity(self.ends.len() + fresh.len()) };
        for piece in pieces {
            match piece {
                Piece::Kept(rows) if rows.is_empty() => {}
                Piece::Kept(rows) => {
                    let (start, end) = (self.start(rows.start), self.ends[rows.end as usize - 1] as usize);
                    let moved = (all.bytes.len() as u32).wrapping_sub(start as u32);
                    all.bytes.push_str(&self.bytes[start..end]);
                    all.ends.extend(self.ends[rows.start as usize..rows.end as usize].iter().map(|end| end.wrapping_add(moved)));
                }
                Piece::Fresh(place) => all.push(fresh[*place]),
            }
        }
        all.bytes.shrink_to_fit();
        all.ends.shrink_to_fit();
        all
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text));
        all.bytes.shrink_to_fit();
        all.ends.shrink_to_fit();
        all
    }
}

/// Texts of which most rows have one of their own.
#[derive(Clone, Debug, Default)]
pub struct OptionalTexts(Texts);

/// In place of a text that is not there; no store keeps a NUL.
const NO_TEXT: &str = "\0";

impl OptionalTexts {
    /// See [`Texts::spliced`].
    pub(super) fn spliced(&self, pieces: &[Piece], fresh: &[Option<&str>]) -> Self {
        Self(self.0.spliced(pieces, &fresh.iter().map(|text| text.unwrap_or(NO_TEXT)).collect::<Vec<_>>()))
    }

    /// The text of a row.
    pub fn get(&self, row: u32) -> Option<&str> {
        Some(self.0.get(row)).filter(|text| *text != NO_TEXT)
    }
}

impl<'a> FromIterator<Option<&'a str>> for OptionalTexts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(texts: I) -> Self {
        Self(texts.into_iter().map(|text| text.unwrap_or(NO_TEXT)).collect())
    }
}

/// Texts of which many rows share one: each is stored once.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Each once, in order of first use.
    pub words: Texts,
    of_row: Vec<u32>,
}

impl Words {
    /// The text of a row.
    pub fn get(&self, row: u32) -> Option<&str> {
        let word = self.word(row);
        (word != NONE).then(|| self.words.get(word))
    }

    /// See [`Texts::spliced`]. A word that no row has any more is kept.
    pub(super) fn spliced(&self, pieces: &[Piece], fresh: &[Option<&str>]) -> Self {
        let mut words = Cow::Borrowed(&self.words);
        let fresh: Vec<u32> = fresh
            .iter()
            .map(|text| {
                let Some(text) = text else { return NONE };
                (0..words.len() as u32).find(|word| words.get(*word) == *text).unwrap_or_else(|| {
                    words.to_mut().push(text);
                    words.len() as u32 - 1
                })
            })
            .collect();
        let of_row = splice(&self.of_row, pieces, &fresh);
        Self { words: words.into_owned(), of_row }
    }

    /// The place of a row's text in [`Words::words`], or [`NONE`].
    pub fn word(&self, row: u32) -> u32 {
        self.of_row[row as usize]
    }
}

impl<'a> FromIterator<Option<&'a str>> for Words {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(texts: I) -> Self {
        let mut known: FxHashMap<&'a str, u32> = FxHashMap::default();
        let mut words = Texts::default();
        let mut place = |text: &'a str| {
            *known.entry(text).or_insert_with(|| {
                words.push(text);
                words.len() as u32 - 1
            })
        };
        let of_row = texts.into_iter().map(|text| text.map_or(NONE, &mut place)).collect();
        Self { words, of_row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_in() {
        let rows = [Some("一单元"), None, Some(""), Some("一单元"), Some("b")];
        let words: Words = rows.into_iter().collect();
        let texts: OptionalTexts = rows.into_iter().collect();
        for (row, text) in (0..).zip(rows) {
            assert_eq!((words.get(row), texts.get(row)), (text, text));
        }
        assert_eq!(words.words.len(), 3);
    }
}

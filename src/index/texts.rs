//! Many short texts in one allocation.

use rustc_hash::FxHashMap;

use super::NONE;

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
        let start = if row == 0 { 0 } else { self.ends[row as usize - 1] };
        &self.bytes[start as usize..self.ends[row as usize] as usize]
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

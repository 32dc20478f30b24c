//! Codes as paths: each level's code is a prefix of its children's, so prefix = area = scope = shard.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The levels of the grid, from the county down to the ten-household group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 区县: the district that reports.
    County,
    /// 街道/乡镇: level 1 responsibility grid.
    Street,
    /// 社区/村: level 2.
    Community,
    /// 网格单元: level 3.
    Cell,
    /// 十联户: ten neighbouring households with a head.
    Group,
}

impl Level {
    /// All levels, coarsest first.
    pub const ALL: [Self; 5] = [Self::County, Self::Street, Self::Community, Self::Cell, Self::Group];

    /// The lower-case English word used in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::County => "county",
            Self::Street => "street",
            Self::Community => "community",
            Self::Cell => "cell",
            Self::Group => "group",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An area's code: digits only, a path of [`Level`]s. Codes are text, never numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(Box<str>);

/// Why a text is not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The text is empty or holds something other than ASCII digits.
    #[error("code {0:?} is not made of digits")]
    NotDigits(String),
    /// The number of digits fits no level of the scheme.
    #[error("code {code} has {digits} digits; county, street, community, cell and group have {lengths:?}")]
    WrongLength {
        /// The offending code.
        code: String,
        /// How many digits it has.
        digits: usize,
        /// The lengths that would do.
        lengths: [usize; 5],
    },
    /// The child's sequence number does not fit the width its level has.
    #[error("sequence {sequence} does not fit {width} digits below {parent}")]
    SequenceTooLarge {
        /// Sequence number asked for.
        sequence: usize,
        /// Digits the level has.
        width: usize,
        /// The parent's code.
        parent: String,
    },
}

impl Code {
    /// Checks that the text is all digits. Its level is a matter of the [`CodeScheme`].
    ///
    /// # Errors
    /// [`CodeError::NotDigits`].
    pub fn new(text: &str) -> Result<Self, CodeError> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::NotDigits(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `self` is `other` or lies below it.
    pub fn is_within(&self, other: &Code) -> bool {
        self.0.starts_with(other.as_str())
    }
}

impl TryFrom<String> for Code {
    type Error = CodeError;
    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::new(&text)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into()
    }
}

impl std::str::FromStr for Code {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::new(text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many digits each level adds. The default is 6+3+3+3+3: GB/T 2260 county, then street, community, cell, group.
/// CJ/T 349-2010 (6+3+3+2) is `CodeScheme::new([6, 3, 3, 2, 3])`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeScheme {
    widths: [usize; 5],
}

impl Default for CodeScheme {
    fn default() -> Self {
        Self::new([6, 3, 3, 3, 3])
    }
}

impl CodeScheme {
    /// A scheme from the digits that county, street, community, cell and group add.
    pub const fn new(widths: [usize; 5]) -> Self {
        Self { widths }
    }

    /// Total digits of a code of this level.
    pub fn digits(&self, level: Level) -> usize {
        self.widths[..=level as usize].iter().sum()
    }

    /// The level of a code.
    ///
    /// # Errors
    /// [`CodeError::WrongLength`] when the number of digits fits no level.
    pub fn level(&self, code: &Code) -> Result<Level, CodeError> {
        let digits = code.as_str().len();
        Level::ALL.into_iter().find(|l| self.digits(*l) == digits).ok_or_else(|| CodeError::WrongLength {
            code: code.to_string(),
            digits,
            lengths: Level::ALL.map(|l| self.digits(l)),
        })
    }

    /// The ancestor of `code` at `level`; `None` when the code is shorter than that level.
    pub fn ancestor(&self, code: &Code, level: Level) -> Option<Code> {
        code.as_str().get(..self.digits(level)).map(|digits| Code(digits.into()))
    }

    /// How many children an area of this level has codes for.
    pub fn children(&self, level: Level) -> usize {
        self.widths.get(level as usize + 1).map_or(0, |width| 10_usize.pow(*width as u32) - 1)
    }

    /// The code of the child with a one-based sequence number, one level below `parent`.
    ///
    /// # Errors
    /// [`CodeError::WrongLength`] when `parent` has no level or is a group; [`CodeError::SequenceTooLarge`].
    pub fn child(&self, parent: &Code, sequence: usize) -> Result<Code, CodeError> {
        let level = self.level(parent)?;
        let Some(&width) = self.widths.get(level as usize + 1) else {
            return Err(CodeError::WrongLength {
                code: parent.to_string(),
                digits: parent.as_str().len(),
                lengths: Level::ALL.map(|l| self.digits(l)),
            });
        };
        let digits = format!("{sequence:0width$}");
        if digits.len() > width {
            return Err(CodeError::SequenceTooLarge { sequence, width, parent: parent.to_string() });
        }
        Ok(Code(format!("{parent}{digits}").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_path() {
        let scheme = CodeScheme::default();
        let street = Code::new("520201011").unwrap();
        assert_eq!(scheme.level(&street), Ok(Level::Street));
        let community = scheme.child(&street, 7).unwrap();
        assert_eq!(community.as_str(), "520201011007");
        assert!(community.is_within(&street));
        assert_eq!(scheme.ancestor(&community, Level::County).unwrap().as_str(), "520201");
        assert_eq!(scheme.ancestor(&street, Level::Cell), None);
    }

    #[test]
    fn a_text_that_is_no_code_says_why() {
        assert_eq!(Code::new("52a"), Err(CodeError::NotDigits("52a".into())));
        let scheme = CodeScheme::default();
        assert!(matches!(scheme.level(&Code::new("5202").unwrap()), Err(CodeError::WrongLength { digits: 4, .. })));
        let street = Code::new("520201011").unwrap();
        assert!(matches!(scheme.child(&street, 1000), Err(CodeError::SequenceTooLarge { width: 3, .. })));
    }

    #[test]
    fn the_scheme_is_configuration() {
        let cjt349 = CodeScheme::new([6, 3, 3, 2, 3]);
        let community = Code::new("520201011007").unwrap();
        assert_eq!(cjt349.child(&community, 5).unwrap().as_str(), "52020101100705");
    }
}

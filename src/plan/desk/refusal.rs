//! Why a command is not done.

use crate::model::{Code, LonLat};

/// A command that is refused. The draft is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// A stable word.
    pub reason: &'static str,
    /// Where, if it is somewhere.
    pub at: Option<LonLat>,
    /// Cells, communities or groups it is about.
    pub codes: Vec<Code>,
    /// For people.
    pub detail: String,
}

impl Refusal {
    /// A refusal that is nowhere in particular.
    pub fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, at: None, codes: Vec::new(), detail: detail.into() }
    }

    /// The same at a place.
    pub fn at(mut self, at: impl Into<Option<LonLat>>) -> Self {
        self.at = at.into();
        self
    }

    /// The same about an area or group.
    pub fn about<'a>(mut self, codes: impl IntoIterator<Item = &'a Code>) -> Self {
        self.codes.extend(codes.into_iter().cloned());
        self
    }
}

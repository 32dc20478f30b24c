//! What was reported, where and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LonLat;

/// Where an issue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueStatus {
    /// Reported, not finished.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Done.
    Closed,
}

impl IssueStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::InProgress, Self::Closed];

    /// The word the files, the store, the API and the tiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Closed => "closed",
        }
    }

    /// The status of a word; `None` when there is no such status.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// 事件/诉求: an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Id, unique in the store.
    pub id: String,
    /// Where it is.
    pub position: LonLat,
    /// Kind, in the source's word.
    pub category: String,
    /// Where it stands.
    pub status: IssueStatus,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// When it was finished.
    pub closed_at: Option<Timestamp>,
    /// Free text.
    pub description: Option<String>,
}

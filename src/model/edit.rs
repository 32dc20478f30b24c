//! The log of a draft: commands as they were given, what became of them, and the way back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Patch, PlanId};

/// Whether a command is in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// In effect.
    Done,
    /// Taken back; can be done again.
    Undone,
    /// Taken back, and something else was done since.
    Dropped,
}

impl Standing {
    /// The word the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Dropped => "dropped",
        }
    }

    /// The standing of a word; `None` when there is no such standing.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Done, Self::Undone, Self::Dropped].into_iter().find(|standing| standing.as_str() == word)
    }
}

/// A command in a draft's log.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Number within the draft, from 1, without gaps.
    pub number: u32,
    /// When it was given.
    pub at: Timestamp,
    /// Who gave it, as they call themselves.
    pub who: Option<String>,
    /// Why, in their words.
    pub why: Option<String>,
    /// Names the request, so that one that is sent twice is done once.
    pub key: Option<String>,
    /// The command as it was given.
    pub command: serde_json::Value,
    /// What was answered.
    pub answer: serde_json::Value,
    /// Whether it is in effect.
    pub standing: Standing,
}

/// A command in the log with what it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEdit {
    /// The line of the log.
    pub edit: Edit,
    /// From the state before it to the state after it.
    pub patch: Patch,
}

/// What a change of a draft does to its log.
#[derive(Clone, Debug, PartialEq)]
pub enum LogChange {
    /// A new command. Those that are undone are dropped.
    Append(Box<Edit>),
    /// The command of this number is undone.
    Undone(u32),
    /// It is in effect again.
    Redone(u32),
}

/// A step of a draft: its revision grows by one.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanEdit {
    /// The draft.
    pub plan: PlanId,
    /// What changes, in the direction it changes now.
    pub patch: Patch,
    /// What the log says.
    pub log: LogChange,
}

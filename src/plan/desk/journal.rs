//! The log of a draft: what can be undone, what done again.

use jiff::Timestamp;
use serde_json::json;

use super::{Desk, Given, Outcome};
use crate::model::{Edit, LogChange, LoggedEdit, Patch, PlanEdit, PlanId, Standing};

/// The time, as exact as it is kept.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(jiff::Unit::Millisecond).unwrap_or(now)
}

/// A draft's log in memory.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    edits: Vec<LoggedEdit>,
}

impl Journal {
    /// From the log as it is stored, by number.
    pub fn new(edits: Vec<LoggedEdit>) -> Self {
        Self { edits }
    }

    /// Every line, the oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Edit> {
        self.edits.iter().map(|logged| &logged.edit)
    }

    /// The line of a request that was sent before.
    pub fn of_key(&self, key: &str) -> Option<&Edit> {
        self.lines().find(|edit| edit.key.as_deref() == Some(key))
    }

    /// What undo takes back: the last command in effect.
    pub fn undoable(&self) -> Option<&LoggedEdit> {
        self.edits.iter().rev().find(|logged| logged.edit.standing == Standing::Done)
    }

    /// What redo does again: the first command that was undone and not dropped.
    pub fn redoable(&self) -> Option<&LoggedEdit> {
        self.edits.iter().find(|logged| logged.edit.standing == Standing::Undone)
    }

    /// The number of the next command.
    pub fn next_number(&self) -> u32 {
        self.edits.last().map_or(0, |logged| logged.edit.number) + 1
    }

    /// The line for a command that is about to be done. `merged`: somebody else had changed other cells meanwhile.
    pub fn line(&self, desk: &Desk, given: &Given, key: Option<String>, outcome: &Outcome, merged: bool, at: Timestamp) -> Edit {
        let cells: Vec<String> = desk.cells_of(&outcome.patch).iter().map(ToString::to_string).collect();
        let warnings: Vec<serde_json::Value> = outcome.warnings.iter().map(|w| json!({"code": w.code, "message": w.message})).collect();
        Edit {
            number: self.next_number(),
            at,
            who: given.who.clone(),
            why: given.why.clone(),
            key,
            command: given.written.clone(),
            answer: json!({
                "revision": desk.plan().revision + 1,
                "merged": merged,
                "summary": {
                    "cells": cells,
                    "households_moved": outcome.households_moved,
                    "groups_changed": outcome.groups_changed,
                },
                "warnings": warnings,
            }),
            standing: Standing::Done,
        }
    }

    /// The step that takes the last command back.
    pub fn undo(&self, plan: PlanId) -> Option<PlanEdit> {
        let last = self.undoable()?;
        Some(PlanEdit { plan, patch: last.patch.clone().inverted(), log: LogChange::Undone(last.edit.number) })
    }

    /// The step that does it again.
    pub fn redo(&self, plan: PlanId) -> Option<PlanEdit> {
        let next = self.redoable()?;
        Some(PlanEdit { plan, patch: next.patch.clone(), log: LogChange::Redone(next.edit.number) })
    }

    /// Takes note of a step that is stored.
    pub fn record(&mut self, patch: Patch, log: LogChange) {
        match log {
            LogChange::Append(edit) => {
                for logged in self.edits.iter_mut().filter(|logged| logged.edit.standing == Standing::Undone) {
                    logged.edit.standing = Standing::Dropped;
                }
                self.edits.push(LoggedEdit { edit: *edit, patch });
            }
            LogChange::Undone(number) => self.stand(number, Standing::Undone),
            LogChange::Redone(number) => self.stand(number, Standing::Done),
        }
    }

    fn stand(&mut self, number: u32, standing: Standing) {
        if let Some(logged) = self.edits.iter_mut().find(|logged| logged.edit.number == number) {
            logged.edit.standing = standing;
        }
    }
}

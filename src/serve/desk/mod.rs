//! `/api/streets/{street}/plans…`: plans as versions, and the commands that change drafts.
//!
//! A street that somebody works on is laid open in memory ([`session`]); a command is worked out there, committed to the store, and
//! only then seen by anybody. The map's snapshot follows the store as ever.

pub(super) mod edits;
mod leash;
pub(super) mod plannings;
pub(super) mod plans;
pub(super) mod publish;
mod replies;
mod session;
pub(super) mod view;

pub(super) use replies::Replies;
pub(super) use session::Desks;

/// What the change log calls the steps of a draft.
pub(super) const STEPS: [&str; 3] = ["edit", "undo", "redo"];

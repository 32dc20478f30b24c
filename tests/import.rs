//! Imports: good files give the records they hold, bad ones a clear message, and the store changes only by what differs.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

#[path = "import/bad_input.rs"]
mod bad_input;
#[path = "import/command.rs"]
mod command;
#[path = "import/folder.rs"]
mod folder;
#[path = "import/map.rs"]
mod map;
#[path = "import/rules.rs"]
mod rules;
#[path = "import/tables.rs"]
mod tables;

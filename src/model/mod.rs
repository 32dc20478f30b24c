//! What the world is: codes, places, households, issues and plans.
//!
//! In: nothing. Out: the types every other room speaks.
//! **Invariant:** no I/O, no knowledge of any other room. Positions are integers of 1e-7 degree in CRS84.

mod code;
mod edit;
mod issue;
mod patch;
mod plan;
mod record;
mod rules;
mod shape;
mod world;

pub use code::{Code, CodeError, CodeScheme, Level};
pub use edit::{Edit, LogChange, LoggedEdit, PlanEdit, Standing};
pub use issue::{Issue, IssueStatus};
pub use patch::{BlockSide, BlockSwap, Mismatch, Patch, Swap};
pub use plan::{Block, Cell, CellKind, Community, Group, Plan, PlanId, PlanState, Validity};
pub use record::{Area, Building, Household, Line, LineClass, Water};
pub use rules::{Rule, Rules};
pub use shape::{Bounds, LonLat, MultiPolygon, Polygon, Ring};
pub use world::{Change, ChangeKind, ChangeNote, ChangeSet, Delta, NO_STREET, StreetData, Version, World};

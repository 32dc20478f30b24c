//! Lines to blocks, blocks to cells, cells to communities, households to groups.
//!
//! In: one street's records. Out: a plan.
//! **Invariant:** blocks tile the street; cells are one piece each; no building is cut; every household has one group.

mod blocks;
mod books;
mod cells;
mod communities;
pub mod desk;
mod footprint;
mod given;
mod graph;
mod groups;
mod kinds;
mod lasting;
mod network;
mod numbering;
mod partition;
mod planner;
mod replan;
mod rules;
mod score;
mod split;

use jiff::{Timestamp, civil::Date};

pub use books::{copy, enter, leave, replaced_by};
pub use lasting::{before, with_lasting_codes};
pub use planner::plan;
pub use replan::{Selection, replan};
pub use score::{CellScore, Rounded, Score, Spread, score, score_in};

use crate::model::{Code, CodeError, CodeScheme, Community, PlanId, PlanState, Rules};

/// What the planner is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Number of cells; `None`: by `cell_households`.
    pub cells: Option<usize>,
    /// Households a cell should have (default 400).
    pub cell_households: usize,
    /// Number of communities; `None`: by `community_households`. Given community boundaries win over both.
    pub communities: Option<usize>,
    /// Households a community should have (default 3000).
    pub community_households: usize,
    /// What balance weighs beside shape, 0 (round cells along streets first) to 1 (even cells first).
    pub balance: f64,
    /// Allowed deviation from the mean, as a share.
    pub tolerance: f64,
    /// Households in a group (default 10; sizes run from 8 to 12 around it).
    pub group_size: usize,
    /// Same input and seed, same plan.
    pub seed: u64,
    /// What else the plan must respect.
    pub rules: Rules,
    /// Codes and names to give to communities, in the order of numbering; more are made up when these do not suffice.
    pub known_communities: Vec<Community>,
    /// How codes are built.
    pub scheme: CodeScheme,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            cells: None,
            cell_households: 400,
            communities: None,
            community_households: 3000,
            balance: 0.5,
            tolerance: 0.1,
            group_size: 10,
            seed: 1,
            rules: Rules::default(),
            known_communities: Vec::new(),
            scheme: CodeScheme::default(),
        }
    }
}

/// How a new plan enters the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The plan's number.
    pub id: PlanId,
    /// Its name.
    pub name: String,
    /// Whose it is, as they call themselves.
    pub owner: Option<String>,
    /// When it is made.
    pub now: Timestamp,
    /// In force from this day; `None` leaves a draft.
    pub publish_from: Option<Date>,
}

impl Registration {
    /// The state a plan that enters so is in.
    fn state(&self) -> PlanState {
        if self.publish_from.is_some() { PlanState::Published } else { PlanState::Draft }
    }
}

/// What the planner noticed and the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Told the stage and how far it is, 0 to 1; says whether to go on. Planning calls it from several threads.
pub type Watch<'a> = dyn Fn(&str, f64) -> bool + Sync + 'a;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The street has no boundary.
    #[error("street has no boundary; import one first")]
    NoBoundary,
    /// More cells asked for than there are places to cut.
    #[error("{asked} cells asked for, but the street has only {blocks} blocks to make them of")]
    TooManyCells {
        /// Asked for.
        asked: usize,
        /// There are.
        blocks: usize,
    },
    /// A cell would have more groups than there are codes for.
    #[error("cell {cell} would have {groups} groups, and its codes have room for {room}; ask for more cells")]
    TooManyGroups {
        /// The cell.
        cell: Code,
        /// Its groups.
        groups: usize,
        /// Codes there are.
        room: usize,
    },
    /// Given boundaries leave out a part of the street that matters.
    #[error("{blocks} blocks with {households} households lie in no given {what}; give {what} boundaries for the whole street, or none")]
    GivenIncomplete {
        /// "community" or "cell".
        what: &'static str,
        /// Blocks left out.
        blocks: usize,
        /// Households in them.
        households: usize,
    },
    /// A given cell cannot be kept: it holds no block, or is in several pieces within the street.
    #[error(
        "given cell {cell} is in {pieces} pieces within the street; a cell is one piece (0: no part of it is left beside what it crosses)"
    )]
    GivenCellBroken {
        /// The cell.
        cell: Code,
        /// Pieces.
        pieces: usize,
    },
    /// Nothing that may change is selected.
    #[error("none of the plan's cells may change: all are locked, dedicated or not selected")]
    NothingSelected,
    /// The plan has no such cell or community.
    #[error("the plan has no cell or community {code}")]
    NoSuchCell {
        /// The code.
        code: Code,
    },
    /// The plan's blocks do not tile the street.
    #[error("the plan's blocks do not fit together: {0}")]
    Blocks(#[from] crate::geometry::coverage::Error),
    /// It was told not to go on.
    #[error("planning was stopped; nothing was changed")]
    Cancelled,
    /// The code scheme has no room, or a given code does not fit it.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Nothing closes a block: the boundary is not a ring of positive area.
    #[error("the street's boundary encloses nothing; check its geometry")]
    NoBlocks,
}

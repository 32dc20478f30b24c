//! A plan: one street's blocks, cells, communities and groups, as a version with dates.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Code, Polygon};

/// A plan's number within its street, from 1, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlanId(pub u32);

/// Where a plan stands in its life: draft → published → superseded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanState {
    /// Being worked on; in force on no day.
    Draft,
    /// In force from `valid_from` on.
    Published,
    /// Was in force from `valid_from` until the day before `valid_to`.
    Superseded,
}

impl PlanState {
    /// The word the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Superseded => "superseded",
        }
    }

    /// The state of a word; `None` when there is no such state.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Superseded].into_iter().find(|state| state.as_str() == word)
    }
}

/// A plan's life: how it stands and from when to when it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Draft or published; [`Validity::state_on`] says since when it is superseded.
    pub state: PlanState,
    /// First day in force.
    pub from: Option<Date>,
    /// First day no longer in force.
    pub to: Option<Date>,
}

impl Validity {
    /// Where it stands on a day: a published plan is superseded from the first day it is no longer in force.
    pub fn state_on(&self, day: Date) -> PlanState {
        match self.state {
            PlanState::Published if self.to.is_some_and(|to| to <= day) => PlanState::Superseded,
            state => state,
        }
    }

    /// Whether the plan was or is in force on the day.
    pub fn in_force(&self, day: Date) -> bool {
        self.state != PlanState::Draft && self.from.is_some_and(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// 街区: a face between barrier lines, the atom of planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number within the plan; it stays while the outline does not go.
    pub id: u32,
    /// Outline. Blocks of a plan share their boundaries vertex for vertex and tile the street exactly.
    pub outline: Polygon,
    /// Index into [`Plan::cells`].
    pub cell: u32,
}

impl Block {
    /// The order of blocks in a plan: by cell, then by outline.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.cell.cmp(&other.cell).then_with(|| self.outline.exterior.cmp(&other.outline.exterior))
    }

    /// Blocks of a new plan, in order and numbered from 0.
    pub fn numbered(blocks: impl IntoIterator<Item = (Polygon, u32)>) -> Vec<Self> {
        let mut blocks: Vec<Self> = blocks.into_iter().map(|(outline, cell)| Self { id: 0, outline, cell }).collect();
        blocks.sort_by(Self::order);
        (0..).zip(&mut blocks).for_each(|(id, block)| block.id = id);
        blocks
    }
}

/// Basic cells tile the street; a dedicated cell (专属网格) is a park, a mall, a campus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// An ordinary cell.
    #[default]
    Basic,
    /// 专属网格.
    Dedicated,
}

impl CellKind {
    /// The word the store and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Dedicated => "dedicated",
        }
    }

    /// The kind of a word; `None` when there is no such kind.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Basic, Self::Dedicated].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// 社区/村: the cells whose codes begin with its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// 12 digits in the default scheme.
    pub code: Code,
    /// Name for people.
    pub name: String,
}

/// 网格单元: a cell. Its outline is what its blocks make together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// 15 digits in the default scheme; the community's code is a prefix.
    pub code: Code,
    /// Name for people.
    pub name: String,
    /// Basic or dedicated.
    pub kind: CellKind,
    /// In a draft: no command changes its ground.
    #[serde(default)]
    pub locked: bool,
}

/// 十联户: a ten-household group within one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// 18 digits in the default scheme; the cell's code is a prefix.
    pub code: Code,
    /// Household id of the head (联户长), one of `members`.
    pub head: String,
    /// Household ids.
    pub members: Vec<String>,
}

/// A plan of one street.
///
/// **Invariants** (checked by `plan`): blocks tile the street; every cell is one piece; every household of the street is a
/// member of exactly one group; `communities`, `cells` and `groups` are sorted by code, `blocks` by [`Block::order`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Number within the street.
    pub id: PlanId,
    /// Name for people, unique among the street's drafts.
    pub name: String,
    /// Draft or published; [`Plan::state_on`] says since when it is superseded.
    pub state: PlanState,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// First day no longer in force.
    pub valid_to: Option<Date>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whose draft it is, as they call themselves.
    pub owner: Option<String>,
    /// The plan it was copied from or drawn again from.
    pub base: Option<PlanId>,
    /// How many steps (commands, undone and redone ones) have led here.
    pub revision: u32,
    /// How it was made: the planner's parameters as JSON, for the record.
    pub parameters: serde_json::Value,
    /// Its households were estimated from buildings.
    pub estimated: bool,
    /// Level 2.
    pub communities: Vec<Community>,
    /// Level 3.
    pub cells: Vec<Cell>,
    /// Atoms.
    pub blocks: Vec<Block>,
    /// Ten-household groups.
    pub groups: Vec<Group>,
}

impl Plan {
    /// Its life.
    pub fn validity(&self) -> Validity {
        Validity { state: self.state, from: self.valid_from, to: self.valid_to }
    }

    /// See [`Validity::state_on`].
    pub fn state_on(&self, day: Date) -> PlanState {
        self.validity().state_on(day)
    }

    /// See [`Validity::in_force`].
    pub fn in_force(&self, day: Date) -> bool {
        self.validity().in_force(day)
    }
}

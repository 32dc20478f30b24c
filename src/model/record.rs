//! What a survey or a map brings: areas with given boundaries, lines, water, buildings, households.

use serde::{Deserialize, Serialize};

use super::{Code, Level, LonLat, MultiPolygon};

/// An area whose boundary was given from outside: the street itself, or communities and cells to be kept as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// The area's code; its length says the level.
    pub code: Code,
    /// Street, community or cell.
    pub level: Level,
    /// Name for people, may be empty.
    pub name: String,
    /// The given boundary.
    pub boundary: MultiPolygon,
}

/// What a line on the ground is; decides how well a cell boundary runs along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineClass {
    /// 主干路: a trunk road.
    Arterial,
    /// 次干路: a secondary road.
    Secondary,
    /// 支路: a local street.
    Local,
    /// 巷: an alley or path.
    Alley,
    /// 断头路: a street that ends; its loose end closes no block.
    DeadEnd,
    /// A river or canal's centre line.
    River,
    /// A railway.
    Railway,
    /// An administrative or compound boundary.
    Boundary,
}

impl LineClass {
    /// Every class.
    pub const ALL: [Self; 8] =
        [Self::Arterial, Self::Secondary, Self::Local, Self::Alley, Self::DeadEnd, Self::River, Self::Railway, Self::Boundary];

    /// The word a survey folder, the store and the tiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arterial => "arterial",
            Self::Secondary => "secondary",
            Self::Local => "local",
            Self::Alley => "alley",
            Self::DeadEnd => "dead_end",
            Self::River => "river",
            Self::Railway => "railway",
            Self::Boundary => "boundary",
        }
    }

    /// The class of a word; `None` when there is no such class.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// A line on the ground: road, river, railway or boundary. Shown as base map, and a barrier in planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Id, unique within the street.
    pub id: String,
    /// What it is.
    pub class: LineClass,
    /// Name for people.
    pub name: Option<String>,
    /// At least two positions.
    pub path: Vec<LonLat>,
}

/// A lake, pond or wide river drawn as an area; base map only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Water {
    /// Id, unique within the street.
    pub id: String,
    /// Name for people.
    pub name: Option<String>,
    /// The water's outline.
    pub outline: MultiPolygon,
}

/// A building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Building {
    /// Id, unique within the street.
    pub id: String,
    /// Name for people.
    pub name: Option<String>,
    /// What it is used for, in the source's word: residential, village, commercial, …
    pub purpose: Option<String>,
    /// Storeys above ground.
    pub levels: Option<u16>,
    /// Households the source declares; the household list is what counts.
    pub declared_households: Option<u32>,
    /// Street address of the building, without unit and floor.
    pub address: Option<String>,
    /// Footprint.
    pub footprint: MultiPolygon,
}

/// A household. No names, no telephone numbers, no ID numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// Id, unique within the street.
    pub id: String,
    /// The building it lives in; `None` when the source names none that exists.
    pub building_id: Option<String>,
    /// Where it lives.
    pub position: LonLat,
    /// Stairwell or unit (单元).
    pub unit: Option<String>,
    /// Floor, 1 is the ground floor.
    pub floor: Option<i16>,
    /// Persons, where known.
    pub persons: Option<u16>,
    /// Address down to the door.
    pub address: Option<String>,
    /// Derived from the building's size because no household list exists.
    pub estimated: bool,
}

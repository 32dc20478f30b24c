//! What a planner can ask for, as it is written over HTTP and in files.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use super::kept::kept_plan;
use crate::model::{CellKind, Code, LonLat};

/// A position as `[longitude, latitude]` in degrees, CRS84.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub LonLat);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.0.lon(), self.0.lat()].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [lon, lat] = <[f64; 2]>::deserialize(deserializer)?;
        LonLat::from_degrees(lon, lat)
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("[{lon}, {lat}] is no longitude and latitude in degrees")))
    }
}

/// A change of a draft. Unknown members are an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Gives blocks to a cell.
    Assign {
        /// Blocks by number.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocks: Vec<u32>,
        /// Blocks by a position in them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<[f64; 2]>)]
        at: Vec<At>,
        /// The cell.
        #[schema(value_type = String)]
        to: Code,
    },
    /// Gives buildings to a cell: where others stand in the block, it is cut between the buildings.
    AssignBuildings {
        /// Buildings by id.
        buildings: Vec<String>,
        /// The cell.
        #[schema(value_type = String)]
        to: Code,
    },
    /// Makes two cells of one along a drawn line, on the edges of blocks. The part with more households keeps the code.
    Split {
        /// The cell.
        #[schema(value_type = String)]
        cell: Code,
        /// From outside the cell through it to outside.
        #[schema(value_type = Vec<[f64; 2]>)]
        line: Vec<At>,
        /// Blocks that the line divides are cut: along the line where no building is in its way, else between the buildings.
        #[serde(default)]
        cut_blocks: bool,
        /// What the new cell is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Makes two cells of one, even and compact: by whole blocks, else a block is cut between its buildings. The part with more
    /// households keeps the code.
    Halve {
        /// The cell.
        #[schema(value_type = String)]
        cell: Code,
        /// What the new cell is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Makes one cell of several that hang together.
    Merge {
        /// Two or more.
        #[schema(value_type = Vec<String>)]
        cells: Vec<Code>,
        /// Which of them stays.
        #[schema(value_type = String)]
        into: Code,
    },
    /// Moves a vertex of the boundary between cells.
    MoveVertex {
        /// Where it is.
        #[schema(value_type = [f64; 2])]
        from: At,
        /// Where it goes.
        #[schema(value_type = [f64; 2])]
        to: At,
    },
    /// Bends an edge of the boundary between cells.
    InsertVertex {
        /// Its ends.
        #[schema(value_type = Vec<[f64; 2]>)]
        edge: [At; 2],
        /// Where the new vertex is.
        #[schema(value_type = [f64; 2])]
        at: At,
    },
    /// Straightens the boundary between cells.
    DeleteVertex {
        /// Where it is.
        #[schema(value_type = [f64; 2])]
        at: At,
    },
    /// Pulls the boundary between two cells onto streets.
    Pull {
        /// The two.
        #[schema(value_type = Vec<String>)]
        cells: [Code; 2],
        /// How far a vertex may be moved, in metres.
        #[serde(default = "default_reach")]
        reach_m: f64,
    },
    /// Renames a cell or community.
    Rename {
        /// Its code.
        #[schema(value_type = String)]
        code: Code,
        /// Its new name.
        name: String,
    },
    /// Gives a cell, and with it its groups, another code.
    Recode {
        /// The cell.
        #[schema(value_type = String)]
        cell: Code,
        /// A code that was never used in the street, within one of its communities.
        #[schema(value_type = String)]
        to: Code,
    },
    /// Makes a cell basic or dedicated.
    SetKind {
        /// The cell.
        #[schema(value_type = String)]
        cell: Code,
        /// basic or dedicated.
        #[schema(value_type = String)]
        kind: CellKind,
    },
    /// No command changes the ground of these until they are unlocked.
    Lock {
        /// Cells, or communities with all their cells.
        #[schema(value_type = Vec<String>)]
        codes: Vec<Code>,
    },
    /// Takes locks away.
    Unlock {
        /// Cells, or communities with all their cells.
        #[schema(value_type = Vec<String>)]
        codes: Vec<Code>,
    },
    /// Lets the planner draw cells again.
    Replan {
        /// Cells, or communities with all their cells; none: all that are not locked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(value_type = Vec<String>)]
        codes: Vec<Code>,
        /// Number of cells of the whole street; absent: as many as there are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cells: Option<usize>,
        /// Price of a cell's worth of households that change their cell: 0 as if it were new, 100 next to nothing moves.
        #[serde(default = "default_churn")]
        churn: f64,
        /// What balance weighs beside shape, 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<f64>,
        /// Same draft and seed, same plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    /// Draws the groups of a cell anew.
    Regroup {
        /// The cell.
        #[schema(value_type = String)]
        cell: Code,
    },
    /// Moves a household to another group of its cell.
    MoveHousehold {
        /// Its id.
        household: String,
        /// The group.
        #[schema(value_type = String)]
        group: Code,
    },
    /// Makes a member the head of its group.
    SetHead {
        /// The group.
        #[schema(value_type = String)]
        group: Code,
        /// The member's id.
        household: String,
    },
    /// Takes over cells drawn elsewhere, healed onto the blocks that are there.
    Import {
        /// A GeoJSON FeatureCollection of polygons; properties `cell_code` and `name` are honoured, nothing else is kept.
        #[schema(value_type = Object)]
        plan: serde_json::Value,
        /// Its CRS, when it is not CRS84.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crs: Option<String>,
    },
}

fn default_reach() -> f64 {
    30.0
}

fn default_churn() -> f64 {
    1.0
}

impl Command {
    /// Its `op`.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::AssignBuildings { .. } => "assign_buildings",
            Self::Split { .. } => "split",
            Self::Halve { .. } => "halve",
            Self::Merge { .. } => "merge",
            Self::MoveVertex { .. } => "move_vertex",
            Self::InsertVertex { .. } => "insert_vertex",
            Self::DeleteVertex { .. } => "delete_vertex",
            Self::Pull { .. } => "pull",
            Self::Rename { .. } => "rename",
            Self::Recode { .. } => "recode",
            Self::SetKind { .. } => "set_kind",
            Self::Lock { .. } => "lock",
            Self::Unlock { .. } => "unlock",
            Self::Replan { .. } => "replan",
            Self::Regroup { .. } => "regroup",
            Self::MoveHousehold { .. } => "move_household",
            Self::SetHead { .. } => "set_head",
            Self::Import { .. } => "import",
        }
    }
}

/// Characters of a name or a reason.
const MAX_WORDS: usize = 400;

/// A command with who gave it and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The command.
    pub command: Command,
    /// As it was written, without who and why; of a plan that is imported what is read of it.
    pub written: serde_json::Value,
    /// Who, as they call themselves.
    pub who: Option<String>,
    /// Why, in their words.
    pub why: Option<String>,
}

impl Given {
    /// Reads a command as it is written over HTTP and in files: its members, and optionally `who` and `why`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read(mut written: serde_json::Value) -> Result<Self, String> {
        let object = written.as_object_mut().ok_or("a command is an object with \"op\"")?;
        let (who, why) = (words(object, "who")?, words(object, "why")?);
        if object.get("op").is_some_and(|op| op == "import")
            && let Some(plan) = object.get_mut("plan")
        {
            *plan = kept_plan(plan.take());
        }
        let command = Command::deserialize(&written).map_err(|error| error.to_string())?;
        Ok(Self { command, written, who, why })
    }
}

fn words(object: &mut serde_json::Map<String, serde_json::Value>, name: &str) -> Result<Option<String>, String> {
    match object.shift_remove(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) => checked_words(name, &text),
        Some(_) => Err(no_words(name)),
    }
}

/// Who does something or why, as it is kept; `None` when nothing is said. `name` is what the member or option is called.
///
/// # Errors
/// More than 400 characters, or a control character; for people.
pub fn checked_words(name: &str, text: &str) -> Result<Option<String>, String> {
    if text.chars().count() > MAX_WORDS || text.chars().any(char::is_control) {
        return Err(no_words(name));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn no_words(name: &str) -> String {
    format!("{name:?} is a text of at most {MAX_WORDS} characters, none of them a control character")
}

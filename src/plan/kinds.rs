//! What runs along an edge, and why a line is on the drawing.

use crate::model::LineClass;

/// Why a line is on the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The street's boundary, inside to the left.
    Outer,
    /// The boundary of a given community or cell.
    Given,
    /// A road, river, railway or boundary.
    Line(LineClass),
    /// The outline of a building that a line was led around.
    Wall,
    /// A cut between the buildings of a block.
    Split,
    /// A line that no cell may cross.
    Barrier,
}

impl Source {
    /// As the number that noding carries along.
    pub fn to_u32(self) -> u32 {
        match self {
            Self::Line(class) => class as u32,
            Self::Outer => 8,
            Self::Given => 9,
            Self::Wall => 10,
            Self::Split => 11,
            Self::Barrier => 13,
        }
    }
}

/// Everything that runs along an edge, as a set of [`Source`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kinds(pub(super) u16);

impl Kinds {
    /// Bit beyond the sources: the street lies to the right of the edge.
    pub const INSIDE_RIGHT: u16 = 1 << 12;

    /// Whether the source is among them.
    pub fn has(self, source: Source) -> bool {
        self.0 & (1 << source.to_u32()) != 0
    }

    /// These and one more.
    pub fn with(self, source: Source) -> Self {
        Self(self.0 | 1 << source.to_u32())
    }

    /// Whether nothing else runs there.
    pub fn only(self, source: Source) -> bool {
        self.0 & !Self::INSIDE_RIGHT == 1 << source.to_u32()
    }
}

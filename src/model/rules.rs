//! What planners ask of a plan beyond balance and shape.

use super::{LonLat, MultiPolygon};

/// A demand with the name it is reported by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<T> {
    /// For people: a name from the file, or where in the file it stands.
    pub name: String,
    /// Where it holds.
    pub place: T,
}

/// Everything asked for, in the order given: when two contradict each other the earlier one holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Ground that is a dedicated cell (专属网格): a park, a mall, a campus. Its outline becomes a cell boundary.
    pub dedicated: Vec<Rule<MultiPolygon>>,
    /// No more dedicated cells than this.
    pub max_dedicated: Option<usize>,
    /// The blocks that stand in each area stay in one cell.
    pub together: Vec<Rule<MultiPolygon>>,
    /// Lines that no cell crosses: the blocks on their two sides lie in different cells. Also a stretch of cell boundary that is
    /// to stay one.
    pub barriers: Vec<Rule<Vec<LonLat>>>,
    /// Positions that lie in different cells, one each: a post, an office, a worker's home.
    pub seeds: Vec<Rule<LonLat>>,
}

impl Rules {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.dedicated.is_empty() && self.together.is_empty() && self.barriers.is_empty() && self.seeds.is_empty()
    }
}

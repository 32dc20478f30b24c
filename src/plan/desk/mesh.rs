//! Which block lies on which side of an edge: every directed edge once, the block to its left.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    geometry::LocalMetres,
    model::{LonLat, Polygon},
    plan::network::Sets,
};

/// The edges of an outline, the inside to the left.
pub fn edges(outline: &Polygon) -> impl Iterator<Item = (LonLat, LonLat)> + '_ {
    outline.rings().flat_map(|ring| ring.windows(2).map(|pair| (pair[0], pair[1])))
}

/// Blocks by their edges and corners.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    left: FxHashMap<(LonLat, LonLat), u32>,
    around: FxHashMap<LonLat, Vec<u32>>,
}

impl Mesh {
    /// Puts a block in.
    pub fn add(&mut self, id: u32, outline: &Polygon) {
        for (from, to) in edges(outline) {
            self.left.insert((from, to), id);
            let around = self.around.entry(from).or_default();
            if !around.contains(&id) {
                around.push(id);
            }
        }
    }

    /// Takes a block out.
    pub fn remove(&mut self, id: u32, outline: &Polygon) {
        for (from, to) in edges(outline) {
            if self.left.get(&(from, to)) == Some(&id) {
                self.left.remove(&(from, to));
            }
            if let Some(around) = self.around.get_mut(&from) {
                around.retain(|other| *other != id);
                if around.is_empty() {
                    self.around.remove(&from);
                }
            }
        }
    }

    /// The block to the left of a directed edge.
    pub fn left_of(&self, from: LonLat, to: LonLat) -> Option<u32> {
        self.left.get(&(from, to)).copied()
    }

    /// The blocks with a corner there, sorted.
    pub fn around(&self, corner: LonLat) -> Vec<u32> {
        let mut around = self.around.get(&corner).cloned().unwrap_or_default();
        around.sort_unstable();
        around
    }

    /// The blocks across the edges of an outline, each once, sorted.
    pub fn across(&self, outline: &Polygon) -> Vec<u32> {
        let mut across: Vec<u32> = edges(outline).filter_map(|(from, to)| self.left_of(to, from)).collect();
        across.sort_unstable();
        across.dedup();
        across
    }
}

/// Outlines with a shorter common border than this do not hang together, in metres: nobody passes there.
pub const PASSAGE_M: f64 = 0.5;

/// How long the common border of outlines is, in metres, by their places.
pub fn common(outlines: &[&Polygon], metres: &LocalMetres) -> FxHashMap<(u32, u32), f64> {
    let mut left: FxHashMap<(LonLat, LonLat), u32> = FxHashMap::default();
    let mut common: FxHashMap<(u32, u32), f64> = FxHashMap::default();
    for (i, outline) in (0..).zip(outlines) {
        for (from, to) in edges(outline) {
            if let Some(other) = left.get(&(to, from)) {
                *common.entry((*other, i)).or_default() += metres.distance(from, to);
            }
            left.insert((from, to), i);
        }
    }
    common
}

/// Groups outlines that hang together where somebody can pass; each group sorted, the largest by number of outlines first.
pub fn pieces(outlines: &[&Polygon], metres: &LocalMetres) -> Vec<Vec<usize>> {
    pieces_across(outlines, metres, PASSAGE_M)
}

/// The same across common borders of some length, in metres.
pub fn pieces_across(outlines: &[&Polygon], metres: &LocalMetres, least_m: f64) -> Vec<Vec<usize>> {
    let common = common(outlines, metres);
    let mut sets = Sets::new(outlines.len() as u32);
    common.iter().filter(|(_, length)| **length >= least_m).for_each(|((a, b), _)| sets.join(*a, *b));
    let mut pieces: Vec<Vec<usize>> = vec![Vec::new(); outlines.len()];
    (0..outlines.len()).for_each(|i| pieces[sets.find(i as u32) as usize].push(i));
    pieces.retain(|piece| !piece.is_empty());
    pieces.sort_by_key(|piece| (std::cmp::Reverse(piece.len()), piece[0]));
    pieces
}

/// What bounds outlines together: their edges without those that run between two of them.
pub fn rim<'a>(outlines: impl Iterator<Item = &'a Polygon>) -> FxHashSet<(LonLat, LonLat)> {
    let mut rim: FxHashSet<(LonLat, LonLat)> = FxHashSet::default();
    for (from, to) in outlines.flat_map(edges) {
        if !rim.remove(&(to, from)) {
            rim.insert((from, to));
        }
    }
    rim
}

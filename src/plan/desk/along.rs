//! The boundary between two cells pulled onto streets.

use std::collections::BTreeMap;

use rstar::{AABB, RTree};

use super::{Desk, Outcome, Refusal, sketch::Sketch, vertex};
use crate::{
    geometry::measure::foot_on_segment,
    model::{Code, LonLat, Patch, Polygon},
    plan::{
        blocks::Blocks,
        footprint::Boxed,
        kinds::{Kinds, Source},
        network::Sets,
    },
};

/// Up to so many vertices are moved at a time.
const VERTICES: usize = 200;
/// Nearer than this to a street a vertex is on it, in metres.
const ON_STREET_M: f64 = 0.05;
/// The farthest a vertex may be moved, in metres.
const REACH_M: f64 = 200.0;

/// Pulls the boundary onto streets: ground between streets that both cells share goes to the one that has more of it; where there
/// is none, vertices within reach of a street move there.
pub fn pull(desk: &Desk, cells: &[Code; 2], reach_m: f64) -> Result<Outcome, Refusal> {
    let [a, b] = cells;
    desk.cell(a)?;
    desk.cell(b)?;
    if !desk.neighbours(a).any(|n| n == b) {
        return Err(Refusal::new("cells_apart", format!("cells {a} and {b} have no common border")).at(desk.centre_of(a)).about(cells));
    }
    let between = Between::of(desk, a, b)?;
    let mut sketch = Sketch::new(desk);
    between.even_out(desk, [a, b], &mut sketch);
    match sketch.finish() {
        Err(refusal) if ["nothing_changes", "cell_empty", "cell_in_pieces"].contains(&refusal.reason) => {
            between.slide(desk, reach_m.clamp(0.0, REACH_M), cells)
        }
        outcome => outcome,
    }
}

/// The blocks of two cells and what runs along their edges.
struct Between {
    ids: Vec<u32>,
    blocks: Blocks,
    is_first: Vec<bool>,
}

fn is_street(kinds: Kinds) -> bool {
    use crate::model::LineClass as C;
    let classes = [C::Arterial, C::Secondary, C::Local, C::Alley, C::DeadEnd, C::River, C::Railway, C::Boundary];
    classes.into_iter().any(|class| kinds.has(Source::Line(class)))
}

impl Between {
    fn of(desk: &Desk, a: &Code, b: &Code) -> Result<Self, Refusal> {
        let ids: Vec<u32> = desk.blocks_of(a).iter().chain(desk.blocks_of(b)).copied().collect();
        let outlines: Vec<Polygon> = ids.iter().filter_map(|id| desk.block(*id)).map(|b| b.outline.clone()).collect();
        let blocks = Blocks::standing(outlines, &desk.ground.street().lines, &[], &desk.ground.metres)
            .map_err(|error| Refusal::new("bad_geometry", error.to_string()))?;
        let first = desk.blocks_of(a).len();
        Ok(Self { is_first: (0..ids.len()).map(|i| i < first).collect(), ids, blocks })
    }

    /// Ground between streets that both have goes to the one with more households there, or more blocks.
    fn even_out(&self, desk: &Desk, [a, b]: [&Code; 2], sketch: &mut Sketch<'_>) {
        let mut sets = Sets::new(self.ids.len() as u32);
        for (edge, kinds) in &self.blocks.edges {
            if let (Some(l), Some(r)) = (edge.left, edge.right)
                && !is_street(*kinds)
            {
                sets.join(l.0, r.0);
            }
        }
        let mut ground: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        (0..self.ids.len()).for_each(|i| ground.entry(sets.find(i as u32)).or_default().push(i));
        for members in ground.values() {
            let weight = |first: bool| {
                let of_one = members.iter().filter(|i| self.is_first[**i] == first);
                of_one.fold((0, 0), |(households, blocks), i| (households + desk.households_in(self.ids[*i]), blocks + 1))
            };
            let (mine, theirs) = (weight(true), weight(false));
            if mine.1 > 0 && theirs.1 > 0 {
                let (to, first) = if mine >= theirs { (a, true) } else { (b, false) };
                members.iter().filter(|i| self.is_first[**i] != first).for_each(|i| sketch.give(self.ids[*i], to));
            }
        }
    }

    /// Moves vertices of the boundary that are near a street but not on it.
    fn slide(&self, desk: &Desk, reach_m: f64, cells: &[Code; 2]) -> Result<Outcome, Refusal> {
        let metres = &desk.ground.metres;
        let mut vertices: Vec<LonLat> = Vec::new();
        for (edge, kinds) in &self.blocks.edges {
            let sides = edge.left.zip(edge.right).map(|(l, r)| (self.is_first[l.0 as usize], self.is_first[r.0 as usize]));
            if sides.is_some_and(|(l, r)| l != r) && !is_street(*kinds) {
                vertices.extend([edge.from, edge.to]);
            }
        }
        vertices.sort_unstable();
        vertices.dedup();
        let segments: Vec<[LonLat; 2]> =
            desk.ground.street().lines.iter().flat_map(|l| l.path.windows(2).map(|pair| [pair[0], pair[1]])).collect();
        let tree = RTree::bulk_load((0..).zip(&segments).filter_map(|(i, pair)| Boxed::new(i, pair)).collect());
        let [east, north] = metres.steps_per_metre().map(|s| (s * reach_m).ceil() as i64);
        let nearest = |p: LonLat| {
            let [x, y] = [i64::from(p.lon_e7), i64::from(p.lat_e7)];
            let near = tree.locate_in_envelope_intersecting(AABB::from_corners([x - east, y - north], [x + east, y + north]));
            let feet = near.map(|item| {
                let [a, b] = segments[item.index as usize];
                let foot = metres.position(foot_on_segment(metres.xy(p), metres.xy(a), metres.xy(b)));
                (metres.distance(p, foot), foot)
            });
            feet.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(away, _)| (ON_STREET_M..=reach_m).contains(away)).map(|(_, foot)| foot)
        };
        let mut worked = desk.clone();
        for (from, to) in vertices.iter().take(VERTICES).filter_map(|p| Some((*p, nearest(*p)?))) {
            // One that would fold a boundary or cut a building stays.
            if let Ok(outcome) = vertex::slide(&worked, from, to) {
                let _ = worked.apply(&outcome.patch);
            }
        }
        let patch = Patch::between(&desk.plan, &worked.plan);
        if patch.is_empty() {
            let detail = format!("no street within {reach_m:.0} m that the boundary between {} and {} could run along", cells[0], cells[1]);
            return Err(Refusal::new("no_street_near", detail).at(vertices.first().copied()).about(cells));
        }
        Ok(Outcome::of(desk, patch, Vec::new()))
    }
}

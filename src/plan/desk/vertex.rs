//! Vertices of the boundaries between cells: moved, put in, taken out, with every block that meets there following.

use super::{Desk, Outcome, Refusal, mesh, sketch::Sketch, split::meet};
use crate::{
    geometry::ring::{self, Side},
    model::{LonLat, Polygon},
};

/// Moves a vertex.
pub fn slide(desk: &Desk, from: LonLat, to: LonLat) -> Result<Outcome, Refusal> {
    let around = on_boundary(desk, from)?;
    if from == to {
        return Err(Refusal::new("nothing_changes", "the vertex is there already").at(from));
    }
    if !desk.mesh.around(to).is_empty() {
        return Err(Refusal::new("folds", "there is another vertex").at(to));
    }
    let changed: Vec<(u32, Polygon)> =
        around.iter().filter_map(|id| Some((*id, mapped(&desk.block(*id)?.outline, |p| if p == from { to } else { p })))).collect();
    let new_edges: Vec<(LonLat, LonLat)> = next_to(desk, &around, from).into_iter().map(|q| (to, q)).collect();
    put(desk, changed, &new_edges, to)
}

/// Bends an edge.
pub fn insert(desk: &Desk, [a, b]: [LonLat; 2], at: LonLat) -> Result<Outcome, Refusal> {
    let (left, right) = (desk.mesh.left_of(a, b), desk.mesh.left_of(b, a));
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (None, None) => return Err(Refusal::new("no_such_edge", "no edge of a boundary between cells runs there").at(a)),
        _ => return Err(Refusal::new("outer_boundary", "the street's own boundary is given and stays").at(a)),
    };
    if desk.cell_of_block(left).map(|c| &c.code) == desk.cell_of_block(right).map(|c| &c.code) {
        return Err(Refusal::new("no_such_edge", "the edge is inside a cell, not between two").at(a));
    }
    if !desk.mesh.around(at).is_empty() {
        return Err(Refusal::new("folds", "there is another vertex").at(at));
    }
    let bent = |outline: &Polygon| {
        let bend = |ring: &Vec<LonLat>| {
            let mut bent = Vec::with_capacity(ring.len() + 1);
            for pair in ring.windows(2) {
                bent.push(pair[0]);
                if (pair[0], pair[1]) == (a, b) || (pair[0], pair[1]) == (b, a) {
                    bent.push(at);
                }
            }
            bent.extend(ring.last().copied());
            bent
        };
        polygon(outline.rings().map(bend))
    };
    let changed = [left, right].iter().filter_map(|id| Some((*id, bent(&desk.block(*id)?.outline)))).collect();
    put(desk, changed, &[(at, a), (at, b)], at)
}

/// Straightens a boundary.
pub fn delete(desk: &Desk, at: LonLat) -> Result<Outcome, Refusal> {
    let around = on_boundary(desk, at)?;
    let next = next_to(desk, &around, at);
    let [p, q] = next[..] else {
        return Err(Refusal::new(
            "not_a_degree_two_vertex",
            "three boundaries or more meet there; such a vertex can be moved, not deleted",
        )
        .at(at));
    };
    if desk.mesh.left_of(p, q).is_some() || desk.mesh.left_of(q, p).is_some() {
        return Err(Refusal::new("folds", "nothing would be left of a block").at(at));
    }
    let without = |outline: &Polygon| {
        polygon(outline.rings().map(|ring| {
            let mut ring: Vec<LonLat> = ring[..ring.len() - 1].iter().copied().filter(|v| *v != at).collect();
            ring.extend_from_within(..1);
            ring
        }))
    };
    let changed = around.iter().filter_map(|id| Some((*id, without(&desk.block(*id)?.outline)))).collect();
    put(desk, changed, &[(p, q)], at)
}

/// The blocks that meet at a vertex of the boundary between cells.
fn on_boundary(desk: &Desk, at: LonLat) -> Result<Vec<u32>, Refusal> {
    let around = desk.mesh.around(at);
    if around.is_empty() {
        return Err(Refusal::new("no_such_vertex", "no boundary between cells has a vertex there").at(at));
    }
    let is_outer = next_to(desk, &around, at).iter().any(|q| desk.mesh.left_of(at, *q).is_none() || desk.mesh.left_of(*q, at).is_none());
    if is_outer {
        return Err(Refusal::new("outer_boundary", "the street's own boundary is given and stays").at(at));
    }
    let first = desk.cell_of_block(around[0]).map(|c| &c.code);
    if around.iter().all(|id| desk.cell_of_block(*id).map(|c| &c.code) == first) {
        return Err(Refusal::new("no_such_vertex", "the vertex is inside a cell, not on a boundary between cells").at(at));
    }
    Ok(around)
}

/// The other ends of the edges at a vertex, sorted.
fn next_to(desk: &Desk, around: &[u32], at: LonLat) -> Vec<LonLat> {
    let edges = around.iter().filter_map(|id| desk.block(*id)).flat_map(|b| mesh::edges(&b.outline));
    let mut next: Vec<LonLat> = edges.filter_map(|(p, q)| if p == at { Some(q) } else { (q == at).then_some(p) }).collect();
    next.sort_unstable();
    next.dedup();
    next
}

/// Checks blocks with other outlines and puts them in.
fn put(desk: &Desk, changed: Vec<(u32, Polygon)>, new_edges: &[(LonLat, LonLat)], at: LonLat) -> Result<Outcome, Refusal> {
    let folds = |why: &str| Refusal::new("folds", why.to_owned()).at(at);
    for (_, outline) in &changed {
        if outline.rings().any(|ring| ring.len() < 4)
            || ring::signed_area2(&outline.exterior) <= 0
            || outline.interiors.iter().any(|r| ring::signed_area2(r) >= 0)
        {
            return Err(folds("a block would be folded over or vanish"));
        }
        let shell = Polygon { exterior: outline.exterior.clone(), interiors: Vec::new() };
        if outline.interiors.iter().flatten().any(|p| ring::side(&shell, *p) == Side::Outside) {
            return Err(Refusal::new("swallows", "the boundary would run round another block").at(at));
        }
    }
    // New edges meet others only where they end together.
    for (from, to) in new_edges {
        for (a, b) in changed.iter().flat_map(|(_, outline)| mesh::edges(outline)) {
            let same = (a, b) == (*from, *to) || (b, a) == (*from, *to);
            let shared = [a, b].into_iter().find(|p| p == from || p == to);
            let meets = match shared {
                _ if same => false,
                Some(p) => {
                    let (mine, other) = (if p == *from { *to } else { *from }, if p == a { b } else { a });
                    ring::on_segment(*from, *to, other) || ring::on_segment(a, b, mine)
                }
                None => meet(*from, *to, a, b) || is_tight(desk, (*from, *to), (a, b)),
            };
            if meets {
                return Err(folds("the boundary would cross another edge or come too near to it"));
            }
        }
    }
    let crossed = desk.ground.footprints.crossed_by(new_edges.iter().copied());
    if let Some(building) = crossed.first() {
        let found = &desk.ground.street().buildings[*building as usize];
        let detail = format!("the boundary would cut building {}", found.id);
        return Err(Refusal::new("cuts_building", detail).at(desk.ground.building_stand(*building)));
    }
    let mut sketch = Sketch::new(desk);
    changed.into_iter().for_each(|(id, outline)| sketch.reshape(id, outline));
    sketch.finish()
}

/// Edges of a boundary keep this far from others that they do not meet, in metres.
const CLEARANCE_M: f64 = 0.2;

/// Whether two edges that do not meet leave next to nothing between them.
fn is_tight(desk: &Desk, (a, b): (LonLat, LonLat), (c, d): (LonLat, LonLat)) -> bool {
    let away = |p, from, to| desk.ground.metres.distance_to_segment(p, from, to);
    [away(a, c, d), away(b, c, d), away(c, a, b), away(d, a, b)].into_iter().any(|m| m < CLEARANCE_M)
}

fn mapped(outline: &Polygon, corner: impl Fn(LonLat) -> LonLat) -> Polygon {
    polygon(outline.rings().map(|ring| ring.iter().map(|p| corner(*p)).collect()))
}

/// Rings to a polygon, each beginning at its smallest position, holes sorted: the same shape has the same bytes.
fn polygon(rings: impl Iterator<Item = Vec<LonLat>>) -> Polygon {
    let mut rings = rings.map(|mut ring| {
        ring.pop();
        let first = (0..ring.len()).min_by_key(|i| ring[*i]).unwrap_or(0);
        ring.rotate_left(first);
        ring.extend_from_within(..ring.len().min(1));
        ring
    });
    let exterior = rings.next().unwrap_or_default();
    let mut interiors: Vec<Vec<LonLat>> = rings.collect();
    interiors.sort_unstable();
    Polygon { exterior, interiors }
}

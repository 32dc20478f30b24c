//! A block cut in parts. What borders it gets the ends of the cuts as corners, so that neighbours still meet vertex for vertex.

use rustc_hash::FxHashSet;

use super::{
    Desk, Refusal, mesh,
    sketch::{Sketch, union},
};
use crate::{
    geometry::{
        Coverage, FaceId, LocalMetres,
        arrangement::{self, Piece},
        ring,
    },
    model::{Bounds, LonLat, MultiPolygon, Polygon},
    plan::split,
};

/// What is cut off is no smaller than this, in square metres.
const SLIVER_M2: f64 = 4.0;
/// Drawn lines are noded into no more pieces: a street's own blocks have some ten thousand.
const MOST_PIECES: usize = 2_000_000;

/// Buildings that stand in a block, by number.
pub fn standing_in(desk: &Desk, block: u32) -> Vec<u32> {
    let Some(outline) = desk.block(block).map(|b| &b.outline) else { return Vec::new() };
    let near = desk.ground.footprints.in_box(&outline.exterior);
    standing_among(desk, &near, outline)
}

/// Those of some buildings that stand within an outline.
pub fn standing_among(desk: &Desk, buildings: &[u32], outline: &Polygon) -> Vec<u32> {
    let stands = |b: &u32| desk.ground.building_stand(*b).is_some_and(|at| ring::owns(outline, at));
    buildings.iter().copied().filter(stands).collect()
}

/// The parts of a block between its buildings, one around each or around each few that touch.
/// Nothing is cut yet: [`apart`] does that.
pub fn between_buildings(sketch: &Sketch<'_>, block: u32) -> Result<Vec<Polygon>, Refusal> {
    let desk = sketch.desk;
    let Some(outline) = sketch.outline_of(block).cloned() else { return Ok(Vec::new()) };
    let standing = standing_in(desk, block);
    let footprints: Vec<&MultiPolygon> = standing.iter().map(|b| &desk.ground.footprints.get(*b).shape).collect();
    let cuts = split::cuts_between(&outline, &footprints, &desk.ground.metres);
    Ok(parts_of(sketch, block, &cuts)?.0)
}

/// Cuts a block where the parts of one set border those of the other. Returns the blocks of each set.
pub fn apart(sketch: &mut Sketch<'_>, block: u32, sets: &[Vec<&Polygon>; 2]) -> Result<[Vec<u32>; 2], Refusal> {
    if let Some(all) = (0..2).find(|i| sets[1 - i].is_empty()) {
        let mut ids = [Vec::new(), Vec::new()];
        ids[all].push(block);
        return Ok(ids);
    }
    let theirs: FxHashSet<(LonLat, LonLat)> = sets[1].iter().flat_map(|part| mesh::edges(part)).collect();
    let ours = sets[0].iter().flat_map(|part| mesh::edges(part));
    let cuts: Vec<[LonLat; 2]> = ours.filter(|(a, b)| theirs.contains(&(*b, *a))).map(|(a, b)| [a, b]).collect();
    let parts = along(sketch, block, &cuts)?;
    let is_in = |set: &[&Polygon], part: &Polygon| {
        let inside = ring::interior_position(part);
        inside.is_some_and(|at| set.iter().any(|of_set| ring::side(of_set, at) != ring::Side::Outside))
    };
    let (first, second): (Vec<&Polygon>, Vec<&Polygon>) = parts.iter().partition(|part| is_in(&sets[0], part));
    let found = [first, second];
    // A cut that leads nowhere would leave both sets in one part.
    if let Some(lost) = (0..2).flat_map(|i| &sets[i]).find(|part| is_in(&found[0], part) == is_in(&found[1], part)) {
        return Err(Refusal::new("bad_geometry", format!("block {block} cannot be cut here")).at(ring::interior_position(lost)));
    }
    let mut ids = replace(sketch, block, &found).into_iter();
    Ok([ids.next().unwrap_or_default(), ids.next().unwrap_or_default()])
}

/// The parts that cuts make of a block; those that run through a building are left out, ends that lead nowhere do nothing.
pub fn along(sketch: &mut Sketch<'_>, block: u32, cuts: &[[LonLat; 2]]) -> Result<Vec<Polygon>, Refusal> {
    let (parts, bent) = parts_of(sketch, block, cuts)?;
    let [east, north] = sketch.desk.ground.metres.steps_per_metre();
    let area_m2 = |o: &Polygon| o.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>() / 2.0 / east / north;
    if let Some(sliver) = parts.iter().find(|part| area_m2(part) < SLIVER_M2) {
        return Err(
            Refusal::new("bad_geometry", format!("a sliver of block {block} would be cut off")).at(sliver.exterior.first().copied())
        );
    }
    // Neighbours whose border only got corners more.
    bent.into_iter().for_each(|(id, outline)| sketch.reshape(id, outline));
    Ok(parts)
}

/// Outlines by their blocks' numbers.
type Outlines = Vec<(u32, Polygon)>;

/// What cuts make of a block, and neighbours whose border gets corners more.
fn parts_of(sketch: &Sketch<'_>, block: u32, cuts: &[[LonLat; 2]]) -> Result<(Vec<Polygon>, Outlines), Refusal> {
    let desk = sketch.desk;
    let Some(outline) = sketch.outline_of(block).cloned() else { return Ok(Default::default()) };
    let cuts: Vec<[LonLat; 2]> =
        cuts.iter().copied().filter(|[a, b]| desk.ground.footprints.crossed_by(std::iter::once((*a, *b))).is_empty()).collect();
    if cuts.is_empty() {
        return Ok((vec![outline], Vec::new()));
    }
    // The block and what meets it, at an edge or a corner.
    let corners: FxHashSet<LonLat> = outline.rings().flatten().copied().collect();
    let mut around: Vec<u32> = corners.iter().flat_map(|p| desk.mesh.around(*p)).chain(sketch.reshaped_at(&corners)).collect();
    around.retain(|id| *id != block);
    around.sort_unstable();
    around.dedup();
    around.retain(|id| sketch.outline_of(*id).is_some());
    let mut owners: Outlines = vec![(block, outline)];
    owners.extend(around.iter().filter_map(|id| Some((*id, sketch.outline_of(*id)?.clone()))));
    let mut pieces: Vec<Piece> = Vec::new();
    for (_, outline) in &owners {
        pieces.extend(mesh::edges(outline).map(|(from, to)| Piece { from, to, source: 0 }));
    }
    pieces.extend(cuts.iter().map(|[from, to]| Piece { from: *from, to: *to, source: 1 }));
    let faces = Faces::of(&pieces);
    let mut parts: Vec<Polygon> = Vec::new();
    let mut seen = vec![0usize; owners.len()];
    let mut bent: Outlines = Vec::new();
    for face in &faces.outlines {
        let Some(inside) = ring::interior_position(face) else { continue };
        let Some(owner) = owners.iter().position(|(_, outline)| ring::side(outline, inside) == ring::Side::Inside) else { continue };
        seen[owner] += 1;
        if owner == 0 {
            parts.push(face.clone());
        } else if *face != owners[owner].1 {
            bent.push((owners[owner].0, face.clone()));
        }
    }
    if seen.iter().skip(1).any(|n| *n != 1) || parts.is_empty() {
        return Err(Refusal::new("bad_geometry", format!("block {block} cannot be cut here")).at(ring::interior_position(&owners[0].1)));
    }
    Ok((parts, bent))
}

/// Puts sets of parts in the place of a block; of a set, parts that hang together become one block. The largest keeps the block's
/// number, all stay in its cell. Returns the blocks of each set.
pub fn replace(sketch: &mut Sketch<'_>, block: u32, sets: &[Vec<&Polygon>]) -> Vec<Vec<u32>> {
    let Some(home) = sketch.cell_of(block).cloned() else { return Vec::new() };
    let metres = &sketch.desk.ground.metres;
    let blocks: Vec<Vec<Polygon>> = sets.iter().map(|set| blocks_of(set, metres)).collect();
    let area = |o: &Polygon| o.rings().map(|r| ring::signed_area2(r)).sum::<i128>();
    let largest = blocks.iter().flatten().map(area).max();
    let mut ids = Vec::with_capacity(blocks.len());
    let mut is_kept = false;
    for set in blocks {
        let mut of_set = Vec::with_capacity(set.len());
        for outline in set {
            if !is_kept && Some(area(&outline)) == largest {
                is_kept = true;
                sketch.reshape(block, outline);
                of_set.push(block);
            } else {
                of_set.push(sketch.add(outline, &home));
            }
        }
        ids.push(of_set);
    }
    ids
}

/// Parts to blocks: what hangs together is one.
fn blocks_of(parts: &[&Polygon], metres: &LocalMetres) -> Vec<Polygon> {
    let pieces = mesh::pieces(parts, metres);
    pieces.iter().flat_map(|piece| union(&piece.iter().map(|i| parts[*i]).collect::<Vec<_>>()).0).collect()
}

/// Noded lines and the faces between them.
pub struct Faces {
    /// Outlines of the faces.
    pub outlines: Vec<Polygon>,
    /// Noded pieces with their sources.
    pub pieces: Vec<Piece>,
    /// Edges with the faces on their sides, `from < to`, sorted.
    pub edges: Vec<crate::geometry::coverage::Edge>,
}

impl Faces {
    /// Nodes lines and walks the faces.
    pub fn of(lines: &[Piece]) -> Self {
        let pieces = arrangement::node(lines);
        let edges = pieces.iter().map(|p| (p.from, p.to)).collect();
        Self::between(pieces, edges)
    }

    /// The same where lines may lead far away: faces that lie within the bounds, and the pieces that begin or end there.
    ///
    /// # Errors
    /// `too_many` when lines cross each other too often.
    pub fn within(lines: &[Piece], bounds: &Bounds) -> Result<Self, Refusal> {
        let too_many = || Refusal::new("too_many", format!("the lines make more than {MOST_PIECES} pieces where they meet"));
        let pieces = arrangement::node_within(lines, bounds, MOST_PIECES).ok_or_else(too_many)?;
        let is_within = |p: &&Piece| bounds.contains(p.from) && bounds.contains(p.to);
        let edges = pieces.iter().filter(is_within).map(|p| (p.from, p.to)).collect();
        Ok(Self::between(pieces, edges))
    }

    fn between(pieces: Vec<Piece>, edges: Vec<(LonLat, LonLat)>) -> Self {
        let (edges, count) = arrangement::faces(edges);
        let outlines = Coverage::from_edges(edges.iter().copied(), count).outlines();
        let outlines = outlines.into_iter().map(|shape| shape.0.into_iter().next().unwrap_or_default()).collect();
        Self { outlines, pieces, edges }
    }

    /// The faces on the two sides of a noded piece, left first; none when it bounds nothing.
    pub fn sides(&self, piece: &Piece) -> Option<(Option<FaceId>, Option<FaceId>)> {
        let key = (piece.from.min(piece.to), piece.from.max(piece.to));
        let at = self.edges.binary_search_by(|e| (e.from.min(e.to), e.from.max(e.to)).cmp(&key)).ok()?;
        let edge = &self.edges[at];
        Some(if edge.from == piece.from { (edge.left, edge.right) } else { (edge.right, edge.left) })
    }
}

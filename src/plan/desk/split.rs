//! A cell split by a drawn line.

use std::collections::BTreeMap;

use super::{
    At, Desk, Outcome, Refusal,
    cut::{self, Faces},
    mesh,
    sketch::Sketch,
    words::checked_name,
};
use crate::{
    geometry::{
        arrangement::Piece,
        coverage::Edge,
        ring::{self, Side},
    },
    model::{Bounds, Cell, Code, LonLat, Polygon},
};

/// A block is divided by a line when each side has more than this share of it.
const DIVIDED_SHARE: f64 = 0.02;
/// A drawn line has no more positions: whether it crosses itself is looked up for each two.
const MOST_POSITIONS: usize = 2000;

/// Splits a cell along a line, on the edges of blocks or through them.
pub fn split(desk: &Desk, cell: &Code, line: &[At], cut_blocks: bool, name: Option<&str>) -> Result<Outcome, Refusal> {
    desk.unlocked(cell)?;
    if line.len() > MOST_POSITIONS {
        let detail = format!("the line has {} positions; {MOST_POSITIONS} are the most", line.len());
        return Err(Refusal::new("too_many", detail).about([cell]));
    }
    let name = name.map(checked_name).transpose()?;
    let mut line: Vec<LonLat> = line.iter().map(|at| at.0).collect();
    line.dedup();
    let sides = Sides::of(desk, cell, &line)?;
    let mut sketch = Sketch::new(desk);
    let mut left: BTreeMap<u32, bool> = BTreeMap::new();
    for &id in desk.blocks_of(cell) {
        let [right_area, left_area] = sides.areas(id);
        let share = left_area.min(right_area) / (left_area + right_area).max(f64::MIN_POSITIVE);
        if cut_blocks && share > DIVIDED_SHARE {
            for (ids, is_left) in divide(&mut sketch, id, &sides)?.into_iter().zip([true, false]) {
                left.extend(ids.into_iter().map(|id| (id, is_left)));
            }
        } else {
            left.insert(id, left_area > right_area);
        }
    }
    tidy(&sketch, &mut left);
    let part = |is_left: bool| left.iter().filter(move |(_, l)| **l == is_left).map(|(id, _)| *id).collect::<Vec<u32>>();
    let parts = [part(true), part(false)];
    if parts.iter().any(Vec::is_empty) {
        let detail = format!("the line leaves all blocks of cell {cell} on one side; draw it nearer the middle, or let it cut blocks");
        return Err(Refusal::new("needs_cut", detail).at(sides.middle).about([cell]));
    }
    part_off(sketch, cell, &parts, name.as_deref())
}

/// Of the two parts of a cell that with more households keeps the code, the other gets a new one.
pub fn part_off(mut sketch: Sketch<'_>, cell: &Code, parts: &[Vec<u32>; 2], name: Option<&str>) -> Result<Outcome, Refusal> {
    let desk = sketch.desk;
    let [first, second] = parts.each_ref().map(|ids| ids.iter().map(|id| sketch.households_in(*id)).sum::<usize>());
    let newer = if first < second { &parts[0] } else { &parts[1] };
    let community = desk.community_of(cell).ok_or_else(|| Refusal::new("bad_code", format!("cell {cell} is in no community")))?;
    let new = sketch.new_cell(community, name)?;
    newer.iter().for_each(|id| sketch.give(*id, &new.code));
    sketch.put_cell(Cell { kind: desk.cell(cell)?.kind, ..new });
    sketch.finish()
}

/// A block's parts to the left and to the right of the line.
fn divide(sketch: &mut Sketch<'_>, block: u32, sides: &Sides) -> Result<[Vec<u32>; 2], Refusal> {
    let desk = sketch.desk;
    let through = sides.through(block);
    let is_free = desk.ground.footprints.crossed_by(through.iter().map(|[a, b]| (*a, *b))).is_empty();
    let parts = if is_free { cut::along(sketch, block, &through)? } else { cut::between_buildings(sketch, block)? };
    let standing = cut::standing_in(desk, block);
    let is_left = |part: &Polygon| {
        let inside = if is_free { Vec::new() } else { cut::standing_among(desk, &standing, part) };
        let votes: Vec<bool> = inside.iter().filter_map(|b| sides.is_left(desk.ground.building_stand(*b)?)).collect();
        if votes.is_empty() {
            return ring::interior_position(part).and_then(|at| sides.is_left(at)).unwrap_or(false);
        }
        2 * votes.iter().filter(|left| **left).count() > votes.len()
    };
    let (left, right): (Vec<&Polygon>, Vec<&Polygon>) = parts.iter().partition(|part| is_left(part));
    if !is_free {
        return cut::apart(sketch, block, &[left, right]);
    }
    let mut ids = cut::replace(sketch, block, &[left, right]).into_iter();
    Ok([ids.next().unwrap_or_default(), ids.next().unwrap_or_default()])
}

/// What is cut off from its own side goes to the other.
fn tidy(sketch: &Sketch<'_>, left: &mut BTreeMap<u32, bool>) {
    for side in [true, false, true] {
        let ids: Vec<u32> = left.iter().filter(|(_, l)| **l == side).map(|(id, _)| *id).collect();
        let outlines: Vec<&Polygon> = ids.iter().filter_map(|id| sketch.outline_of(*id)).collect();
        for piece in mesh::pieces(&outlines, &sketch.desk.ground.metres).iter().skip(1) {
            left.extend(piece.iter().map(|i| (ids[*i], !side)));
        }
    }
}

/// A cell's ground on the two sides of a line.
struct Sides {
    faces: Faces,
    /// For every face its block and whether it lies to the left; none outside the cell.
    owner: Vec<Option<(u32, bool)>>,
    /// Somewhere on the line within the cell.
    middle: Option<LonLat>,
}

const BLOCK: u32 = 0;
const LINE: u32 = 1;

impl Sides {
    fn of(desk: &Desk, cell: &Code, line: &[LonLat]) -> Result<Self, Refusal> {
        let [Some(first), Some(last)] = [line.first().copied(), line.last().copied()] else {
            return Err(Refusal::new("line_misses", "a line has two positions or more"));
        };
        if line.len() < 2 {
            return Err(Refusal::new("line_misses", "a line has two different positions or more").at(first));
        }
        if let Some(at) = crosses_itself(line) {
            return Err(Refusal::new("line_crosses_itself", "the line crosses or touches itself").at(at).about([cell]));
        }
        let blocks: Vec<(u32, &Polygon)> = desk.blocks_of(cell).iter().filter_map(|id| Some((*id, &desk.block(*id)?.outline))).collect();
        let outline = desk.figures.get(cell).map(|f| &f.outline);
        let side = |p: LonLat| {
            let sides = outline.iter().flat_map(|shape| &shape.0).map(|part| ring::side(part, p));
            sides.fold(Side::Outside, |known, side| if side == Side::Outside { known } else { side })
        };
        if let Some(end) = [first, last].into_iter().find(|p| side(*p) == Side::Inside) {
            let detail = format!("the line ends inside cell {cell}; draw it from outside through the cell to outside");
            return Err(Refusal::new("line_ends_inside", detail).at(end).about([cell]));
        }
        let edges = blocks.iter().flat_map(|(_, outline)| mesh::edges(outline));
        let lines = edges.map(|(from, to)| Piece { from, to, source: BLOCK });
        let drawn = line.windows(2).map(|pair| Piece { from: pair[0], to: pair[1], source: LINE });
        // The line's ends may be far away.
        let bounds = Bounds::of(blocks.iter().flat_map(|(_, outline)| &outline.exterior));
        let bounds = bounds.ok_or_else(|| Refusal::new("line_misses", format!("cell {cell} has no ground")).about([cell]))?;
        let faces = Faces::within(&lines.chain(drawn).collect::<Vec<_>>(), &bounds)?;
        let block_of: Vec<Option<u32>> = faces
            .outlines
            .iter()
            .map(|face| {
                let inside = ring::interior_position(face)?;
                blocks.iter().find(|(_, outline)| ring::side(outline, inside) == Side::Inside).map(|(id, _)| *id)
            })
            .collect();
        let mut sides = Self { owner: vec![None; block_of.len()], faces, middle: None };
        sides.label(&block_of);
        if sides.middle.is_some() {
            return Ok(sides);
        }
        // Nothing of the line runs inside. What then?
        let on_rim = |p: &Piece| side(p.from) == Side::Border && side(p.to) == Side::Border;
        let drawn: Vec<&Piece> = sides.faces.pieces.iter().filter(|p| p.source == LINE).collect();
        let middle = |p: &Piece| LonLat::new(p.from.lon_e7.midpoint(p.to.lon_e7), p.from.lat_e7.midpoint(p.to.lat_e7));
        let touch = drawn.iter().flat_map(|p| [p.from, p.to]).find(|p| side(*p) == Side::Border);
        if let Some(along) = drawn.iter().find(|p| on_rim(p)) {
            return Err(Refusal::new("line_along_edge", format!("the line runs along the edge of cell {cell}"))
                .at(middle(along))
                .about([cell]));
        }
        match touch {
            Some(at) => Err(Refusal::new("line_touches", format!("the line only touches cell {cell}")).at(at).about([cell])),
            None => Err(Refusal::new("line_misses", format!("the line misses cell {cell}")).at(middle_of(line)).about([cell])),
        }
    }

    /// Finds out on which side each face lies: known beside the line, and the same across every other edge.
    fn label(&mut self, block_of: &[Option<u32>]) {
        let drawn: std::collections::BTreeSet<(LonLat, LonLat)> = self.faces.pieces.iter().filter(|p| p.source == LINE).map(ends).collect();
        let mut known: Vec<Option<bool>> = vec![None; block_of.len()];
        let mut open: Vec<usize> = Vec::new();
        for piece in self.faces.pieces.iter().filter(|p| p.source == LINE) {
            let Some((Some(left), Some(right))) = self.faces.sides(piece) else { continue };
            let (left, right) = (left.0 as usize, right.0 as usize);
            if block_of[left].is_none() || block_of[right].is_none() {
                continue;
            }
            self.middle.get_or_insert(piece.from);
            for (face, is_left) in [(left, true), (right, false)] {
                if known[face].replace(is_left).is_none() {
                    open.push(face);
                }
            }
        }
        let mut beyond: Vec<Vec<usize>> = vec![Vec::new(); block_of.len()];
        for Edge { from, to, left, right } in &self.faces.edges {
            if let (Some(l), Some(r)) = (left, right)
                && !drawn.contains(&(*from.min(to), *from.max(to)))
            {
                beyond[l.0 as usize].push(r.0 as usize);
                beyond[r.0 as usize].push(l.0 as usize);
            }
        }
        while let Some(face) = open.pop() {
            for other in beyond[face].clone() {
                if known[other].is_none() && block_of[other].is_some() {
                    known[other] = known[face];
                    open.push(other);
                }
            }
        }
        self.owner = block_of.iter().zip(known).map(|(block, left)| Some(((*block)?, left.unwrap_or(false)))).collect();
    }

    /// A block's ground to the right and to the left, in squared grid steps.
    fn areas(&self, block: u32) -> [f64; 2] {
        let mut areas = [0.0; 2];
        for (face, owner) in self.faces.outlines.iter().zip(&self.owner) {
            if let Some((id, left)) = owner
                && *id == block
            {
                areas[usize::from(*left)] += face.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>();
            }
        }
        areas
    }

    /// The line's pieces within a block.
    fn through(&self, block: u32) -> Vec<[LonLat; 2]> {
        let owned = |face: Option<crate::geometry::FaceId>| face.and_then(|f| self.owner[f.0 as usize]).is_some_and(|(id, _)| id == block);
        let drawn = self.faces.pieces.iter().filter(|p| p.source == LINE);
        drawn.filter(|p| self.faces.sides(p).is_some_and(|(l, r)| owned(l) && owned(r))).map(|p| [p.from, p.to]).collect()
    }

    /// Whether a position lies to the left; none outside the cell.
    fn is_left(&self, at: LonLat) -> Option<bool> {
        let face = self.faces.outlines.iter().position(|face| ring::owns(face, at))?;
        self.owner[face].map(|(_, left)| left)
    }
}

fn ends(piece: &Piece) -> (LonLat, LonLat) {
    (piece.from.min(piece.to), piece.from.max(piece.to))
}

fn middle_of(line: &[LonLat]) -> Option<LonLat> {
    line.get(line.len() / 2).copied()
}

/// Where a line meets itself.
fn crosses_itself(line: &[LonLat]) -> Option<LonLat> {
    let segments: Vec<&[LonLat]> = line.windows(2).collect();
    for (i, s) in segments.iter().enumerate() {
        for (j, t) in segments.iter().enumerate().skip(i + 1) {
            let meets = if j == i + 1 {
                // Neighbours share an end; one may fold back over the other.
                ring::on_segment(s[0], s[1], t[1]) || ring::on_segment(t[0], t[1], s[0])
            } else {
                meet(s[0], s[1], t[0], t[1])
            };
            if meets {
                return Some(t[0]);
            }
        }
    }
    None
}

/// Whether two closed segments have a position in common. Exact.
pub fn meet(a: LonLat, b: LonLat, c: LonLat, d: LonLat) -> bool {
    let boxes = [[a, b], [c, d]].map(|[p, q]| Bounds { min: p, max: p }.with(q));
    if !boxes[0].intersects(&boxes[1]) {
        return false;
    }
    let turns = |o, p, q| ring::cross(o, p, q).signum();
    let (abc, abd, cda, cdb) = (turns(a, b, c), turns(a, b, d), turns(c, d, a), turns(c, d, b));
    let crosses = abc * abd < 0 && cda * cdb < 0;
    crosses || ring::on_segment(a, b, c) || ring::on_segment(a, b, d) || ring::on_segment(c, d, a) || ring::on_segment(c, d, b)
}

//! A cell made two of even size: a line sweeps over it in many directions, what it has passed goes to one side. Where whole blocks
//! do not come out even, the block on the line is cut between its buildings.

use std::{cmp::Reverse, collections::BTreeMap, f64::consts::PI};

use rustc_hash::FxHashMap;

use super::{Desk, Outcome, Refusal, TOLERANCE, cut, homes, mesh, sketch::Sketch, split::part_off, warn, words::checked_name};
use crate::{
    geometry::{LocalMetres, ring},
    model::{Code, Polygon},
    plan::network::Sets,
};

/// Directions in which is swept.
const DIRECTIONS: usize = 16;
/// Halves that deviate from their mean by less than this share are even; the shorter border is better then.
const EVEN: f64 = TOLERANCE / 2.0;
/// Blocks tried to be cut, those first that the line stands in most often.
const BLOCKS: usize = 4;

/// Makes two cells of one.
pub fn halve(desk: &Desk, cell: &Code, name: Option<&str>) -> Result<Outcome, Refusal> {
    desk.unlocked(cell)?;
    let name = name.map(checked_name).transpose()?;
    let ids = desk.blocks_of(cell);
    let blocks: Vec<&Polygon> = ids.iter().filter_map(|id| desk.block(*id)).map(|b| &b.outline).collect();
    let metres = &desk.ground.metres;
    let whole = Units::new(&blocks, ids.iter().map(|id| desk.households_in(*id)).collect(), metres);
    let mut sketch = Sketch::new(desk);
    let mut best = whole.halves();
    let mut parts = best.as_ref().map(|halves| halves.sorted(ids));
    if best.as_ref().is_none_or(|halves| !halves.is_good()) {
        for place in whole.on_the_line() {
            let Some(cut) = Cut::of(desk, ids, &blocks, place) else { continue };
            let Some(halves) = cut.halves(desk).filter(|halves| best.as_ref().is_none_or(|best| halves.rank() < best.rank())) else {
                continue;
            };
            let mut trial = Sketch::new(desk);
            // What cannot be cut exactly here is left; another block may be.
            let Ok(sides) = cut.make(&mut trial, &halves) else { continue };
            (sketch, parts) = (trial, Some(sides));
            let is_good = halves.is_good();
            best = Some(halves);
            if is_good {
                break;
            }
        }
    }
    let Some(parts) = parts else {
        let detail = format!("cell {cell} cannot be halved: it has one block that no line parts between buildings");
        return Err(Refusal::new("cannot_halve", detail).at(desk.centre_of(cell)).about([cell]));
    };
    let [left, right] = parts.each_ref().map(|ids| ids.iter().map(|id| sketch.households_in(*id)).sum::<usize>());
    if left.abs_diff(right) as f64 > TOLERANCE * (left + right) as f64 {
        let message = format!("the halves have {left} and {right} households: the buildings leave no evener line");
        sketch.warnings.push(warn("uneven_halves", message));
    }
    part_off(sketch, cell, &parts, name.as_deref())
}

/// What is halved: blocks, or parts of them, and what lies beside what.
struct Units<'a> {
    outlines: Vec<&'a Polygon>,
    /// Households; among those without any, ground.
    weights: Vec<f64>,
    /// The middle, in metres.
    at: Vec<[f64; 2]>,
    /// Neighbours and the length of the common border, in metres.
    beside: Vec<Vec<(usize, f64)>>,
}

/// Which units go to which half.
struct Halves {
    is_left: Vec<bool>,
    pieces: usize,
    /// Deviation from the mean of the two, as a share.
    deviation: f64,
    border_m: f64,
}

impl Halves {
    /// Of two, the lesser is better.
    fn rank(&self) -> (usize, u64, u64) {
        // Thousandths of a share and whole metres: less is no reason.
        (self.pieces, (self.deviation.max(EVEN) * 1e3).round() as u64, self.border_m.round() as u64)
    }

    fn is_good(&self) -> bool {
        self.pieces == 2 && self.deviation <= EVEN
    }

    fn sorted<T: Copy>(&self, units: &[T]) -> [Vec<T>; 2] {
        [true, false].map(|side| units.iter().zip(&self.is_left).filter(|(_, left)| **left == side).map(|(unit, _)| *unit).collect())
    }
}

impl<'a> Units<'a> {
    fn new(outlines: &[&'a Polygon], households: Vec<usize>, metres: &LocalMetres) -> Self {
        let area = |o: &Polygon| o.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>();
        let whole: f64 = outlines.iter().map(|o| area(o)).sum();
        let mut beside: Vec<Vec<(usize, f64)>> = vec![Vec::new(); outlines.len()];
        let mut common: Vec<((u32, u32), f64)> = mesh::common(outlines, metres).into_iter().collect();
        common.sort_unstable_by_key(|(pair, _)| *pair);
        for ((a, b), length) in common.into_iter().filter(|(_, length)| *length >= mesh::PASSAGE_M) {
            beside[a as usize].push((b as usize, length));
            beside[b as usize].push((a as usize, length));
        }
        Self {
            weights: households.iter().zip(outlines).map(|(n, o)| *n as f64 + 0.5 * area(o) / whole.max(1.0)).collect(),
            at: outlines.iter().map(|o| middle(o, metres)).collect(),
            outlines: outlines.to_vec(),
            beside,
        }
    }

    /// The best halves of all directions; none of a single unit.
    fn halves(&self) -> Option<Halves> {
        if self.outlines.len() < 2 {
            return None;
        }
        (0..DIRECTIONS).map(|i| self.mended(self.swept(i).0)).min_by_key(Halves::rank)
    }

    /// Units by how often the line stands in them.
    fn on_the_line(&self) -> Vec<usize> {
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        (0..DIRECTIONS).for_each(|i| *votes.entry(self.swept(i).1).or_default() += 1);
        let mut units: Vec<(usize, usize)> = votes.into_iter().collect();
        units.sort_by_key(|(unit, votes)| (Reverse(*votes), *unit));
        units.into_iter().take(BLOCKS).map(|(unit, _)| unit).collect()
    }

    /// What a line in a direction has passed when it comes nearest to half of all, and the unit half of all is reached in.
    fn swept(&self, direction: usize) -> (Vec<bool>, usize) {
        let (sin, cos) = (PI * direction as f64 / DIRECTIONS as f64).sin_cos();
        let mut order: Vec<usize> = (0..self.at.len()).collect();
        let along = |i: &usize| self.at[*i][0] * cos + self.at[*i][1] * sin;
        order.sort_by(|a, b| along(a).total_cmp(&along(b)).then(a.cmp(b)));
        let half: f64 = self.weights.iter().sum::<f64>() / 2.0;
        let mut is_left = vec![false; order.len()];
        let mut passed = 0.0;
        for (i, unit) in order.iter().enumerate() {
            let then = passed + self.weights[*unit];
            if then >= half || i + 1 == order.len() {
                // The unit goes where it leaves less to be desired; neither side stays empty.
                is_left[*unit] = i == 0 || (i + 1 < order.len() && then - half < half - passed);
                return (is_left, *unit);
            }
            is_left[*unit] = true;
            passed = then;
        }
        (is_left, 0)
    }

    /// What is cut off from its side goes to the other; then units go over one by one as long as that makes it better.
    fn mended(&self, mut is_left: Vec<bool>) -> Halves {
        for side in [true, false, true] {
            let pieces = self.pieces(&is_left, side);
            pieces.iter().skip(1).flatten().for_each(|unit| is_left[*unit] = !side);
        }
        let pieces = self.count(&is_left);
        let mut now = self.measured(is_left, pieces);
        for _ in 0..self.outlines.len() {
            let border = (0..self.outlines.len()).filter(|u| self.beside[*u].iter().any(|(v, _)| now.is_left[*u] != now.is_left[*v]));
            let tried = border.map(|unit| {
                let mut is_left = now.is_left.clone();
                is_left[unit] = !is_left[unit];
                self.measured(is_left, now.pieces)
            });
            let mut tried: Vec<Halves> = tried.filter(|then| then.rank() < now.rank()).collect();
            tried.sort_by_key(Halves::rank);
            // Pieces are counted for what would be taken only.
            let mut counted = tried.into_iter().map(|then| Halves { pieces: self.count(&then.is_left), ..then });
            match counted.find(|then| then.rank() < now.rank()) {
                Some(then) => now = then,
                None => break,
            }
        }
        now
    }

    fn measured(&self, is_left: Vec<bool>, pieces: usize) -> Halves {
        let total: f64 = self.weights.iter().sum();
        let left: f64 = self.weights.iter().zip(&is_left).filter(|(_, left)| **left).map(|(w, _)| w).sum();
        let across = |u: usize| self.beside[u].iter().filter(|(v, _)| is_left[u] && !is_left[*v]).map(|(_, length)| length).sum::<f64>();
        let border_m = (0..is_left.len()).map(across).sum();
        Halves { deviation: (2.0 * left - total).abs() / total.max(f64::MIN_POSITIVE), border_m, pieces, is_left }
    }

    /// Pieces of both sides; more than there can be when one is empty.
    fn count(&self, is_left: &[bool]) -> usize {
        let [left, right] = [true, false].map(|side| self.pieces(is_left, side).len());
        if left.min(right) == 0 { usize::MAX } else { left + right }
    }

    /// The pieces one side is in, the heaviest first.
    fn pieces(&self, is_left: &[bool], side: bool) -> Vec<Vec<usize>> {
        let mut sets = Sets::new(is_left.len() as u32);
        let units = || (0..is_left.len()).filter(|u| is_left[*u] == side);
        for unit in units() {
            self.beside[unit].iter().filter(|(v, _)| is_left[*v] == side).for_each(|(v, _)| sets.join(unit as u32, *v as u32));
        }
        let mut pieces: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        units().for_each(|unit| pieces.entry(sets.find(unit as u32)).or_default().push(unit));
        let mut pieces: Vec<Vec<usize>> = pieces.into_values().collect();
        let weight = |piece: &Vec<usize>| piece.iter().map(|u| self.weights[*u]).sum::<f64>();
        pieces.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a[0].cmp(&b[0])));
        pieces
    }
}

/// One block in parts, the others whole.
struct Cut<'d> {
    block: u32,
    parts: Vec<Polygon>,
    others: Vec<(u32, &'d Polygon)>,
}

impl<'d> Cut<'d> {
    /// None when nothing parts the block, or it cannot be cut exactly.
    fn of(desk: &Desk, ids: &[u32], blocks: &[&'d Polygon], place: usize) -> Option<Self> {
        let parts = cut::between_buildings(&Sketch::new(desk), ids[place]).ok()?;
        let others = ids.iter().copied().zip(blocks.iter().copied()).filter(|(id, _)| *id != ids[place]).collect();
        (parts.len() > 1).then_some(Self { block: ids[place], parts, others })
    }

    fn halves(&self, desk: &Desk) -> Option<Halves> {
        let parts: Vec<&Polygon> = self.parts.iter().collect();
        let mut households = vec![0; parts.len()];
        let pool = desk.residents.get(&self.block).map_or(&[][..], Vec::as_slice);
        homes(&desk.ground, pool, &parts).for_each(|(_, part)| households[part] += 1);
        households.extend(self.others.iter().map(|(id, _)| desk.households_in(*id)));
        let outlines: Vec<&Polygon> = parts.into_iter().chain(self.others.iter().map(|(_, o)| *o)).collect();
        Units::new(&outlines, households, &desk.ground.metres).halves()
    }

    /// Cuts. Returns the blocks of the two halves.
    fn make(&self, sketch: &mut Sketch<'_>, halves: &Halves) -> Result<[Vec<u32>; 2], Refusal> {
        let parts: Vec<&Polygon> = self.parts.iter().collect();
        let whole: Vec<u32> = self.others.iter().map(|(id, _)| *id).collect();
        let (of_parts, of_others) = halves.is_left.split_at(parts.len());
        let pick = |side: bool| parts.iter().zip(of_parts).filter(|(_, left)| **left == side).map(|(part, _)| *part).collect::<Vec<_>>();
        let mut ids = cut::apart(sketch, self.block, &[pick(true), pick(false)])?;
        for (id, left) in whole.into_iter().zip(of_others) {
            ids[usize::from(!left)].push(id);
        }
        Ok(ids)
    }
}

/// The middle of an outline's box, in metres.
fn middle(outline: &Polygon, metres: &LocalMetres) -> [f64; 2] {
    let corners = outline.exterior.iter().map(|p| metres.xy(*p));
    let (low, high) = corners
        .fold(([f64::MAX; 2], [f64::MIN; 2]), |(low, high), [x, y]| ([low[0].min(x), low[1].min(y)], [high[0].max(x), high[1].max(y)]));
    [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0]
}

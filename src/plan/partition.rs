//! A connected graph into k connected parts: balanced first, then compact, then along barriers.
//!
//! Seed: recursive bisection by growing from one end along the best of several directions. Refinement: simulated annealing of
//! single moves and chains of two (A gives to B, B gives to C), never breaking a part (after the redistricting literature:
//! Altman & McDonald 2011; chains as in ejection chains, Glover 1996).

use std::{cmp::Ordering, collections::BinaryHeap};

use rand::Rng;
use rand_pcg::Pcg64Mcg;

use super::graph::Graph;

/// Temperature at the start and at the end of annealing, in units of cost.
const HOT: f64 = 4.0;
const COLD: f64 = 0.05;
/// What a deviation weighs at the start and at the end: parts that may be uneven for a while grow rounder.
const SOFT: f64 = 0.1;
const FIRM: f64 = 6.0;

/// How refinement weighs its aims.
#[derive(Clone, Copy, Debug)]
pub struct Aims {
    /// Deviation from the mean that costs one unit, as a share.
    pub deviation: f64,
    /// Price of a unit of 1/Polsby-Popper − 1, summed over parts.
    pub compactness: f64,
    /// Price of the weighted boundary length, in units per part's worth of perimeter.
    pub barriers: f64,
    /// Moves tried per atom and part.
    pub effort: f64,
}

impl Default for Aims {
    fn default() -> Self {
        Self { deviation: 0.02, compactness: 10.0, barriers: 1.0, effort: 100.0 }
    }
}

/// Labels 0..k for the atoms of a connected graph, every part connected and non-empty. `progress` is told the share done.
///
/// Needs `1 ≤ k ≤ atoms`.
pub fn partition(graph: &Graph, k: usize, aims: &Aims, random: &mut Pcg64Mcg, progress: &dyn Fn(f64)) -> Vec<u32> {
    let mut labels = vec![0; graph.atoms.len()];
    let all: Vec<u32> = (0..graph.atoms.len() as u32).collect();
    bisect(graph, &all, k, 0, &mut labels);
    if k > 1 { Refinement::new(graph, labels, k, aims).run(random, progress) } else { labels }
}

/// Splits `members` (connected) into parts `label..label + k`.
fn bisect(graph: &Graph, members: &[u32], k: usize, label: u32, labels: &mut [u32]) {
    if k == 1 {
        members.iter().for_each(|m| labels[*m as usize] = label);
        return;
    }
    let part = graph.induced(members);
    let first_k = k / 2;
    let total: f64 = part.atoms.iter().map(|a| a.weight).sum();
    let target = total * first_k as f64 / k as f64;
    let best = (0..16)
        .map(|turn| {
            let angle = std::f64::consts::TAU * f64::from(turn) / 16.0;
            grow(&part, target, [angle.cos(), angle.sin()], first_k, k - first_k)
        })
        .min_by(|a, b| a.cost(&part, target).total_cmp(&b.cost(&part, target)));
    let Some(half) = best else { return };
    // A graph with few ways through (a star) may leave no half with enough atoms for its parts: then the other half gets more.
    let count = half.taken.iter().filter(|t| **t).count();
    let first_k = first_k.clamp(k.saturating_sub(members.len() - count).max(1), count.min(k - 1));
    let side =
        |wanted: bool| -> Vec<u32> { members.iter().zip(&half.taken).filter(|(_, taken)| **taken == wanted).map(|(m, _)| *m).collect() };
    bisect(graph, &side(true), first_k, label, labels);
    bisect(graph, &side(false), k - first_k, label + first_k as u32, labels);
}

struct Half {
    taken: Vec<bool>,
    enough_atoms: bool,
}

impl Half {
    fn cost(&self, graph: &Graph, target: f64) -> f64 {
        let weight: f64 = graph.atoms.iter().zip(&self.taken).filter(|(_, t)| **t).map(|(a, _)| a.weight).sum();
        let mut cut = 0.0;
        for a in (0..self.taken.len() as u32).filter(|a| self.taken[*a as usize]) {
            cut += graph.borders(a).iter().filter(|b| !self.taken[b.to as usize]).map(|b| b.cost_m).sum::<f64>();
        }
        let imbalance = (weight - target).abs() / target.max(1.0);
        let size_m = graph.atoms.iter().map(|a| a.area_m2).sum::<f64>().sqrt();
        // Cuts along rivers count negative, so imbalance is priced by the size of what is halved.
        cut + 4.0 * imbalance * size_m + if self.enough_atoms { 0.0 } else { 1e12 }
    }
}

/// A total order on floats, smallest on top of the heap.
#[derive(PartialEq)]
struct Reach(f64, u32);

impl Eq for Reach {}

impl Ord for Reach {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
    }
}

impl PartialOrd for Reach {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Grows a connected half from the atom furthest back in `direction` until it weighs `target`; what it cuts off from the rest
/// is taken too, so that both halves are connected.
fn grow(graph: &Graph, target: f64, direction: [f64; 2], min_taken: usize, min_left: usize) -> Half {
    let along = |a: u32| {
        let [x, y] = graph.atoms[a as usize].centre;
        x * direction[0] + y * direction[1]
    };
    let n = graph.atoms.len();
    let mut taken = vec![false; n];
    let Some(start) = (0..n as u32).min_by(|a, b| along(*a).total_cmp(&along(*b))) else {
        return Half { taken, enough_atoms: false };
    };
    let mut queued = vec![false; n];
    queued[start as usize] = true;
    let mut frontier = BinaryHeap::from([Reach(along(start), start)]);
    let (mut weight, mut count) = (0.0, 0);
    while let Some(Reach(_, atom)) = frontier.pop() {
        let w = graph.atoms[atom as usize].weight;
        let full = weight + w / 2.0 > target && count >= min_taken;
        if full || n - count <= min_left {
            break;
        }
        taken[atom as usize] = true;
        weight += w;
        count += 1;
        for border in graph.borders(atom) {
            if !std::mem::replace(&mut queued[border.to as usize], true) {
                frontier.push(Reach(along(border.to), border.to));
            }
        }
    }
    let rest: Vec<u32> = (0..n as u32).filter(|a| !taken[*a as usize]).collect();
    let mut pieces = graph.induced(&rest).components();
    pieces.sort_by_key(|piece| piece.len());
    let largest = pieces.pop().map_or(0, |piece| piece.len());
    for piece in pieces {
        piece.iter().for_each(|i| taken[rest[*i as usize] as usize] = true);
    }
    Half { enough_atoms: largest >= min_left && n - largest >= min_taken, taken }
}

/// What is known of a part while it changes.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    weight: f64,
    area_m2: f64,
    perimeter_m: f64,
    atoms: u32,
}

struct Refinement<'a> {
    graph: &'a Graph,
    aims: &'a Aims,
    label_of: Vec<u32>,
    parts: Vec<Part>,
    mean_weight: f64,
    /// What a deviation weighs by now: little while the parts take shape, then ever more.
    firmness: f64,
    /// A typical part's perimeter, the unit of boundary length.
    unit_m: f64,
    /// Scratch for the connectivity search.
    mark: Vec<u32>,
    round: u32,
    stack: Vec<u32>,
}

impl<'a> Refinement<'a> {
    fn new(graph: &'a Graph, label_of: Vec<u32>, k: usize, aims: &'a Aims) -> Self {
        let mut parts = vec![Part::default(); k];
        for a in 0..graph.atoms.len() as u32 {
            let part = &mut parts[label_of[a as usize] as usize];
            let atom = &graph.atoms[a as usize];
            part.weight += atom.weight;
            part.area_m2 += atom.area_m2;
            part.atoms += 1;
            part.perimeter_m += atom.outer_m
                + graph.borders(a).iter().filter(|b| label_of[b.to as usize] != label_of[a as usize]).map(|b| b.length_m).sum::<f64>();
        }
        let total: f64 = parts.iter().map(|p| p.weight).sum();
        let area: f64 = parts.iter().map(|p| p.area_m2).sum();
        Self {
            graph,
            aims,
            parts,
            mean_weight: (total / k as f64).max(f64::MIN_POSITIVE),
            firmness: 1.0,
            unit_m: 4.0 * (area / k as f64).sqrt(),
            mark: vec![0; label_of.len()],
            round: 0,
            stack: Vec::new(),
            label_of,
        }
    }

    fn run(mut self, random: &mut Pcg64Mcg, progress: &dyn Fn(f64)) -> Vec<u32> {
        let n = self.label_of.len();
        let tries = (self.aims.effort * n as f64 * 20.0) as usize;
        for i in 0..tries {
            let done = i as f64 / tries as f64;
            let temperature = HOT * (COLD / HOT).powf(done);
            if i % 1024 == 0 {
                self.firmness = SOFT * (FIRM / SOFT).powf(done);
                progress(done);
            }
            let atom = random.random_range(0..n as u32);
            let borders = self.graph.borders(atom);
            if borders.is_empty() {
                continue;
            }
            let beyond = borders[random.random_range(0..borders.len())].to;
            let (from, to) = (self.label_of[atom as usize], self.label_of[beyond as usize]);
            if from == to || !self.may_leave(atom) {
                continue;
            }
            let first = self.move_cost(atom, to);
            let threshold = -temperature * random.random::<f64>().max(1e-12).ln();
            if first < threshold {
                self.apply(atom, to);
                continue;
            }
            // A chain: `to` passes one of its own atoms on.
            if random.random_range(0..2) == 0 {
                continue;
            }
            self.apply(atom, to);
            match self.passing_on(atom, to, random) {
                Some((next, onwards)) if self.may_leave(next) => {
                    let second = self.move_cost(next, onwards);
                    if first + second < threshold {
                        self.apply(next, onwards);
                    } else {
                        self.apply(atom, from);
                    }
                }
                _ => self.apply(atom, from),
            }
        }
        self.label_of
    }

    /// An atom of part `giver` (not `but`) at its border, and the part beyond: a walk from `but` through the part.
    fn passing_on(&self, but: u32, giver: u32, random: &mut Pcg64Mcg) -> Option<(u32, u32)> {
        let mut at = but;
        for _ in 0..12 {
            let borders = self.graph.borders(at);
            let step = borders[random.random_range(0..borders.len())].to;
            let label = self.label_of[step as usize];
            if label == giver {
                at = step;
            } else if at != but {
                return Some((at, label));
            }
        }
        None
    }

    /// Whether the part stays connected and non-empty without the atom.
    fn may_leave(&mut self, atom: u32) -> bool {
        let label = self.label_of[atom as usize];
        if self.parts[label as usize].atoms < 2 {
            return false;
        }
        let graph = self.graph;
        self.round += 1;
        let (label_of, mark, round, stack) = (&self.label_of, &mut self.mark, self.round, &mut self.stack);
        let mut waiting = 0;
        stack.clear();
        for border in graph.borders(atom).iter().filter(|b| label_of[b.to as usize] == label) {
            // Marked round·2 − 1: a neighbour to be reached; round·2: reached.
            mark[border.to as usize] = round * 2 - 1;
            waiting += 1;
        }
        let Some(start) = graph.borders(atom).iter().find(|b| label_of[b.to as usize] == label) else { return false };
        mark[start.to as usize] = round * 2;
        mark[atom as usize] = round * 2;
        waiting -= 1;
        stack.push(start.to);
        while waiting > 0 {
            let Some(at) = stack.pop() else { return false };
            for border in graph.borders(at) {
                let to = border.to as usize;
                if label_of[to] == label && mark[to] != round * 2 {
                    if mark[to] == round * 2 - 1 {
                        waiting -= 1;
                    }
                    mark[to] = round * 2;
                    stack.push(border.to);
                }
            }
        }
        true
    }

    fn part_cost(&self, part: &Part) -> f64 {
        let deviation = (part.weight - self.mean_weight) / self.mean_weight / self.aims.deviation;
        let roundness = part.perimeter_m * part.perimeter_m / (4.0 * std::f64::consts::PI * part.area_m2.max(1e-9));
        self.firmness * deviation * deviation + self.aims.compactness * roundness
    }

    /// The two parts as they would be, and by how much the weighted cut grows.
    fn after(&self, atom: u32, to: u32) -> (Part, Part, f64) {
        let from = self.label_of[atom as usize];
        let (mut giver, mut taker) = (self.parts[from as usize], self.parts[to as usize]);
        let a = &self.graph.atoms[atom as usize];
        let (mut with_giver, mut with_taker, mut all, mut cut) = (0.0, 0.0, a.outer_m, 0.0);
        for border in self.graph.borders(atom) {
            let label = self.label_of[border.to as usize];
            all += border.length_m;
            if label == from {
                with_giver += border.length_m;
                cut += border.cost_m;
            } else if label == to {
                with_taker += border.length_m;
                cut -= border.cost_m;
            }
        }
        giver.perimeter_m += 2.0 * with_giver - all;
        taker.perimeter_m += all - 2.0 * with_taker;
        giver.weight -= a.weight;
        taker.weight += a.weight;
        giver.area_m2 -= a.area_m2;
        taker.area_m2 += a.area_m2;
        giver.atoms -= 1;
        taker.atoms += 1;
        (giver, taker, cut)
    }

    fn move_cost(&self, atom: u32, to: u32) -> f64 {
        let from = self.label_of[atom as usize];
        let (giver, taker, cut) = self.after(atom, to);
        self.part_cost(&giver) + self.part_cost(&taker)
            - self.part_cost(&self.parts[from as usize])
            - self.part_cost(&self.parts[to as usize])
            + self.aims.barriers * cut / self.unit_m
    }

    fn apply(&mut self, atom: u32, to: u32) {
        let from = self.label_of[atom as usize];
        let (giver, taker, _) = self.after(atom, to);
        self.parts[from as usize] = giver;
        self.parts[to as usize] = taker;
        self.label_of[atom as usize] = to;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::{super::graph::Atom, *};

    /// A board of unit squares with the given weights.
    fn board(width: usize, weights: &[u8]) -> Graph {
        let height = weights.len() / width;
        let atoms = weights.iter().enumerate().map(|(i, w)| {
            let (x, y) = (i % width, i / width);
            let rim = [x == 0, x == width - 1, y == 0, y == height - 1].iter().filter(|r| **r).count();
            Atom { weight: f64::from(*w), area_m2: 1.0, outer_m: rim as f64, centre: [x as f64, y as f64] }
        });
        let pairs = (0..width * height).flat_map(|i| {
            let right = (i % width + 1 < width).then_some((i as u32, i as u32 + 1, 1.0, 1.0));
            let above = (i + width < width * height).then_some((i as u32, (i + width) as u32, 1.0, 1.0));
            right.into_iter().chain(above)
        });
        Graph::new(atoms.collect(), pairs)
    }

    proptest! {
        #[test]
        fn parts_are_connected_and_none_is_empty(weights in prop::collection::vec(0u8..20, 48), k in 1usize..12, seed in 0u64..9) {
            let graph = board(8, &weights);
            let aims = Aims { effort: 2.0, ..Aims::default() };
            let labels = partition(&graph, k, &aims, &mut Pcg64Mcg::seed_from_u64(seed), &|_| ());
            for part in 0..k as u32 {
                let members: Vec<u32> = (0..48).filter(|a| labels[*a as usize] == part).collect();
                prop_assert!(!members.is_empty());
                prop_assert_eq!(graph.induced(&members).components().len(), 1);
            }
            let again = partition(&graph, k, &aims, &mut Pcg64Mcg::seed_from_u64(seed), &|_| ());
            prop_assert_eq!(labels, again);
        }
    }

    proptest! {
        /// A big block with small ones around it, some with a tail, cut into as many parts as there are blocks or fewer.
        #[test]
        fn a_star_leaves_no_part_empty(leaves in prop::collection::vec((0u8..20, 0u8..3), 1..8), share in 0.0..1.0f64) {
            let mut atoms = vec![Atom { weight: 5.0, area_m2: 9.0, outer_m: 1.0, centre: [0.0, 0.0] }];
            let mut pairs = Vec::new();
            for (i, (weight, tail)) in leaves.iter().enumerate() {
                let mut inner = 0;
                for step in 0..=*tail {
                    let (sin, cos) = (i as f64).sin_cos();
                    let out = f64::from(step + 1) * 3.0;
                    let atom = atoms.len() as u32;
                    atoms.push(Atom { weight: f64::from(*weight), area_m2: 1.0, outer_m: 1.0, centre: [out * cos, out * sin] });
                    pairs.push((inner, atom, 1.0, 1.0));
                    inner = atom;
                }
            }
            let n = atoms.len();
            let k = 1 + (share * (n - 1) as f64).round() as usize;
            let graph = Graph::new(atoms, pairs);
            let labels = partition(&graph, k, &Aims { effort: 2.0, ..Aims::default() }, &mut Pcg64Mcg::seed_from_u64(1), &|_| ());
            for part in 0..k as u32 {
                let members: Vec<u32> = (0..n as u32).filter(|a| labels[*a as usize] == part).collect();
                prop_assert!(!members.is_empty(), "part {} of {} is empty", part, k);
                prop_assert_eq!(graph.induced(&members).components().len(), 1);
            }
        }
    }

    #[test]
    fn even_weights_are_halved_evenly() {
        let labels = partition(&board(8, &[1; 64]), 4, &Aims::default(), &mut Pcg64Mcg::seed_from_u64(1), &|_| ());
        let sizes: Vec<usize> = (0..4).map(|part| labels.iter().filter(|l| **l == part).count()).collect();
        assert_eq!(sizes, [16, 16, 16, 16]);
    }
}

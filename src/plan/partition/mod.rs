//! A connected graph into k connected parts: balanced first, then compact, then along barriers.
//!
//! Seed, then refinement on two levels: whole blocks while deviations weigh little, so that parts grow round; then blocks and the
//! pieces within them, with a high price on cuts through a block, so that they grow even. Several starts run side by side and the
//! best is taken; the result depends on the seed alone.

mod anneal;
mod seed;
mod units;

use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

use self::{anneal::Annealing, units::Units};
use super::graph::Graph;

/// How refinement weighs its aims.
#[derive(Clone, Copy, Debug)]
pub struct Aims {
    /// Deviation from the mean that costs one unit, as a share.
    pub deviation: f64,
    /// What the fourth power of a deviation weighs beside its square.
    pub extremes: f64,
    /// What a deviation weighs in the end beside shape, see [`Aims::firmness`].
    pub firmness: f64,
    /// Price of a unit of 1/Polsby-Popper, summed over parts.
    pub compactness: f64,
    /// Price of the weighted boundary length, in units per part's worth of perimeter.
    pub barriers: f64,
    /// Price of a part's worth of households that are not where they were.
    pub churn: f64,
}

impl Default for Aims {
    fn default() -> Self {
        Self { deviation: 0.02, extremes: 0.1, firmness: Self::firmness(0.5), compactness: 10.0, barriers: 1.0, churn: 0.0 }
    }
}

impl Aims {
    /// What a deviation weighs in the end, from 0 (shape first) to 1 (balance first): 0.5 to 12.
    pub fn firmness(balance: f64) -> f64 {
        0.5 * 24_f64.powf(balance.clamp(0.0, 1.0))
    }
}

/// How one refinement runs: from begin to end, geometrically in between.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Temperature at the beginning, in units of cost.
    pub hot: f64,
    /// Temperature at the end.
    pub cold: f64,
    /// What a deviation weighs at the beginning: parts that may be uneven for a while grow rounder.
    pub soft: f64,
    /// What it weighs at the end; the aims' firmness when none is set.
    pub firm: Option<f64>,
    /// Whether large deviations cost more by the aims' extremes.
    pub extremes: bool,
    /// Share of the tries that move a piece of a block.
    pub pieces: f64,
    /// Whether moves refused for the deviations they leave are tried as the beginning of a chain.
    pub chains: bool,
}

/// What is to be divided.
pub struct Problem<'a> {
    /// Atoms: pieces of blocks. Connected.
    pub graph: &'a Graph,
    /// The block of every atom; numbers without gaps.
    pub block_of: &'a [u32],
    /// Parts wanted, 1 ≤ k ≤ blocks.
    pub k: usize,
    /// Atoms that lie in different parts and never leave them: part i holds the i-th.
    pub seeds: &'a [u32],
    /// The part each atom is in already. Refinement starts from there and moves what it gains by. Without seeds only.
    pub home: Option<&'a [u32]>,
}

/// How much is done for a partition.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Starts, of which the best is taken.
    pub starts: usize,
    /// Moves tried with whole blocks, by start and block.
    pub blocks: f64,
    /// Moves tried with blocks and pieces, by start and block.
    pub pieces: f64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { starts: 2, blocks: 8500.0, pieces: 3000.0 }
    }
}

/// Whole blocks: hot enough to forget the seed.
const BLOCKS: Course = Course { hot: 6.4, cold: 0.7, soft: 0.05, firm: Some(0.44), extremes: false, pieces: 0.0, chains: true };
/// Blocks and their pieces: warm enough to move a border, not a part.
const PIECES: Course = Course { hot: 1.0, cold: 0.2, soft: 0.32, firm: None, extremes: true, pieces: 0.6, chains: false };

/// A selection is planned again with so many times the effort, since it is small, ...
const AGAIN_EFFORT: f64 = 4.0;
/// ... but with no more moves than are made while the planner's finger is on the mouse.
const AGAIN_MOVES: f64 = 2e6;
/// From a partition that stands: what lies well stays.
const AGAIN: Course = Course { hot: 1.0, cold: 0.05, soft: 0.5, firm: None, extremes: true, pieces: 0.6, chains: true };

/// Labels 0..k for the atoms, every part connected and none empty; `None` when `progress`, which is told the share done, says
/// not to go on.
pub fn partition(
    problem: &Problem<'_>,
    aims: &Aims,
    effort: &Effort,
    seed: u64,
    progress: &(dyn Fn(f64) -> bool + Sync),
) -> Option<Vec<u32>> {
    let blocks = problem.block_of.iter().max().map_or(0, |m| *m as usize + 1);
    if problem.k <= 1 {
        return Some(vec![0; problem.graph.atoms.len()]);
    }
    if let Some(home) = problem.home {
        let units = Units::new(problem.graph, problem.block_of, problem.seeds);
        let mut annealing = Annealing::new(problem.graph, &units, home.to_vec(), problem.k, aims, Some(home));
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let moves = (AGAIN_EFFORT * effort.pieces * blocks as f64).min(AGAIN_MOVES);
        annealing.run(&AGAIN, moves as usize, &mut random, &|done| progress(done));
        return progress(1.0).then(|| annealing.into_labels());
    }
    let coarse = problem.graph.contract(problem.block_of, blocks);
    let each: Vec<u32> = (0..blocks as u32).collect();
    let seeds: Vec<u32> = problem.seeds.iter().map(|a| problem.block_of[*a as usize]).collect();
    let begin = if seeds.is_empty() { seed::bisection(&coarse, problem.k) } else { seed::growth(&coarse, problem.k, &seeds) };
    let coarse_units = Units::new(&coarse, &each, &seeds);
    let units = Units::new(problem.graph, problem.block_of, problem.seeds);
    let share = effort.blocks / (effort.blocks + effort.pieces).max(f64::MIN_POSITIVE);
    let starts = effort.starts.max(1);
    // Every start has its own random numbers, so it does not matter which thread runs it.
    let random = |start: usize| Pcg64Mcg::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(start as u64));
    // The first start tells how far all are; when it is told to stop, the others see that.
    let stopped = AtomicBool::new(false);
    let told = |start: usize, done: f64| {
        if start == 0 && !progress(done) {
            stopped.store(true, Ordering::Relaxed);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let moves = |per_block: f64| (per_block * blocks as f64) as usize;
    let parts = (0..starts).into_par_iter().map(|start| {
        let mut annealing = Annealing::new(&coarse, &coarse_units, begin.clone(), problem.k, aims, None);
        annealing.run(&BLOCKS, moves(effort.blocks), &mut random(start), &|done| told(start, share * done));
        let labels = annealing.into_labels();
        let labels = problem.block_of.iter().map(|b| labels[*b as usize]).collect();
        let mut annealing = Annealing::new(problem.graph, &units, labels, problem.k, aims, None);
        annealing.run(&PIECES, moves(effort.pieces), &mut random(starts + start), &|done| told(start, share + (1.0 - share) * done));
        (annealing.cost(), start, annealing.into_labels())
    });
    let best = parts.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
    (!stopped.into_inner() && progress(1.0)).then_some(best.2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may unwrap")]
mod tests {
    use super::{
        super::graph::{Atom, Link},
        *,
    };
    use proptest::prelude::*;

    fn link(a: u32, b: u32) -> Link {
        Link { between: [a, b], length_m: 1.0, cost_m: 1.0, apart: false }
    }

    /// A board of unit squares with the given weights.
    fn board(width: usize, weights: &[u8]) -> Graph {
        let height = weights.len() / width;
        let atoms = weights.iter().enumerate().map(|(i, w)| {
            let (x, y) = (i % width, i / width);
            let rim = [x == 0, x == width - 1, y == 0, y == height - 1].iter().filter(|r| **r).count();
            Atom { weight: f64::from(*w), area_m2: 1.0, outer_m: rim as f64, centre: [x as f64, y as f64] }
        });
        let pairs = (0..width * height).flat_map(|i| {
            let right = (i % width + 1 < width).then_some(link(i as u32, i as u32 + 1));
            let above = (i + width < width * height).then_some(link(i as u32, (i + width) as u32));
            right.into_iter().chain(above)
        });
        Graph::new(atoms.collect(), pairs)
    }

    fn divide(graph: &Graph, k: usize, seed: u64) -> Vec<u32> {
        divide_around(graph, k, seed, &[])
    }

    fn divide_around(graph: &Graph, k: usize, seed: u64, seeds: &[u32]) -> Vec<u32> {
        let block_of: Vec<u32> = (0..graph.atoms.len() as u32).collect();
        let effort = Effort { starts: 2, blocks: 200.0, pieces: 200.0 };
        partition(&Problem { graph, block_of: &block_of, k, seeds, home: None }, &Aims::default(), &effort, seed, &|_| true).unwrap()
    }

    proptest! {
        #[test]
        fn parts_are_connected_and_none_is_empty(weights in prop::collection::vec(0u8..20, 48), k in 1usize..12, seed in 0u64..9) {
            let graph = board(8, &weights);
            let labels = divide(&graph, k, seed);
            for part in 0..k as u32 {
                let members: Vec<u32> = (0..48).filter(|a| labels[*a as usize] == part).collect();
                prop_assert!(!members.is_empty());
                prop_assert_eq!(graph.induced(&members).components().len(), 1);
            }
            let again = divide(&graph, k, seed);
            prop_assert_eq!(labels, again);
        }

        #[test]
        fn seeds_stay_apart(weights in prop::collection::vec(0u8..20, 48), seeds in prop::collection::btree_set(0u32..48, 1..6), more in 0usize..4) {
            let graph = board(8, &weights);
            let seeds: Vec<u32> = seeds.into_iter().collect();
            let k = seeds.len() + more;
            let labels = divide_around(&graph, k, 1, &seeds);
            let held: Vec<u32> = seeds.iter().map(|s| labels[*s as usize]).collect();
            prop_assert_eq!(held, (0..seeds.len() as u32).collect::<Vec<_>>());
            for part in 0..k as u32 {
                let members: Vec<u32> = (0..48).filter(|a| labels[*a as usize] == part).collect();
                prop_assert_eq!(graph.induced(&members).components().len(), 1);
            }
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
                    pairs.push(link(inner, atom));
                    inner = atom;
                }
            }
            let n = atoms.len();
            let k = 1 + (share * (n - 1) as f64).round() as usize;
            let graph = Graph::new(atoms, pairs);
            let labels = divide(&graph, k, 1);
            for part in 0..k as u32 {
                let members: Vec<u32> = (0..n as u32).filter(|a| labels[*a as usize] == part).collect();
                prop_assert!(!members.is_empty(), "part {} of {} is empty", part, k);
                prop_assert_eq!(graph.induced(&members).components().len(), 1);
            }
        }
    }

    #[test]
    fn even_weights_are_halved_evenly() {
        let labels = divide(&board(8, &[1; 64]), 4, 1);
        let sizes: Vec<usize> = (0..4).map(|part| labels.iter().filter(|l| **l == part).count()).collect();
        assert_eq!(sizes, [16, 16, 16, 16]);
    }
}

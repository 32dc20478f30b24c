//! Simulated annealing (Kirkpatrick et al. 1983) of a partition into connected parts, by moving a block or a piece of one from
//! part to part, never breaking a part.

use rand::{Rng, RngCore};
use rand_pcg::Pcg64Mcg;

use super::{
    super::graph::Graph,
    Aims, Course,
    units::{UnitBorder, Units},
};

/// Moves tried between two looks at the clock: temperature, firmness and progress change in such steps.
const STEP: usize = 4096;
/// A move that costs more than this is no beginning of a chain.
const HOPELESS: f64 = 60.0;

/// What a part's ground weighs beside its households when it is counted how much changes.
const GROUND: f64 = 0.1;

/// What is known of a part while it changes.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    weight: f64,
    area_m2: f64,
    perimeter_m: f64,
    atoms: u32,
}

/// A change of one part into two others, weighed.
struct Outcome {
    giver: Part,
    taker: Part,
    cost: f64,
}

/// A partition while it is refined.
pub struct Annealing<'a> {
    graph: &'a Graph,
    units: &'a Units,
    aims: &'a Aims,
    label_of: Vec<u32>,
    parts: Vec<Part>,
    cost_of_part: Vec<f64>,
    /// The part each atom should stay in, when there is a plan that is to change little.
    home: Option<&'a [u32]>,
    mean_weight: f64,
    mean_area_m2: f64,
    /// What a deviation weighs by now.
    firmness: f64,
    /// What the fourth power of a deviation weighs by now.
    extremes: f64,
    /// Price of a metre of weighted boundary.
    metre: f64,
    /// Scratch for the connectivity search.
    mark: Vec<u32>,
    round: u32,
    stack: Vec<u32>,
}

impl<'a> Annealing<'a> {
    /// `label_of` gives every atom of the graph its part, 0..k, each connected and none empty.
    pub fn new(graph: &'a Graph, units: &'a Units, label_of: Vec<u32>, k: usize, aims: &'a Aims, home: Option<&'a [u32]>) -> Self {
        let mut parts = vec![Part::default(); k];
        for (a, atom) in (0..).zip(&graph.atoms) {
            let label = label_of[a as usize];
            let part = &mut parts[label as usize];
            part.weight += atom.weight;
            part.area_m2 += atom.area_m2;
            part.atoms += 1;
            let outward = graph.borders(a).iter().filter(|b| label_of[b.to as usize] != label);
            part.perimeter_m += atom.outer_m + outward.map(|b| b.length_m).sum::<f64>();
        }
        let weight: f64 = parts.iter().map(|p| p.weight).sum();
        let area: f64 = parts.iter().map(|p| p.area_m2).sum();
        // A typical part's perimeter is the unit of boundary length.
        let typical_m = 4.0 * (area / k as f64).sqrt();
        let mut annealing = Self {
            graph,
            units,
            aims,
            cost_of_part: vec![0.0; k],
            parts,
            home,
            mean_weight: (weight / k as f64).max(f64::MIN_POSITIVE),
            mean_area_m2: (area / k as f64).max(f64::MIN_POSITIVE),
            firmness: 1.0,
            extremes: 0.0,
            metre: aims.barriers / typical_m.max(f64::MIN_POSITIVE),
            mark: vec![0; label_of.len()],
            round: 0,
            stack: Vec::new(),
            label_of,
        };
        annealing.set_firmness(1.0);
        annealing
    }

    /// Takes the course to its end. `progress` is told the share done and says whether to go on.
    pub fn run(&mut self, course: &Course, moves: usize, random: &mut Pcg64Mcg, progress: &dyn Fn(f64) -> bool) {
        let (blocks, pieces) = (u64::from(self.units.blocks), u64::from(self.units.len() - self.units.blocks));
        let choose_piece = if pieces == 0 { 0 } else { (course.pieces * 65536.0) as u64 };
        let mut temperature = course.hot;
        let firm = course.firm.unwrap_or(self.aims.firmness);
        self.extremes = if course.extremes { self.aims.extremes } else { 0.0 };
        for i in 0..moves {
            if i % STEP == 0 {
                let done = i as f64 / moves as f64;
                temperature = course.hot * (course.cold / course.hot).powf(done);
                self.set_firmness(course.soft * (firm / course.soft).powf(done));
                if !progress(done) {
                    return;
                }
            }
            // One draw decides on kind, border and unit.
            let draw = random.next_u64();
            let unit =
                if draw & 0xffff < choose_piece { blocks + (((draw >> 32) * pieces) >> 32) } else { ((draw >> 32) * blocks) >> 32 } as u32;
            let borders = self.units.borders(unit);
            let Some(beyond) = borders.get(((((draw >> 16) & 0xffff) * borders.len() as u64) >> 16) as usize) else { continue };
            if beyond.apart {
                continue;
            }
            let to = self.label_of[beyond.to as usize];
            let Some(from) = self.label_of_unit(unit).filter(|from| *from != to && !self.units.is_pinned(unit)) else { continue };
            let Some(outcome) = self.outcome(unit, from, to) else { continue };
            if outcome.cost > HOPELESS + 16.0 * temperature {
                continue;
            }
            // Accepted with probability exp(−cost/temperature).
            let limit = -temperature * random.random::<f64>().max(f64::MIN_POSITIVE).ln();
            if outcome.cost < limit {
                if self.may_leave(unit, from) {
                    self.apply(unit, from, to, &outcome);
                }
            } else if course.chains && self.is_uneven(&outcome, [from, to], temperature) && self.may_leave(unit, from) {
                self.try_chain(unit, [from, to], &outcome, limit, random);
            }
        }
        self.set_firmness(firm);
    }

    /// Whether a move is dear for the deviations it leaves, not for the shapes: a chain may set that right.
    fn is_uneven(&self, outcome: &Outcome, [from, to]: [u32; 2], temperature: f64) -> bool {
        let before = self.deviation_cost(&self.parts[from as usize]) + self.deviation_cost(&self.parts[to as usize]);
        let after = self.deviation_cost(&outcome.giver) + self.deviation_cost(&outcome.taker);
        outcome.cost - (after - before) < 2.0 * temperature
    }

    /// A chain of two (an ejection chain, Glover 1996): `to` takes the unit and passes one of its own on.
    fn try_chain(&mut self, unit: u32, [from, to]: [u32; 2], first: &Outcome, limit: f64, random: &mut Pcg64Mcg) {
        let (giver, taker) = (self.parts[from as usize], self.parts[to as usize]);
        self.apply(unit, from, to, first);
        if let Some((next, onward)) = self.passing_on(unit, to, random)
            && let Some(second) = self.outcome(next, to, onward)
            && first.cost + second.cost < limit
            && self.may_leave(next, to)
        {
            self.apply(next, to, onward, &second);
        } else {
            self.apply(unit, to, from, &Outcome { giver: taker, taker: giver, cost: 0.0 });
        }
    }

    /// A block of part `giver` at its border, other than `but`, and the part beyond: a walk from `but` through the part.
    fn passing_on(&self, but: u32, giver: u32, random: &mut Pcg64Mcg) -> Option<(u32, u32)> {
        let mut at = but;
        for _ in 0..12 {
            let borders = self.units.borders(at);
            let UnitBorder { to: beyond, apart, .. } = borders[random.random_range(0..borders.len())];
            if apart {
                continue;
            }
            let label = self.label_of[beyond as usize];
            if label == giver {
                at = self.units.block_of(beyond);
            } else if at != but && self.label_of_unit(at) == Some(giver) && !self.units.is_pinned(at) {
                return Some((at, label));
            }
        }
        None
    }

    /// What the partition costs by the firmness reached: the less the better.
    pub fn cost(&self) -> f64 {
        let mut cut_m = 0.0;
        for a in 0..self.label_of.len() as u32 {
            let outward = |b: &&super::super::graph::Border| a < b.to && self.label_of[a as usize] != self.label_of[b.to as usize];
            cut_m += self.graph.borders(a).iter().filter(outward).map(|b| b.cost_m).sum::<f64>();
        }
        self.cost_of_part.iter().sum::<f64>() + self.metre * cut_m
    }

    pub fn into_labels(self) -> Vec<u32> {
        self.label_of
    }

    fn set_firmness(&mut self, firmness: f64) {
        self.firmness = firmness;
        for i in 0..self.parts.len() {
            self.cost_of_part[i] = self.part_cost(&self.parts[i]);
        }
    }

    /// The part the unit is in, when it is in one.
    fn label_of_unit(&self, unit: u32) -> Option<u32> {
        let atoms = self.units.atoms(unit);
        let label = self.label_of[*atoms.first()? as usize];
        atoms[1..].iter().all(|a| self.label_of[*a as usize] == label).then_some(label)
    }

    fn part_cost(&self, part: &Part) -> f64 {
        let roundness = part.perimeter_m * part.perimeter_m / (4.0 * std::f64::consts::PI * part.area_m2.max(1e-9));
        self.deviation_cost(part) + self.aims.compactness * roundness
    }

    fn deviation_cost(&self, part: &Part) -> f64 {
        let deviation = (part.weight - self.mean_weight) / (self.mean_weight * self.aims.deviation);
        let squared = deviation * deviation;
        self.firmness * (squared + self.extremes * squared * squared)
    }

    /// The two parts as they would be and what that costs more; `None` when nothing would be left of the giver.
    fn outcome(&self, unit: u32, from: u32, to: u32) -> Option<Outcome> {
        let (mut giver, mut taker) = (self.parts[from as usize], self.parts[to as usize]);
        let atoms = self.units.atoms(unit);
        giver.atoms = giver.atoms.checked_sub(atoms.len() as u32).filter(|left| *left > 0)?;
        taker.atoms += atoms.len() as u32;
        let total = &self.units.totals[unit as usize];
        let (mut with_giver, mut with_taker, mut all, mut cut) = (0.0_f32, 0.0_f32, total.outer_m as f32, 0.0_f32);
        for UnitBorder { to: beyond, length_m, cost_m, .. } in self.units.borders(unit) {
            let label = self.label_of[*beyond as usize];
            all += length_m;
            if label == from {
                with_giver += length_m;
                cut += cost_m;
            } else if label == to {
                with_taker += length_m;
                cut -= cost_m;
            }
        }
        giver.perimeter_m += f64::from(2.0 * with_giver - all);
        taker.perimeter_m += f64::from(all - 2.0 * with_taker);
        giver.weight -= total.weight;
        taker.weight += total.weight;
        giver.area_m2 -= total.area_m2;
        taker.area_m2 += total.area_m2;
        let mut cost = self.part_cost(&giver) + self.part_cost(&taker) - self.cost_of_part[from as usize] - self.cost_of_part[to as usize]
            + self.metre * f64::from(cut);
        if let Some(home) = self.home {
            let moved = |label: u32| atoms.iter().filter(|a| home[**a as usize] != label).map(|a| self.churn(*a)).sum::<f64>();
            cost += moved(to) - moved(from);
        }
        Some(Outcome { giver, taker, cost })
    }

    /// What it costs that an atom is not where it was: its share of a part's households and ground.
    fn churn(&self, atom: u32) -> f64 {
        let atom = &self.graph.atoms[atom as usize];
        self.aims.churn * (atom.weight / self.mean_weight + GROUND * atom.area_m2 / self.mean_area_m2)
    }

    /// Whether the part stays connected without the unit. Looks around the unit first and searches the part only when that
    /// does not tell.
    fn may_leave(&mut self, unit: u32, label: u32) -> bool {
        let (units, graph) = (self.units, self.graph);
        let borders = units.borders(unit);
        let within = |b: &UnitBorder| !b.apart && self.label_of[b.to as usize] == label;
        if borders.len() <= 64 {
            let wanted = borders.iter().enumerate().fold(0_u64, |mask, (i, b)| mask | u64::from(within(b)) << i);
            if wanted != 0 && units.hang_together(unit, wanted) {
                return true;
            }
        }
        // Marked 2·round − 1: to be reached; 2·round: reached, or not to be entered.
        self.round += 1;
        let reached = self.round * 2;
        let mut waiting = 0;
        for border in borders.iter().filter(|b| within(b)) {
            self.mark[border.to as usize] = reached - 1;
            waiting += 1;
        }
        let Some(start) = borders.iter().find(|b| within(b)) else { return false };
        units.atoms(unit).iter().for_each(|a| self.mark[*a as usize] = reached);
        self.mark[start.to as usize] = reached;
        waiting -= 1;
        self.stack.clear();
        self.stack.push(start.to);
        while waiting > 0 {
            let Some(at) = self.stack.pop() else { return false };
            for border in graph.borders(at).iter().filter(|b| !b.apart) {
                let to = border.to as usize;
                if self.label_of[to] == label && self.mark[to] != reached {
                    waiting -= u32::from(self.mark[to] == reached - 1);
                    self.mark[to] = reached;
                    self.stack.push(border.to);
                }
            }
        }
        true
    }

    fn apply(&mut self, unit: u32, from: u32, to: u32, outcome: &Outcome) {
        for (label, part) in [(from, outcome.giver), (to, outcome.taker)] {
            self.parts[label as usize] = part;
            self.cost_of_part[label as usize] = self.part_cost(&part);
        }
        for atom in self.units.atoms(unit) {
            self.label_of[*atom as usize] = to;
        }
    }
}

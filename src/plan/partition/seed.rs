//! Where refinement starts: connected parts, roughly even.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::super::graph::{Border, Graph};

/// Labels 0..k by recursive bisection: every half is grown from one end along the best of several directions.
pub fn bisection(graph: &Graph, k: usize) -> Vec<u32> {
    let mut labels = vec![0; graph.atoms.len()];
    let all: Vec<u32> = (0..graph.atoms.len() as u32).collect();
    bisect(graph, &all, k, 0, &mut labels);
    labels
}

/// Labels 0..k by growing parts around given atoms, the lightest part first; part i holds `seeds[i]`. When there are fewer seeds
/// than parts the others start as far from all as can be.
pub fn growth(graph: &Graph, k: usize, seeds: &[u32]) -> Vec<u32> {
    let n = graph.atoms.len();
    let distance = |a: u32, b: u32| {
        let ([ax, ay], [bx, by]) = (graph.atoms[a as usize].centre, graph.atoms[b as usize].centre);
        (ax - bx).hypot(ay - by)
    };
    let mut starts = seeds.to_vec();
    let mut room: Vec<f64> = (0..n as u32).map(|a| starts.iter().map(|s| distance(a, *s)).fold(f64::INFINITY, f64::min)).collect();
    while starts.len() < k {
        let free = (0..n as u32).filter(|a| !starts.contains(a));
        let Some(next) = free.max_by(|a, b| room[*a as usize].total_cmp(&room[*b as usize]).then(b.cmp(a))) else { break };
        starts.push(next);
        (0..n as u32).for_each(|a| room[a as usize] = room[a as usize].min(distance(a, next)));
    }
    let mut labels = vec![u32::MAX; n];
    let mut weights = vec![0.0; starts.len()];
    let mut frontiers: Vec<BinaryHeap<Reach>> = starts.iter().map(|s| BinaryHeap::from([Reach(0.0, *s)])).collect();
    starts.iter().zip(0..).for_each(|(s, part)| labels[*s as usize] = part);
    for (part, start) in starts.iter().enumerate() {
        weights[part] = graph.atoms[*start as usize].weight;
        frontiers[part] = open(graph, *start).map(|b| Reach(distance(*start, b.to), b.to)).collect();
    }
    let mut growing: Vec<usize> = (0..starts.len()).collect();
    while let Some(place) = (0..growing.len()).min_by(|a, b| weights[growing[*a]].total_cmp(&weights[growing[*b]])) {
        let part = growing[place];
        let next = std::iter::from_fn(|| frontiers[part].pop()).find(|reach| labels[reach.1 as usize] == u32::MAX);
        let Some(Reach(_, atom)) = next else {
            growing.swap_remove(place);
            continue;
        };
        labels[atom as usize] = part as u32;
        // A little for the ground, so that empty atoms do not all go to one part.
        weights[part] += graph.atoms[atom as usize].weight + 1e-3;
        frontiers[part].extend(open(graph, atom).map(|b| Reach(distance(starts[part], b.to), b.to)));
    }
    labels
}

/// The borders across which a part may grow.
fn open(graph: &Graph, atom: u32) -> impl Iterator<Item = &Border> {
    graph.borders(atom).iter().filter(|b| !b.apart)
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
        for border in open(graph, atom) {
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

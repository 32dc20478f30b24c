//! Who borders whom: the graph that partitioning works on, of blocks or of cells.

use super::{
    blocks::Blocks,
    kinds::{Kinds, Source},
};
use crate::{
    geometry::{LocalMetres, ring},
    model::LineClass,
};

/// A node of the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Atom {
    /// What is balanced: households.
    pub weight: f64,
    /// Area in square metres.
    pub area_m2: f64,
    /// Length of its border with the outside, in metres.
    pub outer_m: f64,
    /// Centre of area, metres in the local plane.
    pub centre: [f64; 2],
}

/// A common border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Border {
    /// The atom beyond.
    pub to: u32,
    /// Length in metres.
    pub length_m: f64,
    /// Length weighted by what runs there: negative along a river, large through a compound.
    pub cost_m: f64,
    /// The two must not be in one part.
    pub apart: bool,
}

/// A border told once.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The atoms it lies between.
    pub between: [u32; 2],
    /// Length in metres.
    pub length_m: f64,
    /// Weighted length.
    pub cost_m: f64,
    /// The two must not be in one part.
    pub apart: bool,
}

/// Atoms and their borders, neighbours of an atom side by side in memory.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The atoms.
    pub atoms: Vec<Atom>,
    borders: Vec<Border>,
    first: Vec<u32>,
}

impl Graph {
    /// From atoms and links; links between the same two atoms add up.
    pub fn new(atoms: Vec<Atom>, links: impl IntoIterator<Item = Link>) -> Self {
        let mut both: Vec<(u32, Border)> = links
            .into_iter()
            .flat_map(|Link { between: [a, b], length_m, cost_m, apart }| {
                [(a, Border { to: b, length_m, cost_m, apart }), (b, Border { to: a, length_m, cost_m, apart })]
            })
            .collect();
        both.sort_by_key(|(from, border)| (*from, border.to));
        both.dedup_by(|next, kept| {
            let same = (next.0, next.1.to) == (kept.0, kept.1.to);
            if same {
                kept.1.length_m += next.1.length_m;
                kept.1.cost_m += next.1.cost_m;
                kept.1.apart |= next.1.apart;
            }
            same
        });
        let first = (0..=atoms.len()).map(|a| both.partition_point(|(from, _)| (*from as usize) < a) as u32).collect();
        Self { atoms, borders: both.into_iter().map(|b| b.1).collect(), first }
    }

    /// The graph of a street's blocks and their pieces. `block_of` gives every piece its block, `weights` its households.
    pub fn of_pieces(blocks: &Blocks, block_of: &[u32], weights: &[u32], metres: &LocalMetres) -> Self {
        let [east, north] = metres.steps_per_metre();
        let mut atoms: Vec<Atom> = blocks
            .outlines
            .iter()
            .zip(weights)
            .map(|(outline, weight)| {
                let area_m2 = outline.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>() / 2.0 / east / north;
                Atom { weight: f64::from(*weight), area_m2, outer_m: 0.0, centre: centre(outline.exterior.iter().map(|p| metres.xy(*p))) }
            })
            .collect();
        let mut links = Vec::new();
        for (edge, kinds) in &blocks.edges {
            let length = metres.distance(edge.from, edge.to);
            match (edge.left, edge.right) {
                (Some(l), Some(r)) => {
                    let apart = kinds.has(Source::Barrier);
                    let price = cost(*kinds, block_of[l.0 as usize] == block_of[r.0 as usize]) - if apart { APART } else { 0.0 };
                    links.push(Link { between: [l.0, r.0], length_m: length, cost_m: length * price, apart });
                }
                (Some(f), None) | (None, Some(f)) => atoms[f.0 as usize].outer_m += length,
                (None, None) => {}
            }
        }
        Self::new(atoms, links)
    }

    /// The borders of an atom.
    pub fn borders(&self, atom: u32) -> &[Border] {
        &self.borders[self.first[atom as usize] as usize..self.first[atom as usize + 1] as usize]
    }

    /// The graph of parts: atoms with the same label become one.
    pub fn contract(&self, labels: &[u32], count: usize) -> Self {
        let mut atoms = vec![Atom::default(); count];
        for (atom, label) in self.atoms.iter().zip(labels) {
            let part = &mut atoms[*label as usize];
            part.weight += atom.weight;
            part.outer_m += atom.outer_m;
            part.centre[0] += atom.centre[0] * atom.area_m2;
            part.centre[1] += atom.centre[1] * atom.area_m2;
            part.area_m2 += atom.area_m2;
        }
        for part in &mut atoms {
            part.centre = part.centre.map(|c| c / part.area_m2.max(f64::MIN_POSITIVE));
        }
        let links = (0..self.atoms.len() as u32).flat_map(|a| {
            self.borders(a)
                .iter()
                .filter(move |b| a < b.to)
                .map(move |b| Link {
                    between: [labels[a as usize], labels[b.to as usize]],
                    length_m: b.length_m,
                    cost_m: b.cost_m,
                    apart: b.apart,
                })
                .filter(|link| link.between[0] != link.between[1])
        });
        Self::new(atoms, links)
    }

    /// The graph of some atoms; what lies beyond counts as outside.
    pub fn induced(&self, members: &[u32]) -> Self {
        let mut number = vec![u32::MAX; self.atoms.len()];
        for (i, member) in (0..).zip(members) {
            number[*member as usize] = i;
        }
        let mut atoms: Vec<Atom> = members.iter().map(|m| self.atoms[*m as usize]).collect();
        let mut links = Vec::new();
        for (i, &member) in (0..).zip(members) {
            for border in self.borders(member) {
                match number[border.to as usize] {
                    u32::MAX => atoms[i as usize].outer_m += border.length_m,
                    j if i < j => {
                        let Border { length_m, cost_m, apart, .. } = *border;
                        links.push(Link { between: [i, j], length_m, cost_m, apart });
                    }
                    _ => {}
                }
            }
        }
        Self::new(atoms, links)
    }

    /// The same graph without what must be apart: parts of the next level may hold both.
    pub fn without_barriers(mut self) -> Self {
        self.borders.iter_mut().for_each(|b| b.apart = false);
        self
    }

    /// In how many pieces the atoms with a label are.
    pub fn pieces(&self, labels: &[u32], label: u32) -> usize {
        let members: Vec<u32> = (0..labels.len() as u32).filter(|a| labels[*a as usize] == label).collect();
        self.induced(&members).components().len()
    }

    /// Pieces of the graph that are connected across borders whose sides may be in one part, each a sorted list, in order of their first atom.
    pub fn components(&self) -> Vec<Vec<u32>> {
        let mut seen = vec![false; self.atoms.len()];
        let mut components = Vec::new();
        for start in 0..self.atoms.len() as u32 {
            if std::mem::replace(&mut seen[start as usize], true) {
                continue;
            }
            let mut members = vec![start];
            let mut next = 0;
            while let Some(&atom) = members.get(next) {
                next += 1;
                for border in self.borders(atom).iter().filter(|b| !b.apart) {
                    if !std::mem::replace(&mut seen[border.to as usize], true) {
                        members.push(border.to);
                    }
                }
            }
            members.sort_unstable();
            components.push(members);
        }
        components
    }
}

/// What it pays to part a metre of what must be apart: more than anything else can cost.
const APART: f64 = 1e5;

/// What a metre of cell boundary costs. Along a river or railway it pays: one inside a cell is a burden. Through a block that
/// need not be cut it is dear; where there is no way but between buildings, through a compound or around a building that a line
/// runs through, it is three streets' worth.
fn cost(kinds: Kinds, through_block: bool) -> f64 {
    const THROUGH_BLOCK: f64 = 75.0;
    const BETWEEN_BUILDINGS: f64 = 3.0;
    let by_line = [
        (LineClass::River, -50.0),
        (LineClass::Railway, -50.0),
        (LineClass::Arterial, 0.6),
        (LineClass::Secondary, 0.8),
        (LineClass::Boundary, 0.9),
        (LineClass::Local, 1.0),
        (LineClass::Alley, 1.1),
        (LineClass::DeadEnd, 1.1),
    ];
    let off_street = if through_block { THROUGH_BLOCK } else { BETWEEN_BUILDINGS };
    by_line.into_iter().find(|(class, _)| kinds.has(Source::Line(*class))).map_or(off_street, |(_, cost)| cost)
}

/// Mean of a ring's corners weighted by the length of its sides: good enough to order things by place.
fn centre(ring: impl Iterator<Item = [f64; 2]>) -> [f64; 2] {
    let points: Vec<[f64; 2]> = ring.collect();
    let mut sum = [0.0, 0.0, 0.0];
    for pair in points.windows(2) {
        let length = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        sum[0] += length * (pair[0][0] + pair[1][0]) / 2.0;
        sum[1] += length * (pair[0][1] + pair[1][1]) / 2.0;
        sum[2] += length;
    }
    [sum[0] / sum[2].max(f64::MIN_POSITIVE), sum[1] / sum[2].max(f64::MIN_POSITIVE)]
}

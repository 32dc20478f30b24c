//! What moves as one while a partition is refined: a whole block, or a piece of a block that could be cut.

use super::super::graph::{Atom, Graph};

/// A border of a unit with an atom beyond. Single precision: refinement compares costs, it does not measure.
#[derive(Clone, Copy, Debug)]
pub struct UnitBorder {
    /// The atom beyond.
    pub to: u32,
    pub length_m: f32,
    pub cost_m: f32,
    /// The two must not be in one part.
    pub apart: bool,
}

/// The blocks first, then the pieces of those blocks that have several.
pub struct Units {
    /// Units before this number are blocks.
    pub blocks: u32,
    first_border: Vec<u32>,
    borders: Vec<UnitBorder>,
    /// For every border, which of the unit's other borders lead to an atom that touches this one's.
    touching: Vec<u64>,
    first_atom: Vec<u32>,
    atoms: Vec<u32>,
    block_of: Vec<u32>,
    pinned: Vec<bool>,
    /// Sums over the unit's atoms; the centre is unused.
    pub totals: Vec<Atom>,
}

impl Units {
    /// The units of a graph whose atoms are pieces of blocks. `block_of` numbers blocks from 0 without gaps; `pinned` atoms never move.
    pub fn new(graph: &Graph, block_of: &[u32], pinned: &[u32]) -> Self {
        let blocks = block_of.iter().max().map_or(0, |m| m + 1);
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); blocks as usize];
        for (atom, block) in (0..).zip(block_of) {
            members[*block as usize].push(atom);
        }
        let pieces: Vec<Vec<u32>> = members.iter().filter(|m| m.len() > 1).flatten().map(|piece| vec![*piece]).collect();
        members.extend(pieces);
        let mut units = Self {
            blocks,
            first_border: vec![0],
            borders: Vec::new(),
            touching: Vec::new(),
            first_atom: vec![0],
            atoms: Vec::new(),
            block_of: block_of.to_vec(),
            pinned: members.iter().map(|unit| unit.iter().any(|a| pinned.contains(a))).collect(),
            totals: Vec::new(),
        };
        members.iter().for_each(|atoms| units.push(graph, atoms));
        units
    }

    fn push(&mut self, graph: &Graph, atoms: &[u32]) {
        let mut total = Atom::default();
        let mut beyond: Vec<UnitBorder> = Vec::new();
        for &atom in atoms {
            let own = &graph.atoms[atom as usize];
            total.weight += own.weight;
            total.area_m2 += own.area_m2;
            total.outer_m += own.outer_m;
            let outward = graph.borders(atom).iter().filter(|b| atoms.binary_search(&b.to).is_err());
            beyond.extend(outward.map(|b| UnitBorder { to: b.to, length_m: b.length_m as f32, cost_m: b.cost_m as f32, apart: b.apart }));
        }
        beyond.sort_by_key(|b| b.to);
        beyond.dedup_by(|next, kept| {
            let same = next.to == kept.to;
            if same {
                kept.length_m += next.length_m;
                kept.cost_m += next.cost_m;
                kept.apart &= next.apart;
            }
            same
        });
        for border in &beyond {
            let near = graph.borders(border.to);
            let touches = |other: &UnitBorder| near.binary_search_by_key(&other.to, |b| b.to).is_ok_and(|at| !near[at].apart);
            let mask = beyond.iter().take(64).enumerate().filter(|(_, other)| touches(other)).fold(0, |mask, (i, _)| mask | 1 << i);
            self.touching.push(mask);
        }
        self.borders.extend(beyond);
        self.first_border.push(self.borders.len() as u32);
        self.atoms.extend(atoms);
        self.first_atom.push(self.atoms.len() as u32);
        self.totals.push(total);
    }

    pub fn len(&self) -> u32 {
        self.totals.len() as u32
    }

    /// The block an atom belongs to.
    pub fn block_of(&self, atom: u32) -> u32 {
        self.block_of[atom as usize]
    }

    pub fn is_pinned(&self, unit: u32) -> bool {
        self.pinned[unit as usize]
    }

    /// The atoms of a unit, sorted.
    pub fn atoms(&self, unit: u32) -> &[u32] {
        &self.atoms[self.first_atom[unit as usize] as usize..self.first_atom[unit as usize + 1] as usize]
    }

    /// Borders with the atoms around it, each atom once.
    pub fn borders(&self, unit: u32) -> &[UnitBorder] {
        &self.borders[self.first_border[unit as usize] as usize..self.first_border[unit as usize + 1] as usize]
    }

    /// Whether the borders in `wanted` (bit = place among the unit's first 64) lead to atoms that hang together around the unit.
    pub fn hang_together(&self, unit: u32, wanted: u64) -> bool {
        let touching = &self.touching[self.first_border[unit as usize] as usize..];
        let mut reached = wanted & wanted.wrapping_neg();
        let mut waiting = reached;
        while waiting != 0 {
            let at = waiting.trailing_zeros();
            waiting &= waiting - 1;
            let new = touching[at as usize] & wanted & !reached;
            reached |= new;
            waiting |= new;
        }
        reached == wanted
    }
}

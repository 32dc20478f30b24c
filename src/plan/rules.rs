//! Rules bound to the pieces of a street: what moves as one, what is a cell by itself, where cells begin.
//!
//! What cannot be met is told, with the reason, and the plan comes as near as it can.

use super::{Warning, blocks::Blocks, graph::Graph};
use crate::{
    geometry::ring::{self, Side},
    model::{LonLat, MultiPolygon, Rule, Rules},
};

/// Pieces bound together by rules.
pub struct Bound {
    /// The atom each piece belongs to, numbered without gaps: pieces of one atom are never parted.
    pub atom_of: Vec<u32>,
    /// Atoms that are dedicated cells, with the names of their rules.
    pub dedicated: Vec<(u32, String)>,
    /// Atoms that lie in cells of their own, in the order of their rules.
    pub seeds: Vec<(u32, String)>,
}

/// A rule that is not met, or not wholly.
pub fn unmet(name: &str, why: impl std::fmt::Display) -> Warning {
    Warning { code: "rule_unmet", message: format!("{name}: {why}") }
}

/// Binds the rules. `block_of` and `community_of` say of every piece its block and its given community, if any; `graph` is that
/// of the pieces.
pub fn bind(
    rules: &Rules,
    pieces: &Blocks,
    graph: &Graph,
    block_of: &[u32],
    community_of: Option<&[u32]>,
    warnings: &mut Vec<Warning>,
) -> Bound {
    let count = pieces.outlines.len();
    if rules.is_empty() {
        return Bound { atom_of: (0..count as u32).collect(), dedicated: Vec::new(), seeds: Vec::new() };
    }
    let inside: Vec<Option<LonLat>> = pieces.outlines.iter().map(ring::interior_position).collect();
    let within = |area: &MultiPolygon| -> Vec<u32> {
        let holds = |p: &LonLat| area.0.iter().any(|part| ring::side(part, *p) == Side::Inside);
        (0..count as u32).filter(|i| inside[*i as usize].as_ref().is_some_and(holds)).collect()
    };
    let mut set_of: Vec<Option<u32>> = vec![None; count];
    let mut sets = 0;
    // Connected sets of free pieces within one community, the largest first.
    let connected = |members: &[u32]| -> Vec<Vec<u32>> {
        let mut members = members.to_vec();
        members.sort_unstable();
        let community = |i: u32| community_of.map_or(0, |c| c[i as usize]);
        let mut labels: Vec<u32> = members.iter().map(|m| community(*m)).collect();
        labels.sort_unstable();
        labels.dedup();
        let mut found: Vec<Vec<u32>> = Vec::new();
        for label in labels {
            let alike: Vec<u32> = members.iter().copied().filter(|m| community(*m) == label).collect();
            let parts = graph.induced(&alike).components();
            found.extend(parts.into_iter().map(|part| part.into_iter().map(|i| alike[i as usize]).collect::<Vec<u32>>()));
        }
        let area = |part: &Vec<u32>| part.iter().map(|m| graph.atoms[*m as usize].area_m2).sum::<f64>();
        found.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.cmp(b)));
        found
    };
    let mut dedicated = Vec::new();
    for (i, rule) in rules.dedicated.iter().enumerate() {
        if rules.max_dedicated.is_some_and(|max| i >= max) {
            warnings.push(unmet(&rule.name, format!("no more than {} dedicated cells are wanted; those first in order are made", i)));
            continue;
        }
        let (free, taken): (Vec<u32>, Vec<u32>) = within(&rule.place).into_iter().partition(|m| set_of[*m as usize].is_none());
        let parts = connected(&free);
        let Some(largest) = parts.first() else {
            warnings.push(unmet(&rule.name, "no ground of the street that is free lies in it"));
            continue;
        };
        if parts.len() > 1 || !taken.is_empty() {
            warnings.push(unmet(
                &rule.name,
                format!(
                    "a cell is one piece of one community; {} other pieces of this area, and {} under an earlier rule, stay outside its cell",
                    parts.len() - 1,
                    taken.len()
                ),
            ));
        }
        largest.iter().for_each(|m| set_of[*m as usize] = Some(sets));
        dedicated.push((sets, rule.name.clone()));
        sets += 1;
    }
    for rule in &rules.together {
        let touched = within(&rule.place);
        let mut blocks: Vec<u32> = touched.iter().map(|m| block_of[*m as usize]).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let whole: Vec<u32> = (0..count as u32).filter(|i| blocks.binary_search(&block_of[*i as usize]).is_ok()).collect();
        let (free, taken): (Vec<u32>, Vec<u32>) = whole.into_iter().partition(|m| set_of[*m as usize].is_none());
        let parts = connected(&free);
        match parts.len() {
            0 => warnings.push(unmet(&rule.name, "no block that is free stands in it")),
            1 if taken.is_empty() => {}
            n => warnings.push(unmet(
                &rule.name,
                format!(
                    "its blocks cannot be one piece of a cell: they are in {n} pieces, across open ground or a community's border, and {} are under an earlier rule",
                    taken.len()
                ),
            )),
        }
        for part in parts {
            part.iter().for_each(|m| set_of[*m as usize] = Some(sets));
            sets += 1;
        }
    }
    let mut number_of_set = vec![u32::MAX; sets as usize];
    let mut next = 0;
    let mut take = || {
        next += 1;
        next - 1
    };
    let atom_of: Vec<u32> = set_of
        .iter()
        .map(|set| match set {
            None => take(),
            Some(set) => {
                let number = &mut number_of_set[*set as usize];
                if *number == u32::MAX {
                    *number = take();
                }
                *number
            }
        })
        .collect();
    let dedicated: Vec<(u32, String)> = dedicated.into_iter().map(|(set, name)| (number_of_set[set as usize], name)).collect();
    let seeds = bind_seeds(&rules.seeds, pieces, &atom_of, &dedicated, warnings);
    Bound { atom_of, dedicated, seeds }
}

fn bind_seeds(
    rules: &[Rule<LonLat>],
    pieces: &Blocks,
    atom_of: &[u32],
    dedicated: &[(u32, String)],
    warnings: &mut Vec<Warning>,
) -> Vec<(u32, String)> {
    let mut seeds: Vec<(u32, String)> = Vec::new();
    for rule in rules {
        let (piece, holds) = pieces.nearest(rule.place);
        let atom = atom_of[piece as usize];
        if !holds {
            warnings.push(unmet(&rule.name, "it stands outside the street"));
        } else if dedicated.iter().any(|(other, _)| *other == atom) {
            warnings.push(unmet(&rule.name, "it stands in a dedicated cell"));
        } else if let Some((_, other)) = seeds.iter().find(|(other, _)| *other == atom) {
            warnings.push(unmet(&rule.name, format!("it stands in the same block as {other}; both are in one cell")));
        } else {
            seeds.push((atom, rule.name.clone()));
        }
    }
    seeds
}

/// Tells which barriers a cell crosses after all.
pub fn check_barriers(rules: &Rules, graph: &Graph, cell_of: &[u32], warnings: &mut Vec<Warning>) {
    let (mut crossings, mut length_m) = (0, 0.0);
    for atom in 0..graph.atoms.len() as u32 {
        let inner = |b: &&super::graph::Border| b.apart && atom < b.to && cell_of[atom as usize] == cell_of[b.to as usize];
        for border in graph.borders(atom).iter().filter(inner) {
            crossings += 1;
            length_m += border.length_m;
        }
    }
    if crossings > 0 {
        let names: Vec<&str> = rules.barriers.iter().map(|r| r.name.as_str()).collect();
        warnings.push(unmet(
            &names.join(", "),
            format!("{crossings} pairs of blocks, {length_m:.0} m of line, lie in one cell on both sides: other rules or too few ways around leave no choice"),
        ));
    }
}

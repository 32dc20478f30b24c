//! Blocks to cells.

use super::{
    Error, Request, Warning, Watch,
    blocks::Blocks,
    given::Labels,
    graph::Graph,
    partition::{Aims, Effort, Problem, partition},
    rules::{self, Bound, unmet},
};

/// The street's cells.
pub struct Drawn {
    /// The cell of every piece.
    pub cell_of: Vec<u32>,
    /// The given community of every cell; 0 when none is given.
    pub community_of_cell: Vec<u32>,
    /// Dedicated cells and what they are called.
    pub dedicated: Vec<(u32, String)>,
}

/// The cells pieces are in already.
pub struct Home {
    /// The cell of every piece.
    pub cell_of: Vec<u32>,
    /// Price of a cell's worth of households that change their cell.
    pub churn: f64,
}

/// Cells within every given community (or the whole street), as rules and balance want them; changed as little as `home`, when
/// there is one, asks for.
#[allow(clippy::too_many_arguments, reason = "the stations before this one")]
pub fn draw_cells(
    pieces_graph: &Graph,
    pieces: &Blocks,
    block_of_piece: &[u32],
    request: &Request,
    labels: &Labels,
    home: Option<&Home>,
    warnings: &mut Vec<Warning>,
    progress: &Watch<'_>,
) -> Result<Drawn, Error> {
    let bound = rules::bind(&request.rules, pieces, pieces_graph, block_of_piece, labels.communities.as_deref(), warnings);
    let count = bound.atom_of.iter().max().map_or(0, |m| *m as usize + 1);
    let graph = pieces_graph.contract(&bound.atom_of, count);
    let block_of = blocks_of_atoms(&bound, block_of_piece, count);
    let mut community_of = vec![0; count];
    for (piece, atom) in bound.atom_of.iter().enumerate() {
        community_of[*atom as usize] = labels.communities.as_ref().map_or(0, |c| c[piece]);
    }
    // Of an atom of several pieces the first says where it was.
    let mut home_of = home.map(|_| vec![u32::MAX; count]);
    if let (Some(home), Some(home_of)) = (home, &mut home_of) {
        bound.atom_of.iter().zip(&home.cell_of).rev().for_each(|(atom, cell)| home_of[*atom as usize] = *cell);
    }
    // A dedicated cell is a region by itself.
    let communities = community_of.iter().max().map_or(0, |m| m + 1);
    let mut label_of = community_of.clone();
    (communities..).zip(&bound.dedicated).for_each(|(label, (atom, _))| label_of[*atom as usize] = label);
    let (dedicated, regions): (Vec<Region>, Vec<Region>) =
        regions(&graph, &block_of, &label_of).into_iter().partition(|r| label_of[r.atoms[0] as usize] >= communities);
    let blocks = regions.iter().map(|r| r.blocks).sum::<usize>();
    let shares = match (request.cells.map(|wanted| wanted.saturating_sub(dedicated.len())), &home_of) {
        (Some(wanted), _) if wanted > blocks => return Err(Error::TooManyCells { asked: wanted, blocks }),
        (Some(wanted), _) => share_out(&graph, &regions, wanted),
        (None, Some(home)) => regions.iter().map(|region| region.homes(home).len().min(region.blocks)).collect(),
        (None, None) => regions.iter().map(|region| cells_by_size(&graph, region, request.cell_households)).collect(),
    };
    let drawn = shares.iter().sum::<usize>() + dedicated.len();
    if let Some(wanted) = request.cells.filter(|wanted| drawn > *wanted) {
        warnings.push(Warning {
            code: "more_cells_than_asked",
            message: format!(
                "{drawn} cells instead of {wanted}: the street (or its given communities, or what barriers and dedicated cells leave of it) is in {} separate pieces and every cell must be in one",
                regions.len() + dedicated.len()
            ),
        });
    }
    let mut cell_of_atom = vec![0; count];
    let mut community_of_cell = Vec::new();
    let mut done = 0;
    for (region, k) in regions.iter().zip(&shares) {
        let part = graph.induced(&region.atoms);
        let share = region.blocks as f64 / blocks as f64;
        let base = done as f64 / blocks as f64;
        let seeds = region.seeds(&bound.seeds, *k, warnings);
        let home_of = home_of.as_ref().filter(|_| seeds.is_empty()).and_then(|home| region.standing(home, &part, *k));
        let problem = Problem { graph: &part, block_of: &region.block_of, k: *k, seeds: &seeds, home: home_of.as_deref() };
        let aims = Aims { churn: home.map_or(0.0, |h| h.churn), firmness: Aims::firmness(request.balance), ..Aims::default() };
        let cells = partition(&problem, &aims, &Effort::default(), request.seed, &|p| progress("cells", base + share * p))
            .ok_or(Error::Cancelled)?;
        let first = community_of_cell.len() as u32;
        for (atom, cell) in region.atoms.iter().zip(cells) {
            cell_of_atom[*atom as usize] = first + cell;
        }
        community_of_cell.extend(std::iter::repeat_n(community_of[region.atoms[0] as usize], *k));
        done += region.blocks;
    }
    let names = dedicated.iter().map(|region| {
        let cell = community_of_cell.len() as u32;
        let atom = region.atoms[0];
        cell_of_atom[atom as usize] = cell;
        community_of_cell.push(community_of[atom as usize]);
        (cell, bound.dedicated.iter().find(|(a, _)| *a == atom).map(|(_, name)| name.clone()).unwrap_or_default())
    });
    let dedicated = names.collect();
    Ok(Drawn { cell_of: bound.atom_of.iter().map(|a| cell_of_atom[*a as usize]).collect(), community_of_cell, dedicated })
}

/// The block of every atom. What rules bind together is a block by itself; what they leave of a block they took from moves
/// piece by piece, since it may hang together no more.
fn blocks_of_atoms(bound: &Bound, block_of_piece: &[u32], atoms: usize) -> Vec<u32> {
    let mut pieces_of = vec![0; atoms];
    bound.atom_of.iter().for_each(|atom| pieces_of[*atom as usize] += 1);
    let is_bound = |atom: u32| pieces_of[atom as usize] > 1 || bound.dedicated.iter().any(|(d, _)| *d == atom);
    let blocks = block_of_piece.iter().max().map_or(0, |m| *m as usize + 1);
    let mut is_whole = vec![true; blocks];
    for (atom, block) in bound.atom_of.iter().zip(block_of_piece) {
        is_whole[*block as usize] &= !is_bound(*atom);
    }
    let mut block_of: Vec<u32> = (blocks as u32..).take(atoms).collect();
    for (atom, block) in bound.atom_of.iter().zip(block_of_piece) {
        if is_whole[*block as usize] {
            block_of[*atom as usize] = *block;
        }
    }
    let mut used = block_of.clone();
    used.sort_unstable();
    used.dedup();
    block_of.iter().map(|b| used.partition_point(|u| u < b) as u32).collect()
}

/// A connected piece of the street to be divided by itself.
pub struct Region {
    pub atoms: Vec<u32>,
    /// The block of each of them, numbered within the region.
    pub block_of: Vec<u32>,
    blocks: usize,
}

impl Region {
    pub fn new(atoms: Vec<u32>, block_of: &[u32]) -> Self {
        let mut numbers: Vec<u32> = atoms.iter().map(|a| block_of[*a as usize]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let number = |a: &u32| numbers.partition_point(|n| *n < block_of[*a as usize]) as u32;
        Self { block_of: atoms.iter().map(number).collect(), blocks: numbers.len(), atoms }
    }

    /// The cells the region's atoms are in already, sorted.
    fn homes(&self, home_of: &[u32]) -> Vec<u32> {
        let mut homes: Vec<u32> = self.atoms.iter().map(|a| home_of[*a as usize]).collect();
        homes.sort_unstable();
        homes.dedup();
        homes
    }

    /// The cells the atoms are in already, numbered from 0, when there are `k` of them and each is one piece.
    fn standing(&self, home_of: &[u32], graph: &Graph, k: usize) -> Option<Vec<u32>> {
        let homes = self.homes(home_of);
        let labels: Vec<u32> = self.atoms.iter().map(|a| homes.partition_point(|h| *h < home_of[*a as usize]) as u32).collect();
        (homes.len() == k && (0..k as u32).all(|label| graph.pieces(&labels, label) == 1)).then_some(labels)
    }

    /// The seeds that lie in the region, one a block and no more than cells, by their place in it.
    fn seeds(&self, seeds: &[(u32, String)], k: usize, warnings: &mut Vec<Warning>) -> Vec<u32> {
        let mut own: Vec<u32> = Vec::new();
        for (atom, name) in seeds {
            let Ok(place) = self.atoms.binary_search(atom) else { continue };
            if own.iter().any(|other| self.block_of[*other as usize] == self.block_of[place]) {
                warnings.push(unmet(name, "it stands in the same block as another seed; both are in one cell"));
            } else if own.len() == k {
                warnings.push(unmet(name, format!("there are only {k} cells for the seeds around it")));
            } else {
                own.push(place as u32);
            }
        }
        own
    }
}

/// Connected pieces of the street with the same label.
fn regions(graph: &Graph, block_of: &[u32], label_of: &[u32]) -> Vec<Region> {
    // Blocks hang together as blocks: what must be apart parts them whole.
    let blocks = block_of.iter().max().map_or(0, |m| *m as usize + 1);
    let coarse = graph.contract(block_of, blocks);
    let mut label_of_block = vec![None; blocks];
    block_of.iter().zip(label_of).for_each(|(block, label)| label_of_block[*block as usize] = Some(*label));
    let mut atoms_of: Vec<Vec<u32>> = vec![Vec::new(); blocks];
    (0..).zip(block_of).for_each(|(atom, block)| atoms_of[*block as usize].push(atom));
    let count = label_of.iter().max().map_or(0, |m| *m + 1);
    let mut regions = Vec::new();
    for label in 0..count {
        let members: Vec<u32> = (0..blocks as u32).filter(|b| label_of_block[*b as usize] == Some(label)).collect();
        for piece in coarse.induced(&members).components() {
            let mut atoms: Vec<u32> = piece.iter().flat_map(|i| &atoms_of[members[*i as usize] as usize]).copied().collect();
            atoms.sort_unstable();
            regions.push(Region::new(atoms, block_of));
        }
    }
    regions
}

/// How many cells of about `cell_households` a region makes: at least one, no more than it has blocks.
fn cells_by_size(graph: &Graph, region: &Region, cell_households: usize) -> usize {
    let households: f64 = region.atoms.iter().map(|b| graph.atoms[*b as usize].weight).sum();
    ((households / cell_households.max(1) as f64).round() as usize).clamp(1, region.blocks)
}

/// How many cells each region gets: at least one, no more than it has blocks, the rest one by one to the region whose cells are largest.
pub fn share_out(graph: &Graph, regions: &[Region], wanted: usize) -> Vec<usize> {
    let weight = |r: &Region| r.atoms.iter().map(|b| graph.atoms[*b as usize].weight).sum::<f64>();
    let area = |r: &Region| r.atoms.iter().map(|b| graph.atoms[*b as usize].area_m2).sum::<f64>();
    let by_weight = regions.iter().map(weight).sum::<f64>() > 0.0;
    let size: Vec<f64> = regions.iter().map(|r| if by_weight { weight(r) } else { area(r) }).collect();
    let total: f64 = size.iter().sum();
    let mut shares = vec![1; regions.len()];
    for _ in regions.len()..wanted {
        // The region whose cells are largest gets the next one (Sainte-Laguë would favour none either).
        let neediest = (0..regions.len())
            .filter(|r| shares[*r] < regions[*r].blocks)
            .max_by(|a, b| (size[*a] / total / shares[*a] as f64).total_cmp(&(size[*b] / total / shares[*b] as f64)).then(b.cmp(a)));
        if let Some(r) = neediest {
            shares[r] += 1;
        }
    }
    shares
}

/// Warns of cells beyond the tolerance. Dedicated cells are as large as what they are dedicated to.
pub fn check_balance(cells: &Graph, dedicated: &[(u32, String)], request: &Request, warnings: &mut Vec<Warning>) {
    let basic = (0..).zip(&cells.atoms).filter(|(cell, _)| !dedicated.iter().any(|(d, _)| d == cell));
    let weights: Vec<f64> = basic.map(|(_, atom)| atom.weight).collect();
    let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
    let beyond = weights.iter().filter(|w| (**w - mean).abs() > request.tolerance * mean).count();
    if beyond > 0 {
        warnings.push(Warning {
            code: "cells_beyond_tolerance",
            message: format!(
                "{beyond} of {} cells deviate by more than {:.0} % from the mean of {mean:.0} households",
                weights.len(),
                request.tolerance * 100.0
            ),
        });
    }
}

//! Blocks to cells, cells to communities.

use rand_pcg::Pcg64Mcg;

use super::{
    Error, Request, Warning,
    given::Labels,
    graph::Graph,
    partition::{Aims, partition},
};

/// Cells within every given community (or the whole street), and the community of each cell (0 when none is given).
pub fn draw_cells(
    graph: &Graph,
    request: &Request,
    labels: &Labels,
    households: usize,
    random: &mut Pcg64Mcg,
    warnings: &mut Vec<Warning>,
    progress: &dyn Fn(&str, f64),
) -> Result<(Vec<u32>, Vec<u32>), Error> {
    let wanted = request.cells.unwrap_or_else(|| (households as f64 / request.cell_households.max(1) as f64).round() as usize).max(1);
    if wanted > graph.atoms.len() {
        return Err(Error::TooManyCells { asked: wanted, blocks: graph.atoms.len() });
    }
    let community_of_block = labels.communities.clone().unwrap_or_else(|| vec![0; graph.atoms.len()]);
    let regions = regions(graph, &community_of_block);
    let shares = share_out(graph, &regions, wanted);
    if shares.iter().sum::<usize>() > wanted {
        warnings.push(Warning {
            code: "more_cells_than_asked",
            message: format!(
                "{} cells instead of {wanted}: the street (or a given community) is in {} separate pieces and every cell must be in one",
                shares.iter().sum::<usize>(),
                regions.len()
            ),
        });
    }
    let aims = Aims::default();
    let mut cell_of_block = vec![0; graph.atoms.len()];
    let mut community_of_cell = Vec::new();
    let mut done = 0;
    for (region, k) in regions.iter().zip(&shares) {
        let part = graph.induced(region);
        let share = region.len() as f64 / graph.atoms.len() as f64;
        let base = done as f64 / graph.atoms.len() as f64;
        let cells = partition(&part, *k, &aims, random, &|p| progress("cells", base + share * p));
        let first = community_of_cell.len() as u32;
        for (block, cell) in region.iter().zip(cells) {
            cell_of_block[*block as usize] = first + cell;
        }
        community_of_cell.extend(std::iter::repeat_n(community_of_block[region[0] as usize], *k));
        done += region.len();
    }
    Ok((cell_of_block, community_of_cell))
}

/// Connected pieces of blocks with the same label.
fn regions(graph: &Graph, label_of_block: &[u32]) -> Vec<Vec<u32>> {
    let count = label_of_block.iter().max().map_or(0, |m| *m + 1);
    (0..count)
        .flat_map(|label| {
            let members: Vec<u32> = (0..label_of_block.len() as u32).filter(|b| label_of_block[*b as usize] == label).collect();
            let pieces = graph.induced(&members).components();
            pieces.into_iter().map(|piece| piece.into_iter().map(|i| members[i as usize]).collect()).collect::<Vec<Vec<u32>>>()
        })
        .collect()
}

/// How many cells each region gets: at least one, no more than it has blocks, the rest by largest remainder of households.
fn share_out(graph: &Graph, regions: &[Vec<u32>], wanted: usize) -> Vec<usize> {
    let weight = |r: &Vec<u32>| r.iter().map(|b| graph.atoms[*b as usize].weight).sum::<f64>();
    let area = |r: &Vec<u32>| r.iter().map(|b| graph.atoms[*b as usize].area_m2).sum::<f64>();
    let by_weight = regions.iter().map(weight).sum::<f64>() > 0.0;
    let size: Vec<f64> = regions.iter().map(|r| if by_weight { weight(r) } else { area(r) }).collect();
    let total: f64 = size.iter().sum();
    let mut shares = vec![1; regions.len()];
    for _ in regions.len()..wanted {
        // The region whose cells are largest gets the next one (Sainte-Laguë would favour none either).
        let neediest = (0..regions.len())
            .filter(|r| shares[*r] < regions[*r].len())
            .max_by(|a, b| (size[*a] / total / shares[*a] as f64).total_cmp(&(size[*b] / total / shares[*b] as f64)).then(b.cmp(a)));
        if let Some(r) = neediest {
            shares[r] += 1;
        }
    }
    shares
}

/// Communities of whole cells.
pub fn draw_communities(cells: &Graph, request: &Request, random: &mut Pcg64Mcg, warnings: &mut Vec<Warning>) -> Vec<u32> {
    let total: f64 = cells.atoms.iter().map(|a| a.weight).sum();
    let wanted = request
        .communities
        .unwrap_or_else(|| (total / request.community_households.max(1) as f64).round() as usize)
        .clamp(1, cells.atoms.len());
    let pieces = cells.components();
    let shares = share_out(cells, &pieces, wanted);
    if shares.iter().sum::<usize>() > wanted {
        warnings.push(Warning {
            code: "more_communities_than_asked",
            message: format!(
                "{} communities instead of {wanted}: the street is in {} separate pieces",
                shares.iter().sum::<usize>(),
                pieces.len()
            ),
        });
    }
    let aims = Aims { effort: 2000.0, ..Aims::default() };
    let mut labels = vec![0; cells.atoms.len()];
    let mut first = 0;
    for (piece, k) in pieces.iter().zip(shares) {
        let part = partition(&cells.induced(piece), k, &aims, random, &|_| ());
        for (cell, label) in piece.iter().zip(part) {
            labels[*cell as usize] = first + label;
        }
        first += k as u32;
    }
    labels
}

pub fn check_balance(cells: &Graph, request: &Request, warnings: &mut Vec<Warning>) {
    let mean = cells.atoms.iter().map(|a| a.weight).sum::<f64>() / cells.atoms.len().max(1) as f64;
    let beyond = cells.atoms.iter().filter(|a| (a.weight - mean).abs() > request.tolerance * mean).count();
    if beyond > 0 {
        warnings.push(Warning {
            code: "cells_beyond_tolerance",
            message: format!(
                "{beyond} of {} cells deviate by more than {:.0} % from the mean of {mean:.0} households",
                cells.atoms.len(),
                request.tolerance * 100.0
            ),
        });
    }
}

//! Cells to communities.

use super::{
    Error, Request, Warning, Watch,
    cells::{Region, share_out},
    graph::Graph,
    partition::{Aims, Effort, Problem, partition},
};

/// Communities further from their mean than this exchange cells, where that can be done.
const EVEN_SHARE: f64 = 0.0095;
/// Exchanges made at most.
const EXCHANGES: usize = 60;

/// Communities of whole cells. A piece of the street that is cut off from the rest and too small for a community of its own
/// (an exclave) joins the community of the nearest cell.
///
/// # Errors
/// [`Error::Cancelled`].
pub fn draw_communities(cells: &Graph, request: &Request, warnings: &mut Vec<Warning>, progress: &Watch<'_>) -> Result<Vec<u32>, Error> {
    let weight = |piece: &[u32]| piece.iter().map(|c| cells.atoms[*c as usize].weight).sum::<f64>();
    let mut pieces = cells.components();
    pieces.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let total: f64 = pieces.iter().map(|p| weight(p)).sum();
    let by_size = || (total / request.community_households.max(1) as f64).round() as usize;
    let wanted = request.communities.unwrap_or_else(by_size).clamp(1, cells.atoms.len());
    let own = pieces.iter().filter(|p| weight(p) >= total / wanted as f64 / 2.0).count().clamp(1, wanted);
    let exclaves = pieces.split_off(own);
    let aims = Aims { deviation: 0.015, firmness: 2.0, ..Aims::default() };
    let each: Vec<u32> = (0..cells.atoms.len() as u32).collect();
    let pieces: Vec<Region> = pieces.into_iter().map(|piece| Region::new(piece, &each)).collect();
    let mut labels = vec![0; cells.atoms.len()];
    let mut first = 0;
    for (piece, k) in pieces.iter().zip(share_out(cells, &pieces, wanted)) {
        let problem = Problem { graph: &cells.induced(&piece.atoms), block_of: &piece.block_of, k, seeds: &[], home: None };
        let part = partition(&problem, &aims, &Effort::default(), request.seed, &|p| progress("communities", p)).ok_or(Error::Cancelled)?;
        let part = even_out(&cells.induced(&piece.atoms), part, k);
        for (cell, label) in piece.atoms.iter().zip(part) {
            labels[*cell as usize] = first + label;
        }
        first += k as u32;
    }
    if let Some(asked) = request.communities.filter(|asked| *asked > first as usize) {
        warnings.push(Warning {
            code: "fewer_communities_than_asked",
            message: format!("{first} communities instead of {asked}: a community is made of whole cells in one piece"),
        });
    }
    let centre = |c: &u32| cells.atoms[*c as usize].centre;
    for exclave in &exclaves {
        let to_exclave = |c: &u32| {
            let [x, y] = centre(c);
            exclave.iter().map(|e| (centre(e)[0] - x).hypot(centre(e)[1] - y)).fold(f64::INFINITY, f64::min)
        };
        let nearest = pieces.iter().flat_map(|p| &p.atoms).min_by(|a, b| to_exclave(a).total_cmp(&to_exclave(b)));
        if let Some(nearest) = nearest {
            let label = labels[*nearest as usize];
            exclave.iter().for_each(|cell| labels[*cell as usize] = label);
        }
    }
    Ok(labels)
}

/// Exchanges cells between neighbouring communities while the most uneven one can be evened out so. Of the exchanges that do, the
/// one with the least boundary is made: cells are nearly even already, so shape decides.
fn even_out(cells: &Graph, mut labels: Vec<u32>, k: usize) -> Vec<u32> {
    let mut weights = vec![0.0; k];
    cells.atoms.iter().zip(&labels).for_each(|(atom, label)| weights[*label as usize] += atom.weight);
    let mean = weights.iter().sum::<f64>() / k as f64;
    for _ in 0..EXCHANGES {
        let off = |weights: &[f64], part: u32| (weights[part as usize] - mean).abs();
        let Some(worst) = (0..k as u32).max_by(|a, b| off(&weights, *a).total_cmp(&off(&weights, *b))) else { break };
        let limit = off(&weights, worst);
        if limit <= EVEN_SHARE * mean {
            break;
        }
        let mut best: Option<(f64, u32, u32)> = None;
        for a in (0..labels.len() as u32).filter(|a| labels[*a as usize] == worst) {
            for b in (0..labels.len() as u32).filter(|b| labels[*b as usize] != worst) {
                let other = labels[b as usize];
                let shift = cells.atoms[b as usize].weight - cells.atoms[a as usize].weight;
                let after = (weights[worst as usize] + shift - mean).abs().max((weights[other as usize] - shift - mean).abs());
                let borders = |cell: u32, part: u32| cells.borders(cell).iter().any(|n| labels[n.to as usize] == part);
                if after >= limit || !borders(a, other) || !borders(b, worst) {
                    continue;
                }
                let mut trial = labels.clone();
                trial.swap(a as usize, b as usize);
                let longer = cut_around(cells, &trial, [a, b]) - cut_around(cells, &labels, [a, b]);
                let found =
                    best.is_none_or(|(least, _, _)| longer < least) && [worst, other].iter().all(|part| cells.pieces(&trial, *part) == 1);
                if found {
                    best = Some((longer, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { break };
        let other = labels[b as usize];
        let shift = cells.atoms[b as usize].weight - cells.atoms[a as usize].weight;
        weights[worst as usize] += shift;
        weights[other as usize] -= shift;
        labels.swap(a as usize, b as usize);
    }
    labels
}

/// Length of boundary between parts around two cells.
fn cut_around(cells: &Graph, labels: &[u32], around: [u32; 2]) -> f64 {
    let cut = |cell: u32| {
        let outward = cells.borders(cell).iter().filter(|b| labels[b.to as usize] != labels[cell as usize]);
        outward.map(|b| b.length_m).sum::<f64>()
    };
    cut(around[0]) + cut(around[1])
}

//! Boundaries that were given from outside and are kept as they are.

use super::{Error, Warning, blocks::Blocks, graph::Graph};
use crate::{
    geometry::ring::{self, Side},
    model::{Area, Code, CodeScheme, Community, Level, LonLat, StreetData},
};

/// Boundaries that were given and are kept as they are.
pub struct Given<'a> {
    /// Given communities.
    pub communities: Vec<&'a Area>,
    /// Given cells.
    pub cells: Vec<&'a Area>,
}

/// What the given boundaries say of each block.
pub struct Labels {
    /// Index of the given community, when there are any.
    pub communities: Option<Vec<u32>>,
    /// Index of the given cell, when there are any.
    pub cells: Option<Vec<u32>>,
}

impl<'a> Given<'a> {
    pub fn of(street: &'a StreetData) -> Self {
        let of_level = |level| street.areas.iter().filter(|a| a.level == level).collect();
        Self { communities: of_level(Level::Community), cells: of_level(Level::Cell) }
    }

    pub fn all(&self) -> Vec<&'a Area> {
        self.communities.iter().chain(&self.cells).copied().collect()
    }

    pub fn decide_cells(&self) -> bool {
        !self.cells.is_empty()
    }

    pub fn decide_communities(&self) -> bool {
        !self.communities.is_empty() || !self.cells.is_empty()
    }

    /// # Errors
    /// [`Error::GivenIncomplete`] and [`Error::GivenCellBroken`].
    pub fn label_blocks(&self, blocks: &Blocks, graph: &Graph, warnings: &mut Vec<Warning>) -> Result<Labels, Error> {
        let mut label = |areas: &[&Area], what: &'static str| {
            (!areas.is_empty()).then(|| label_by_areas(blocks, graph, areas, what, warnings)).transpose()
        };
        let labels = Labels { communities: label(&self.communities, "community")?, cells: label(&self.cells, "cell")? };
        for (index, cell) in (0..).zip(&self.cells).filter(|_| labels.cells.is_some()) {
            let label_of = labels.cells.as_deref().unwrap_or_default();
            let pieces = graph.pieces(label_of, index);
            if pieces != 1 {
                return Err(Error::GivenCellBroken { cell: cell.code.clone(), pieces });
            }
        }
        Ok(labels)
    }

    /// The communities that given cells lie in, by code.
    pub fn communities_of_given_cells(&self, scheme: &CodeScheme) -> Vec<Community> {
        let mut codes: Vec<Code> = self.cells.iter().filter_map(|c| scheme.ancestor(&c.code, Level::Community)).collect();
        codes.sort();
        codes.dedup();
        let name = |code: &Code| self.communities.iter().find(|c| c.code == *code).map_or_else(|| code.to_string(), |c| c.name.clone());
        codes.into_iter().map(|code| Community { name: name(&code), code }).collect()
    }
}

impl Labels {
    pub fn communities_of_cells(&self, given: &Given<'_>, scheme: &CodeScheme) -> Vec<u32> {
        let communities = given.communities_of_given_cells(scheme);
        given.cells.iter().map(|c| communities.iter().position(|k| c.code.is_within(&k.code)).unwrap_or(0) as u32).collect()
    }
}

/// Share of the street's households or ground that given boundaries may leave out and still count as drawn for the whole street.
const LEFT_OUT: f64 = 0.01;

/// The area each block lies in; the few blocks in none join the labelled neighbour with the longest common border.
fn label_by_areas(
    blocks: &Blocks,
    graph: &Graph,
    areas: &[&Area],
    what: &'static str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<u32>, Error> {
    let holding = |p: LonLat| areas.iter().position(|a| a.boundary.0.iter().any(|part| ring::side(part, p) == Side::Inside));
    let mut labels: Vec<Option<u32>> =
        blocks.outlines.iter().map(|o| ring::interior_position(o).and_then(holding).map(|i| i as u32)).collect();
    let left_out: Vec<usize> = (0..labels.len()).filter(|b| labels[*b].is_none()).collect();
    let share = |size: &dyn Fn(usize) -> f64| {
        let all: f64 = (0..labels.len()).map(size).sum();
        left_out.iter().map(|b| size(*b)).sum::<f64>() / all.max(f64::MIN_POSITIVE)
    };
    let households = left_out.iter().map(|b| graph.atoms[*b].weight).sum::<f64>() as usize;
    let incomplete = Error::GivenIncomplete { what, blocks: left_out.len(), households };
    if share(&|b| graph.atoms[b].weight) > LEFT_OUT || share(&|b| graph.atoms[b].area_m2) > LEFT_OUT {
        return Err(incomplete);
    }
    if !left_out.is_empty() {
        warnings.push(Warning {
            code: "blocks_outside_given_areas",
            message: format!("{} blocks lie in no given {what}; each was added to its neighbour", left_out.len()),
        });
    }
    while labels.contains(&None) {
        let next: Vec<(usize, u32)> = (0..labels.len())
            .filter(|b| labels[*b].is_none())
            .filter_map(|b| {
                let near = graph.borders(b as u32).iter().filter(|n| labels[n.to as usize].is_some());
                let best = near.max_by(|x, y| x.length_m.total_cmp(&y.length_m))?;
                Some((b, labels[best.to as usize]?))
            })
            .collect();
        if next.is_empty() {
            return Err(incomplete);
        }
        next.into_iter().for_each(|(b, label)| labels[b] = Some(label));
    }
    Ok(labels.into_iter().flatten().collect())
}

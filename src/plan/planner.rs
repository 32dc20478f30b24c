//! The planner: blocks, cells, communities, groups, codes, in this order.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{
    Error, Registration, Request, Warning, Watch,
    blocks::{Blocks, Drawing},
    cells::{Drawn, check_balance, draw_cells},
    communities::draw_communities,
    given::Given,
    graph::Graph,
    groups,
    kinds::Source,
    lasting,
    numbering::number,
    rules::{self, unmet},
    split,
};
use crate::{
    geometry::LocalMetres,
    model::{Block, Bounds, Building, Cell, Group, Household, Level, LineClass, LonLat, MultiPolygon, Plan, StreetData},
};

/// A block with more than this share of a cell's households need not stay whole: its pieces are as good as blocks.
const OVERSIZE_SHARE: f64 = 0.4;
/// A block with more than this share of a cell's households may be cut between its buildings where that evens cells out.
const PIECES_SHARE: f64 = 0.03;

/// Plans a street. Where it has plans, codes go on from them: see [`lasting::with_lasting_codes`]. `progress` is told the stage and how far it is, 0 to 1, and says whether to go on.
///
/// # Errors
/// See [`Error`].
pub fn plan(
    street: &StreetData,
    request: &Request,
    registration: Registration,
    progress: &Watch<'_>,
) -> Result<(Plan, Vec<Warning>), Error> {
    let area = street.street().filter(|a| !a.boundary.0.is_empty()).ok_or(Error::NoBoundary)?;
    let bounds = Bounds::of(area.boundary.rings().flatten()).ok_or(Error::NoBoundary)?;
    let metres = LocalMetres::at(LonLat::new(bounds.min.lon_e7 / 2 + bounds.max.lon_e7 / 2, bounds.min.lat_e7 / 2 + bounds.max.lat_e7 / 2));
    let mut warnings = Vec::new();

    let go_on = |stage: &str, share: f64| if progress(stage, share) { Ok(()) } else { Err(Error::Cancelled) };
    go_on("blocks", 0.0)?;
    let given = Given::of(street);
    let households = street.households.len();
    let per_cell = request.cells.map_or(request.cell_households as f64, |k| households as f64 / k.max(1) as f64);
    let pieces = draw_pieces(street, &area.boundary, &given, request, metres, per_cell, progress)?;
    let weights = Weights::of(street, &pieces);
    let mut block_of = blocks_of(&pieces, &weights, per_cell);
    let blocks = block_of.iter().max().map_or(0, |m| *m as usize + 1);
    if request.cells.is_some_and(|k| k > blocks) {
        block_of = (0..pieces.outlines.len() as u32).collect();
    }

    go_on("cells", 0.0)?;
    let graph = Graph::of_pieces(&pieces, &block_of, &weights.by_block, &metres);
    let labels = given.label_blocks(&pieces, &graph, &mut warnings)?;
    let drawn = match &labels.cells {
        Some(cells) => {
            if !request.rules.is_empty() {
                warnings.push(unmet("rules", "the cells are given and stay as they are"));
            }
            Drawn { cell_of: cells.clone(), community_of_cell: labels.communities_of_cells(&given, &request.scheme), dedicated: Vec::new() }
        }
        None => draw_cells(&graph, &pieces, &block_of, request, &labels, None, &mut warnings, progress)?,
    };
    let Drawn { cell_of: cell_of_piece, community_of_cell, dedicated } = drawn;
    rules::check_barriers(&request.rules, &graph, &cell_of_piece, &mut warnings);
    let cell_count = community_of_cell.len().max(cell_of_piece.iter().max().map_or(0, |m| *m as usize + 1));
    let cells = graph.contract(&cell_of_piece, cell_count).without_barriers();

    if weights.outside > 0 {
        warnings.push(Warning {
            code: "households_outside_boundary",
            message: format!("{} households stand outside the street's boundary; each was counted in the nearest cell", weights.outside),
        });
    }
    if households == 0 {
        warnings.push(Warning {
            code: "no_households",
            message: "the street has no households; its cells are balanced by nothing and there are no groups".into(),
        });
    }

    go_on("communities", 0.0)?;
    let community_of_cell =
        if given.decide_communities() { community_of_cell } else { draw_communities(&cells, request, &mut warnings, progress)? };
    check_balance(&cells, &dedicated, request, &mut warnings);

    go_on("codes", 0.0)?;
    let books = number(area, request, &given, &cells, &community_of_cell, &dedicated)?;

    go_on("groups", 0.0)?;
    let rank_of_piece: Vec<u32> = cell_of_piece.iter().map(|c| books.rank_of_cell[*c as usize]).collect();
    let mut members: Vec<Vec<&Household>> = vec![Vec::new(); cell_count];
    for (household, piece) in street.households.iter().zip(&weights.block_of_household) {
        members[rank_of_piece[*piece as usize] as usize].push(household);
    }
    let groups = draw_groups(&members, &books.cells, request, &metres, &mut warnings, progress)?;
    let (blocks, face_of) = pieces.without_cuts(|a, b| cell_of_piece[a as usize] == cell_of_piece[b as usize]);
    let mut cell_of_block = vec![0; blocks.outlines.len()];
    face_of.iter().zip(&rank_of_piece).for_each(|(face, cell)| cell_of_block[*face as usize] = *cell);
    let day = registration.day();
    let drawn = Plan {
        id: registration.id,
        state: registration.state(),
        name: registration.name,
        valid_from: registration.publish_from,
        valid_to: None,
        created_at: registration.now,
        owner: registration.owner,
        base: None,
        revision: 0,
        parameters: serde_json::json!({
            "cells": cell_count, "cell_households": request.cell_households, "communities": books.communities.len(),
            "community_households": request.community_households, "tolerance": request.tolerance, "balance": request.balance,
            "group_size": request.group_size, "seed": request.seed,
        }),
        estimated: street.households.iter().any(|h| h.estimated),
        communities: books.communities,
        cells: books.cells,
        blocks: Block::numbered(blocks.outlines.into_iter().zip(cell_of_block)),
        groups,
    };
    let lasting = if street.plans.is_empty() {
        drawn
    } else {
        let used = street.plans.iter().flat_map(|p| &p.cells).map(|c| c.code.clone()).collect();
        lasting::with_lasting_codes(street, drawn, lasting::before(&street.plans, day), &used, request)?
    };
    go_on("done", 1.0)?;
    Ok((lasting, warnings))
}

/// Where the households are.
struct Weights {
    by_block: Vec<u32>,
    block_of_household: Vec<u32>,
    /// Households that stand outside the boundary and were put into the nearest block.
    outside: usize,
}

impl Weights {
    fn of(street: &StreetData, blocks: &Blocks) -> Self {
        let building = |id: &str| street.buildings.binary_search_by(|b: &Building| b.id.as_str().cmp(id)).ok();
        let mut by_block = vec![0; blocks.outlines.len()];
        let mut outside = 0;
        let block_of_household = street
            .households
            .iter()
            .map(|h| {
                let by_building = h.building_id.as_deref().and_then(building).and_then(|b| blocks.block_of_building[b]);
                let block = by_building.unwrap_or_else(|| {
                    let (block, holds) = blocks.nearest(h.position);
                    outside += usize::from(!holds);
                    block
                });
                by_block[block as usize] += 1;
                block
            })
            .collect();
        Self { by_block, block_of_household, outside }
    }
}

/// Blocks, and in those with many households every cut that could be made between their buildings.
fn draw_pieces(
    street: &StreetData,
    boundary: &MultiPolygon,
    given: &Given<'_>,
    request: &Request,
    metres: LocalMetres,
    per_cell: f64,
    progress: &Watch<'_>,
) -> Result<Blocks, Error> {
    let go_on = || progress("blocks", 0.0);
    let mut drawing = Drawing::of_street(street, boundary, &given.all(), metres);
    if !given.decide_cells() {
        // Like any line it goes around what it would cut.
        let outline = Source::Line(LineClass::Boundary);
        request.rules.dedicated.iter().flat_map(|rule| rule.place.rings()).for_each(|ring| drawing.add(outline, ring));
        request.rules.barriers.iter().for_each(|rule| drawing.add(Source::Barrier, &rule.place));
    }
    let blocks = drawing.blocks(&go_on).ok_or(Error::Cancelled)?;
    if blocks.outlines.is_empty() {
        return Err(Error::NoBlocks);
    }
    if given.decide_cells() {
        return Ok(blocks);
    }
    let weights = Weights::of(street, &blocks);
    let mut standing: Vec<Vec<u32>> = vec![Vec::new(); blocks.outlines.len()];
    for (building, block) in (0..).zip(&blocks.block_of_building) {
        if let Some(block) = block {
            standing[*block as usize].push(building);
        }
    }
    let divisible = |b: &usize| standing[*b].len() > 1 && f64::from(weights.by_block[*b]) > PIECES_SHARE * per_cell;
    let divisible: Vec<usize> = (0..blocks.outlines.len()).filter(divisible).collect();
    let cuts: Option<Vec<Vec<[LonLat; 2]>>> = divisible
        .par_iter()
        .map(|block| {
            go_on().then_some(())?;
            let footprints: Vec<&MultiPolygon> = standing[*block].iter().map(|b| &drawing.footprints().get(*b).shape).collect();
            Some(split::cuts_between(&blocks.outlines[*block], &footprints, drawing.metres()))
        })
        .collect();
    let cuts = cuts.ok_or(Error::Cancelled)?;
    if cuts.iter().all(Vec::is_empty) {
        return Ok(blocks);
    }
    cuts.iter().flatten().for_each(|cut| drawing.add(Source::Split, cut));
    drawing.blocks(&go_on).ok_or(Error::Cancelled)
}

/// The block of every piece. The pieces of a block too big for its cell are blocks themselves.
fn blocks_of(pieces: &Blocks, weights: &Weights, per_cell: f64) -> Vec<u32> {
    let block_of = pieces.block_of_piece();
    let count = block_of.iter().max().map_or(0, |m| *m as usize + 1);
    let mut households = vec![0; count];
    block_of.iter().zip(&weights.by_block).for_each(|(block, weight)| households[*block as usize] += weight);
    let is_whole = |block: u32| f64::from(households[block as usize]) <= OVERSIZE_SHARE * per_cell;
    let mut number = vec![u32::MAX; count];
    let mut next = 0;
    let mut take = || {
        next += 1;
        next - 1
    };
    block_of
        .iter()
        .map(|&block| {
            if !is_whole(block) {
                return take();
            }
            if number[block as usize] == u32::MAX {
                number[block as usize] = take();
            }
            number[block as usize]
        })
        .collect()
}

fn draw_groups(
    members: &[Vec<&Household>],
    cells: &[Cell],
    request: &Request,
    metres: &LocalMetres,
    warnings: &mut Vec<Warning>,
    progress: &Watch<'_>,
) -> Result<Vec<Group>, Error> {
    let mut all = Vec::new();
    let mut odd = Vec::new();
    let (done, total) = (AtomicUsize::new(0), members.iter().map(Vec::len).sum::<usize>().max(1));
    let go_on = || progress("groups", done.load(Ordering::Relaxed) as f64 / total as f64);
    let circles: Option<Vec<Vec<groups::Circle>>> = members
        .par_iter()
        .map(|households| {
            let circles = groups::circles(households, request.group_size, metres, &go_on);
            done.fetch_add(households.len(), Ordering::Relaxed);
            circles
        })
        .collect();
    let circles = circles.ok_or(Error::Cancelled)?;
    for ((households, circles), cell) in members.iter().zip(circles).zip(cells) {
        if !households.is_empty() && !groups::is_divisible(households.len(), request.group_size) {
            odd.push(cell.code.to_string());
        }
        let room = request.scheme.children(Level::Cell);
        if circles.len() > room {
            return Err(Error::TooManyGroups { cell: cell.code.clone(), groups: circles.len(), room });
        }
        for (sequence, circle) in (1..).zip(circles) {
            all.push(Group {
                code: request.scheme.child(&cell.code, sequence)?,
                head: households[circle.head].id.clone(),
                members: circle.members.iter().map(|m| households[*m].id.clone()).collect(),
            });
        }
    }
    if !odd.is_empty() {
        let sizes = groups::sizes(request.group_size);
        warnings.push(Warning {
            code: "groups_of_odd_size",
            message: format!(
                "{} cells have a number of households that groups of {} to {} cannot make up, e.g. {}; their groups come near it",
                odd.len(),
                sizes.start(),
                sizes.end(),
                odd[0]
            ),
        });
    }
    Ok(all)
}

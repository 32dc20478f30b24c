//! A plan drawn again in part, within a selection. Blocks stay as they are; what lies
//! outside the selection stays as it is, to the byte.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Error, Registration, Request, Warning, Watch,
    blocks::Blocks,
    cells::{Drawn, Home, draw_cells},
    given::Labels,
    graph::Graph,
    groups,
    numbering::{cell_name, next_cell_code},
    rules::check_barriers,
};
use crate::{
    geometry::{LocalMetres, ring},
    model::{Block, Bounds, Building, Cell, CellKind, Code, Group, Household, Level, LonLat, Plan, Polygon, StreetData},
};

/// What may change when a plan is drawn again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Cells, or communities with all their cells, that may change; empty: all of the plan.
    pub codes: Vec<Code>,
    /// Cells, or communities with all their cells, that stay as they are. Dedicated cells stay anyway.
    pub locked: Vec<Code>,
    /// Price of a cell's worth of households that change their cell, in units of refinement: 0 balances and rounds as if the
    /// selection were new, 100 moves next to nothing.
    pub churn: f64,
    /// Codes that no new cell gets, beside those of the street's plans.
    pub used: Vec<Code>,
}

/// Draws a plan again within a selection. Codes, names, groups and heads stay where they can. [`Request::cells`] is the number of
/// cells of the whole street; `None` keeps it. `progress` as for [`super::plan`].
///
/// # Errors
/// See [`Error`]; [`Error::NothingSelected`] when no cell of the plan may change.
pub fn replan(
    street: &StreetData,
    base: &Plan,
    selection: &Selection,
    request: &Request,
    registration: Registration,
    progress: &Watch<'_>,
) -> Result<(Plan, Vec<Warning>), Error> {
    for code in selection.codes.iter().chain(&selection.locked) {
        if !base.cells.iter().any(|c| c.code.is_within(code)) {
            return Err(Error::NoSuchCell { code: code.clone() });
        }
    }
    let holds = |codes: &[Code], cell: &Cell| codes.iter().any(|code| cell.code.is_within(code));
    let is_free: Vec<bool> = base
        .cells
        .iter()
        .map(|c| (selection.codes.is_empty() || holds(&selection.codes, c)) && !holds(&selection.locked, c) && c.kind == CellKind::Basic)
        .collect();
    let free = is_free.iter().filter(|f| **f).count();
    if free == 0 {
        return Err(Error::NothingSelected);
    }
    if !progress("blocks", 0.0) {
        return Err(Error::Cancelled);
    }
    let open = Opened::of(street, base, &is_free, &request.rules.barriers.iter().map(|r| r.place.as_slice()).collect::<Vec<_>>())?;
    let each: Vec<u32> = (0..open.index.len() as u32).collect();
    let graph = Graph::of_pieces(&open.blocks, &each, &open.weights(), &open.metres);
    // Given communities stay as they are, so no block changes its community.
    let given = street.areas.iter().any(|a| a.level == Level::Community);
    let community_of_block = open.index.iter().map(|b| community_of(base, base.blocks[*b].cell as usize) as u32).collect();
    let labels = Labels { communities: given.then_some(community_of_block), cells: None };
    let home = Home { cell_of: open.index.iter().map(|b| base.blocks[*b].cell).collect(), churn: selection.churn };
    let mut warnings = Vec::new();
    let within =
        Request { cells: request.cells.map(|k| k.saturating_add(free).saturating_sub(base.cells.len()).max(1)), ..request.clone() };
    let Drawn { cell_of, dedicated, .. } = draw_cells(&graph, &open.blocks, &each, &within, &labels, Some(&home), &mut warnings, progress)?;
    check_barriers(&request.rules, &graph, &cell_of, &mut warnings);

    let (cells, new_of) = keep_codes(street, base, &selection.used, &is_free, &home.cell_of, &cell_of, &graph, &dedicated, request)?;
    let mut cell_of_block: Vec<Code> = base.blocks.iter().map(|b| base.cells[b.cell as usize].code.clone()).collect();
    for (block, part) in open.index.iter().zip(&cell_of) {
        cell_of_block[*block] = new_of[*part as usize].clone();
    }
    let plan = redrawn(street, base, &open, cells, &cell_of_block, request, registration, progress)?;
    progress("done", 1.0).then_some((plan, warnings)).ok_or(Error::Cancelled)
}

fn community_of(plan: &Plan, cell: usize) -> usize {
    plan.communities.iter().position(|c| plan.cells[cell].code.is_within(&c.code)).unwrap_or(0)
}

/// Some cells of a plan laid open.
struct Opened<'a> {
    /// The blocks by their place in the plan.
    index: Vec<usize>,
    blocks: Blocks,
    /// Who lives in each.
    households: Vec<Vec<&'a Household>>,
    metres: LocalMetres,
}

impl<'a> Opened<'a> {
    fn of(street: &'a StreetData, plan: &Plan, is_open: &[bool], barriers: &[&[LonLat]]) -> Result<Self, Error> {
        let index: Vec<usize> = (0..plan.blocks.len()).filter(|b| is_open[plan.blocks[*b].cell as usize]).collect();
        let outlines: Vec<Polygon> = index.iter().map(|b| plan.blocks[*b].outline.clone()).collect();
        let bounds = Bounds::of(outlines.iter().flat_map(|o| &o.exterior)).ok_or(Error::NoBlocks)?;
        let metres =
            LocalMetres::at(LonLat::new(bounds.min.lon_e7.midpoint(bounds.max.lon_e7), bounds.min.lat_e7.midpoint(bounds.max.lat_e7)));
        let blocks = Blocks::standing(outlines, &street.lines, barriers, &metres)?;
        let find = |id: &str| street.households.binary_search_by(|h| h.id.as_str().cmp(id)).ok();
        let building = |id: &str| street.buildings.binary_search_by(|b: &Building| b.id.as_str().cmp(id)).ok();
        let mut households = vec![Vec::new(); index.len()];
        // Neighbours by number mostly live in one building.
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        for group in &plan.groups {
            let cell = plan.cells.partition_point(|c| c.code <= group.code).saturating_sub(1);
            if !is_open[cell] {
                continue;
            }
            for household in group.members.iter().filter_map(|id| find(id)).map(|i| &street.households[i]) {
                let stand = household.building_id.as_deref().and_then(|id| Some((id, building(id)?)));
                let block = match stand {
                    Some((id, at)) => *known.entry(id).or_insert_with(|| {
                        let p = ring::standing_position(&street.buildings[at].footprint).unwrap_or(household.position);
                        blocks.nearest(p).0
                    }),
                    None => blocks.nearest(household.position).0,
                };
                households[block as usize].push(household);
            }
        }
        // Who has come since the plan was made is in no group yet.
        let grouped: FxHashSet<&str> = plan.groups.iter().flat_map(|g| &g.members).map(String::as_str).collect();
        for household in street.households.iter().filter(|h| !grouped.contains(h.id.as_str())) {
            let at = household.building_id.as_deref().and_then(building);
            let p = at.and_then(|b| ring::standing_position(&street.buildings[b].footprint)).unwrap_or(household.position);
            if let (block, true) = blocks.nearest(p) {
                households[block as usize].push(household);
            }
        }
        Ok(Self { index, blocks, households, metres })
    }

    fn weights(&self) -> Vec<u32> {
        self.households.iter().map(|h| h.len() as u32).collect()
    }
}

/// The street's cells as they become, and the code of every part: a part keeps the code of the cell it shares most with.
#[allow(clippy::too_many_arguments, reason = "what was there and what has come of it")]
fn keep_codes(
    street: &StreetData,
    base: &Plan,
    used: &[Code],
    is_free: &[bool],
    home_of: &[u32],
    part_of: &[u32],
    graph: &Graph,
    dedicated: &[(u32, String)],
    request: &Request,
) -> Result<(Vec<Cell>, Vec<Code>), Error> {
    let parts = part_of.iter().max().map_or(0, |m| *m as usize + 1);
    let mut shared: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for ((home, part), atom) in home_of.iter().zip(part_of).zip(&graph.atoms) {
        *shared.entry((*home, *part)).or_default() += atom.weight + atom.area_m2 * 1e-6;
    }
    let mut pairs: Vec<((u32, u32), f64)> = shared.into_iter().collect();
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut cell_of_part: Vec<Option<usize>> = vec![None; parts];
    let mut taken = BTreeSet::new();
    for ((home, part), _) in &pairs {
        let is_dedicated = dedicated.iter().any(|(d, _)| d == part);
        if !is_dedicated && cell_of_part[*part as usize].is_none() && taken.insert(*home) {
            cell_of_part[*part as usize] = Some(*home as usize);
        }
    }
    let mut cells: Vec<Cell> =
        (0..).zip(&base.cells).filter(|(i, _)| !is_free[*i] || taken.contains(&(*i as u32))).map(|(_, c)| c.clone()).collect();
    let mut codes = Vec::with_capacity(parts);
    for (part, cell) in (0..).zip(&cell_of_part) {
        if let Some(cell) = cell {
            codes.push(base.cells[*cell].code.clone());
            continue;
        }
        // A code of the community that no plan of the street has ever used.
        let most = pairs.iter().find(|((_, p), _)| *p == part).map_or(0, |((home, _), _)| *home as usize);
        let community = &base.communities[community_of(base, most)];
        let ever = street.plans.iter().chain([base]).flat_map(|p| &p.cells).chain(&cells).map(|c| &c.code).chain(used);
        let used: BTreeSet<&Code> = ever.filter(|c| c.is_within(&community.code)).collect();
        let (sequence, code) = next_cell_code(&request.scheme, &community.code, &used)?;
        let name = dedicated.iter().find(|(d, _)| *d == part).map(|(_, name)| name.clone());
        let kind = if name.is_some() { CellKind::Dedicated } else { CellKind::Basic };
        cells.push(Cell { name: name.unwrap_or_else(|| cell_name(community, sequence)), kind, code: code.clone(), locked: false });
        codes.push(code);
    }
    cells.sort_by(|a, b| a.code.cmp(&b.code));
    Ok((cells, codes))
}

/// The plan with blocks in other cells. Cells whose households are the same keep their groups as they are; a group whose households
/// come to another cell together stays one.
#[allow(clippy::too_many_arguments, reason = "what was there and what has come of it")]
fn redrawn(
    street: &StreetData,
    base: &Plan,
    open: &Opened<'_>,
    cells: Vec<Cell>,
    cell_of_block: &[Code],
    request: &Request,
    registration: Registration,
    progress: &Watch<'_>,
) -> Result<Plan, Error> {
    let place = |code: &Code| cells.partition_point(|c| c.code < *code);
    let mut blocks: Vec<Block> =
        base.blocks.iter().zip(cell_of_block).map(|(b, code)| Block { cell: place(code) as u32, ..b.clone() }).collect();
    blocks.sort_by(Block::order);

    let mut members: BTreeMap<&Code, Vec<&Household>> = open.index.iter().map(|b| (&cell_of_block[*b], Vec::new())).collect();
    // A cell that is no more has no members.
    members.extend(
        open.index
            .iter()
            .map(|b| &base.cells[base.blocks[*b].cell as usize].code)
            .filter(|code| !cells.iter().any(|c| c.code == **code))
            .map(|code| (code, Vec::new())),
    );
    for (block, households) in open.index.iter().zip(&open.households) {
        members.entry(&cell_of_block[*block]).or_default().extend(households);
    }
    let is_changed = |code: &Code, now: &[&Household]| {
        let before: BTreeSet<&str> =
            base.groups.iter().filter(|g| g.code.is_within(code)).flat_map(|g| &g.members).map(String::as_str).collect();
        before.len() != now.len() || now.iter().any(|h| !before.contains(h.id.as_str()))
    };
    let changed: Vec<&Code> = members.iter().filter(|(code, now)| is_changed(code, now)).map(|(code, _)| *code).collect();
    let mut all: Vec<Group> = base.groups.iter().filter(|g| !changed.iter().any(|c| g.code.is_within(c))).cloned().collect();
    let there: Vec<&Group> = base.groups.iter().filter(|g| changed.iter().any(|c| g.code.is_within(c))).collect();
    let total = changed.iter().filter_map(|code| members.get(code)).map(Vec::len).sum::<usize>().max(1);
    let mut done = 0;
    for code in changed {
        let share = done as f64 / total as f64;
        let go_on = || progress("groups", share);
        if !go_on() {
            return Err(Error::Cancelled);
        }
        let Some(households) = members.get_mut(code).filter(|h| !h.is_empty()) else { continue };
        households.sort_by(|a, b| a.id.cmp(&b.id));
        let ids: FxHashSet<&str> = households.iter().map(|h| h.id.as_str()).collect();
        let (old, others): (Vec<&Group>, Vec<&Group>) = there.iter().partition(|g| g.code.is_within(code));
        let came: Vec<&Group> = others.into_iter().filter(|g| g.members.iter().any(|m| ids.contains(m.as_str()))).collect();
        let (scheme, size) = (&request.scheme, request.group_size);
        all.extend(groups::regrouped(households, &old, &came, code, scheme, size, &open.metres, &go_on)?);
        done += households.len();
    }
    all.sort_by(|a, b| a.code.cmp(&b.code));
    let communities = base.communities.iter().filter(|k| cells.iter().any(|c| c.code.is_within(&k.code))).cloned().collect();
    Ok(Plan {
        id: registration.id,
        state: registration.state(),
        name: registration.name,
        valid_from: registration.publish_from,
        valid_to: None,
        created_at: registration.now,
        owner: registration.owner,
        base: Some(base.id),
        revision: 0,
        parameters: base.parameters.clone(),
        estimated: street.households.iter().any(|h| h.estimated),
        communities,
        cells,
        blocks,
        groups: all,
    })
}

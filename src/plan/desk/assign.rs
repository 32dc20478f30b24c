//! Ground from one cell to another: blocks, buildings, whole cells.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    At, Desk, Outcome, Refusal, cut, mesh,
    sketch::{Sketch, list},
    warn,
};
use crate::model::{Code, Polygon};

/// Gives blocks to a cell.
pub fn blocks(desk: &Desk, ids: &[u32], at: &[At], to: &Code) -> Result<Outcome, Refusal> {
    desk.cell(to)?;
    let mut sketch = Sketch::new(desk);
    for id in ids {
        desk.block(*id).ok_or_else(|| Refusal::new("no_such_block", format!("the draft has no block {id}")))?;
        give(&mut sketch, *id, to);
    }
    for place in at {
        let block = desk.block_at(place.0).ok_or_else(|| Refusal::new("no_such_block", "no block of the street is there").at(place.0))?;
        give(&mut sketch, block.id, to);
    }
    sketch.finish()
}

fn give(sketch: &mut Sketch<'_>, id: u32, to: &Code) {
    if sketch.cell_of(id) != Some(to) {
        sketch.give(id, to);
    }
}

/// Gives buildings to a cell.
pub fn buildings(desk: &Desk, ids: &[String], to: &Code) -> Result<Outcome, Refusal> {
    desk.cell(to)?;
    let mut chosen: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for id in ids {
        let unknown = || Refusal::new("no_such_building", format!("the street has no building {id}"));
        let building = desk.ground.find_building(id).ok_or_else(unknown)?;
        let stand = desk.ground.building_stand(building).ok_or_else(unknown)?;
        let outside = || Refusal::new("no_such_block", format!("building {id} stands in no block of the draft")).at(stand);
        chosen.entry(desk.block_at(stand).ok_or_else(outside)?.id).or_default().insert(building);
    }
    let mut sketch = Sketch::new(desk);
    for (block, chosen) in &chosen {
        if sketch.cell_of(*block) == Some(to) {
            continue;
        }
        let standing = cut::standing_in(desk, *block);
        if standing.iter().all(|b| chosen.contains(b)) {
            sketch.give(*block, to);
            continue;
        }
        let parts = cut::between_buildings(&sketch, *block)?;
        let mut theirs: Vec<&Polygon> = Vec::new();
        let mut others: Vec<&Polygon> = Vec::new();
        for part in &parts {
            let inside = cut::standing_among(desk, &standing, part);
            if inside.iter().any(|b| chosen.contains(b)) {
                if let Some(other) = inside.iter().find(|b| !chosen.contains(b)) {
                    let id = &desk.ground.street().buildings[*other as usize].id;
                    sketch.warnings.push(warn("buildings_touch", format!("building {id} stands too near to be parted and goes along")));
                }
                theirs.push(part);
            } else {
                others.push(part);
            }
        }
        let [theirs, _] = cut::apart(&mut sketch, *block, &[theirs, others])?;
        theirs.iter().for_each(|id| sketch.give(*id, to));
    }
    sketch.finish()
}

/// Makes one cell of several.
pub fn merge(desk: &Desk, cells: &[Code], into: &Code) -> Result<Outcome, Refusal> {
    let set: BTreeSet<&Code> = cells.iter().chain([into]).collect();
    for code in &set {
        desk.cell(code)?;
    }
    if set.len() < 2 || !cells.contains(into) {
        return Err(Refusal::new("nothing_changes", "name two cells or more, and which of them stays").about(cells));
    }
    let mut sketch = Sketch::new(desk);
    for code in set.iter().filter(|code| **code != into) {
        desk.blocks_of(code).iter().for_each(|id| sketch.give(*id, into));
        sketch.drop_cell(code);
    }
    let outlines: Vec<&Polygon> =
        set.iter().flat_map(|code| desk.blocks_of(code)).filter_map(|id| desk.block(*id)).map(|b| &b.outline).collect();
    let pieces = mesh::pieces(&outlines, &desk.ground.metres);
    let were: usize = set.iter().map(|code| pieces_of(desk, code)).max().unwrap_or(1);
    if pieces.len() > were {
        let codes: Vec<&Code> = set.into_iter().collect();
        let detail = format!("cells {} do not hang together; only cells with a common border can be merged", list(&codes));
        return Err(Refusal::new("cells_apart", detail).at(codes.iter().find_map(|c| desk.centre_of(c))).about(codes));
    }
    sketch.finish()
}

fn pieces_of(desk: &Desk, cell: &Code) -> usize {
    let outlines: Vec<&Polygon> = desk.blocks_of(cell).iter().filter_map(|id| desk.block(*id)).map(|b| &b.outline).collect();
    mesh::pieces(&outlines, &desk.ground.metres).len()
}

//! Codes and names: west to east, north to south within the parent.

use std::collections::BTreeSet;

use super::{Error, Request, given::Given, graph::Graph};
use crate::model::{Area, Cell, CellKind, Code, CodeError, CodeScheme, Community, Level};

/// Codes, names and the place of every cell among them.
pub struct Books {
    /// Sorted by code.
    pub communities: Vec<Community>,
    /// Sorted by code.
    pub cells: Vec<Cell>,
    /// For every cell of the partition its index among `cells`.
    pub rank_of_cell: Vec<u32>,
}

/// Numbers communities and cells. `dedicated` names those cells that are.
pub fn number(
    area: &Area,
    request: &Request,
    given: &Given<'_>,
    cells: &Graph,
    community_of_cell: &[u32],
    dedicated: &[(u32, String)],
) -> Result<Books, Error> {
    let scheme = &request.scheme;
    let count = community_of_cell.iter().max().map_or(0, |m| *m as usize + 1);
    let (communities, place_of_community): (Vec<Community>, Vec<usize>) = if given.decide_cells() {
        let communities = given.communities_of_given_cells(scheme);
        let places = (0..communities.len()).collect();
        (communities, places)
    } else if given.decide_communities() {
        let mut order: Vec<usize> = (0..given.communities.len()).collect();
        order.sort_by_key(|i| &given.communities[*i].code);
        let named = order.iter().map(|i| Community { code: given.communities[*i].code.clone(), name: given.communities[*i].name.clone() });
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, i)| places[*i] = place);
        (named.collect(), places)
    } else {
        let graph = cells.contract(community_of_cell, count);
        let order = reading_order_of(&graph);
        let mut communities = name_communities(scheme, &area.code, &request.known_communities, count)?;
        communities.sort_by(|a, b| a.code.cmp(&b.code));
        let mut places = vec![0; count];
        order.iter().enumerate().for_each(|(place, c)| places[*c] = place);
        (communities, places)
    };
    let order = reading_order_of(cells);
    let mut numbered: Vec<(Code, String, CellKind, usize)> = Vec::new();
    let mut next = vec![0; communities.len()];
    for cell in order {
        let place = place_of_community[community_of_cell[cell] as usize];
        let community = &communities[place];
        next[place] += 1;
        let own_name = dedicated.iter().find(|(d, _)| *d as usize == cell).map(|(_, name)| name.clone());
        let kind = if own_name.is_some() { CellKind::Dedicated } else { CellKind::Basic };
        let (code, name) = match given.cells.get(cell).filter(|_| given.decide_cells()) {
            Some(area) => (area.code.clone(), area.name.clone()),
            None => (scheme.child(&community.code, next[place])?, own_name.unwrap_or_else(|| cell_name(community, next[place]))),
        };
        numbered.push((code, name, kind, cell));
    }
    numbered.sort_by(|a, b| a.0.cmp(&b.0));
    let mut rank_of_cell = vec![0; numbered.len()];
    (0..).zip(&numbered).for_each(|(rank, (_, _, _, cell))| rank_of_cell[*cell] = rank);
    let cells = numbered.into_iter().map(|(code, name, kind, _)| Cell { code, name, kind, locked: false }).collect();
    Ok(Books { communities, cells, rank_of_cell })
}

/// The sequence number and code of a new cell of a community: the number after the highest that was ever used, or else, when there is
/// no room above, the lowest that never was.
///
/// # Errors
/// [`Error::Code`] when every number has been used.
pub fn next_cell_code(scheme: &CodeScheme, community: &Code, used: &BTreeSet<&Code>) -> Result<(usize, Code), Error> {
    let room = scheme.children(Level::Community);
    let is_used = |s: &usize| scheme.child(community, *s).is_ok_and(|c| used.contains(&c));
    let highest = (1..=room).rev().find(is_used).unwrap_or(0);
    let free = (highest + 1..=room).chain(1..highest).find(|s| !is_used(s)).unwrap_or(room + 1);
    Ok((free, scheme.child(community, free)?))
}

/// What a basic cell is called.
pub fn cell_name(community: &Community, sequence: usize) -> String {
    format!("{}第{sequence}网格", community.name)
}

fn reading_order_of(graph: &Graph) -> Vec<usize> {
    let centres: Vec<[f64; 2]> = graph.atoms.iter().map(|a| a.centre).collect();
    let areas: Vec<f64> = graph.atoms.iter().map(|a| a.area_m2).collect();
    reading_order(&centres, &areas)
}

/// The order in which areas are numbered: rows from north to south, within a row from west to east. A row begins with the
/// northernmost area left and holds all whose centres lie less than half a typical area's width further south.
fn reading_order(centres: &[[f64; 2]], areas_m2: &[f64]) -> Vec<usize> {
    let half_width = (areas_m2.iter().sum::<f64>() / areas_m2.len().max(1) as f64).sqrt() / 2.0;
    let mut southward: Vec<usize> = (0..centres.len()).collect();
    southward.sort_by(|&a, &b| centres[b][1].total_cmp(&centres[a][1]).then(a.cmp(&b)));
    let mut order = Vec::with_capacity(southward.len());
    while let Some(&first) = southward.get(order.len()) {
        let rest = &southward[order.len()..];
        let in_row = rest.partition_point(|i| centres[first][1] - centres[*i][1] < half_width).max(1);
        let mut row = rest[..in_row].to_vec();
        row.sort_by(|&a, &b| centres[a][0].total_cmp(&centres[b][0]).then(a.cmp(&b)));
        order.extend(row);
    }
    order
}

/// Communities for `count` places in reading order: the known ones first, then numbered ones whose codes are still free.
///
/// # Errors
/// [`CodeError`] when the scheme has no room for so many.
fn name_communities(scheme: &CodeScheme, street: &Code, known: &[Community], count: usize) -> Result<Vec<Community>, CodeError> {
    let mut communities: Vec<Community> = known.iter().filter(|c| c.code.is_within(street)).take(count).cloned().collect();
    let mut sequence = 0;
    while communities.len() < count {
        sequence += 1;
        let code = scheme.child(street, sequence)?;
        if !communities.iter().any(|c| c.code == code) {
            communities.push(Community { code, name: format!("第{sequence}社区") });
        }
    }
    Ok(communities)
}

//! Codes that last: a plan drawn from scratch among the plans a street has had.
//!
//! In: a plan numbered as if it were the first. Out: the same with the codes of the plan before wherever the ground is mostly the same, and
//! with codes that never were anybody's wherever it is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};
use rustc_hash::FxHashMap;

use super::{
    Error, Registration, Request,
    blocks::BlockFinder,
    numbering::{cell_name, next_cell_code},
};
use crate::{
    geometry::{LocalMetres, ring},
    model::{Block, Cell, CellKind, Code, CodeScheme, Community, Group, Level, LonLat, Plan, PlanState, Polygon, StreetData},
};

/// A square metre beside a household, where both say whose ground it is.
const HOUSEHOLDS_PER_M2: f64 = 1e-6;

/// The plan whose codes a new one goes on with: the one in force on the day; or else the one published last; or else the newest draft.
pub fn before<'a>(plans: impl IntoIterator<Item = &'a Plan>, day: Date) -> Option<&'a Plan> {
    plans.into_iter().max_by_key(|p| (p.in_force(day), p.state != PlanState::Draft, p.valid_from, p.id))
}

impl Registration {
    /// The day that a plan's codes go on from.
    pub(super) fn day(&self) -> Date {
        self.publish_from.unwrap_or_else(|| self.now.to_zoned(TimeZone::UTC).date())
    }
}

/// A plan from scratch with codes that last: a community, cell or group that mostly is one of the plan before keeps its code, cells and
/// communities their names, too; any other gets a code that none has had. `used` are the codes of cells that any plan has had. Communities
/// and cells whose boundaries were given keep the codes they were given with.
///
/// # Errors
/// [`Error::Code`] and [`Error::TooManyGroups`] when there are no codes left.
pub fn with_lasting_codes(
    street: &StreetData,
    plan: Plan,
    before: Option<&Plan>,
    used: &BTreeSet<Code>,
    request: &Request,
) -> Result<Plan, Error> {
    if street.areas.iter().any(|a| a.level == Level::Cell) {
        return Ok(plan);
    }
    let scheme = &request.scheme;
    let mut used = used.clone();
    used.extend(before.iter().flat_map(|p| &p.cells).map(|c| c.code.clone()));
    let shared = before.map(|before| shared(&plan, before)).unwrap_or_default();
    let communities = if street.areas.iter().any(|a| a.level == Level::Community) {
        plan.communities.clone()
    } else {
        communities(&plan, before, &shared, &used, request)?
    };
    let cells = cells(&plan, before, &shared, &mut used, &communities, scheme)?;
    let mut groups = Vec::with_capacity(plan.groups.len());
    for (old, (cell, same)) in plan.cells.iter().zip(&cells) {
        let drawn: Vec<&Group> = plan.groups.iter().filter(|g| g.code.is_within(&old.code)).collect();
        let former = before.filter(|_| *same).map_or(&[][..], |p| &p.groups);
        let former: Vec<&Group> = former.iter().filter(|g| g.code.is_within(&cell.code)).collect();
        groups.extend(groups_of(&cell.code, &drawn, &former, scheme)?);
    }
    groups.sort_by(|a, b| a.code.cmp(&b.code));
    let mut sorted: Vec<Cell> = cells.iter().map(|(cell, _)| cell.clone()).collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
    let place = |block: &Block| sorted.partition_point(|c| c.code < cells[block.cell as usize].0.code) as u32;
    let blocks = Block::numbered(plan.blocks.iter().map(|b| (b.outline.clone(), place(b))));
    let mut communities = communities;
    communities.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(Plan { communities, cells: sorted, blocks, groups, ..plan })
}

/// How much of each of two sorts of things is common: by new and old one; none for what was in no old one.
type Shared = BTreeMap<(usize, Option<usize>), f64>;

/// What cells have in common, in households and, where there are none, ground.
fn shared(plan: &Plan, before: &Plan) -> Shared {
    let cell_of = |plan: &Plan, group: &Group| plan.cells.partition_point(|c| c.code <= group.code).saturating_sub(1);
    let mut home_of: FxHashMap<&str, usize> = FxHashMap::default();
    for group in &before.groups {
        let cell = cell_of(before, group);
        home_of.extend(group.members.iter().map(|m| (m.as_str(), cell)));
    }
    let mut shared = Shared::new();
    for group in &plan.groups {
        let cell = cell_of(plan, group);
        for member in &group.members {
            *shared.entry((cell, home_of.get(member.as_str()).copied())).or_default() += 1.0;
        }
    }
    let outlines: Vec<Polygon> = before.blocks.iter().map(|b| b.outline.clone()).collect();
    let finder = BlockFinder::new(&outlines);
    let somewhere = plan.blocks.first().and_then(|b| b.outline.exterior.first()).copied().unwrap_or(LonLat::new(0, 0));
    let [east, north] = LocalMetres::at(somewhere).steps_per_metre();
    for block in &plan.blocks {
        let inside = ring::interior_position(&block.outline);
        let old = inside.and_then(|at| finder.find(&outlines, at)).map(|b| before.blocks[b as usize].cell as usize);
        let area_m2 = block.outline.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>() / 2.0 / east / north;
        *shared.entry((block.cell as usize, old)).or_default() += area_m2 * HOUSEHOLDS_PER_M2;
    }
    shared
}

/// Of each new thing the old one that it mostly is and that mostly is it.
fn mostly(shared: &Shared) -> BTreeMap<usize, usize> {
    let (mut of_new, mut of_old): (BTreeMap<usize, f64>, BTreeMap<usize, f64>) = Default::default();
    for ((new, old), weight) in shared {
        *of_new.entry(*new).or_default() += weight;
        if let Some(old) = old {
            *of_old.entry(*old).or_default() += weight;
        }
    }
    let is_most = |new: &usize, old: &usize, weight: &f64| 2.0 * weight > of_new[new] && 2.0 * weight > of_old[old];
    shared.iter().filter_map(|((new, old), weight)| old.filter(|old| is_most(new, old, weight)).map(|old| (*new, old))).collect()
}

/// The communities with codes that last, in their order.
fn communities(
    plan: &Plan,
    before: Option<&Plan>,
    shared: &Shared,
    used: &BTreeSet<Code>,
    request: &Request,
) -> Result<Vec<Community>, Error> {
    let scheme = &request.scheme;
    let place = |plan: &Plan, cell: usize| plan.communities.iter().position(|c| plan.cells[cell].code.is_within(&c.code));
    let mut in_common = Shared::new();
    for ((new, old), weight) in shared {
        if let Some(new) = place(plan, *new) {
            let old = old.and_then(|old| place(before?, old));
            *in_common.entry((new, old)).or_default() += weight;
        }
    }
    let same = mostly(&in_common);
    let mut taken: BTreeSet<Code> = used.iter().filter_map(|cell| scheme.ancestor(cell, Level::Community)).collect();
    taken.extend(before.iter().flat_map(|p| &p.communities).map(|c| c.code.clone()));
    let mut communities = Vec::with_capacity(plan.communities.len());
    for (place, drawn) in plan.communities.iter().enumerate() {
        if let Some(old) = same.get(&place).and_then(|old| before?.communities.get(*old)) {
            communities.push(old.clone());
            continue;
        }
        let is_free = |c: &&Community| !taken.contains(&c.code);
        let own = std::iter::once(drawn).chain(&request.known_communities).find(is_free).cloned();
        let new = match own {
            Some(own) => own,
            None => {
                let street = scheme.ancestor(&drawn.code, Level::Street).unwrap_or_else(|| drawn.code.clone());
                let mut sequence = 1;
                loop {
                    let code = scheme.child(&street, sequence)?;
                    if !taken.contains(&code) {
                        break Community { code, name: format!("第{sequence}社区") };
                    }
                    sequence += 1;
                }
            }
        };
        taken.insert(new.code.clone());
        communities.push(new);
    }
    Ok(communities)
}

/// The cells with codes that last, in their order, and whether each is one of the plan before.
fn cells(
    plan: &Plan,
    before: Option<&Plan>,
    shared: &Shared,
    used: &mut BTreeSet<Code>,
    communities: &[Community],
    scheme: &CodeScheme,
) -> Result<Vec<(Cell, bool)>, Error> {
    let same = mostly(shared);
    let mut cells = Vec::with_capacity(plan.cells.len());
    for (place, drawn) in plan.cells.iter().enumerate() {
        let community = plan.communities.iter().zip(communities).find(|(c, _)| drawn.code.is_within(&c.code)).map(|(_, now)| now);
        let Some(community) = community else {
            cells.push((drawn.clone(), false));
            continue;
        };
        let old = same.get(&place).and_then(|old| before?.cells.get(*old)).filter(|old| old.code.is_within(&community.code));
        if let Some(old) = old {
            let name = if drawn.kind == old.kind { old.name.clone() } else { drawn.name.clone() };
            cells.push((Cell { code: old.code.clone(), name, ..drawn.clone() }, true));
            continue;
        }
        let (sequence, code) = next_cell_code(scheme, &community.code, &used.iter().filter(|c| c.is_within(&community.code)).collect())?;
        used.insert(code.clone());
        let name = if drawn.kind == CellKind::Dedicated { drawn.name.clone() } else { cell_name(community, sequence) };
        cells.push((Cell { code, name, ..drawn.clone() }, false));
    }
    Ok(cells)
}

/// The groups of a cell under its code: one that mostly is a former one keeps its number and, while they are a member, its head; others
/// are numbered after all former ones, or where there is no room above by numbers that no group has now.
fn groups_of(cell: &Code, drawn: &[&Group], former: &[&Group], scheme: &CodeScheme) -> Result<Vec<Group>, Error> {
    let group_of: FxHashMap<&str, usize> =
        former.iter().zip(0..).flat_map(|(g, i)| g.members.iter().map(move |m| (m.as_str(), i))).collect();
    let mut in_common = Shared::new();
    for (place, group) in drawn.iter().enumerate() {
        for member in &group.members {
            *in_common.entry((place, group_of.get(member.as_str()).copied())).or_default() += 1.0;
        }
    }
    let same = mostly(&in_common);
    let number = |g: &Group| g.code.as_str().get(cell.as_str().len()..).and_then(|digits| digits.parse().ok()).unwrap_or(0usize);
    let kept: BTreeSet<usize> = same.values().map(|old| number(former[*old])).collect();
    let (room, highest) = (scheme.children(Level::Cell), former.iter().map(|g| number(g)).max().unwrap_or(0));
    let mut free = (highest + 1..=room).chain((1..=highest).filter(|n| !kept.contains(n)));
    let mut groups = Vec::with_capacity(drawn.len());
    for (place, group) in drawn.iter().enumerate() {
        let old = same.get(&place).map(|old| former[*old]);
        let number = old.map(number).or_else(|| free.next());
        let number = number.ok_or_else(|| Error::TooManyGroups { cell: cell.clone(), groups: drawn.len(), room })?;
        let head = old.map(|old| &old.head).filter(|head| group.members.contains(head)).unwrap_or(&group.head);
        groups.push(Group { code: scheme.child(cell, number)?, head: head.clone(), members: group.members.clone() });
    }
    Ok(groups)
}

//! Ten-household groups by hand.

use super::{
    Desk, Outcome, Refusal,
    sketch::{Sketch, refused},
    warn,
};
use crate::{
    model::{Code, Group, Household},
    plan::{Watch, groups},
};

/// Draws the groups of a cell anew. One that comes out as it was keeps its code and head.
pub fn regroup(desk: &Desk, cell: &Code, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
    desk.cell(cell)?;
    let ground = &desk.ground;
    let now: Vec<&Household> = desk.residents_of(cell).into_iter().map(|h| ground.household(h)).collect();
    let former: Vec<&Group> = desk.groups_of(cell).iter().collect();
    let go_on = || watch("groups", 0.0);
    let drawn = groups::drawn_anew(&now, &former, cell, &ground.scheme, ground.group_size, &ground.metres, &go_on)
        .map_err(|error| refused(&error))?;
    let mut sketch = Sketch::new(desk);
    sketch.put_groups(cell, drawn);
    sketch.finish()
}

fn group<'d>(desk: &'d Desk, code: &Code) -> Result<&'d Group, Refusal> {
    let found = desk.plan.groups.binary_search_by(|g| g.code.cmp(code)).ok().map(|i| &desk.plan.groups[i]);
    found.ok_or_else(|| Refusal::new("no_such_group", format!("the draft has no group {code}")).about([code]))
}

/// Moves a household to another group of its cell.
pub fn move_household(desk: &Desk, household: &str, to: &Code) -> Result<Outcome, Refusal> {
    let target = group(desk, to)?;
    let unknown = || Refusal::new("no_such_household", format!("no group of the draft has household {household}"));
    desk.ground.find_household(household).ok_or_else(unknown)?;
    let is_member = |g: &&Group| g.members.iter().any(|m| m == household);
    let source = desk.plan.groups.iter().find(is_member).ok_or_else(unknown)?;
    if source.code == *to {
        return Err(Refusal::new("nothing_changes", format!("household {household} is in group {to} already")).about([to]));
    }
    let (here, there) = (desk.cell_of_group(&source.code), desk.cell_of_group(to));
    let (Some(cell), true) = (here, here == there) else {
        let detail = format!("household {household} lives in another cell than group {to}; move its building or block instead");
        return Err(Refusal::new("other_cell", detail).about(here.into_iter().chain(there)));
    };
    let sizes = groups::sizes(desk.ground.group_size);
    let (less, more) = (source.members.len() - 1, target.members.len() + 1);
    if more > *sizes.end() {
        return Err(
            Refusal::new("group_too_large", format!("group {to} would have {more} households; {} are allowed", sizes.end())).about([to])
        );
    }
    if less == 0 {
        return Err(Refusal::new("group_too_small", format!("group {} would have no household left", source.code)).about([&source.code]));
    }
    let mut groups: Vec<Group> = desk.groups_of(cell).to_vec();
    for g in &mut groups {
        if g.code == source.code {
            g.members.retain(|m| m != household);
            if g.head == household {
                g.head.clone_from(&g.members[0]);
            }
        } else if g.code == *to {
            g.members.push(household.to_owned());
        }
    }
    let mut sketch = Sketch::new(desk);
    if less < *sizes.start() {
        sketch
            .warnings
            .push(warn("groups_of_odd_size", format!("group {} has {less} households now; {} are the least", source.code, sizes.start())));
    }
    sketch.put_groups(cell, groups);
    sketch.finish()
}

/// Makes a member the head of its group.
pub fn set_head(desk: &Desk, code: &Code, household: &str) -> Result<Outcome, Refusal> {
    let found = group(desk, code)?;
    if !found.members.iter().any(|m| m == household) {
        return Err(Refusal::new("no_such_household", format!("group {code} has no household {household}")).about([code]));
    }
    let Some(cell) = desk.cell_of_group(code) else { return Err(Refusal::new("no_such_group", format!("group {code} is in no cell"))) };
    let mut groups: Vec<Group> = desk.groups_of(cell).to_vec();
    groups.iter_mut().filter(|g| g.code == *code).for_each(|g| household.clone_into(&mut g.head));
    let mut sketch = Sketch::new(desk);
    sketch.put_groups(cell, groups);
    sketch.finish()
}

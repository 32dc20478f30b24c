//! Names, codes, kinds and locks.

use super::{Desk, Outcome, Refusal, sketch::Sketch};
use crate::model::{Cell, CellKind, Code, Community, Group, Level};

/// The longest name, in characters.
const NAME_CHARS: usize = 80;

/// A name as it is kept.
pub fn checked_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Refusal::new("bad_name", format!("a name has 1 to {NAME_CHARS} characters, none of them a control character")));
    }
    Ok(name.to_owned())
}

/// Renames a cell or community.
pub fn rename(desk: &Desk, code: &Code, name: &str) -> Result<Outcome, Refusal> {
    let name = checked_name(name)?;
    let mut sketch = Sketch::new(desk);
    match desk.plan.communities.iter().find(|c| c.code == *code) {
        Some(community) => sketch.put_community(Community { name, ..community.clone() }),
        None => sketch.put_cell(Cell { name, ..desk.cell(code)?.clone() }),
    }
    sketch.finish()
}

/// Gives a cell another code; its groups keep their numbers.
pub fn recode(desk: &Desk, code: &Code, to: &Code) -> Result<Outcome, Refusal> {
    let cell = desk.unlocked(code)?;
    let ground = &desk.ground;
    let is_cell = ground.scheme.level(to).is_ok_and(|level| level == Level::Cell);
    if !is_cell || desk.community_of(to).is_none() {
        let detail = format!("{to} is no code for a cell in one of the draft's communities");
        return Err(Refusal::new("bad_code", detail).about([to]));
    }
    if ground.is_used(to) || desk.cell(to).is_ok() {
        return Err(Refusal::new("code_taken", format!("{to} is or was the code of another cell; codes are never used again")).about([to]));
    }
    let mut sketch = Sketch::new(desk);
    sketch.drop_cell(code);
    sketch.put_cell(Cell { code: to.clone(), ..cell.clone() });
    desk.blocks_of(code).iter().for_each(|id| sketch.give(*id, to));
    let recoded = |group: &Group| {
        let digits = group.code.as_str().get(code.as_str().len()..).unwrap_or_default();
        Code::new(&format!("{to}{digits}")).map(|code| Group { code, ..group.clone() })
    };
    let groups: Result<Vec<Group>, _> = desk.groups_of(code).iter().map(recoded).collect();
    let groups = groups.map_err(|error| Refusal::new("bad_code", error.to_string()))?;
    sketch.put_groups(code, Vec::new());
    sketch.put_groups(to, groups);
    sketch.finish()
}

/// Makes a cell basic or dedicated.
pub fn set_kind(desk: &Desk, code: &Code, kind: CellKind) -> Result<Outcome, Refusal> {
    let mut sketch = Sketch::new(desk);
    sketch.put_cell(Cell { kind, ..desk.cell(code)?.clone() });
    sketch.finish()
}

/// Locks or unlocks cells, or communities with all their cells.
pub fn lock(desk: &Desk, codes: &[Code], locked: bool) -> Result<Outcome, Refusal> {
    let mut sketch = Sketch::new(desk);
    for code in codes {
        let mut cells = desk.plan.cells.iter().filter(|c| c.code.is_within(code)).peekable();
        if cells.peek().is_none() {
            desk.cell(code)?;
        }
        cells.for_each(|cell| sketch.put_cell(Cell { locked, ..cell.clone() }));
    }
    sketch.finish()
}

//! What a command makes of a draft: the rows it changes, as they were and as they become, so that it can be taken back.

use serde::{Deserialize, Serialize};

use super::{Block, Cell, Code, Community, Group, Plan, Polygon};

/// A row before and after; `None`: it is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap<T> {
    /// As it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<T>,
    /// As it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<T>,
}

impl<T> Swap<T> {
    fn inverted(self) -> Self {
        Self { before: self.after, after: self.before }
    }
}

/// A block on one side of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockSide {
    /// The cell it belongs to.
    pub cell: Code,
    /// Its outline; `None` when the change leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outline: Option<Polygon>,
}

/// A block before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockSwap {
    /// [`Block::id`].
    pub id: u32,
    /// The two sides. One that comes or goes has its outline.
    #[serde(flatten)]
    pub sides: Swap<BlockSide>,
}

/// The difference between two states of a plan. What both have alike is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// Communities that change, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub communities: Vec<Swap<Community>>,
    /// Cells that change, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<Swap<Cell>>,
    /// Blocks that change, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<BlockSwap>,
    /// Groups that change, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Swap<Group>>,
}

/// A patch that does not fit: the plan is not in the state it starts from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change does not fit the plan as it is now: {0} is not as it was")]
pub struct Mismatch(pub String);

impl Patch {
    /// What makes `from` into `to`; both sorted as plans are.
    pub fn between(from: &Plan, to: &Plan) -> Self {
        let side = |plan: &Plan, block: &Block, outline: Option<Polygon>| BlockSide {
            cell: plan.cells[block.cell as usize].code.clone(),
            outline,
        };
        let sorted = |plan: &Plan| {
            let mut order: Vec<usize> = (0..plan.blocks.len()).collect();
            order.sort_by_key(|b| plan.blocks[*b].id);
            order
        };
        let (olds, news) = (sorted(from), sorted(to));
        let mut blocks = Vec::new();
        pair(
            &olds,
            &news,
            |a, b| from.blocks[*a].id.cmp(&to.blocks[*b].id),
            |old, new| {
                let (old, new) = (old.map(|o| &from.blocks[*o]), new.map(|n| &to.blocks[*n]));
                let moved = old.map(|b| &b.outline) != new.map(|b| &b.outline);
                let outline = |b: &Block| moved.then(|| b.outline.clone());
                let sides = Swap { before: old.map(|b| side(from, b, outline(b))), after: new.map(|b| side(to, b, outline(b))) };
                if sides.before != sides.after {
                    blocks.extend(old.or(new).map(|b| BlockSwap { id: b.id, sides }));
                }
            },
        );
        Self {
            communities: swaps(&from.communities, &to.communities, |c| &c.code),
            cells: swaps(&from.cells, &to.cells, |c| &c.code),
            blocks,
            groups: swaps(&from.groups, &to.groups, |g| &g.code),
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The way back.
    pub fn inverted(self) -> Self {
        Self {
            communities: self.communities.into_iter().map(Swap::inverted).collect(),
            cells: self.cells.into_iter().map(Swap::inverted).collect(),
            blocks: self.blocks.into_iter().map(|b| BlockSwap { id: b.id, sides: b.sides.inverted() }).collect(),
            groups: self.groups.into_iter().map(Swap::inverted).collect(),
        }
    }

    /// Changes the plan; its revision stays.
    ///
    /// # Errors
    /// [`Mismatch`] when something is not as it was; the plan is then as before.
    pub fn apply(&self, plan: &mut Plan) -> Result<(), Mismatch> {
        fits(&plan.communities, &self.communities, |c| &c.code)?;
        fits(&plan.cells, &self.cells, |c| &c.code)?;
        fits(&plan.groups, &self.groups, |g| &g.code)?;
        self.fits_blocks(plan)?;
        let old_codes: Vec<Code> = plan.cells.iter().map(|c| c.code.clone()).collect();
        swap(&mut plan.communities, &self.communities, |c| &c.code);
        swap(&mut plan.cells, &self.cells, |c| &c.code);
        swap(&mut plan.groups, &self.groups, |g| &g.code);
        let place = |code: &Code| plan.cells.partition_point(|c| c.code < *code) as u32;
        let new_place: Vec<u32> = old_codes.iter().map(place).collect();
        let mut blocks = Vec::with_capacity(plan.blocks.len());
        for mut block in std::mem::take(&mut plan.blocks) {
            match self.find(block.id) {
                None => block.cell = new_place[block.cell as usize],
                Some(BlockSwap { sides: Swap { after: None, .. }, .. }) => continue,
                Some(BlockSwap { sides: Swap { after: Some(after), .. }, .. }) => {
                    block.cell = place(&after.cell);
                    after.outline.iter().for_each(|outline| block.outline.clone_from(outline));
                }
            }
            blocks.push(block);
        }
        for new in self.blocks.iter().filter(|b| b.sides.before.is_none()) {
            if let Some(BlockSide { cell, outline: Some(outline) }) = &new.sides.after {
                blocks.push(Block { id: new.id, outline: outline.clone(), cell: place(cell) });
            }
        }
        blocks.sort_by(Block::order);
        plan.blocks = blocks;
        Ok(())
    }

    fn find(&self, id: u32) -> Option<&BlockSwap> {
        self.blocks.binary_search_by_key(&id, |b| b.id).ok().map(|i| &self.blocks[i])
    }

    /// Whether the blocks are as they were, and every cell that will have one will be there.
    fn fits_blocks(&self, plan: &Plan) -> Result<(), Mismatch> {
        let not = |id: u32| Mismatch(format!("block {id}"));
        let gone: Vec<&Code> = self.cells.iter().filter(|s| s.after.is_none()).filter_map(|s| s.before.as_ref()).map(|c| &c.code).collect();
        let come: Vec<&Code> = self.cells.iter().filter(|s| s.before.is_none()).filter_map(|s| s.after.as_ref()).map(|c| &c.code).collect();
        let will_be =
            |code: &Code| come.contains(&code) || plan.cells.binary_search_by(|c| c.code.cmp(code)).is_ok() && !gone.contains(&code);
        let mut met = 0;
        for block in &plan.blocks {
            let cell = &plan.cells[block.cell as usize].code;
            let Some(swap) = self.find(block.id) else {
                if gone.contains(&cell) {
                    return Err(not(block.id));
                }
                continue;
            };
            met += 1;
            let as_before = |side: &BlockSide| side.cell == *cell && side.outline.as_ref().is_none_or(|o| *o == block.outline);
            if !swap.sides.before.as_ref().is_some_and(as_before) {
                return Err(not(block.id));
            }
        }
        if met != self.blocks.iter().filter(|b| b.sides.before.is_some()).count() {
            return Err(Mismatch("a block that is no more".to_owned()));
        }
        for swap in &self.blocks {
            let fits = swap
                .sides
                .after
                .as_ref()
                .is_none_or(|after| will_be(&after.cell) && (swap.sides.before.is_some() || after.outline.is_some()));
            if !fits {
                return Err(not(swap.id));
            }
        }
        Ok(())
    }
}

/// Walks two sorted lists side by side.
fn pair<'a, T>(
    from: &'a [T],
    to: &'a [T],
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
    mut visit: impl FnMut(Option<&'a T>, Option<&'a T>),
) {
    let (mut i, mut j) = (0, 0);
    while i < from.len() || j < to.len() {
        let order = match (from.get(i), to.get(j)) {
            (Some(a), Some(b)) => order(a, b),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let old = order.is_le().then(|| &from[i]);
        let new = order.is_ge().then(|| &to[j]);
        i += usize::from(old.is_some());
        j += usize::from(new.is_some());
        visit(old, new);
    }
}

fn swaps<T: Clone + PartialEq>(from: &[T], to: &[T], code: impl Fn(&T) -> &Code) -> Vec<Swap<T>> {
    let mut swaps = Vec::new();
    pair(
        from,
        to,
        |a, b| code(a).cmp(code(b)),
        |old, new| {
            if old != new {
                swaps.push(Swap { before: old.cloned(), after: new.cloned() });
            }
        },
    );
    swaps
}

/// Whether the rows are as they were.
fn fits<T: PartialEq>(items: &[T], swaps: &[Swap<T>], code: impl Fn(&T) -> &Code) -> Result<(), Mismatch> {
    for swap in swaps {
        let Some(key) = swap.before.as_ref().or(swap.after.as_ref()).map(&code) else { continue };
        let found = items.binary_search_by(|item| code(item).cmp(key)).ok().map(|i| &items[i]);
        if found != swap.before.as_ref() {
            return Err(Mismatch(key.to_string()));
        }
    }
    Ok(())
}

fn swap<T: Clone>(items: &mut Vec<T>, swaps: &[Swap<T>], code: impl Fn(&T) -> &Code) {
    for swap in swaps {
        let Some(key) = swap.before.as_ref().or(swap.after.as_ref()).map(&code) else { continue };
        match (items.binary_search_by(|item| code(item).cmp(key)), &swap.after) {
            (Ok(i), Some(after)) => items[i] = after.clone(),
            (Ok(i), None) => drop(items.remove(i)),
            (Err(i), Some(after)) => items.insert(i, after.clone()),
            (Err(_), None) => {}
        }
    }
}

//! What makes one plan of a street into another: the way back from a change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Block, Cell, Code, Community, Group, Plan, Polygon};

/// The difference between two plans. What both have alike is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// The other plan without its lists: number, name, dates, parameters.
    head: Plan,
    communities: BTreeMap<Code, Option<Community>>,
    cells: BTreeMap<Code, Option<Cell>>,
    groups: BTreeMap<Code, Option<Group>>,
    /// Blocks that are in another cell or are new; `None`: that are no more.
    blocks: Vec<(Polygon, Option<Code>)>,
}

impl Patch {
    /// What makes `from` into `to`.
    pub fn between(from: &Plan, to: &Plan) -> Self {
        let blocks = changes(&blocks_of(from), &blocks_of(to));
        Self {
            head: Plan { communities: vec![], cells: vec![], blocks: vec![], groups: vec![], ..to.clone() },
            communities: changes(&by_code(&from.communities, |c| &c.code), &by_code(&to.communities, |c| &c.code)),
            cells: changes(&by_code(&from.cells, |c| &c.code), &by_code(&to.cells, |c| &c.code)),
            groups: changes(&by_code(&from.groups, |g| &g.code), &by_code(&to.groups, |g| &g.code)),
            blocks: blocks.into_iter().map(|(rings, code)| (polygon(rings), code)).collect(),
        }
    }

    /// The other plan, to the byte, when `plan` is the one the patch was made from.
    pub fn apply(&self, plan: &Plan) -> Plan {
        let cells = patched(&by_code(&plan.cells, |c| &c.code), &self.cells);
        let mut blocks_of = blocks_of(plan);
        for (outline, code) in &self.blocks {
            match code {
                Some(code) => blocks_of.insert(rings(outline), code.clone()),
                None => blocks_of.remove(&rings(outline)),
            };
        }
        let place = |code: &Code| cells.partition_point(|c| c.code < *code) as u32;
        let mut blocks: Vec<Block> =
            blocks_of.into_iter().map(|(rings, code)| Block { outline: polygon(rings), cell: place(&code) }).collect();
        blocks.sort_by(Block::order);
        Plan {
            communities: patched(&by_code(&plan.communities, |c| &c.code), &self.communities),
            cells,
            blocks,
            groups: patched(&by_code(&plan.groups, |g| &g.code), &self.groups),
            ..self.head.clone()
        }
    }
}

type Rings = Vec<Vec<crate::model::LonLat>>;

fn rings(outline: &Polygon) -> Rings {
    outline.rings().cloned().collect()
}

fn polygon(mut rings: Rings) -> Polygon {
    let exterior = if rings.is_empty() { Vec::new() } else { rings.remove(0) };
    Polygon { exterior, interiors: rings }
}

fn blocks_of(plan: &Plan) -> BTreeMap<Rings, Code> {
    plan.blocks.iter().map(|b| (rings(&b.outline), plan.cells[b.cell as usize].code.clone())).collect()
}

fn by_code<T: Clone>(items: &[T], code: impl Fn(&T) -> &Code) -> BTreeMap<Code, T> {
    items.iter().map(|item| (code(item).clone(), item.clone())).collect()
}

fn changes<K: Ord + Clone, T: Clone + PartialEq>(from: &BTreeMap<K, T>, to: &BTreeMap<K, T>) -> BTreeMap<K, Option<T>> {
    let gone = from.keys().filter(|k| !to.contains_key(k)).map(|k| (k.clone(), None));
    let come = to.iter().filter(|(k, item)| from.get(k) != Some(item)).map(|(k, item)| (k.clone(), Some(item.clone())));
    gone.chain(come).collect()
}

fn patched<T: Clone>(items: &BTreeMap<Code, T>, changes: &BTreeMap<Code, Option<T>>) -> Vec<T> {
    let mut items = items.clone();
    for (code, change) in changes {
        match change {
            Some(item) => items.insert(code.clone(), item.clone()),
            None => items.remove(code),
        };
    }
    items.into_values().collect()
}

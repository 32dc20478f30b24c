//! A plan as rows of six tables: itself, communities, cells, blocks, groups, memberships.

use std::{borrow::Cow, collections::HashMap};

use super::{
    Error,
    row::{Fields, Record, Table, Value, damage},
    wkb::Shape,
};
use crate::{
    geometry::Coverage,
    model::{Block, Cell, CellKind, Code, Community, Group, MultiPolygon, Plan, PlanId, PlanState, Polygon},
};

/// The tables of a plan's parts.
pub(super) const PART_TABLES: [&str; 5] = ["communities", "cells", "blocks", "groups", "memberships"];

/// The plan's own row; its parts are read from their tables.
impl Record for Plan {
    const TABLE: Table = Table {
        name: "plans",
        columns: &["street_code", "plan_id", "name", "state", "valid_from", "valid_to", "created_at", "parameters", "estimated"],
        key: 2,
        derived: false,
    };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.id),
            Value::Text(Some(&self.name)),
            Value::Text(Some(self.state.as_str())),
            Value::Date(self.valid_from),
            Value::Date(self.valid_to),
            Value::Time(Some(self.created_at)),
            Value::Json(self.parameters.to_string()),
            Value::Boolean(self.estimated),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: read_plan_id(row)?,
            name: row.text(2)?.to_owned(),
            state: row.word(3, PlanState::parse)?,
            valid_from: row.optional_date(4)?,
            valid_to: row.optional_date(5)?,
            created_at: row.time(6)?,
            parameters: serde_json::from_str(row.text(7)?).map_err(damage)?,
            estimated: row.boolean(8)?,
            communities: Vec::new(),
            cells: Vec::new(),
            blocks: Vec::new(),
            groups: Vec::new(),
        })
    }
}

fn plan_id(id: PlanId) -> Value<'static> {
    Value::Integer(Some(i64::from(id.0)))
}

fn read_plan_id(row: &impl Fields) -> Result<PlanId, sqlx::Error> {
    Ok(PlanId(row.integer(1)?))
}

/// A row of `communities`.
pub(super) struct CommunityRow<'a> {
    plan: PlanId,
    community: Cow<'a, Community>,
    outline: MultiPolygon,
}

impl Record for CommunityRow<'_> {
    const TABLE: Table =
        Table { name: "communities", columns: &["street_code", "plan_id", "community_code", "name", "geom"], key: 3, derived: true };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.plan),
            Value::Text(Some(self.community.code.as_str())),
            Value::Text(Some(&self.community.name)),
            Value::Shape(Shape::MultiPolygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        let community = Cow::Owned(Community { code: row.code(2)?, name: row.text(3)?.to_owned() });
        Ok(Self { plan: read_plan_id(row)?, community, outline: MultiPolygon::default() })
    }
}

/// A row of `cells`.
pub(super) struct CellRow<'a> {
    plan: PlanId,
    cell: Cow<'a, Cell>,
    outline: MultiPolygon,
}

impl Record for CellRow<'_> {
    const TABLE: Table =
        Table { name: "cells", columns: &["street_code", "plan_id", "cell_code", "name", "kind", "geom"], key: 3, derived: true };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.plan),
            Value::Text(Some(self.cell.code.as_str())),
            Value::Text(Some(&self.cell.name)),
            Value::Text(Some(self.cell.kind.as_str())),
            Value::Shape(Shape::MultiPolygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        let cell = Cow::Owned(Cell { code: row.code(2)?, name: row.text(3)?.to_owned(), kind: row.word(4, CellKind::parse)? });
        Ok(Self { plan: read_plan_id(row)?, cell, outline: MultiPolygon::default() })
    }
}

/// A row of `blocks`.
pub(super) struct BlockRow<'a> {
    plan: PlanId,
    index: usize,
    cell: Cow<'a, Code>,
    outline: Cow<'a, Polygon>,
}

impl Record for BlockRow<'_> {
    const TABLE: Table =
        Table { name: "blocks", columns: &["street_code", "plan_id", "block_index", "cell_code", "geom"], key: 3, derived: false };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.plan),
            Value::Integer(Some(self.index as i64)),
            Value::Text(Some(self.cell.as_str())),
            Value::Shape(Shape::Polygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self { plan: read_plan_id(row)?, index: row.integer(2)?, cell: Cow::Owned(row.code(3)?), outline: Cow::Owned(row.polygon(4)?) })
    }
}

/// A row of `groups`.
pub(super) struct GroupRow<'a> {
    plan: PlanId,
    code: Cow<'a, Code>,
    head: Cow<'a, str>,
}

impl Record for GroupRow<'_> {
    const TABLE: Table =
        Table { name: "groups", columns: &["street_code", "plan_id", "group_code", "head_household_id"], key: 3, derived: false };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.plan),
            Value::Text(Some(self.code.as_str())),
            Value::Text(Some(&self.head)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self { plan: read_plan_id(row)?, code: Cow::Owned(row.code(2)?), head: Cow::Owned(row.text(3)?.to_owned()) })
    }
}

/// A row of `memberships`.
pub(super) struct MembershipRow<'a> {
    plan: PlanId,
    household: Cow<'a, str>,
    group: Cow<'a, Code>,
    index: usize,
}

impl Record for MembershipRow<'_> {
    const TABLE: Table = Table {
        name: "memberships",
        columns: &["street_code", "plan_id", "household_id", "group_code", "member_index"],
        key: 3,
        derived: false,
    };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            plan_id(self.plan),
            Value::Text(Some(&self.household)),
            Value::Text(Some(self.group.as_str())),
            Value::Integer(Some(self.index as i64)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            plan: read_plan_id(row)?,
            household: Cow::Owned(row.text(2)?.to_owned()),
            group: Cow::Owned(row.code(3)?),
            index: row.integer(4)?,
        })
    }
}

/// The parts of plans as rows: of one plan on the way in, of all plans of a street on the way out.
#[derive(Default)]
pub(super) struct PlanParts<'a> {
    pub(super) communities: Vec<CommunityRow<'a>>,
    pub(super) cells: Vec<CellRow<'a>>,
    pub(super) blocks: Vec<BlockRow<'a>>,
    pub(super) groups: Vec<GroupRow<'a>>,
    pub(super) memberships: Vec<MembershipRow<'a>>,
}

impl<'a> PlanParts<'a> {
    /// Takes a plan apart.
    ///
    /// # Errors
    /// [`Error::Refused`] when a block names no cell or blocks overlap.
    pub(super) fn of(street: &Code, plan: &'a Plan) -> Result<Self, Error> {
        let id = plan.id;
        let refused = |why: String| Error::Refused { what: format!("plan {} of street {street}", id.0), why };
        let mut parts = Self::default();
        for (index, block) in plan.blocks.iter().enumerate() {
            let cell = plan.cells.get(block.cell as usize).ok_or_else(|| refused(format!("block {index} lies in cell {}", block.cell)))?;
            parts.blocks.push(BlockRow { plan: id, index, cell: Cow::Borrowed(&cell.code), outline: Cow::Borrowed(&block.outline) });
        }
        let (communities, cells) = outlines(plan).map_err(refused)?;
        parts.communities = plan
            .communities
            .iter()
            .zip(communities)
            .map(|(community, outline)| CommunityRow { plan: id, community: Cow::Borrowed(community), outline })
            .collect();
        parts.cells =
            plan.cells.iter().zip(cells).map(|(cell, outline)| CellRow { plan: id, cell: Cow::Borrowed(cell), outline }).collect();
        for group in &plan.groups {
            let code = Cow::Borrowed(&group.code);
            parts.memberships.extend(group.members.iter().enumerate().map(|(index, household)| MembershipRow {
                plan: id,
                household: Cow::Borrowed(household),
                group: code.clone(),
                index,
            }));
            parts.groups.push(GroupRow { plan: id, code, head: Cow::Borrowed(&group.head) });
        }
        Ok(parts)
    }

    /// Puts the parts into the plans of their street, which come back sorted by number.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a part belongs to nothing.
    pub(super) fn assemble(mut self, street: &Code, plans: &mut [Plan]) -> Result<(), Error> {
        plans.sort_by_key(|plan| plan.id);
        self.blocks.sort_by_key(|row| (row.plan, row.index));
        self.memberships.sort_by(|a, b| (a.plan, &a.group, a.index).cmp(&(b.plan, &b.group, b.index)));
        let mut whole = Assembly { street, index: plans.iter().enumerate().map(|(index, plan)| (plan.id, index)).collect(), plans };
        for row in self.communities {
            whole.plan(row.plan, "communities")?.communities.push(row.community.into_owned());
        }
        for row in self.cells {
            whole.plan(row.plan, "cells")?.cells.push(row.cell.into_owned());
        }
        for row in self.groups {
            let group = Group { code: row.code.into_owned(), head: row.head.into_owned(), members: Vec::new() };
            whole.plan(row.plan, "groups")?.groups.push(group);
        }
        for plan in whole.plans.iter_mut() {
            plan.communities.sort_by(|a, b| a.code.cmp(&b.code));
            plan.cells.sort_by(|a, b| a.code.cmp(&b.code));
            plan.groups.sort_by(|a, b| a.code.cmp(&b.code));
        }
        whole.place_blocks(self.blocks)?;
        whole.place_members(self.memberships)
    }
}

/// Plans being put together.
struct Assembly<'p> {
    street: &'p Code,
    plans: &'p mut [Plan],
    index: HashMap<PlanId, usize>,
}

impl Assembly<'_> {
    fn plan(&mut self, id: PlanId, table: &str) -> Result<&mut Plan, Error> {
        let index = self.index.get(&id).ok_or_else(|| lost(self.street, table, format!("plan {} does not exist", id.0)))?;
        Ok(&mut self.plans[*index])
    }

    fn place_blocks(&mut self, rows: Vec<BlockRow<'_>>) -> Result<(), Error> {
        let street = self.street;
        for row in rows {
            let plan = self.plan(row.plan, "blocks")?;
            let cell = plan
                .cells
                .binary_search_by(|cell| cell.code.cmp(&row.cell))
                .map_err(|_| lost(street, "blocks", format!("cell {} does not exist in plan {}", row.cell, row.plan.0)))?;
            plan.blocks.push(Block { outline: row.outline.into_owned(), cell: cell as u32 });
        }
        Ok(())
    }

    /// Members come sorted by plan and group, as the groups are.
    fn place_members(&mut self, rows: Vec<MembershipRow<'_>>) -> Result<(), Error> {
        let street = self.street;
        let mut current: Option<(PlanId, usize)> = None;
        for row in rows {
            let plan = self.plan(row.plan, "memberships")?;
            let group = match current {
                Some((id, group)) if id == row.plan && plan.groups[group].code == *row.group => group,
                _ => plan
                    .groups
                    .binary_search_by(|group| group.code.cmp(&row.group))
                    .map_err(|_| lost(street, "memberships", format!("group {} does not exist in plan {}", row.group, row.plan.0)))?,
            };
            current = Some((row.plan, group));
            plan.groups[group].members.push(row.household.into_owned());
        }
        Ok(())
    }
}

fn lost(street: &Code, table: &str, why: String) -> Error {
    Error::Damaged { what: format!("{table} of street {street}"), why }
}

/// The outlines of a plan's communities and cells, in their order; empty for one without blocks.
fn outlines(plan: &Plan) -> Result<(Vec<MultiPolygon>, Vec<MultiPolygon>), String> {
    let faces: Vec<MultiPolygon> = plan.blocks.iter().map(|block| block.outline.clone().into()).collect();
    let blocks = Coverage::from_polygons(&faces).map_err(|error| error.to_string())?;
    let cell_of_block: Vec<u32> = plan.blocks.iter().map(|block| block.cell).collect();
    let cells = blocks.dissolve(&cell_of_block, plan.cells.len() as u32);
    // Cells outside every community share one label more, which is not kept.
    let nowhere = plan.communities.len() as u32;
    let community_of_cell: Vec<u32> = plan
        .cells
        .iter()
        .map(|cell| {
            plan.communities.iter().position(|community| cell.code.is_within(&community.code)).map_or(nowhere, |index| index as u32)
        })
        .collect();
    let mut communities = cells.dissolve(&community_of_cell, nowhere + 1).outlines();
    communities.truncate(nowhere as usize);
    Ok((communities, cells.outlines()))
}

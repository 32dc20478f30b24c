//! A plan as rows of six tables: itself, communities, cells, blocks, groups, memberships.

use std::borrow::Cow;

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
        columns: &[
            "street_code",
            "plan_id",
            "name",
            "state",
            "valid_from",
            "valid_to",
            "created_at",
            "owner",
            "base_plan",
            "revision",
            "parameters",
            "estimated",
        ],
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
            Value::Text(self.owner.as_deref()),
            Value::Integer(self.base.map(|base| i64::from(base.0))),
            Value::Integer(Some(i64::from(self.revision))),
            Value::Json(Some(self.parameters.to_string())),
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
            owner: row.owned_text(7)?,
            base: row.small(8)?.map(PlanId),
            revision: row.integer(9)?,
            parameters: serde_json::from_str(row.text(10)?).map_err(damage)?,
            estimated: row.boolean(11)?,
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

impl CommunityRow<'_> {
    pub(super) fn code(&self) -> &Code {
        &self.community.code
    }
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

impl CellRow<'_> {
    pub(super) fn code(&self) -> &Code {
        &self.cell.code
    }
}

impl Record for CellRow<'_> {
    const TABLE: Table =
        Table { name: "cells", columns: &["street_code", "plan_id", "cell_code", "name", "kind", "locked", "geom"], key: 3, derived: true };

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
            Value::Boolean(self.cell.locked),
            Value::Shape(Shape::MultiPolygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        let kind = row.word(4, CellKind::parse)?;
        let cell = Cell { code: row.code(2)?, name: row.text(3)?.to_owned(), kind, locked: row.boolean(5)? };
        Ok(Self { plan: read_plan_id(row)?, cell: Cow::Owned(cell), outline: MultiPolygon::default() })
    }
}

/// A row of `blocks`.
pub(super) struct BlockRow<'a> {
    plan: PlanId,
    /// [`Block::id`].
    number: u32,
    cell: Cow<'a, Code>,
    outline: Cow<'a, Polygon>,
}

impl BlockRow<'_> {
    pub(super) fn number(&self) -> u32 {
        self.number
    }
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
            Value::Integer(Some(i64::from(self.number))),
            Value::Text(Some(self.cell.as_str())),
            Value::Shape(Shape::Polygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self { plan: read_plan_id(row)?, number: row.integer(2)?, cell: Cow::Owned(row.code(3)?), outline: Cow::Owned(row.polygon(4)?) })
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

impl MembershipRow<'_> {
    pub(super) fn household(&self) -> &str {
        &self.household
    }
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

/// The parts of a plan as rows.
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
        for block in &plan.blocks {
            let number = block.id;
            let cell = plan.cells.get(block.cell as usize).ok_or_else(|| refused(format!("block {number} lies in cell {}", block.cell)))?;
            parts.blocks.push(BlockRow { plan: id, number, cell: Cow::Borrowed(&cell.code), outline: Cow::Borrowed(&block.outline) });
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
}

/// The plans of a street being put together from their rows: first the plans, then communities and cells, sorted, then
/// blocks and groups, sorted too, then members.
#[derive(Default)]
pub(super) struct Assembly {
    plans: Vec<Plan>,
    members: Vec<Member>,
    /// The plan of the last row: most rows belong to the same one as the row before.
    plan: usize,
    /// The group of the last member.
    group: usize,
}

/// A household and its place: of which plan, in which group, which in it.
struct Member {
    plan: u32,
    group: u32,
    index: u32,
    household: String,
}

impl Assembly {
    /// A plan's own row.
    pub(super) fn add_plan(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    /// What has been put together so far.
    pub(super) fn plans(&self) -> &[Plan] {
        &self.plans
    }

    pub(super) fn add_community(&mut self, row: CommunityRow<'_>) -> Result<(), sqlx::Error> {
        let plan = self.find_plan(row.plan)?;
        self.plans[plan].communities.push(row.community.into_owned());
        Ok(())
    }

    pub(super) fn add_cell(&mut self, row: CellRow<'_>) -> Result<(), sqlx::Error> {
        let plan = self.find_plan(row.plan)?;
        self.plans[plan].cells.push(row.cell.into_owned());
        Ok(())
    }

    /// Sorts what blocks and members look for.
    pub(super) fn sort_areas(&mut self) {
        for plan in &mut self.plans {
            plan.communities.sort_by(|a, b| a.code.cmp(&b.code));
            plan.cells.sort_by(|a, b| a.code.cmp(&b.code));
        }
    }

    pub(super) fn add_block(&mut self, row: BlockRow<'_>) -> Result<(), sqlx::Error> {
        let plan = self.find_plan(row.plan)?;
        let cell = self.plans[plan]
            .cells
            .binary_search_by(|cell| cell.code.cmp(&row.cell))
            .map_err(|_| damage(format!("cell {} does not exist in plan {}", row.cell, row.plan.0)))?;
        self.plans[plan].blocks.push(Block { id: row.number, outline: row.outline.into_owned(), cell: cell as u32 });
        Ok(())
    }

    pub(super) fn add_group(&mut self, row: GroupRow<'_>) -> Result<(), sqlx::Error> {
        let plan = self.find_plan(row.plan)?;
        let group = Group { code: row.code.into_owned(), head: row.head.into_owned(), members: Vec::new() };
        self.plans[plan].groups.push(group);
        Ok(())
    }

    /// Sorts what members look for.
    pub(super) fn sort_groups(&mut self) {
        self.plans.iter_mut().for_each(|plan| plan.groups.sort_by(|a, b| a.code.cmp(&b.code)));
    }

    /// A row of `memberships`, by far the most of all: it is read here, so that the group's code need not be copied.
    pub(super) fn add_member(&mut self, row: &impl Fields) -> Result<(), sqlx::Error> {
        let id = read_plan_id(row)?;
        let plan = self.find_plan(id)?;
        let (groups, code) = (&self.plans[plan].groups, row.text(3)?);
        if groups.get(self.group).is_none_or(|group| group.code.as_str() != code) {
            self.group = groups
                .binary_search_by(|group| group.code.as_str().cmp(code))
                .map_err(|_| damage(format!("group {code} does not exist in plan {}", id.0)))?;
        }
        let (plan, group) = (plan as u32, self.group as u32);
        self.members.push(Member { plan, group, index: row.integer(4)?, household: row.text(2)?.to_owned() });
        Ok(())
    }

    /// The plans, sorted by number.
    pub(super) fn finish(mut self) -> Vec<Plan> {
        self.plans.iter_mut().for_each(|plan| plan.blocks.sort_by(Block::order));
        self.members.sort_by_key(|member| (member.plan, member.group, member.index));
        let mut members = self.members.into_iter().peekable();
        for (plan, index) in self.plans.iter_mut().zip(0..) {
            for (group, place) in plan.groups.iter_mut().zip(0..) {
                while let Some(member) = members.next_if(|member| (member.plan, member.group) == (index, place)) {
                    group.members.push(member.household);
                }
            }
        }
        self.plans.sort_by_key(|plan| plan.id);
        self.plans
    }

    /// Where a plan is; they stay where they are until the end.
    fn find_plan(&mut self, id: PlanId) -> Result<usize, sqlx::Error> {
        if self.plans.get(self.plan).is_none_or(|plan| plan.id != id) {
            let found = self.plans.iter().position(|plan| plan.id == id);
            self.plan = found.ok_or_else(|| damage(format!("plan {} does not exist", id.0)))?;
        }
        Ok(self.plan)
    }
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

//! What the desk draws: cells, blocks, figures, and what a step changed of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::session::{Open, Step};
use crate::{
    model::{Cell, Edit, LonLat, Plan, Polygon, Ring},
    plan::desk::{Balance, CellFigures, Desk, Outcome, Problem, ProblemKind, TOLERANCE},
};

/// Longitude and latitude in degrees, CRS84, on the grid of 1e-7 degree.
pub type Position = [f64; 2];

pub fn position(p: LonLat) -> Position {
    [p.lon(), p.lat()]
}

fn ring(ring: &Ring) -> Vec<Position> {
    ring.iter().map(|p| position(*p)).collect()
}

fn polygon(polygon: &Polygon) -> Vec<Vec<Position>> {
    polygon.rings().map(ring).collect()
}

/// A plan without its ground.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanSummary {
    /// Number within the street.
    pub id: u32,
    /// Name.
    pub name: String,
    /// draft, published, superseded (today).
    pub state: String,
    /// First day in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// First day no longer in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Whose draft it is, as they call themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The plan it was copied or drawn again from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
    /// Steps that led here. `"r<revision>"` in If-Match names them, whatever the plan's state and days.
    pub revision: u32,
    /// The entity tag, without its quotes: the revision with state and days.
    pub tag: String,
    /// How many.
    pub cells: usize,
    /// How many.
    pub communities: usize,
    /// How many.
    pub groups: usize,
    /// In groups.
    pub households: usize,
    /// How even basic cells are, by the households in their groups.
    pub balance: Balance,
}

impl PlanSummary {
    /// Of a plan that need not be laid open.
    pub fn of(plan: &Plan, today: jiff::civil::Date) -> Self {
        let mut sizes = vec![0usize; plan.cells.len()];
        for group in &plan.groups {
            if let Some(cell) = plan.cells.partition_point(|c| c.code <= group.code).checked_sub(1) {
                sizes[cell] += group.members.len();
            }
        }
        let basic = plan.cells.iter().zip(&sizes).filter(|(c, _)| c.kind == crate::model::CellKind::Basic).map(|(_, n)| *n);
        Self {
            id: plan.id.0,
            name: plan.name.clone(),
            state: plan.state_on(today).as_str().into(),
            valid_from: plan.valid_from.map(|d| d.to_string()),
            valid_to: plan.valid_to.map(|d| d.to_string()),
            created_at: plan.created_at.to_string(),
            owner: plan.owner.clone(),
            base: plan.base.map(|b| b.0),
            revision: plan.revision,
            tag: plan_tag(plan, today),
            cells: plan.cells.len(),
            communities: plan.communities.len(),
            groups: plan.groups.len(),
            households: sizes.iter().sum(),
            balance: Balance::of(basic),
        }
    }
}

/// What names a plan as it is: steps, state, days in force.
pub fn plan_tag(plan: &Plan, today: jiff::civil::Date) -> String {
    format!("{}.{}", revision_tag(plan.revision), standing(plan, today))
}

/// What names the steps of a plan.
pub fn revision_tag(revision: u32) -> String {
    format!("r{revision}")
}

/// What of a plan changes without a step.
pub fn standing(plan: &Plan, today: jiff::civil::Date) -> String {
    let days = [plan.valid_from, plan.valid_to].into_iter().flatten();
    days.fold(plan.state_on(today).as_str().to_owned(), |tag, day| format!("{tag}.{day}"))
}

/// A community.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CommunityRow {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// A cell with its figures and its ground.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CellRow {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// basic or dedicated.
    pub kind: String,
    /// No command changes its ground.
    pub locked: bool,
    /// Code of its community.
    pub community: Option<String>,
    /// Households.
    pub households: usize,
    /// Persons, where known.
    pub persons: Option<u32>,
    /// Square metres.
    pub area_m2: f64,
    /// 4π × area / perimeter², 0 to 1.
    pub compactness: f64,
    /// Ten-household groups.
    pub groups: usize,
    /// Reports in 30 days, the mean of the last year.
    pub issues_month: f64,
    /// Signed share of the mean of basic cells.
    pub deviation: f64,
    /// Codes of cells with a common border.
    pub neighbours: Vec<String>,
    /// Where its label stands.
    #[schema(value_type = Option<[f64; 2]>)]
    pub label: Option<Position>,
    /// West, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// Coordinates of a GeoJSON MultiPolygon, exact.
    #[schema(value_type = Vec<Vec<Vec<[f64; 2]>>>)]
    pub geometry: Vec<Vec<Vec<Position>>>,
}

/// A block.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BlockRow {
    /// Number within the plan.
    pub id: u32,
    /// Code of its cell.
    pub cell: String,
    /// Households.
    pub households: usize,
    /// Somewhere inside.
    #[schema(value_type = Option<[f64; 2]>)]
    pub at: Option<Position>,
    /// Coordinates of a GeoJSON Polygon, exact.
    #[schema(value_type = Vec<Vec<[f64; 2]>>)]
    pub geometry: Vec<Vec<Position>>,
}

/// Something to look at, the worst first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemRow {
    /// What.
    pub kind: ProblemKind,
    /// In which cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// Deviation, pieces, compactness, groups or households.
    pub value: f64,
    /// Where.
    #[schema(value_type = Option<[f64; 2]>)]
    pub at: Option<Position>,
}

/// A command that undo or redo is about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepRow {
    /// Line of the log.
    pub number: u32,
    /// Its op.
    pub op: String,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When.
    pub at: String,
}

/// All that the desk draws.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskView {
    /// The plan.
    pub plan: PlanSummary,
    /// Allowed deviation from the mean, as a share.
    pub tolerance: f64,
    /// Whether commands may change it.
    pub editable: bool,
    /// Level 2.
    pub communities: Vec<CommunityRow>,
    /// Level 3.
    pub cells: Vec<CellRow>,
    /// Atoms.
    pub blocks: Vec<BlockRow>,
    /// What is wrong.
    pub problems: Vec<ProblemRow>,
    /// What undo takes back.
    pub undo: Option<StepRow>,
    /// What redo does again.
    pub redo: Option<StepRow>,
}

/// What steps changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Changed {
    /// The draft's revision.
    pub revision: u32,
    /// Blocks that came or changed.
    pub blocks: Vec<BlockRow>,
    /// Blocks that are no more.
    pub removed_blocks: Vec<u32>,
    /// Cells that came, changed, or have other figures.
    pub cells: Vec<CellRow>,
    /// Cells that are no more.
    pub removed_cells: Vec<String>,
    /// All communities, when any came, went or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub communities: Option<Vec<CommunityRow>>,
    /// Every basic cell's deviation: the mean moves.
    pub deviations: BTreeMap<String, f64>,
    /// How even basic cells are.
    pub balance: Balance,
    /// What is wrong.
    pub problems: Vec<ProblemRow>,
    /// What undo takes back.
    pub undo: Option<StepRow>,
    /// What redo does again.
    pub redo: Option<StepRow>,
}

/// Before and after.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct BalanceChange {
    /// Before.
    pub before: Balance,
    /// After.
    pub after: Balance,
}

/// How many moved.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct MovedCount {
    /// Households that changed their cell.
    pub households: usize,
    /// Groups that came, went or changed.
    pub groups_changed: usize,
}

/// A warning.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WarningRow {
    /// Stable code.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What became of a command.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answer {
    /// Line of the log.
    pub number: u32,
    /// The draft's revision now.
    pub revision: u32,
    /// Somebody else had changed other cells meanwhile.
    pub merged: bool,
    /// The command's op.
    pub op: String,
    /// What is different.
    pub changed: Changed,
    /// How even cells were and are.
    pub balance: BalanceChange,
    /// How many moved.
    pub moved: MovedCount,
    /// Worth knowing.
    pub warnings: Vec<WarningRow>,
    /// What is wrong.
    pub problems: Vec<ProblemRow>,
    /// What undo takes back.
    pub undo: Option<StepRow>,
    /// What redo does again.
    pub redo: Option<StepRow>,
}

impl Answer {
    /// What a step made of a draft that was that even before.
    pub fn of(open: &Open, step: &Step, op: &str, outcome: &Outcome, before: Balance, merged: bool) -> Self {
        let changed = changed(open, &[step]);
        let warnings = outcome.warnings.iter().map(|w| WarningRow { code: w.code.into(), message: w.message.clone() });
        Self {
            number: step.number,
            revision: step.revision,
            merged,
            op: op.to_owned(),
            balance: BalanceChange { before, after: changed.balance },
            moved: MovedCount { households: outcome.households_moved, groups_changed: outcome.groups_changed },
            warnings: warnings.collect(),
            problems: changed.problems.clone(),
            undo: changed.undo.clone(),
            redo: changed.redo.clone(),
            changed,
        }
    }
}

/// All of a plan.
pub fn desk_view(open: &Open, today: jiff::civil::Date) -> DeskView {
    let plan = open.desk.plan();
    let deviations: BTreeMap<_, _> = open.desk.deviations().collect();
    DeskView {
        plan: PlanSummary::of(plan, today),
        tolerance: TOLERANCE,
        editable: plan.state == crate::model::PlanState::Draft,
        communities: communities(plan),
        cells: plan.cells.iter().filter_map(|c| cell(&open.desk, c, deviations.get(&c.code).copied())).collect(),
        blocks: plan.blocks.iter().filter_map(|b| block(&open.desk, b.id)).collect(),
        problems: problems(&open.desk),
        undo: undo(open),
        redo: redo(open),
    }
}

/// What is different after some steps.
pub fn changed(open: &Open, steps: &[&Step]) -> Changed {
    let plan = open.desk.plan();
    let near: BTreeSet<_> = steps.iter().flat_map(|step| &step.near).collect();
    let ids: BTreeSet<u32> = steps.iter().flat_map(|step| &step.blocks).copied().collect();
    let deviations: BTreeMap<_, _> = open.desk.deviations().collect();
    let is_there = |code: &&&crate::model::Code| plan.cells.binary_search_by(|c| c.code.cmp(code)).is_ok();
    let cells = plan.cells.iter().filter(|c| near.contains(&c.code));
    Changed {
        revision: plan.revision,
        blocks: ids.iter().filter_map(|id| block(&open.desk, *id)).collect(),
        removed_blocks: ids.iter().copied().filter(|id| open.desk.block(*id).is_none()).collect(),
        cells: cells.filter_map(|c| cell(&open.desk, c, deviations.get(&c.code).copied())).collect(),
        removed_cells: near.iter().filter(|code| !is_there(code)).map(ToString::to_string).collect(),
        communities: steps.iter().any(|step| step.communities).then(|| communities(plan)),
        deviations: deviations.iter().map(|(code, share)| (code.to_string(), *share)).collect(),
        balance: open.desk.balance(),
        problems: problems(&open.desk),
        undo: undo(open),
        redo: redo(open),
    }
}

fn communities(plan: &Plan) -> Vec<CommunityRow> {
    plan.communities.iter().map(|c| CommunityRow { code: c.code.to_string(), name: c.name.clone() }).collect()
}

fn cell(desk: &Desk, cell: &Cell, deviation: Option<f64>) -> Option<CellRow> {
    let f: &CellFigures = desk.figures(&cell.code)?;
    let bounds = crate::model::Bounds::of(f.outline.rings().flatten());
    let community = desk.plan().communities.iter().find(|c| cell.code.is_within(&c.code));
    Some(CellRow {
        code: cell.code.to_string(),
        name: cell.name.clone(),
        kind: cell.kind.as_str().into(),
        locked: cell.locked,
        community: community.map(|c| c.code.to_string()),
        households: f.households,
        persons: f.persons,
        area_m2: f.area_m2.round(),
        compactness: f.compactness,
        groups: f.groups,
        issues_month: f.issues_month,
        deviation: deviation.unwrap_or(0.0),
        neighbours: f.neighbours.iter().map(ToString::to_string).collect(),
        label: f.label.map(position),
        bbox: bounds.map(crate::serve::info::degrees),
        geometry: f.outline.0.iter().map(polygon).collect(),
    })
}

fn block(desk: &Desk, id: u32) -> Option<BlockRow> {
    let block = desk.block(id)?;
    Some(BlockRow {
        id,
        cell: desk.cell_of_block(id)?.code.to_string(),
        households: desk.households_in(id),
        at: crate::geometry::ring::interior_position(&block.outline).map(position),
        geometry: polygon(&block.outline),
    })
}

pub fn problems(desk: &Desk) -> Vec<ProblemRow> {
    let row = |p: Problem| ProblemRow { kind: p.kind, cell: p.cell.map(|c| c.to_string()), value: p.value, at: p.at.map(position) };
    desk.problems().into_iter().map(row).collect()
}

fn step(edit: &Edit) -> StepRow {
    StepRow { number: edit.number, op: op_of(edit), who: edit.who.clone(), at: edit.at.to_string() }
}

/// The op of a logged command.
pub fn op_of(edit: &Edit) -> String {
    edit.command.get("op").and_then(|op| op.as_str()).unwrap_or_default().to_owned()
}

fn undo(open: &Open) -> Option<StepRow> {
    open.journal.undoable().map(|logged| step(&logged.edit))
}

fn redo(open: &Open) -> Option<StepRow> {
    open.journal.redoable().map(|logged| step(&logged.edit))
}

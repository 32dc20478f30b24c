//! What the tiles of one plan are read off: made on the first tile, kept with the plan.

use std::{
    ops::RangeInclusive,
    sync::{Arc, OnceLock},
};

use rayon::prelude::*;

use super::{
    boxes::Boxes,
    encode::{LayerWriter, Value},
    shapes::{Arcs, AreaShapes},
};
use crate::{
    geometry::FaceId,
    index::{AreaStats, PlanIndex, PlanShape, Snapshot, WorldPixel},
    model::{Code, Level},
};

/// A plan's shapes and the properties of its areas.
#[derive(Debug)]
pub struct PlanTiles {
    /// Where its areas lie; plans that differ in what lies in their areas share them.
    pub shapes: Arc<PlanShapes>,
    /// By community.
    pub communities: Facts,
    /// By cell.
    pub cells: Facts,
}

impl PlanTiles {
    /// What is kept of a plan; `None` only when its slot was taken by something else.
    pub fn of(plan: &PlanIndex) -> Option<&Self> {
        Self::with(plan, || Arc::new(PlanShapes::new(plan)))
    }

    /// The same, sharing the shapes of a plan that has the same ones, if nothing is kept yet.
    pub fn like<'a>(plan: &'a PlanIndex, old: &PlanIndex) -> Option<&'a Self> {
        let is_alike = plan.blocks == old.blocks && plan.cells == old.cells && plan.community_labels() == old.community_labels();
        let shared = if is_alike { Self::of(old) } else { None };
        Self::with(plan, || shared.map_or_else(|| Arc::new(PlanShapes::new(plan)), |old| Arc::clone(&old.shapes)))
    }

    fn with(plan: &PlanIndex, shapes: impl FnOnce() -> Arc<PlanShapes>) -> Option<&Self> {
        let shapes = plan.shapes.get_or_init(shapes)?;
        plan.tiles.get_or_init(|| {
            let estimated = plan.plan.estimated;
            let communities = plan.plan.communities.iter().map(|c| (&c.code, c.name.as_str())).zip(&plan.community_stats);
            let cells = plan.plan.cells.iter().map(|c| (&c.code, c.name.as_str())).zip(&plan.cell_stats);
            let mean = f64::from(plan.street_stats.households) / plan.plan.cells.len().max(1) as f64;
            Self {
                shapes: Arc::clone(shapes),
                communities: Facts::new(Level::Community, estimated, None, communities),
                cells: Facts::new(Level::Cell, estimated, Some(mean).filter(|mean| *mean > 0.0), cells),
            }
        })
    }
}

/// See [`crate::tile::prepare`].
pub fn prepare(snapshot: &Snapshot, previous: Option<&Snapshot>, zooms: RangeInclusive<u8>) {
    let plans: Vec<_> = snapshot.streets.iter().flat_map(|street| street.plans.iter().map(move |plan| (street, plan))).collect();
    plans.into_par_iter().for_each(|(street, plan)| {
        let old = previous.and_then(|p| p.street(&street.code)).and_then(|s| s.plans.iter().find(|old| old.plan.id == plan.plan.id));
        let tiles = match old.filter(|old| !Arc::ptr_eq(old, plan)) {
            Some(old) => PlanTiles::like(plan, old),
            None => PlanTiles::of(plan),
        };
        for (tiles, z) in tiles.into_iter().flat_map(|tiles| zooms.clone().map(move |z| (tiles, z))) {
            for areas in [&tiles.shapes.street, &tiles.shapes.communities, &tiles.shapes.cells] {
                areas.make_ready(&tiles.shapes.arcs, z);
            }
        }
    });
}

/// A plan's areas and boundaries in the pixels of every zoom.
#[derive(Debug)]
pub struct PlanShapes {
    /// One area: the street.
    pub street: AreaShapes,
    /// By community.
    pub communities: AreaShapes,
    /// By cell.
    pub cells: AreaShapes,
    /// The arcs of the cell coverage, of which these three are made.
    pub arcs: Arcs,
    /// Those arcs by the coarsest level they separate: street, community, cell.
    pub edges: [Edges; 3],
    blocks: OnceLock<BlockShapes>,
}

/// Arcs of one level.
#[derive(Debug)]
pub struct Edges {
    /// Their numbers.
    pub arcs: Vec<u32>,
    /// Their boxes.
    pub boxes: Boxes,
}

/// A plan's blocks.
#[derive(Debug)]
pub struct BlockShapes {
    /// By block.
    pub areas: AreaShapes,
    /// The arcs of the block coverage.
    pub arcs: Arcs,
}

impl PlanShapes {
    fn new(plan: &PlanShape) -> Self {
        let coverage = &plan.cells;
        let faces = coverage.face_count;
        let arcs = Arcs::new(coverage);
        let labelled = |labels: &[u32], count: u32| AreaShapes::new(coverage, &arcs, labels, count);
        let level_of = |arc: &crate::geometry::coverage::Arc| {
            let (Some(left), Some(right)) = (arc.left, arc.right) else { return 0 };
            let community = |cell: FaceId| plan.community_of_cell[cell.0 as usize];
            if community(left) == community(right) { 2 } else { 1 }
        };
        let edges = [0, 1, 2].map(|level| {
            let arcs_of_level: Vec<u32> = (0..).zip(&coverage.arcs).filter(|(_, arc)| level_of(arc) == level).map(|(i, _)| i).collect();
            let boxes = arcs_of_level.iter().map(|arc| *arcs.bounds(*arc as usize)).collect();
            Edges { arcs: arcs_of_level, boxes: Boxes::new(boxes) }
        });
        Self {
            street: labelled(&vec![0; faces as usize], 1),
            communities: labelled(&plan.community_labels(), plan.plan.communities.len() as u32 + 1),
            cells: labelled(&(0..faces).collect::<Vec<_>>(), faces),
            edges,
            blocks: OnceLock::new(),
            arcs,
        }
    }

    /// The blocks of the plan that these are the shapes of.
    pub fn blocks(&self, plan: &PlanShape) -> &BlockShapes {
        self.blocks.get_or_init(|| {
            let arcs = Arcs::new(&plan.blocks);
            let faces = plan.blocks.face_count;
            BlockShapes { areas: AreaShapes::new(&plan.blocks, &arcs, &(0..faces).collect::<Vec<_>>(), faces), arcs }
        })
    }
}

/// What the tiles say of the areas of one level.
#[derive(Debug)]
pub struct Facts {
    level: Level,
    estimated: bool,
    rows: Vec<Fact>,
    /// Code, name and area of every area as values of a layer.
    written: Vec<u8>,
}

#[derive(Debug)]
struct Fact {
    id: Option<u64>,
    /// Where its code, its name and its area end in the bytes.
    ends: [u32; 3],
    households: u32,
    groups: u32,
    deviation_pct: Option<f64>,
    label: WorldPixel,
}

/// Numbers in a layer of what the areas of one plan and level have in common.
#[derive(Debug)]
pub struct Common {
    keys: [u32; 7],
    level: u32,
    estimated: u32,
    /// Names and areas are looked up as well.
    is_wide: bool,
}

/// From here on a tile holds a few communities, in which no name comes twice.
const NAME_ONCE_ZOOM: u8 = 13;

impl Facts {
    fn new<'a>(
        level: Level,
        estimated: bool,
        mean: Option<f64>,
        areas: impl Iterator<Item = ((&'a Code, &'a str), &'a AreaStats)>,
    ) -> Self {
        let (mut rows, mut written) = (Vec::new(), Vec::new());
        for ((code, name), stats) in areas {
            let values = [Value::Text(code.as_str()), Value::Text(name), Value::Count(stats.area_m2.round() as u64)];
            let ends = values.map(|value| {
                value.write(&mut written);
                written.len() as u32
            });
            rows.push(Fact {
                id: feature_id(code),
                ends,
                households: stats.households,
                groups: stats.groups,
                deviation_pct: mean.map(|mean| ((f64::from(stats.households) / mean - 1.0) * 1000.0).round() / 10.0),
                label: WorldPixel::of(stats.label),
            });
        }
        written.shrink_to_fit();
        rows.shrink_to_fit();
        Self { level, estimated, rows, written }
    }

    /// How many areas.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Where an area's label stands.
    pub fn label(&self, i: usize) -> WorldPixel {
        self.rows[i].label
    }

    /// An area's number as a feature.
    pub fn id(&self, i: usize) -> Option<u64> {
        self.rows[i].id
    }

    /// Looks up once what all these areas have in common.
    pub fn common(&self, z: u8, writer: &mut LayerWriter) -> Common {
        let level = writer.value(Value::Text(self.level.as_str()));
        let estimated = writer.value(Value::Flag(self.estimated));
        let keys = ["code", "name", "level", "households", "groups", "area_m2", "estimated"].map(|key| writer.key(key));
        Common { keys, level, estimated, is_wide: z < NAME_ONCE_ZOOM }
    }

    /// Gives the open feature an area's properties. Codes do not come twice, and in a tile of few communities hardly do names and areas.
    pub fn tag(&self, i: usize, common: &Common, writer: &mut LayerWriter) {
        let (start, row) = self.row(i);
        let [code_end, name_end, area_end] = row.ends.map(|end| end as usize);
        let (code, name, area_m2) = if common.is_wide {
            let code = writer.push_written(&self.written[start..code_end], 1);
            let name = writer.share_written(&self.written[code_end..name_end]);
            (code, name, writer.share_written(&self.written[name_end..area_end]))
        } else {
            let code = writer.push_written(&self.written[start..area_end], 3);
            (code, code + 1, code + 2)
        };
        let households = writer.value(Value::Count(u64::from(row.households)));
        let groups = writer.value(Value::Count(u64::from(row.groups)));
        let values = [code, name, common.level, households, groups, area_m2, common.estimated];
        for (key, value) in common.keys.into_iter().zip(values) {
            writer.tag(key, value);
        }
        if let Some(deviation_pct) = row.deviation_pct {
            writer.tags(&[("deviation_pct", Value::Number(deviation_pct))]);
        }
    }

    /// Gives the open feature the properties of an area's label.
    pub fn tag_label(&self, i: usize, writer: &mut LayerWriter) {
        let (start, row) = self.row(i);
        let written = writer.push_written(&self.written[start..row.ends[1] as usize], 2);
        for (name, place) in [("code", 0), ("name", 1)] {
            let key = writer.key(name);
            writer.tag(key, written + place);
        }
        let households = Value::Count(u64::from(row.households));
        writer.tags(&[("level", Value::Text(self.level.as_str())), ("households", households)]);
    }

    fn row(&self, i: usize) -> (usize, &Fact) {
        let start = i.checked_sub(1).map_or(0, |before| self.rows[before].ends[2] as usize);
        (start, &self.rows[i])
    }
}

/// The code as a number: unique over all streets, the same after a restart, and below 2⁵³ up to 15 digits, so that a browser
/// holds it exactly.
pub fn feature_id(code: &Code) -> Option<u64> {
    code.as_str().parse().ok()
}

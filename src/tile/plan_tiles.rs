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
    /// Where its code and name end in the bytes, and where its area does.
    ends: [u32; 2],
    households: u32,
    groups: u32,
    deviation_pct: Option<f64>,
    label: WorldPixel,
}

impl Facts {
    fn new<'a>(
        level: Level,
        estimated: bool,
        mean: Option<f64>,
        areas: impl Iterator<Item = ((&'a Code, &'a str), &'a AreaStats)>,
    ) -> Self {
        let (mut rows, mut written) = (Vec::new(), Vec::new());
        for ((code, name), stats) in areas {
            Value::Text(code.as_str()).write(&mut written);
            Value::Text(name).write(&mut written);
            let named = written.len() as u32;
            Value::Count(stats.area_m2.round() as u64).write(&mut written);
            rows.push(Fact {
                id: feature_id(code),
                ends: [named, written.len() as u32],
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

    /// Gives the open feature an area's properties. Codes, names and areas hardly come twice, so they are not looked up.
    pub fn tag(&self, i: usize, writer: &mut LayerWriter) {
        let (start, row) = self.row(i);
        let written = writer.push_written(&self.written[start..row.ends[1] as usize], 3);
        let properties = [
            ("level", Value::Text(self.level.as_str())),
            ("households", Value::Count(u64::from(row.households))),
            ("groups", Value::Count(u64::from(row.groups))),
            ("estimated", Value::Flag(self.estimated)),
        ];
        for (name, place) in [("code", 0), ("name", 1), ("area_m2", 2)] {
            let key = writer.key(name);
            writer.tag(key, written + place);
        }
        writer.tags(&properties);
        if let Some(deviation_pct) = row.deviation_pct {
            writer.tags(&[("deviation_pct", Value::Number(deviation_pct))]);
        }
    }

    /// Gives the open feature the properties of an area's label.
    pub fn tag_label(&self, i: usize, writer: &mut LayerWriter) {
        let (start, row) = self.row(i);
        let written = writer.push_written(&self.written[start..row.ends[0] as usize], 2);
        for (name, place) in [("code", 0), ("name", 1)] {
            let key = writer.key(name);
            writer.tag(key, written + place);
        }
        let households = Value::Count(u64::from(row.households));
        writer.tags(&[("level", Value::Text(self.level.as_str())), ("households", households)]);
    }

    fn row(&self, i: usize) -> (usize, &Fact) {
        let start = i.checked_sub(1).map_or(0, |before| self.rows[before].ends[1] as usize);
        (start, &self.rows[i])
    }
}

/// The code as a number: unique over all streets, the same after a restart, and below 2⁵³ up to 15 digits, so that a browser
/// holds it exactly.
pub fn feature_id(code: &Code) -> Option<u64> {
    code.as_str().parse().ok()
}

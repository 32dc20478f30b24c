//! Which layer is drawn from what, and how a tile keeps its size.

use std::cell::Cell;

use super::{Layer, Query, TileCoord, areas, base, boxes::WorldBox, edges, encode::LayerWriter, heat, people, pyramid::Frame};
use crate::{
    index::{PlanIndex, Snapshot, StreetIndex, Theme},
    model::Bounds,
};

/// No tile is larger, uncompressed.
///
/// # Units
/// Bytes.
pub const BUDGET_BYTES: usize = 500_000;
/// Thinning steps; each doubles the size below which things are left out or put together.
const THINNING_STEPS: u32 = 10;

/// What a layer is drawn from.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The world.
    pub snapshot: &'a Snapshot,
    /// The tile.
    pub frame: Frame,
    /// The tile and its buffer in world steps.
    pub window: WorldBox,
    /// The tile and its buffer as positions.
    pub bounds: Bounds,
    /// What is asked.
    pub query: &'a Query,
    /// How many times the layer proved too heavy.
    pub thinning: u32,
}

impl<'a> Scene<'a> {
    /// Zoom.
    pub fn z(&self) -> u8 {
        self.frame.tile.z
    }

    /// Areas, buildings and lines smaller than this in both directions are left out: one screen pixel, doubled by thinning.
    ///
    /// # Units
    /// Pixels of the tile's grid.
    pub fn least_size(&self) -> i64 {
        8 << self.thinning
    }

    /// Streets near the tile, by code.
    pub fn streets(&self) -> impl Iterator<Item = &'a StreetIndex> + use<'a> {
        let window = self.bounds;
        self.snapshot.streets.iter().map(|s| s.as_ref()).filter(move |s| s.bounds.is_some_and(|b| b.intersects(&window)))
    }

    /// The plan to show of a street.
    pub fn plan(&self, street: &'a StreetIndex) -> Option<&'a PlanIndex> {
        match &self.query.plan {
            Some((code, number)) if *code == street.code => street.plans.iter().find(|p| p.plan.id.0 == *number),
            _ => street.plan_at(self.query.as_of),
        }
        .map(|plan| plan.as_ref())
    }
}

thread_local! {
    /// Buffers for the next tile of this thread.
    static DESK: Cell<LayerWriter> = Cell::default();
}

/// A desk whose tile took more than this is not kept.
const LARGEST_DESK_BYTES: usize = 1 << 20;

/// Draws the layers, in the order asked for. When the tile is over the budget (in bytes), its heaviest layer is drawn again one
/// step thinner until it fits: areas, buildings, lines, edges and labels of areas below a doubled size are left out, households and
/// issues that share a doubled bin become one point with their number as `weight`. Without a budget nothing is thinned.
pub fn draw_tile(snapshot: &Snapshot, layers: &[Layer], tile: TileCoord, query: &Query, budget: Option<usize>) -> Option<Vec<u8>> {
    let frame = Frame::of(tile)?;
    let scene = Scene { snapshot, frame, window: frame.window(), bounds: frame.bounds(), query, thinning: 0 };
    let mut writer = DESK.take();
    writer.clear();
    let lengths: Vec<usize> = layers.iter().map(|layer| draw_layer(*layer, &scene, &mut writer)).collect();
    let mut bytes = writer.tile().to_vec();
    if let Some(budget) = budget.filter(|budget| bytes.len() > *budget) {
        let mut rest = bytes.as_slice();
        let drawn = layers.iter().zip(lengths).map(|(layer, length)| {
            let (own, behind) = rest.split_at(length);
            rest = behind;
            Drawn { layer: *layer, thinning: 0, bytes: own.to_vec() }
        });
        bytes = thin(drawn.collect(), scene, budget, &mut writer);
    }
    if writer.tile().len() <= LARGEST_DESK_BYTES {
        DESK.set(writer);
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// A layer as it was drawn last.
struct Drawn {
    layer: Layer,
    thinning: u32,
    bytes: Vec<u8>,
}

fn thin(mut drawn: Vec<Drawn>, mut scene: Scene<'_>, budget: usize, writer: &mut LayerWriter) -> Vec<u8> {
    while drawn.iter().map(|d| d.bytes.len()).sum::<usize>() > budget {
        let Some(heaviest) = drawn.iter_mut().filter(|d| d.thinning < THINNING_STEPS).max_by_key(|d| d.bytes.len()) else { break };
        heaviest.thinning += 1;
        scene.thinning = heaviest.thinning;
        writer.clear();
        draw_layer(heaviest.layer, &scene, writer);
        heaviest.bytes = writer.tile().to_vec();
    }
    drawn.into_iter().flat_map(|d| d.bytes).collect()
}

fn draw_layer(layer: Layer, scene: &Scene<'_>, writer: &mut LayerWriter) -> usize {
    writer.begin(layer.as_str());
    match layer {
        Layer::Streets => areas::draw_streets(scene, writer),
        Layer::Communities => areas::draw_communities(scene, writer),
        Layer::Cells => areas::draw_cells(scene, writer),
        Layer::Blocks => areas::draw_blocks(scene, writer),
        Layer::Edges => edges::draw_edges(scene, writer),
        Layer::Labels => areas::draw_labels(scene, writer),
        Layer::Groups => people::draw_groups(scene, writer),
        Layer::Households => people::draw_households(scene, writer),
        Layer::Buildings => people::draw_buildings(scene, writer),
        Layer::Roads => base::draw_roads(scene, writer),
        Layer::Water => base::draw_water(scene, writer),
        Layer::Issues => heat::draw_issues(scene, writer),
        Layer::Heat => heat::draw_heat(scene, writer),
    }
    writer.end()
}

impl Layer {
    /// Whether the layer is drawn from things of a theme.
    pub fn shows(self, theme: Theme) -> bool {
        theme
            == match self {
                Self::Streets | Self::Communities | Self::Cells | Self::Edges | Self::Labels | Self::Blocks => Theme::Areas,
                Self::Groups => Theme::Groups,
                Self::Households => Theme::Households,
                Self::Buildings | Self::Roads | Self::Water => Theme::Ground,
                Self::Issues | Self::Heat => Theme::Issues,
            }
    }

    /// The lowest zoom at which the layer holds anything.
    pub fn min_zoom(self) -> u8 {
        match self {
            Self::Streets | Self::Communities | Self::Cells | Self::Edges | Self::Issues | Self::Heat => 0,
            Self::Labels => areas::STREET_LABEL_ZOOM,
            Self::Blocks => areas::BLOCK_ZOOM,
            Self::Groups => people::GROUP_ZOOM,
            Self::Households => people::HOUSEHOLD_ZOOM,
            Self::Buildings => people::BUILDING_ZOOM,
            Self::Roads => base::MAJOR_ROAD_ZOOM,
            Self::Water => base::WATER_ZOOM,
        }
    }

    /// The layer's properties and their types as TileJSON describes them.
    pub fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Streets | Self::Communities => &areas::FIELDS,
            Self::Cells => &areas::CELL_FIELDS,
            Self::Edges => {
                &[("level", "street, community or cell: the coarsest it separates; a tile thinned to 500 kB leaves short lines out")]
            }
            Self::Labels => &[("code", "String"), ("name", "String"), ("level", "String"), ("households", "Number")],
            Self::Groups => &[("code", "String"), ("cell_code", "String"), ("households", "Number")],
            Self::Households => &[
                ("id", "String"),
                ("group_code", "String"),
                ("is_head", "Boolean"),
                ("estimated", "Boolean"),
                ("weight", "Number; households this point stands for, in tiles thinned to 500 kB"),
            ],
            Self::Buildings => &[("id", "String"), ("name", "String"), ("kind", "String"), ("levels", "Number"), ("households", "Number")],
            Self::Roads => &[("kind", "String"), ("class", "String"), ("name", "String")],
            Self::Water => &[("kind", "String"), ("name", "String")],
            Self::Blocks => &[("cell_code", "String")],
            Self::Issues => &[
                ("id", "String; zoom 14 and above"),
                ("category", "String; of a bin the most frequent"),
                ("status", "String; of a bin the most frequent"),
                ("reported_at", "Number; seconds since 1970, zoom 14 and above"),
                ("weight", "Number; issues this point stands for"),
            ],
            Self::Heat => &[("weight", "Number")],
        }
    }
}

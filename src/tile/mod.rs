//! Vector tiles (MVT 2.1) and the heat layer, read off the snapshot.
//!
//! In: a snapshot, layers, a tile, a filter. Out: encoded bytes.
//! **Invariant:** an arc is generalised once per zoom with its end nodes fixed; every polygon that uses it has the same integers.
//! That holds within a plan. Two streets planned apart break their common border at different nodes and simplify it each for itself:
//! below zoom 16 they may part by up to a screen pixel.

mod areas;
mod base;
mod boxes;
mod clip;
mod edges;
mod encode;
mod generalise;
mod heat;
mod layers;
mod people;
mod plan_tiles;
mod points;
mod pyramid;
mod shapes;
mod wire;

use std::ops::RangeInclusive;

use jiff::civil::Date;

pub use layers::BUDGET_BYTES;
pub use pyramid::{BUFFER, EXTENT, MAX_ZOOM};

use crate::index::{IssueFilter, Snapshot};

/// A tile of the WebMercatorQuad tile matrix set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileCoord {
    /// Zoom, 0 to 22.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

/// A tile layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// Level 1 polygons.
    Streets,
    /// Level 2 polygons.
    Communities,
    /// Level 3 polygons.
    Cells,
    /// Each boundary once, with the coarsest level it separates.
    Edges,
    /// A point per area.
    Labels,
    /// Group hulls.
    Groups,
    /// Household points, z ≥ 15, guarded.
    Households,
    /// Building footprints.
    Buildings,
    /// Roads and railways.
    Roads,
    /// Water areas and rivers.
    Water,
    /// Blocks.
    Blocks,
    /// Issue points, binned at low zoom.
    Issues,
    /// Binned issue weights.
    Heat,
}

/// What a tile shows beside its coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    /// Day the plan must be in force.
    pub as_of: Date,
    /// A draft (street code and plan number) to show instead of the plan in force.
    pub plan: Option<(crate::model::Code, u32)>,
    /// Which issues.
    pub issues: IssueFilter,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 13] = [
        Self::Streets,
        Self::Communities,
        Self::Cells,
        Self::Edges,
        Self::Labels,
        Self::Groups,
        Self::Households,
        Self::Buildings,
        Self::Roads,
        Self::Water,
        Self::Blocks,
        Self::Issues,
        Self::Heat,
    ];

    /// The name in URLs and in the tile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streets => "streets",
            Self::Communities => "communities",
            Self::Cells => "cells",
            Self::Edges => "edges",
            Self::Labels => "labels",
            Self::Groups => "groups",
            Self::Households => "households",
            Self::Buildings => "buildings",
            Self::Roads => "roads",
            Self::Water => "water",
            Self::Blocks => "blocks",
            Self::Issues => "issues",
            Self::Heat => "heat",
        }
    }

    /// The layer of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.as_str() == name)
    }
}

/// Encodes a tile, uncompressed; `None` when it holds no feature, or there is no such tile. Features and bytes depend on the
/// arguments alone. No tile is over [`BUDGET_BYTES`]: one that would be is thinned by rule (see [`Layer::fields`]).
pub fn encode(snapshot: &Snapshot, layers: &[Layer], tile: TileCoord, query: &Query) -> Option<Vec<u8>> {
    encode_within(snapshot, layers, tile, query, Some(BUDGET_BYTES))
}

/// [`encode`] with a budget of one's own in bytes; `None` thins nothing, however heavy the tile.
pub fn encode_within(snapshot: &Snapshot, layers: &[Layer], tile: TileCoord, query: &Query, budget: Option<usize>) -> Option<Vec<u8>> {
    layers::draw_tile(snapshot, layers, tile, query, budget)
}

/// Makes ready what the area layers of the given zooms are read off, on all cores, so that the first tiles need not. A plan whose
/// shapes are those of the same plan in the previous snapshot shares them. Never needed: what is missing is made with the first tile.
pub fn prepare(snapshot: &Snapshot, previous: Option<&Snapshot>, zooms: RangeInclusive<u8>) {
    plan_tiles::prepare(snapshot, previous, zooms);
}

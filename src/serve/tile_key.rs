//! What a tile is kept under.

use std::sync::Arc;

use jiff::civil::{Date, date};

use crate::{
    index::IssueFilter,
    tile::{Layer, Query, TileCoord},
};

/// A set of layers, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct LayerSet(u16);

/// Points have no buffer: each is in one tile of a zoom.
const POINT_LAYERS: [Layer; 4] = [Layer::Labels, Layer::Households, Layer::Issues, Layer::Heat];

impl LayerSet {
    /// Layers whose features are points.
    pub fn points() -> Self {
        POINT_LAYERS.into_iter().collect()
    }

    /// In their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| self.contains(*layer))
    }

    pub fn contains(self, layer: Layer) -> bool {
        self.0 & 1 << layer as u16 != 0
    }

    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The layers of this set that are not in the other.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The only layer; `None` when there are several.
    pub fn single(self) -> Option<Layer> {
        self.iter().next().filter(|_| self.0.is_power_of_two())
    }

    /// Adds a layer by its name; `None` when there is no such layer.
    pub fn with_name(self, name: &str) -> Option<Self> {
        Layer::parse(name).map(|layer| Self(self.0 | 1 << layer as u16))
    }
}

impl FromIterator<Layer> for LayerSet {
    fn from_iter<I: IntoIterator<Item = Layer>>(layers: I) -> Self {
        Self(layers.into_iter().fold(0, |bits, layer| bits | 1 << layer as u16))
    }
}

/// A tile's place in one number: zoom, column, row.
pub(super) fn packed(coord: TileCoord) -> u64 {
    u64::from(coord.z) << 44 | u64::from(coord.x) << 22 | u64::from(coord.y)
}

/// The place of a number.
pub(super) fn unpacked(place: u64) -> TileCoord {
    let low = |bits: u64| (bits & 0x3f_ffff) as u32;
    TileCoord { z: (place >> 44) as u8, x: low(place >> 22), y: low(place) }
}

/// A day as a number: days since 1970-01-01.
pub(super) fn day_number(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

/// What a tile shows, beside its place. A plain tile, without query, shows a day and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub layers: LayerSet,
    /// As [`day_number`] has it.
    pub day: i32,
    /// Draft and filter, where there are any.
    pub query: Option<Arc<Query>>,
}

impl Variant {
    /// The layers on a day, unfiltered.
    pub fn plain(layers: LayerSet, day: i32) -> Self {
        Self { layers, day, query: None }
    }

    /// The same, whichever way it was asked for.
    pub fn new(layers: LayerSet, query: Query) -> Self {
        let day = day_number(query.as_of);
        let is_plain = query.plan.is_none() && query.issues == IssueFilter::default();
        Self { layers, day, query: (!is_plain).then(|| Arc::new(query)) }
    }

    /// What the tile is drawn by.
    pub fn query(&self) -> Query {
        match &self.query {
            Some(query) => Query::clone(query),
            None => {
                let as_of = date(1970, 1, 1).saturating_add(jiff::Span::new().days(self.day));
                Query { as_of, plan: None, issues: IssueFilter::default() }
            }
        }
    }

    /// Bytes on the heap, roughly.
    pub fn bytes(&self) -> usize {
        self.query
            .as_ref()
            .map_or(0, |query| size_of::<Query>() + 48 + query.issues.categories.iter().map(|category| category.len() + 24).sum::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_places_round_trip() {
        for day in [date(1969, 12, 31), date(1970, 1, 1), date(2026, 11, 24), date(2400, 2, 29)] {
            let variant = Variant::new(LayerSet::default(), Query { as_of: day, plan: None, issues: IssueFilter::default() });
            assert_eq!((variant.query.is_none(), variant.query().as_of), (true, day));
        }
        for coord in [TileCoord { z: 0, x: 0, y: 0 }, TileCoord { z: 22, x: (1 << 22) - 1, y: 12345 }] {
            assert_eq!(unpacked(packed(coord)), coord);
        }
    }

    #[test]
    fn a_set_of_layers_is_in_one_order() {
        let set = LayerSet::default().with_name("issues").and_then(|set| set.with_name("cells")).unwrap();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Layer::Cells, Layer::Issues]);
        assert_eq!((set.single(), LayerSet::from_iter([Layer::Heat]).single()), (None, Some(Layer::Heat)));
        assert_eq!(set.without(LayerSet::points()).single(), Some(Layer::Cells));
        assert!(LayerSet::default().with_name("dogs").is_none());
    }
}

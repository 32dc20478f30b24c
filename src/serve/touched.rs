//! Which tiles show an area.

use crate::{
    index::WorldPixel,
    model::Bounds,
    tile::{BUFFER, EXTENT, MAX_ZOOM, TileCoord},
};

/// Tiles of a zoom in rows and columns, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileRange {
    pub z: u8,
    min: (u32, u32),
    max: (u32, u32),
}

/// An area on a zoom: the tiles it lies in, and those whose buffer it reaches as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touched {
    pub inside: TileRange,
    pub buffered: TileRange,
}

impl TileRange {
    pub fn count(&self) -> u64 {
        (u64::from(self.max.0 - self.min.0) + 1) * (u64::from(self.max.1 - self.min.1) + 1)
    }

    pub fn contains(&self, tile: TileCoord) -> bool {
        self.z == tile.z && (self.min.0..=self.max.0).contains(&tile.x) && (self.min.1..=self.max.1).contains(&tile.y)
    }

    pub fn tiles(self) -> impl Iterator<Item = TileCoord> {
        let rows = self.min.1..=self.max.1;
        (self.min.0..=self.max.0).flat_map(move |x| rows.clone().map(move |y| TileCoord { z: self.z, x, y }))
    }
}

/// The area on every zoom.
pub(super) fn touched(area: Bounds) -> impl Iterator<Item = Touched> {
    // Rows grow to the south.
    let (sw, ne) = (WorldPixel::of(area.min), WorldPixel::of(area.max));
    (0..=MAX_ZOOM).map(move |z| {
        // A zoom's grid has EXTENT << z pixels over the 2^32 steps of the world; one more than the buffer for what rounding moves.
        let buffer = (((BUFFER as u64 + 1) << 32) / ((EXTENT as u64) << z) + 1) as u32;
        let range = |buffer: u32| {
            let tile = |step: u32| (u64::from(step) >> (32 - u32::from(z))) as u32;
            TileRange {
                z,
                min: (tile(sw.x.saturating_sub(buffer)), tile(ne.y.saturating_sub(buffer))),
                max: (tile(ne.x.saturating_add(buffer)), tile(sw.y.saturating_add(buffer))),
            }
        };
        Touched { inside: range(0), buffered: range(buffer) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::LonLat;

    proptest! {
        #[test]
        fn a_point_is_in_one_tile_of_each_zoom(lon in -1_799_999_999..1_799_999_999i32, lat in -850_000_000..850_000_000i32) {
            let p = LonLat::new(lon, lat);
            for zoom in touched(Bounds { min: p, max: p }) {
                prop_assert_eq!(zoom.inside.tiles().collect::<Vec<_>>(), [TileCoord::at(p, zoom.inside.z)]);
                prop_assert!(zoom.buffered.count() <= 4 && zoom.buffered.contains(TileCoord::at(p, zoom.inside.z)));
            }
        }

        #[test]
        fn a_buffer_reaches_as_far_as_drawing_does(x in 0u32..4096, y in 0u32..4096, dx in -80i64..4176, dy in -80i64..4176) {
            // A pixel near the tile at zoom 12: whoever draws the tile with its buffer draws it, and we say so.
            let (z, pixels) = (12u8, |tile: u32, d: i64| (i64::from(tile) * EXTENT + d).clamp(0, (EXTENT << 12) - 1));
            let world = |v: i64| ((v as u64) << 8) as u32 + 128;
            let p = WorldPixel { x: world(pixels(x, dx)), y: world(pixels(y, dy)) }.position();
            let near = touched(Bounds { min: p, max: p }).find(|zoom| zoom.inside.z == z).unwrap();
            let is_drawn = |d: i64| (-BUFFER..=EXTENT + BUFFER).contains(&d);
            if is_drawn(pixels(x, dx) - i64::from(x) * EXTENT) && is_drawn(pixels(y, dy) - i64::from(y) * EXTENT) {
                let is_near = near.buffered.contains(TileCoord { z, x, y });
                prop_assert!(is_near);
            }
        }
    }

    #[test]
    fn the_world_is_every_tile() {
        let world = Bounds { min: LonLat::new(-1_800_000_000, -900_000_000), max: LonLat::new(1_800_000_000, 900_000_000) };
        for zoom in touched(world) {
            assert_eq!(zoom.inside.count(), 1 << (2 * u32::from(zoom.inside.z)));
        }
    }
}

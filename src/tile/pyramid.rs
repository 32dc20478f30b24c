//! Tile ↔ bounds, position → pixel.

use super::{TileCoord, boxes::WorldBox};
use crate::{
    index::{WorldPixel, latitude_of},
    model::{Bounds, LonLat},
};

/// Pixels along a tile's side, in both the tile and the projection.
pub const EXTENT: i64 = 4096;
/// How far geometry reaches beyond the tile's edge, in pixels: 8 screen pixels of a 512-pixel tile.
pub const BUFFER: i64 = 64;
/// The deepest zoom there is a tile for.
pub const MAX_ZOOM: u8 = 22;
/// log2 of the world's width in [`WorldPixel`] steps.
pub const WORLD_BITS: u32 = 32;
/// log2 of [`EXTENT`].
pub const EXTENT_BITS: u32 = 12;

/// A place on a zoom's integer grid: 4096 pixels a tile, x east, y south. Either from the world's corner or from a tile's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pixel {
    /// East.
    pub x: i64,
    /// South.
    pub y: i64,
}

impl Pixel {
    /// A pixel.
    pub const fn new(x: i64, y: i64) -> Self {
        Self { x, y }
    }
}

/// The pixel of a world step at a zoom.
pub fn at_zoom(world: WorldPixel, z: u8) -> Pixel {
    let bits = u32::from(z) + EXTENT_BITS;
    let scale = |v: u32| if bits <= WORLD_BITS { i64::from(v) >> (WORLD_BITS - bits) } else { i64::from(v) << (bits - WORLD_BITS) };
    Pixel::new(scale(world.x), scale(world.y))
}

/// The pixel of a position at a zoom, from the world's corner. The same position has the same pixel wherever it is used.
pub fn project(p: LonLat, z: u8) -> Pixel {
    at_zoom(WorldPixel::of(p), z)
}

/// Projects a path and drops positions that fall on the one before.
pub fn project_path(path: &[LonLat], z: u8) -> Vec<Pixel> {
    let mut pixels: Vec<Pixel> = path.iter().map(|p| project(*p, z)).collect();
    pixels.dedup();
    pixels
}

/// A box of pixels, corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBox {
    /// North-west corner.
    pub min: Pixel,
    /// South-east corner.
    pub max: Pixel,
}

impl PixelBox {
    /// The box of a box of positions.
    pub fn of(bounds: Bounds, z: u8) -> Self {
        let (sw, ne) = (project(bounds.min, z), project(bounds.max, z));
        Self { min: Pixel::new(sw.x, ne.y), max: Pixel::new(ne.x, sw.y) }
    }

    /// The box around pixels; `None` when there are none.
    pub fn around<'a>(pixels: impl IntoIterator<Item = &'a Pixel>) -> Option<Self> {
        let mut pixels = pixels.into_iter();
        let first = *pixels.next()?;
        Some(pixels.fold(Self { min: first, max: first }, |b, p| Self {
            min: Pixel::new(b.min.x.min(p.x), b.min.y.min(p.y)),
            max: Pixel::new(b.max.x.max(p.x), b.max.y.max(p.y)),
        }))
    }

    /// Whether the boxes share a pixel.
    pub fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// Whether it is narrower and lower than `size` pixels.
    pub fn is_smaller_than(&self, size: i64) -> bool {
        self.max.x - self.min.x < size && self.max.y - self.min.y < size
    }
}

/// A tile on its zoom's grid.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The tile.
    pub tile: TileCoord,
    /// Its north-west corner.
    pub origin: Pixel,
}

impl Frame {
    /// The tile's place; `None` when there is no such tile.
    pub fn of(tile: TileCoord) -> Option<Self> {
        tile.is_valid().then(|| Self { tile, origin: Pixel::new(i64::from(tile.x) << EXTENT_BITS, i64::from(tile.y) << EXTENT_BITS) })
    }

    /// The tile and its buffer, in pixels of the world.
    pub fn buffered(&self) -> PixelBox {
        let far = EXTENT + BUFFER;
        PixelBox {
            min: Pixel::new(self.origin.x - BUFFER, self.origin.y - BUFFER),
            max: Pixel::new(self.origin.x + far, self.origin.y + far),
        }
    }

    /// The tile and its buffer in world steps.
    pub fn window(&self) -> WorldBox {
        WorldBox::of_pixels(self.buffered(), self.tile.z)
    }

    /// The tile and its buffer as positions, rounded outwards.
    pub fn bounds(&self) -> Bounds {
        let pixels = self.buffered();
        let size = (f64::from(u32::from(self.tile.z)) + f64::from(EXTENT_BITS)).exp2();
        let lon = |x: i64| (x as f64 / size * 360.0 - 180.0).clamp(-180.0, 180.0) * 1e7;
        let lat = |y: i64| latitude_of(y as f64 / size * 4_294_967_296.0) * 1e7;
        Bounds {
            min: LonLat::new(lon(pixels.min.x) as i32 - 3, lat(pixels.max.y + 1) as i32 - 3),
            max: LonLat::new((lon(pixels.max.x + 1) as i32).saturating_add(3), lat(pixels.min.y) as i32 + 3),
        }
    }

    /// From the tile's corner.
    pub fn local(&self, p: Pixel) -> Pixel {
        Pixel::new(p.x - self.origin.x, p.y - self.origin.y)
    }

    /// The pixel from the tile's corner when it lies in the tile itself; every position lies in one tile of a zoom.
    pub fn local_inside(&self, p: Pixel) -> Option<Pixel> {
        let local = self.local(p);
        ((0..EXTENT).contains(&local.x) && (0..EXTENT).contains(&local.y)).then_some(local)
    }
}

impl TileCoord {
    /// Whether the tile matrix set has such a tile.
    pub fn is_valid(self) -> bool {
        self.z <= MAX_ZOOM && u64::from(self.x) < 1 << self.z && u64::from(self.y) < 1 << self.z
    }

    /// The tile that holds a position.
    pub fn at(p: LonLat, z: u8) -> Self {
        let z = z.min(MAX_ZOOM);
        let pixel = project(p, z);
        Self { z, x: (pixel.x >> EXTENT_BITS) as u32, y: (pixel.y >> EXTENT_BITS) as u32 }
    }

    /// The positions of the tile, without its buffer.
    pub fn bounds(self) -> Bounds {
        let size = f64::from(self.z).exp2();
        let lon = |x: f64| ((x / size * 360.0 - 180.0) * 1e7).round() as i32;
        let lat = |y: f64| (latitude_of(y / size * 4_294_967_296.0) * 1e7).round() as i32;
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        Bounds { min: LonLat::new(lon(x), lat(y + 1.0)), max: LonLat::new(lon(x + 1.0), lat(y)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_position_lies_in_its_tile(lon in -1_799_999_999..1_799_999_999i32, lat in -850_000_000..850_000_000i32, z in 0u8..=22) {
            let p = LonLat::new(lon, lat);
            let tile = TileCoord::at(p, z);
            prop_assert!(tile.is_valid());
            let frame = Frame::of(tile).unwrap();
            prop_assert!(frame.local_inside(project(p, z)).is_some());
            prop_assert!(frame.bounds().contains(p));
            let b = tile.bounds();
            prop_assert!(b.min.lon_e7 <= lon + 1 && lon - 1 <= b.max.lon_e7 && b.min.lat_e7 <= lat + 2 && lat - 2 <= b.max.lat_e7);
        }
    }

    #[test]
    fn a_tile_that_does_not_exist_has_no_frame() {
        assert!(Frame::of(TileCoord { z: 3, x: 8, y: 0 }).is_none());
        assert!(Frame::of(TileCoord { z: 23, x: 0, y: 0 }).is_none());
    }
}

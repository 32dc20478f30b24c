//! Web Mercator on integers, so that a tile is a prefix of a position's curve key.

use crate::model::LonLat;

/// A position in Web Mercator.
///
/// # Units
/// The world is 2³² steps wide and high (0.93 cm at the equator); `x` grows east from the antimeridian, `y` south from the
/// northern edge (85.05°). Positions beyond the edges are clamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldPixel {
    /// Steps east of the antimeridian.
    pub x: u32,
    /// Steps south of the northern edge.
    pub y: u32,
}

/// Steps in the world's width.
const WORLD: f64 = 4_294_967_296.0;

impl WorldPixel {
    /// Projects a position. Monotonic in both axes.
    pub fn of(p: LonLat) -> Self {
        let east = (i64::from(p.lon_e7) + 1_800_000_000).max(0) as u64;
        let x = ((east << 32) / 3_600_000_000).min(u64::from(u32::MAX)) as u32;
        let y = (0.5 - p.lat().to_radians().tan().asinh() / std::f64::consts::TAU) * WORLD;
        // `as` saturates, which is the clamp.
        Self { x, y: y as u32 }
    }

    /// The position in the middle of the step, to about a step.
    pub fn position(self) -> LonLat {
        let lon = (f64::from(self.x) + 0.5) / WORLD * 360.0 - 180.0;
        LonLat::new((lon * 1e7).round() as i32, (latitude_of(f64::from(self.y) + 0.5) * 1e7).round() as i32)
    }

    /// The key along the Z-order curve: bits of `y` and `x` in turn, so that a tile of zoom z is the keys that share its first 2z bits.
    pub fn curve_key(self) -> u64 {
        spread(self.x) | (spread(self.y) << 1)
    }

    /// The pixel of a curve key.
    pub fn of_curve_key(key: u64) -> Self {
        Self { x: gather(key), y: gather(key >> 1) }
    }
}

/// Latitude in degrees of a northing in world steps.
pub fn latitude_of(y: f64) -> f64 {
    ((0.5 - y / WORLD) * std::f64::consts::TAU).sinh().atan().to_degrees()
}

fn spread(v: u32) -> u64 {
    let mut v = u64::from(v);
    v = (v | v << 16) & 0x0000_ffff_0000_ffff;
    v = (v | v << 8) & 0x00ff_00ff_00ff_00ff;
    v = (v | v << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v << 2) & 0x3333_3333_3333_3333;
    (v | v << 1) & 0x5555_5555_5555_5555
}

fn gather(v: u64) -> u32 {
    let mut v = v & 0x5555_5555_5555_5555;
    v = (v | v >> 1) & 0x3333_3333_3333_3333;
    v = (v | v >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v >> 4) & 0x00ff_00ff_00ff_00ff;
    v = (v | v >> 8) & 0x0000_ffff_0000_ffff;
    (v | v >> 16) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_world_has_known_corners() {
        assert_eq!(WorldPixel::of(LonLat::new(0, 0)), WorldPixel { x: 1 << 31, y: 1 << 31 });
        assert_eq!(WorldPixel::of(LonLat::new(-1_800_000_000, 900_000_000)), WorldPixel { x: 0, y: 0 });
        assert_eq!(WorldPixel::of(LonLat::new(1_800_000_000, -900_000_000)), WorldPixel { x: u32::MAX, y: u32::MAX });
    }

    proptest! {
        #[test]
        fn keys_and_positions_round_trip(lon in -1_800_000_000..1_800_000_000i32, lat in -850_000_000..850_000_000i32) {
            let pixel = WorldPixel::of(LonLat::new(lon, lat));
            prop_assert_eq!(WorldPixel::of_curve_key(pixel.curve_key()), pixel);
            let back = pixel.position();
            prop_assert!((back.lon_e7 - lon).abs() <= 1 && (back.lat_e7 - lat).abs() <= 2);
        }
    }
}

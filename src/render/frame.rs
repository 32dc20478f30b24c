//! From the grid of positions to pixels.

use crate::{
    geometry::LocalMetres,
    model::{Bounds, LonLat},
};

/// A map is at most this many times as high as it is wide.
const MAX_HEIGHT_SHARE: f64 = 1.25;
/// White around a map, in units.
const PADDING: f64 = 12.0;

/// Where the map stands in the picture: pixels from its upper left corner.
pub struct Frame {
    metres: LocalMetres,
    /// Pixels in a metre.
    pub px_per_m: f64,
    /// The picture's width in pixels.
    pub width: f64,
    /// The map's height in pixels; the legend comes below it.
    pub height: f64,
    /// A thousandth of the picture's width, held within limits: the measure of pens and letters, in pixels.
    pub unit: f64,
    /// What the map can show.
    pub bounds: Bounds,
}

impl Frame {
    /// A map that holds the box.
    pub fn new(wanted: Bounds, width_px: u32) -> Self {
        let middle = LonLat::new(midpoint(wanted.min.lon_e7, wanted.max.lon_e7), midpoint(wanted.min.lat_e7, wanted.max.lat_e7));
        let metres = LocalMetres::at(middle);
        let ([west, south], [east, north]) = (metres.xy(wanted.min), metres.xy(wanted.max));
        // A box of one position still makes a map.
        let (wide, high) = ((east - west).max(1.0), (north - south).max(1.0));
        let width = f64::from(width_px);
        let unit = (width / 1000.0).clamp(0.7, 4.0);
        let room = width - 2.0 * PADDING * unit;
        let px_per_m = (room / wide).min(room * MAX_HEIGHT_SHARE / high);
        let height = (high * px_per_m + 2.0 * PADDING * unit).ceil();
        let [half_x, half_y] = [width / px_per_m / 2.0, height / px_per_m / 2.0];
        let bounds = Bounds { min: metres.position([-half_x, -half_y]), max: metres.position([half_x, half_y]) };
        Self { metres, px_per_m, width, height, unit, bounds }
    }

    /// The pixel of a position.
    pub fn xy(&self, p: LonLat) -> [f64; 2] {
        let [x, y] = self.metres.xy(p);
        [self.width / 2.0 + x * self.px_per_m, self.height / 2.0 - y * self.px_per_m]
    }

    /// Whether any of it can be seen.
    pub fn shows<'a>(&self, positions: impl IntoIterator<Item = &'a LonLat>) -> bool {
        Bounds::of(positions).is_some_and(|bounds| bounds.intersects(&self.bounds))
    }

    /// The local plane.
    pub fn metres(&self) -> &LocalMetres {
        &self.metres
    }
}

/// A box with a tenth of its size around it.
pub fn with_margin(bounds: Bounds) -> Bounds {
    let margin = (span(bounds.min.lon_e7, bounds.max.lon_e7).max(span(bounds.min.lat_e7, bounds.max.lat_e7)) / 10) as i32;
    Bounds {
        min: LonLat::new(bounds.min.lon_e7.saturating_sub(margin), bounds.min.lat_e7.saturating_sub(margin)),
        max: LonLat::new(bounds.max.lon_e7.saturating_add(margin), bounds.max.lat_e7.saturating_add(margin)),
    }
}

fn span(low: i32, high: i32) -> i64 {
    i64::from(high) - i64::from(low)
}

fn midpoint(a: i32, b: i32) -> i32 {
    ((i64::from(a) + i64::from(b)) / 2) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_fills_the_width_and_north_is_up() {
        let wanted = Bounds { min: LonLat::new(1_048_000_000, 265_000_000), max: LonLat::new(1_048_400_000, 265_200_000) };
        let frame = Frame::new(wanted, 1000);
        let ([west, south], [east, north]) = (frame.xy(wanted.min), frame.xy(wanted.max));
        assert!((west - 12.0).abs() < 0.5 && (east - 988.0).abs() < 0.5, "{west} {east}");
        assert!(north < south && north > 0.0 && south < frame.height);
        assert!(frame.bounds.contains(wanted.min) && frame.bounds.contains(wanted.max));
        // 0.04 degrees are about 3 980 m at this latitude.
        assert!((976.0 / frame.px_per_m - 3980.0).abs() < 10.0, "{}", frame.px_per_m);
    }

    #[test]
    fn a_tall_box_is_not_endless() {
        let tall = Bounds { min: LonLat::new(0, 0), max: LonLat::new(1000, 10_000_000) };
        assert!(Frame::new(tall, 400).height < 600.0);
    }
}

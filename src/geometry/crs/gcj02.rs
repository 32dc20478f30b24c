//! GCJ-02 (火星坐标系), the obfuscated system of Chinese maps, and BD-09, Baidu's shift on top of it.
//!
//! Nobody publishes the formulas; these are the ones every open implementation uses (eviltransform, coordtransform), on the
//! Krasovsky 1940 ellipsoid. They are smooth and move a point by a slowly changing few hundred metres, so the inverses are
//! found by fixed-point iteration to far below the 1 cm of the grid.

use std::f64::consts::PI;

/// Longitude and latitude in degrees, in whichever of the systems the function says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

/// Semi-major axis of the Krasovsky 1940 ellipsoid, metres.
const SEMI_MAJOR_M: f64 = 6_378_245.0;
/// Its first eccentricity squared, as the common implementations round it.
const ECCENTRICITY2: f64 = 0.006_693_421_622_965_943;
/// Baidu's frequency: 3000 half turns in 180 degrees.
const BD_FREQUENCY: f64 = PI * 3000.0 / 180.0;
/// Each step shrinks the error by more than a hundred, so this is far more than needed.
const STEPS: usize = 12;

/// Whether the obfuscation applies: the usual box around China. Outside of it GCJ-02 is WGS 84.
fn in_china(p: Degrees) -> bool {
    (72.004..=137.8347).contains(&p.lon) && (0.8293..=55.8271).contains(&p.lat)
}

/// The shift at a WGS 84 position, without asking for the box.
fn shifted(p: Degrees) -> Degrees {
    let (x, y) = (p.lon - 105.0, p.lat - 35.0);
    let wave = 20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + (wave + 20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin() + 160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin())
            * 2.0
            / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + (wave + 20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin() + 150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin())
            * 2.0
            / 3.0;
    let (sin, cos) = p.lat.to_radians().sin_cos();
    let w2 = 1.0 - ECCENTRICITY2 * sin * sin;
    let w = w2.sqrt();
    Degrees {
        lon: p.lon + (east / (SEMI_MAJOR_M / w * cos)).to_degrees(),
        lat: p.lat + (north / (SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / (w2 * w))).to_degrees(),
    }
}

/// The `p` with `forward(p) = image`, for a forward that is nearly the identity.
fn invert(image: Degrees, forward: impl Fn(Degrees) -> Degrees) -> Degrees {
    let mut p = image;
    for _ in 0..STEPS {
        let there = forward(p);
        let (lon, lat) = (image.lon - there.lon, image.lat - there.lat);
        p = Degrees { lon: p.lon + lon, lat: p.lat + lat };
        if lon.abs().max(lat.abs()) < 1e-12 {
            break;
        }
    }
    p
}

/// WGS 84 to GCJ-02.
pub fn from_wgs84(p: Degrees) -> Degrees {
    if in_china(p) { shifted(p) } else { p }
}

/// GCJ-02 to WGS 84, exact to well below 1 cm.
///
/// At the rim of the box the forward direction is not one to one: where a position has an origin inside the box and is its
/// own origin outside of it, the one inside is given.
pub fn to_wgs84(p: Degrees) -> Degrees {
    let origin = invert(p, shifted);
    if in_china(origin) { origin } else { p }
}

/// GCJ-02 to BD-09.
pub fn to_bd09(p: Degrees) -> Degrees {
    let radius = p.lon.hypot(p.lat) + 0.000_02 * (p.lat * BD_FREQUENCY).sin();
    let angle = p.lat.atan2(p.lon) + 0.000_003 * (p.lon * BD_FREQUENCY).cos();
    Degrees { lon: radius * angle.cos() + 0.0065, lat: radius * angle.sin() + 0.006 }
}

/// BD-09 to GCJ-02, exact to well below 1 cm.
pub fn from_bd09(p: Degrees) -> Degrees {
    invert(p, to_bd09)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{geometry::measure::distance_m, model::LonLat};

    /// Half a centimetre of latitude, in degrees.
    const HALF_CM: f64 = 4.5e-8;

    fn close(a: Degrees, b: Degrees) -> bool {
        (a.lon - b.lon).abs() < HALF_CM && (a.lat - b.lat).abs() < HALF_CM
    }

    #[test]
    fn the_forward_direction_agrees_with_published_values() {
        // Test vectors of eviltransform for Beijing, Shanghai and Shenzhen; it takes another radius, hence 1 cm of difference.
        for (lon, lat, gcj_lon, gcj_lat) in [
            (116.377_817, 39.911_954, 116.384_047_224_556_57, 39.913_345_455_360_69),
            (121.527_210_6, 31.177_427_6, 121.531_541_859_215, 31.175_303_983_645_97),
            (113.912_316, 22.543_847, 113.917_176_480_836_3, 22.540_796_131_694_766),
        ] {
            let there = from_wgs84(Degrees { lon, lat });
            assert!((there.lon - gcj_lon).abs() < 1.5e-7 && (there.lat - gcj_lat).abs() < 1.5e-7, "{there:?}");
        }
        let (lon, lat) = (104.83, 26.59);
        let there = from_wgs84(Degrees { lon, lat });
        let moved = distance_m(LonLat::from_degrees(lon, lat).unwrap(), LonLat::from_degrees(there.lon, there.lat).unwrap());
        assert!((400.0..550.0).contains(&moved), "{moved} m");
    }

    #[test]
    fn outside_china_it_is_the_identity() {
        let vaduz = Degrees { lon: 9.52, lat: 47.14 };
        assert_eq!(from_wgs84(vaduz), vaduz);
        assert_eq!(to_wgs84(vaduz), vaduz);
    }

    proptest! {
        #[test]
        fn gcj02_comes_back(lon in 72.004..137.8347, lat in 0.8293..55.8271) {
            let p = Degrees { lon, lat };
            prop_assert!(close(to_wgs84(from_wgs84(p)), p));
        }

        #[test]
        fn bd09_comes_back(lon in 72.004..137.8347, lat in 0.8293..55.8271) {
            let p = Degrees { lon, lat };
            prop_assert!(close(to_wgs84(from_bd09(to_bd09(from_wgs84(p)))), p));
        }
    }
}

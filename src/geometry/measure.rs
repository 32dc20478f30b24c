//! Geodesic measures. Metres, never degrees.

use geo::{Distance, Geodesic, GeodesicArea};

use crate::model::{LonLat, MultiPolygon};

/// Length of the geodesic between two positions on WGS 84 (Karney 2013).
///
/// # Units
/// Metres.
pub fn distance_m(a: LonLat, b: LonLat) -> f64 {
    Geodesic.distance(geo::Point::new(a.lon(), a.lat()), geo::Point::new(b.lon(), b.lat()))
}

/// Area on WGS 84 with geodesic edges (Karney 2013).
///
/// # Units
/// Square metres.
pub fn area_m2(shape: &MultiPolygon) -> f64 {
    let ring = |r: &Vec<LonLat>| geo::LineString::from_iter(r.iter().map(|p| (p.lon(), p.lat())));
    shape.0.iter().map(|p| geo::Polygon::new(ring(&p.exterior), p.interiors.iter().map(ring).collect()).geodesic_area_unsigned()).sum()
}

/// A local plane around an origin: metres east and north by the ellipsoid's radii of curvature at that latitude.
/// Over the 10 km of a street lengths are right to about 1e-3; use it to compare, and the geodesic to report.
///
/// # Units
/// Metres.
#[derive(Clone, Copy, Debug)]
pub struct LocalMetres {
    origin: LonLat,
    east_per_step: f64,
    north_per_step: f64,
}

impl LocalMetres {
    /// A plane touching the ellipsoid at `origin`.
    pub fn at(origin: LonLat) -> Self {
        // WGS 84: semi-major axis and first eccentricity squared.
        const A: f64 = 6_378_137.0;
        const E2: f64 = 6.694_379_990_141_316e-3;
        let (sin, cos) = origin.lat().to_radians().sin_cos();
        let w = (1.0 - E2 * sin * sin).sqrt();
        let step = 1e-7_f64.to_radians();
        Self { origin, east_per_step: A / w * cos * step, north_per_step: A * (1.0 - E2) / (w * w * w) * step }
    }

    /// Metres east and north of the origin.
    pub fn xy(&self, p: LonLat) -> [f64; 2] {
        [
            f64::from(p.lon_e7.wrapping_sub(self.origin.lon_e7)) * self.east_per_step,
            f64::from(p.lat_e7.wrapping_sub(self.origin.lat_e7)) * self.north_per_step,
        ]
    }

    /// The grid position nearest to a place in the plane.
    pub fn position(&self, [x, y]: [f64; 2]) -> LonLat {
        LonLat::new(
            self.origin.lon_e7.wrapping_add((x / self.east_per_step).round() as i32),
            self.origin.lat_e7.wrapping_add((y / self.north_per_step).round() as i32),
        )
    }

    /// Distance in the plane.
    pub fn distance(&self, a: LonLat, b: LonLat) -> f64 {
        let ([ax, ay], [bx, by]) = (self.xy(a), self.xy(b));
        (ax - bx).hypot(ay - by)
    }

    /// Distance from a position to the segment `a b` in the plane.
    pub fn distance_to_segment(&self, p: LonLat, a: LonLat, b: LonLat) -> f64 {
        let at = self.xy(p);
        let foot = foot_on_segment(at, self.xy(a), self.xy(b));
        (at[0] - foot[0]).hypot(at[1] - foot[1])
    }

    /// Grid steps east and north in a metre.
    pub fn steps_per_metre(&self) -> [f64; 2] {
        [1.0 / self.east_per_step, 1.0 / self.north_per_step]
    }
}

/// The point of the segment `a b` nearest to `p`, in a plane.
pub fn foot_on_segment(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let squared = dx * dx + dy * dy;
    let t = if squared > 0.0 { (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
    [a[0] + t * dx, a[1] + t * dy]
}

//! Plain shapes on the integer grid; algorithms on them live in `geometry`.

use serde::{Deserialize, Serialize};

/// Grid steps in a degree: 1e-7 degree is about 1 cm and exactly RFC 7946's seven decimals.
const STEPS_PER_DEGREE: f64 = 1e7;

/// A position, longitude first.
///
/// # CRS
/// CRS84 (WGS 84 longitude/latitude; CGCS2000 is treated as equal).
/// # Units
/// Integers of 1e-7 degree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LonLat {
    /// Longitude in 1e-7 degree, −1 800 000 000 ..= 1 800 000 000.
    pub lon_e7: i32,
    /// Latitude in 1e-7 degree, −900 000 000 ..= 900 000 000.
    pub lat_e7: i32,
}

impl LonLat {
    /// A position from grid integers.
    pub const fn new(lon_e7: i32, lat_e7: i32) -> Self {
        Self { lon_e7, lat_e7 }
    }

    /// The grid position nearest to `lon`, `lat` in degrees; `None` when either is not finite or out of range.
    pub fn from_degrees(lon: f64, lat: f64) -> Option<Self> {
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return None;
        }
        Some(Self::new((lon * STEPS_PER_DEGREE).round() as i32, (lat * STEPS_PER_DEGREE).round() as i32))
    }

    /// Longitude in degrees: the `f64` nearest to the seven-decimal number, so it prints with at most seven decimals.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / STEPS_PER_DEGREE
    }

    /// Latitude in degrees; see [`LonLat::lon`].
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / STEPS_PER_DEGREE
    }
}

/// A closed ring: the first position is repeated at the end, at least four positions.
pub type Ring = Vec<LonLat>;

/// A polygon: a counter-clockwise exterior and clockwise interiors (RFC 7946's right-hand rule).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polygon {
    /// The outer ring, counter-clockwise.
    pub exterior: Ring,
    /// The holes, clockwise.
    pub interiors: Vec<Ring>,
}

impl Polygon {
    /// Exterior first, then the holes.
    pub fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.exterior).chain(&self.interiors)
    }
}

/// One or more polygons whose interiors are disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiPolygon(pub Vec<Polygon>);

impl MultiPolygon {
    /// Every ring of every part.
    pub fn rings(&self) -> impl Iterator<Item = &Ring> {
        self.0.iter().flat_map(Polygon::rings)
    }
}

impl From<Polygon> for MultiPolygon {
    fn from(polygon: Polygon) -> Self {
        Self(vec![polygon])
    }
}

/// An axis-parallel box on the integer grid, both corners inclusive. It never spans the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// South-west corner.
    pub min: LonLat,
    /// North-east corner.
    pub max: LonLat,
}

impl Bounds {
    /// The smallest box around the positions; `None` when there are none.
    pub fn of<'a>(positions: impl IntoIterator<Item = &'a LonLat>) -> Option<Self> {
        let mut positions = positions.into_iter();
        let first = *positions.next()?;
        Some(positions.fold(Self { min: first, max: first }, |bounds, p| bounds.with(*p)))
    }

    /// The smallest box around this one and a position.
    pub fn with(self, p: LonLat) -> Self {
        Self {
            min: LonLat::new(self.min.lon_e7.min(p.lon_e7), self.min.lat_e7.min(p.lat_e7)),
            max: LonLat::new(self.max.lon_e7.max(p.lon_e7), self.max.lat_e7.max(p.lat_e7)),
        }
    }

    /// The smallest box around both.
    pub fn union(self, other: Self) -> Self {
        self.with(other.min).with(other.max)
    }

    /// Whether the position lies inside or on the edge.
    pub fn contains(&self, p: LonLat) -> bool {
        (self.min.lon_e7..=self.max.lon_e7).contains(&p.lon_e7) && (self.min.lat_e7..=self.max.lat_e7).contains(&p.lat_e7)
    }

    /// Whether the two boxes share at least a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.lon_e7 <= other.max.lon_e7
            && other.min.lon_e7 <= self.max.lon_e7
            && self.min.lat_e7 <= other.max.lat_e7
            && other.min.lat_e7 <= self.max.lat_e7
    }
}

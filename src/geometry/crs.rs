//! Coordinate reference systems of inputs; inside there is only CRS84 on the integer grid.

use crate::model::LonLat;

/// A named coordinate reference system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crs {
    /// EPSG:4326, EPSG:4490 and OGC:CRS84, longitude first.
    Wgs84,
    /// Any other EPSG code the projection crate knows, incl. 3857 and the CGCS2000 zones 4513–4554. Easting first.
    Epsg(u16),
    /// GCJ-02 (火星坐标系).
    Gcj02,
    /// BD-09 (百度坐标系).
    Bd09,
}

/// Why a CRS name or coordinate is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// No such CRS.
    #[error("unknown CRS {0:?}; use EPSG:4326, EPSG:4490, EPSG:3857, EPSG:4513 to 4554, another EPSG code, gcj02 or bd09")]
    Unknown(String),
    /// The coordinate is not finite or outside the CRS.
    #[error("coordinate {x}, {y} is not valid in {crs}")]
    Coordinate {
        /// First ordinate.
        x: f64,
        /// Second ordinate.
        y: f64,
        /// The CRS's name.
        crs: String,
    },
}

impl std::str::FromStr for Crs {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self, Error> {
        let _ = name;
        todo!()
    }
}

impl std::fmt::Display for Crs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}

impl Crs {
    /// A converter to CRS84; make it once per file.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the projection crate does not know the code.
    pub fn to_lonlat(self) -> Result<ToLonLat, Error> {
        todo!()
    }
}

/// Converts coordinates of one CRS to grid positions.
#[derive(Debug)]
pub struct ToLonLat {}

impl ToLonLat {
    /// Longitude/easting first.
    ///
    /// # Errors
    /// [`Error::Coordinate`] when not finite, out of range or not convertible.
    pub fn convert(&self, x: f64, y: f64) -> Result<LonLat, Error> {
        let _ = (x, y);
        todo!()
    }
}

//! Coordinate reference systems of inputs; inside there is only CRS84 on the integer grid.

pub mod gcj02;
pub mod plane;

use proj4rs::Proj;

use self::gcj02::Degrees;
pub use self::plane::Plane;
use crate::model::LonLat;

/// A named coordinate reference system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crs {
    /// EPSG:4326, EPSG:4490 and OGC:CRS84, longitude first.
    Wgs84,
    /// Any other EPSG code the projection crate knows, incl. 3857 and the CGCS2000 zones 4513–4554. Easting first, whatever
    /// order of axes the EPSG registry gives.
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
    /// The CRS has its own datum and no published shift to WGS 84 (Xi'an 1980, for one).
    #[error(
        "{0} has no known shift to WGS 84, so positions would be wrong by up to some hundred metres; convert the file to EPSG:4490 first"
    )]
    NoShift(String),
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

    /// Reads `EPSG:4544`, `4544`, `urn:ogc:def:crs:EPSG::4544`, `http://www.opengis.net/def/crs/EPSG/0/4544`, the same with
    /// `OGC` and `CRS84`, `gcj02` and `bd09`, in any case.
    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::Unknown(name.to_owned());
        let text = name.trim().to_ascii_lowercase();
        match text.as_str() {
            "gcj02" | "gcj-02" => return Ok(Self::Gcj02),
            "bd09" | "bd-09" | "bd09ll" => return Ok(Self::Bd09),
            "crs84" | "wgs84" => return Ok(Self::Wgs84),
            _ => {}
        }
        let path = ["urn:ogc:def:crs:", "urn:x-ogc:def:crs:", "http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/"]
            .into_iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(&text);
        // authority, version if any, code
        let parts: Vec<&str> = path.split([':', '/']).collect();
        let code = match parts.as_slice() {
            [code] | ["epsg", code] | ["epsg", _, code] => code.parse().map_err(|_| unknown())?,
            ["ogc", "crs84"] | ["ogc", _, "crs84"] => return Ok(Self::Wgs84),
            _ => return Err(unknown()),
        };
        match code {
            4326 | 4490 => Ok(Self::Wgs84),
            _ if crs_definitions::from_code(code).is_some() => Ok(Self::Epsg(code)),
            _ => Err(unknown()),
        }
    }
}

impl std::fmt::Display for Crs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wgs84 => f.write_str("EPSG:4326"),
            Self::Epsg(code) => write!(f, "EPSG:{code}"),
            Self::Gcj02 => f.write_str("gcj02"),
            Self::Bd09 => f.write_str("bd09"),
        }
    }
}

impl Crs {
    /// Whether its coordinates are degrees.
    pub fn is_geographic(self) -> bool {
        match self {
            Self::Wgs84 | Self::Gcj02 | Self::Bd09 => true,
            Self::Epsg(code) => crs_definitions::from_code(code).is_some_and(|definition| definition.proj4.contains("+proj=longlat")),
        }
    }

    /// A converter to CRS84; make it once per file.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the projection crate does not know the code; [`Error::NoShift`].
    pub fn to_lonlat(self) -> Result<ToLonLat, Error> {
        let kind = match self {
            Self::Wgs84 | Self::Epsg(4326 | 4490) => Kind::Same,
            Self::Epsg(3857) => Kind::WebMercator,
            Self::Epsg(code) => Kind::projected(code).map_err(|why| why(self.to_string()))?,
            Self::Gcj02 => Kind::Gcj02,
            Self::Bd09 => Kind::Bd09,
        };
        Ok(ToLonLat { crs: self, kind })
    }
}

/// Converts coordinates of one CRS to grid positions.
#[derive(Debug)]
pub struct ToLonLat {
    crs: Crs,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Same,
    WebMercator,
    Projected { from: Box<Proj>, to: Box<Proj>, zone: Option<Zone> },
    Gcj02,
    Bd09,
}

impl ToLonLat {
    /// What a person may have done who gave coordinates that cannot be converted, as the end of a message; empty when unknown.
    pub fn swap_hint(&self, x: f64, y: f64) -> &'static str {
        if self.convert(y, x).is_ok() { "; are the two swapped? longitude or easting comes first" } else { "" }
    }
}

/// Where a CGCS2000 zone makes sense. A transverse Mercator answers far beyond it too, which would let degrees or swapped
/// axes pass as positions in the sea.
#[derive(Clone, Copy, Debug)]
struct Zone {
    central_meridian: f64,
}

impl Zone {
    /// Zones of three degrees: 4513–4533 carry the zone number in the easting, 4534–4554 do not.
    fn of(code: u16) -> Option<Self> {
        let first = match code {
            4513..=4533 => 4513,
            4534..=4554 => 4534,
            _ => return None,
        };
        Some(Self { central_meridian: 75.0 + 3.0 * f64::from(code - first) })
    }

    /// Two zones to either side, and China's latitudes with room to spare.
    fn contains(self, lon: f64, lat: f64) -> bool {
        (lon - self.central_meridian).abs() <= 7.5 && (2.0..=55.0).contains(&lat)
    }
}

impl Kind {
    fn projected(code: u16) -> Result<Self, fn(String) -> Error> {
        // The newer table inside proj4rs has lost the datum shifts (`+towgs84`); without them EPSG:2056 is 100 m off.
        let definition = crs_definitions::from_code(code).ok_or(Error::Unknown as fn(String) -> Error)?.proj4;
        // ETRS89, CGCS2000, NAD83(2011) and their like are WGS 84 to within a metre; other datums need a shift.
        if !["+towgs84=", "+datum=WGS84", "+datum=NAD83", "+ellps=GRS80", "+ellps=WGS84"].iter().any(|known| definition.contains(known)) {
            return Err(Error::NoShift);
        }
        let proj = |text| Proj::from_proj_string(text).map_err(|_| Error::Unknown as fn(String) -> Error);
        Ok(Self::Projected {
            from: Box::new(proj(definition)?),
            to: Box::new(proj("+proj=longlat +datum=WGS84 +no_defs")?),
            zone: Zone::of(code),
        })
    }
}

impl ToLonLat {
    /// Longitude/easting first.
    ///
    /// # Errors
    /// [`Error::Coordinate`] when not finite, out of range or not convertible.
    pub fn convert(&self, x: f64, y: f64) -> Result<LonLat, Error> {
        self.degrees(x, y).and_then(|p| LonLat::from_degrees(p.lon, p.lat)).ok_or_else(|| Error::Coordinate {
            x,
            y,
            crs: self.crs.to_string(),
        })
    }

    fn degrees(&self, x: f64, y: f64) -> Option<Degrees> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let in_range = |p: Degrees| (p.lon.abs() <= 180.0 && p.lat.abs() <= 90.0).then_some(p);
        match &self.kind {
            Kind::Same => Some(Degrees { lon: x, lat: y }),
            Kind::WebMercator => {
                const RADIUS_M: f64 = 6_378_137.0;
                let lat = (y / RADIUS_M).sinh().atan();
                // A hair beyond ±180° is rounding in the file.
                let lon = (x / RADIUS_M).to_degrees();
                let lon = if lon.abs() - 180.0 < 1e-8 { lon.clamp(-180.0, 180.0) } else { lon };
                Some(Degrees { lon, lat: lat.to_degrees() })
            }
            Kind::Projected { from, to, zone } => {
                // proj4rs speaks radians for geographic systems.
                let mut point = if from.is_latlong() {
                    in_range(Degrees { lon: x, lat: y })?;
                    (x.to_radians(), y.to_radians(), 0.0)
                } else {
                    (x, y, 0.0)
                };
                proj4rs::transform::transform(from, to, &mut point).ok()?;
                let (lon, lat) = (point.0.to_degrees(), point.1.to_degrees());
                zone.is_none_or(|zone| zone.contains(lon, lat)).then_some(Degrees { lon, lat })
            }
            Kind::Gcj02 => in_range(Degrees { lon: x, lat: y }).map(gcj02::to_wgs84),
            Kind::Bd09 => in_range(Degrees { lon: x, lat: y }).map(gcj02::from_bd09).map(gcj02::to_wgs84),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::measure::distance_m;

    fn parse(name: &str) -> Crs {
        name.parse().unwrap()
    }

    fn convert(crs: &str, x: f64, y: f64) -> Result<LonLat, Error> {
        parse(crs).to_lonlat()?.convert(x, y)
    }

    #[test]
    fn names_are_read_in_every_usual_spelling() {
        for name in ["EPSG:4326", "4326", "epsg:4490", "urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", "CRS84", " wgs84 "] {
            assert_eq!(parse(name), Crs::Wgs84, "{name}");
        }
        for name in ["4544", "EPSG:4544", "urn:ogc:def:crs:EPSG::4544", "http://www.opengis.net/def/crs/EPSG/0/4544"] {
            assert_eq!(parse(name), Crs::Epsg(4544), "{name}");
        }
        assert_eq!((parse("GCJ02"), parse("bd-09")), (Crs::Gcj02, Crs::Bd09));
        for name in ["", "EPSG:", "EPSG:1", "EPSG:99999", "ESRI:4326", "火星", "urn:ogc:def:crs:OGC:1.3:CRS83"] {
            assert_eq!(name.parse::<Crs>(), Err(Error::Unknown(name.into())));
        }
    }

    #[test]
    fn a_printed_name_reads_back() {
        for crs in [Crs::Wgs84, Crs::Epsg(3857), Crs::Epsg(4554), Crs::Gcj02, Crs::Bd09] {
            assert_eq!(crs.to_string().parse(), Ok(crs));
        }
    }

    #[test]
    fn every_cgcs2000_zone_agrees_with_proj() {
        // PROJ 9.5.1: 136 641.09 m east of the central meridian's false easting, 2 943 400.94 m north, is 1.371 699 992° east
        // of that meridian at 26.594 209 983° in every zone.
        for (zone, code) in (4513..=4533).enumerate() {
            let (zone, central_meridian) = (25.0 + zone as f64, 75.0 + 3.0 * zone as f64);
            let expected = LonLat::from_degrees(central_meridian + 1.371_699_992, 26.594_209_983).unwrap();
            let numbered = convert(&format!("EPSG:{code}"), zone * 1e6 + 636_641.09, 2_943_400.94).unwrap();
            let plain = convert(&format!("EPSG:{}", code + 21), 636_641.09, 2_943_400.94).unwrap();
            assert_eq!((numbered, plain), (expected, expected), "EPSG:{code}");
        }
    }

    #[test]
    fn projections_agree_with_proj_to_a_centimetre() {
        // PROJ 9.5.1
        for (crs, x, y, lon, lat) in [
            ("EPSG:2056", 2_683_920.0, 1_245_604.0, 8.549_422_002, 47.355_942_556),
            ("EPSG:2056", 2_600_000.0, 1_200_000.0, 7.438_632_421, 46.951_082_772),
            ("EPSG:2056", 2_780_000.0, 1_250_000.0, 9.822_365_709, 47.376_226_815),
            ("EPSG:3857", 11_670_000.5, 3_072_000.25, 104.833_398_148, 26.587_267_619),
            ("EPSG:3857", -20_037_508.342_789_244, 20_037_508.342_789_244, -180.0, 85.051_128_78),
            ("EPSG:32648", 484_968.19, 2_942_000.0, 104.849_025_149, 26.598_720_720),
        ] {
            let (got, expected) = (convert(crs, x, y).unwrap(), LonLat::from_degrees(lon, lat).unwrap());
            assert!(distance_m(got, expected) < 0.012, "{crs} {x} {y}: {got:?} is not {expected:?}");
        }
    }

    #[test]
    fn gcj02_and_bd09_come_back_to_wgs84() {
        let home = Degrees { lon: 104.830_123_4, lat: 26.591_234_5 };
        let gcj02 = gcj02::from_wgs84(home);
        let bd09 = gcj02::to_bd09(gcj02);
        let expected = LonLat::from_degrees(home.lon, home.lat);
        assert_eq!(convert("gcj02", gcj02.lon, gcj02.lat).ok(), expected);
        assert_eq!(convert("bd09", bd09.lon, bd09.lat).ok(), expected);
    }

    #[test]
    fn coordinates_that_cannot_be_are_refused() {
        for (crs, x, y) in [
            ("EPSG:4326", f64::NAN, 26.0),
            ("EPSG:4326", 26.6, 104.8),
            ("gcj02", 26.6, 104.8),
            // Degrees, and northing first, in a zone of metres.
            ("EPSG:4544", 104.8, 26.6),
            ("EPSG:4544", 2_942_000.0, 484_968.0),
            ("EPSG:4523", 484_968.0, 2_942_000.0),
            ("EPSG:3857", 3e7, 0.0),
        ] {
            let refused = convert(crs, x, y);
            assert!(matches!(refused, Err(Error::Coordinate { .. })), "{crs} {x} {y}: {refused:?}");
        }
    }

    #[test]
    fn a_datum_without_a_shift_is_refused_rather_than_guessed() {
        assert_eq!(Crs::Epsg(2334).to_lonlat().err(), Some(Error::NoShift("EPSG:2334".into())));
    }
}

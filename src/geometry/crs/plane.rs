//! Planes in metres to measure in: a projection from CRS84.

use proj4rs::Proj;

use super::{Crs, Kind, Zone};
use crate::model::LonLat;

/// Why a CRS is no plane to measure in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Degrees, feet, or lengths that are not true.
    #[error("{0} is no plane of true metres to measure in; use a zone of CGCS2000 (EPSG:4534 to 4554), a UTM zone or a national grid")]
    NotMetres(Crs),
    /// A plane for another part of the world.
    #[error("{0} is made for another part of the world than the street's; use the zone that the street lies in")]
    Elsewhere(Crs),
    /// Unknown, or without a shift to WGS 84.
    #[error(transparent)]
    Crs(#[from] super::Error),
}

/// A projected plane.
///
/// # CRS
/// From CRS84 to the plane named; easting first.
/// # Units
/// Metres.
#[derive(Debug)]
pub struct Plane {
    name: String,
    lonlat: Proj,
    plane: Proj,
}

impl Plane {
    /// The Gauss-Krüger plane of the nearest meridian that is a multiple of three degrees: in China that zone of CGCS2000
    /// (EPSG:4534 to 4554), elsewhere the same projection without a number. Lengths there are too long by at most 3.5e-4
    /// (on the equator, half a zone from the meridian).
    pub fn around(middle: LonLat) -> Self {
        let meridian = (middle.lon() / 3.0).round() * 3.0;
        let in_china = (73.5..=136.5).contains(&middle.lon()) && (3.0..=54.0).contains(&middle.lat());
        let zone = ((meridian - 75.0) / 3.0).clamp(0.0, 20.0) as u16;
        if in_china && let Ok(plane) = Self::of(Crs::Epsg(4534 + zone), middle) {
            return plane;
        }
        let name = match meridian {
            m if m < 0.0 => format!("Gauss-Krüger, meridian {}° W", -m),
            m => format!("Gauss-Krüger, meridian {m}° E"),
        };
        let definition = format!("+proj=tmerc +lat_0=0 +lon_0={meridian} +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs");
        let proj = |text: &str| Proj::from_proj_string(text).expect("a constant projection, sound for every meridian");
        Self { name, lonlat: proj("+proj=longlat +datum=WGS84 +no_defs"), plane: proj(&definition) }
    }

    /// A projected CRS to measure in around a position.
    ///
    /// # Errors
    /// [`Error::NotMetres`] for degrees, other units and Web Mercator, which stretches; [`Error::Elsewhere`] when the position lies
    /// beyond what the CRS is for; [`Error::Crs`] as for input.
    pub fn of(crs: Crs, middle: LonLat) -> Result<Self, Error> {
        let Crs::Epsg(code) = crs else { return Err(Error::NotMetres(crs)) };
        let definition = crs_definitions::from_code(code).map_or("", |d| d.proj4);
        let metres =
            definition.split(' ').all(|word| (!word.starts_with("+units=") || word == "+units=m") && !word.starts_with("+to_meter="));
        if code == 3857 || crs.is_geographic() || !metres {
            return Err(Error::NotMetres(crs));
        }
        let Kind::Projected { from, to, .. } = Kind::projected(code).map_err(|why| why(crs.to_string()))? else {
            return Err(Error::NotMetres(crs));
        };
        let plane = Self { name: crs.to_string(), lonlat: *to, plane: *from };
        let holds = Zone::of(code).is_none_or(|zone| zone.contains(middle.lon(), middle.lat())) && plane.comes_back(middle);
        if holds { Ok(plane) } else { Err(Error::Elsewhere(crs)) }
    }

    /// What people call it: `EPSG:4544`, or the projection and its meridian.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Metres east and north in the plane; `None` where the projection has no place for the position.
    pub fn xy(&self, p: LonLat) -> Option<[f64; 2]> {
        let mut at = (p.lon().to_radians(), p.lat().to_radians(), 0.0);
        proj4rs::transform::transform(&self.lonlat, &self.plane, &mut at).ok()?;
        (at.0.is_finite() && at.1.is_finite()).then_some([at.0, at.1])
    }

    fn comes_back(&self, p: LonLat) -> bool {
        let Some([x, y]) = self.xy(p) else { return false };
        let mut at = (x, y, 0.0);
        proj4rs::transform::transform(&self.plane, &self.lonlat, &mut at).is_ok()
            && LonLat::from_degrees(at.0.to_degrees(), at.1.to_degrees()) == Some(p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> LonLat {
        LonLat::from_degrees(lon, lat).unwrap()
    }

    #[test]
    fn the_plane_is_the_nearest_zones() {
        for (lon, lat, name) in [
            (104.83, 26.59, "EPSG:4544"),
            (106.6, 26.59, "EPSG:4545"),
            (116.3, 39.97, "EPSG:4548"),
            (73.5, 39.0, "EPSG:4534"),
            (135.0, 48.0, "EPSG:4554"),
            (9.52, 47.14, "Gauss-Krüger, meridian 9° E"),
            (-70.6, -33.4, "Gauss-Krüger, meridian 72° W"),
            (179.9, -17.0, "Gauss-Krüger, meridian 180° E"),
        ] {
            assert_eq!(Plane::around(at(lon, lat)).name(), name);
        }
    }

    #[test]
    fn places_in_the_plane_agree_with_proj_to_a_tenth_of_a_millimetre() {
        // PROJ 9.5.1, as pyproj's Transformer.from_crs(4326, …, always_xy=True) gives them.
        for (lon, lat, plane, x, y) in PROJ {
            let [e, n] = Plane::around(at(lon, lat)).xy(at(lon, lat)).unwrap();
            assert!((e - x).hypot(n - y) < 1e-4, "{plane}: {e} {n}");
        }
    }

    const PROJ: [(f64, f64, &str, f64, f64); 4] = [
        (104.83, 26.59, "EPSG:4544", 483_065.891_425, 2_942_213.413_739),
        (116.3123456, 39.9723456, "EPSG:4548", 441_254.607_395, 4_426_684.916_507),
        (9.5212345, 47.1412345, "9E", 539_538.384_320, 5_223_080.195_909),
        (-70.6412345, -33.4412345, "72W", 626_349.881_488, -3_702_510.369_490),
    ];

    #[test]
    fn what_is_no_plane_in_metres_here_is_refused() {
        let home = at(104.83, 26.59);
        for (crs, refusal) in [
            (Crs::Wgs84, Error::NotMetres(Crs::Wgs84)),
            (Crs::Gcj02, Error::NotMetres(Crs::Gcj02)),
            (Crs::Epsg(4258), Error::NotMetres(Crs::Epsg(4258))),
            (Crs::Epsg(3857), Error::NotMetres(Crs::Epsg(3857))),
            (Crs::Epsg(2263), Error::NotMetres(Crs::Epsg(2263))),
            (Crs::Epsg(4554), Error::Elsewhere(Crs::Epsg(4554))),
            (Crs::Epsg(2334), super::super::Error::NoShift("EPSG:2334".into()).into()),
        ] {
            assert_eq!(Plane::of(crs, home).err(), Some(refusal));
        }
        assert_eq!(Plane::of(Crs::Epsg(32648), home).unwrap().name(), "EPSG:32648");
    }
}

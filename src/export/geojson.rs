//! GeoJSON as RFC 7946 has it: CRS84, seven decimals written from the integers, exteriors counter-clockwise.

use std::io::{self, Write};

use serde_json::Value;

use super::{Error, Geometry, Record, Records};
use crate::{
    geometry::ring::signed_area2,
    model::{LonLat, MultiPolygon, Polygon},
};

/// Writes a FeatureCollection, one feature a line.
///
/// # Errors
/// [`Error::Write`].
pub fn write_geojson(records: &Records<'_>, out: &mut impl Write) -> Result<(), Error> {
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    for number in 0..records.len() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        write_feature(&records.get(number), records.set().columns(), out)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(())
}

/// Writes GeoJSON text sequences (RFC 8142): every feature behind a record separator, on a line of its own.
///
/// # Errors
/// [`Error::Write`].
pub fn write_geojson_seq(records: &Records<'_>, out: &mut impl Write) -> Result<(), Error> {
    for number in 0..records.len() {
        out.write_all(b"\x1e")?;
        write_feature(&records.get(number), records.set().columns(), out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes one feature.
///
/// # Errors
/// Those of `out`.
pub fn write_feature(record: &Record, columns: &[&str], out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\"type\":\"Feature\",\"id\":{},\"properties\":{{", Json(&record.id.as_str().into()))?;
    for (number, (column, value)) in columns.iter().zip(&record.values).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(out, "{comma}\"{column}\":{}", Json(value))?;
    }
    out.write_all(b"},\"geometry\":")?;
    match &record.geometry {
        Geometry::Point(at) => {
            out.write_all(b"{\"type\":\"Point\",\"coordinates\":")?;
            write_position(*at, out)?;
            out.write_all(b"}")?;
        }
        Geometry::Area(shape) => write_area(shape, out)?,
    }
    out.write_all(b"}")
}

/// A value as JSON text.
pub struct Json<'a>(pub &'a Value);

impl std::fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Writes `[lon,lat]` with seven decimals, exactly.
///
/// # Errors
/// Those of `out`.
pub fn write_position(at: LonLat, out: &mut impl Write) -> io::Result<()> {
    write!(out, "[{},{}]", SevenDecimals(at.lon_e7), SevenDecimals(at.lat_e7))
}

/// A grid integer in degrees; no floating point on the way.
pub(super) struct SevenDecimals(pub i32);

impl std::fmt::Display for SevenDecimals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const STEPS: u32 = 10_000_000;
        let sign = if self.0 < 0 { "-" } else { "" };
        let steps = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:07}", steps / STEPS, steps % STEPS)
    }
}

fn write_area(shape: &MultiPolygon, out: &mut impl Write) -> io::Result<()> {
    match &shape.0[..] {
        [] => out.write_all(b"null"),
        [polygon] => {
            out.write_all(b"{\"type\":\"Polygon\",\"coordinates\":")?;
            write_polygon(polygon, out)?;
            out.write_all(b"}")
        }
        polygons => {
            out.write_all(b"{\"type\":\"MultiPolygon\",\"coordinates\":[")?;
            for (number, polygon) in polygons.iter().enumerate() {
                if number > 0 {
                    out.write_all(b",")?;
                }
                write_polygon(polygon, out)?;
            }
            out.write_all(b"]}")
        }
    }
}

fn write_polygon(polygon: &Polygon, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (number, ring) in polygon.rings().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        // The model's rings turn the right way by contract; given boundaries of unplanned streets are turned here if they do not.
        let counter_clockwise = signed_area2(ring) > 0;
        if counter_clockwise == (number == 0) { write_ring(ring.iter(), out)? } else { write_ring(ring.iter().rev(), out)? }
    }
    out.write_all(b"]")
}

fn write_ring<'a>(ring: impl Iterator<Item = &'a LonLat>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (number, position) in ring.enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        write_position(*position, out)?;
    }
    out.write_all(b"]")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn positions_have_seven_decimals() {
        assert_eq!(text(|out| write_position(LonLat::new(1_048_300_000, -5), out)), "[104.8300000,-0.0000005]");
        assert_eq!(text(|out| write_position(LonLat::new(-1_800_000_000, 900_000_000), out)), "[-180.0000000,90.0000000]");
    }

    #[test]
    fn rings_are_turned_and_texts_escaped() {
        let p = LonLat::new;
        let clockwise = vec![p(0, 0), p(0, 10), p(10, 10), p(0, 0)];
        let record = Record {
            id: "a\"b".into(),
            geometry: Geometry::Area(Polygon { exterior: clockwise, interiors: vec![] }.into()),
            values: vec![json!("钟山\n"), json!(null), json!(1.5)],
        };
        let feature: Value = serde_json::from_str(&text(|out| write_feature(&record, &["name", "persons", "area_m2"], out))).unwrap();
        assert_eq!(feature["id"], "a\"b");
        assert_eq!(feature["properties"], json!({"name": "钟山\n", "persons": null, "area_m2": 1.5}));
        assert_eq!(feature["geometry"]["coordinates"], json!([[[0.0, 0.0], [1e-6, 1e-6], [0.0, 1e-6], [0.0, 0.0]]]));
    }

    proptest! {
        #[test]
        fn a_position_comes_back_to_the_bit(lon in -1_800_000_000i32..=1_800_000_000, lat in -900_000_000i32..=900_000_000) {
            let [x, y]: [f64; 2] = serde_json::from_str(&text(|out| write_position(LonLat::new(lon, lat), out))).unwrap();
            prop_assert_eq!(LonLat::from_degrees(x, y), Some(LonLat::new(lon, lat)));
        }
    }
}

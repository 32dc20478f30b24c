//! Shapes as Well-Known Binary, in the two envelopes the stores keep it in: PostGIS's EWKB and GeoPackage's blob.
//!
//! geozero reads and writes the WKB itself; GeoPackage's header is written here, because geozero offers its "empty" flag
//! only through a hidden constructor.
//!
//! # CRS and units
//! Ordinates are degrees in EPSG:4326, longitude first: the `f64` nearest to a whole multiple of 1e-7, so that a position
//! comes back as the same integers.

use geozero::{
    CoordDimensions, GeomProcessor,
    error::{GeozeroError, Result as GeozeroResult},
    wkb::{WkbDialect, WkbWriter, process_ewkb_geom, process_wkb_geom},
};

use crate::model::{Bounds, LonLat, MultiPolygon, Polygon, Ring};

/// The coordinate system's number in both stores.
pub(super) const SRID: i32 = 4326;

/// Positions that room is made for before they are read.
const PLAUSIBLE: usize = 512;

/// A shape to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'a> {
    /// POINT
    Point(LonLat),
    /// LINESTRING
    Line(&'a [LonLat]),
    /// POLYGON
    Polygon(&'a Polygon),
    /// MULTIPOLYGON
    MultiPolygon(&'a MultiPolygon),
}

impl Shape<'_> {
    /// The box around it; `None` when it is empty.
    pub(super) fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Point(position) => Some(Bounds { min: *position, max: *position }),
            Self::Line(path) => Bounds::of(*path),
            Self::Polygon(polygon) => Bounds::of(polygon.rings().flatten()),
            Self::MultiPolygon(parts) => Bounds::of(parts.rings().flatten()),
        }
    }

    /// Appends the shape as PostGIS keeps it.
    pub(super) fn write_ewkb(&self, out: &mut Vec<u8>) -> GeozeroResult<()> {
        self.write(&mut WkbWriter::with_opts(out, WkbDialect::Ewkb, CoordDimensions::xy(), Some(SRID), Vec::new()))
    }

    /// Appends the shape as a GeoPackage keeps it; all but points carry their box, so that a reader need not parse them.
    pub(super) fn write_gpkg(&self, out: &mut Vec<u8>) -> GeozeroResult<()> {
        let bounds = self.bounds();
        let envelope = bounds.filter(|_| !matches!(self, Self::Point(_)));
        let flags = 0b0000_0001 | u8::from(envelope.is_some()) << 1 | u8::from(bounds.is_none()) << 4;
        out.extend_from_slice(&[b'G', b'P', 0, flags]);
        out.extend_from_slice(&SRID.to_le_bytes());
        if let Some(Bounds { min, max }) = envelope {
            for ordinate in [min.lon(), max.lon(), min.lat(), max.lat()] {
                out.extend_from_slice(&ordinate.to_le_bytes());
            }
        }
        self.write(&mut WkbWriter::with_opts(out, WkbDialect::Wkb, CoordDimensions::xy(), None, Vec::new()))
    }

    fn write(&self, out: &mut impl GeomProcessor) -> GeozeroResult<()> {
        match self {
            Self::Point(position) => {
                out.point_begin(0)?;
                out.xy(position.lon(), position.lat(), 0)?;
                out.point_end(0)
            }
            Self::Line(path) => write_line(out, true, path, 0),
            Self::Polygon(polygon) => write_polygon(out, true, polygon, 0),
            Self::MultiPolygon(MultiPolygon(parts)) => {
                out.multipolygon_begin(parts.len(), 0)?;
                for (index, polygon) in parts.iter().enumerate() {
                    write_polygon(out, false, polygon, index)?;
                }
                out.multipolygon_end(0)
            }
        }
    }
}

fn write_polygon(out: &mut impl GeomProcessor, tagged: bool, polygon: &Polygon, index: usize) -> GeozeroResult<()> {
    // A polygon without an exterior is WKB's empty polygon: no ring at all, not a ring of no positions.
    let rings: Vec<&Ring> = if polygon.exterior.is_empty() { Vec::new() } else { polygon.rings().collect() };
    out.polygon_begin(tagged, rings.len(), index)?;
    for (index, ring) in rings.into_iter().enumerate() {
        write_line(out, false, ring, index)?;
    }
    out.polygon_end(tagged, index)
}

fn write_line(out: &mut impl GeomProcessor, tagged: bool, path: &[LonLat], index: usize) -> GeozeroResult<()> {
    out.linestring_begin(tagged, path.len(), index)?;
    for (index, position) in path.iter().enumerate() {
        out.xy(position.lon(), position.lat(), index)?;
    }
    out.linestring_end(tagged, index)
}

/// WKB as it lies in a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored<'a> {
    /// PostGIS.
    Ewkb(&'a [u8]),
    /// GeoPackage.
    Gpkg(&'a [u8]),
}

/// What kind of shape was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Point,
    Line,
    Polygon,
    MultiPolygon,
}

/// Any shape as it comes out of WKB: every geometry is a list of polygons, a line one ring, a point one position.
#[derive(Debug, Default)]
struct Parts {
    kind: Option<Kind>,
    polygons: Vec<Polygon>,
    path: Ring,
    /// The next ring is an exterior.
    exterior_due: bool,
}

impl Parts {
    fn read(stored: Stored<'_>) -> Result<Self, String> {
        let mut parts = Self::default();
        match stored {
            Stored::Ewkb(mut bytes) => process_ewkb_geom(&mut bytes, &mut parts),
            Stored::Gpkg(blob) => process_wkb_geom(&mut after_gpkg_header(blob)?, &mut parts),
        }
        .map_err(|error| error.to_string())?;
        Ok(parts)
    }

    fn begin(&mut self, kind: Kind) {
        self.kind.get_or_insert(kind);
    }

    fn expect(&self, kind: Kind) -> Result<(), String> {
        if self.kind == Some(kind) { Ok(()) } else { Err(format!("geometry is {:?}, not {kind:?}", self.kind)) }
    }
}

impl GeomProcessor for Parts {
    fn xy(&mut self, x: f64, y: f64, _index: usize) -> GeozeroResult<()> {
        let position = LonLat::from_degrees(x, y)
            .ok_or_else(|| GeozeroError::Geometry(format!("position {x} {y} is not a longitude and latitude")))?;
        self.path.push(position);
        Ok(())
    }

    fn empty_point(&mut self, _index: usize) -> GeozeroResult<()> {
        Err(GeozeroError::Geometry("empty point".into()))
    }

    fn point_begin(&mut self, _index: usize) -> GeozeroResult<()> {
        self.begin(Kind::Point);
        Ok(())
    }

    fn linestring_begin(&mut self, _tagged: bool, size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(Kind::Line);
        // The size is the file's word: believed up to a page's worth.
        self.path.reserve_exact(size.min(PLAUSIBLE));
        Ok(())
    }

    fn linestring_end(&mut self, _tagged: bool, _index: usize) -> GeozeroResult<()> {
        if let Some(polygon) = self.polygons.last_mut() {
            let ring = std::mem::take(&mut self.path);
            if std::mem::take(&mut self.exterior_due) {
                polygon.exterior = ring;
            } else {
                polygon.interiors.push(ring);
            }
        }
        Ok(())
    }

    fn polygon_begin(&mut self, _tagged: bool, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(Kind::Polygon);
        self.polygons.push(Polygon::default());
        self.exterior_due = true;
        Ok(())
    }

    fn multipolygon_begin(&mut self, _size: usize, _index: usize) -> GeozeroResult<()> {
        self.begin(Kind::MultiPolygon);
        Ok(())
    }
}

/// The WKB behind a GeoPackage blob's header.
fn after_gpkg_header(blob: &[u8]) -> Result<&[u8], String> {
    let [b'G', b'P', _version, flags, ..] = blob else {
        return Err("geometry is not a GeoPackage blob".into());
    };
    let envelope_bytes = match flags >> 1 & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        other => return Err(format!("GeoPackage envelope {other} does not exist")),
    };
    blob.get(8 + envelope_bytes..).ok_or_else(|| "GeoPackage blob is cut short".into())
}

/// The ordinates of a point as both stores write it; anything else goes the long way. Points are most of what is read.
fn plain_point(stored: Stored<'_>) -> Option<LonLat> {
    let ordinates = match stored {
        Stored::Ewkb(bytes) => bytes.strip_prefix(&[1, 1, 0, 0, 0x20, 0xE6, 0x10, 0, 0])?,
        Stored::Gpkg(blob) => blob.strip_prefix(&[b'G', b'P', 0, 1, 0xE6, 0x10, 0, 0, 1, 1, 0, 0, 0])?,
    };
    let (x, y) = ordinates.split_first_chunk()?;
    LonLat::from_degrees(f64::from_le_bytes(*x), f64::from_le_bytes(y.try_into().ok()?))
}

/// Reads a point.
pub(super) fn read_point(stored: Stored<'_>) -> Result<LonLat, String> {
    if let Some(position) = plain_point(stored) {
        return Ok(position);
    }
    let parts = Parts::read(stored)?;
    parts.expect(Kind::Point)?;
    parts.path.first().copied().ok_or_else(|| "empty point".into())
}

/// Reads a line.
pub(super) fn read_line(stored: Stored<'_>) -> Result<Vec<LonLat>, String> {
    let parts = Parts::read(stored)?;
    parts.expect(Kind::Line)?;
    Ok(parts.path)
}

/// Reads a polygon.
pub(super) fn read_polygon(stored: Stored<'_>) -> Result<Polygon, String> {
    let parts = Parts::read(stored)?;
    parts.expect(Kind::Polygon)?;
    parts.polygons.into_iter().next().ok_or_else(|| "no polygon".into())
}

/// Reads a multipolygon.
pub(super) fn read_multipolygon(stored: Stored<'_>) -> Result<MultiPolygon, String> {
    let parts = Parts::read(stored)?;
    parts.expect(Kind::MultiPolygon)?;
    Ok(MultiPolygon(parts.polygons))
}

/// The box around whatever shape it is; `None` when it is empty.
pub(super) fn read_bounds(stored: Stored<'_>) -> Result<Option<Bounds>, String> {
    let parts = Parts::read(stored)?;
    Ok(Bounds::of(parts.path.iter().chain(parts.polygons.iter().flat_map(|polygon| polygon.rings().flatten()))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(shape: Shape<'_>) -> [Vec<u8>; 2] {
        let (mut ewkb, mut gpkg) = (Vec::new(), Vec::new());
        shape.write_ewkb(&mut ewkb).unwrap();
        shape.write_gpkg(&mut gpkg).unwrap();
        [ewkb, gpkg]
    }

    #[test]
    fn a_point_is_what_the_standards_draw() {
        let [ewkb, gpkg] = both(Shape::Point(LonLat::new(100_000_000, -200_000_000)));
        let ordinates = [0, 0, 0, 0, 0, 0, 0x24, 0x40, 0, 0, 0, 0, 0, 0, 0x34, 0xC0];
        assert_eq!(ewkb, [&[1, 1, 0, 0, 0x20, 0xE6, 0x10, 0, 0][..], &ordinates].concat());
        assert_eq!(gpkg, [&[b'G', b'P', 0, 1, 0xE6, 0x10, 0, 0, 1, 1, 0, 0, 0][..], &ordinates].concat());
    }

    #[test]
    fn an_empty_shape_stays_empty() {
        let empty = MultiPolygon::default();
        let [ewkb, gpkg] = both(Shape::MultiPolygon(&empty));
        assert_eq!(gpkg[3], 0b0001_0001, "the header says empty");
        assert_eq!(read_multipolygon(Stored::Ewkb(&ewkb)), Ok(empty.clone()));
        assert_eq!(read_multipolygon(Stored::Gpkg(&gpkg)), Ok(empty));
    }

    #[test]
    fn a_damaged_blob_is_an_error() {
        let [ewkb, gpkg] = both(Shape::Line(&[LonLat::new(1, 2), LonLat::new(3, 4)]));
        for length in 0..ewkb.len() {
            assert!(read_line(Stored::Ewkb(&ewkb[..length])).is_err(), "{length} bytes");
        }
        for length in 0..gpkg.len() {
            assert!(read_line(Stored::Gpkg(&gpkg[..length])).is_err(), "{length} bytes");
        }
        assert!(read_point(Stored::Ewkb(&ewkb)).unwrap_err().contains("not Point"));
        assert!(read_line(Stored::Gpkg(b"XX")).is_err());
        let [mut far, _] = both(Shape::Point(LonLat::new(0, 0)));
        far[9..17].copy_from_slice(&181.0_f64.to_le_bytes());
        assert!(read_point(Stored::Ewkb(&far)).unwrap_err().contains("181"));
    }

    fn position() -> impl Strategy<Value = LonLat> {
        (-1_800_000_000..=1_800_000_000_i32, -900_000_000..=900_000_000_i32).prop_map(|(lon, lat)| LonLat::new(lon, lat))
    }

    fn polygon() -> impl Strategy<Value = Polygon> {
        let ring = || prop::collection::vec(position(), 4..9);
        (ring(), prop::collection::vec(ring(), 0..3)).prop_map(|(exterior, interiors)| Polygon { exterior, interiors })
    }

    proptest! {
        #[test]
        fn every_shape_comes_back_to_the_bit(
            point in position(),
            line in prop::collection::vec(position(), 2..20),
            polygon in polygon(),
            parts in prop::collection::vec(polygon(), 0..4),
        ) {
            let multi = MultiPolygon(parts);
            let [e, g] = both(Shape::Point(point));
            prop_assert_eq!(read_point(Stored::Ewkb(&e)), Ok(point));
            prop_assert_eq!(read_point(Stored::Gpkg(&g)), Ok(point));
            let [e, g] = both(Shape::Line(&line));
            prop_assert_eq!(read_line(Stored::Ewkb(&e)), Ok(line.clone()));
            prop_assert_eq!(read_line(Stored::Gpkg(&g)), Ok(line.clone()));
            let [e, g] = both(Shape::Polygon(&polygon));
            prop_assert_eq!(read_polygon(Stored::Ewkb(&e)), Ok(polygon.clone()));
            prop_assert_eq!(read_polygon(Stored::Gpkg(&g)), Ok(polygon.clone()));
            let [e, g] = both(Shape::MultiPolygon(&multi));
            prop_assert_eq!(read_multipolygon(Stored::Ewkb(&e)), Ok(multi.clone()));
            prop_assert_eq!(read_multipolygon(Stored::Gpkg(&g)), Ok(multi.clone()));
            prop_assert_eq!(read_bounds(Stored::Gpkg(&g)), Ok(Shape::MultiPolygon(&multi).bounds()));
        }
    }
}

//! Positions in the columns of a table.

use super::{
    Error, Intake, Reason,
    feature::coordinate_flaw,
    shape::Flaw,
    table::{Row, Table, TableOptions},
};
use crate::{
    geometry::{Crs, crs::ToLonLat},
    model::LonLat,
};

/// The two columns a position is in, and their CRS.
pub struct PositionColumns {
    x: usize,
    y: usize,
    to_lonlat: ToLonLat,
}

impl PositionColumns {
    /// `lon,lat` or `x,y` columns. `lon,lat` are in the CRS of the options when that has degrees and in EPSG:4326 otherwise, with
    /// a note if the CRS was named; `x,y` are in the CRS, which must be known.
    pub fn find(table: &Table, options: &TableOptions, intake: &mut Intake<'_>) -> Result<Self, Error> {
        let pair = |x, y| table.column(x).zip(table.column(y));
        let crs = options.crs.or(options.fallback_crs);
        let ((x, y), crs) = match (pair("lon", "lat"), pair("x", "y"), crs) {
            (Some(columns), other, Some(crs)) if crs.is_geographic() || (other.is_none() && table.is_mapped("lon")) => (columns, crs),
            (_, Some(columns), Some(crs)) => (columns, crs),
            (Some(columns), None, Some(crs)) => {
                if options.crs.is_some() {
                    intake.report.note(format!("{} has lon and lat, which were read as degrees, EPSG:4326, not as {crs}", table.name));
                }
                (columns, Crs::Wgs84)
            }
            (Some(columns), _, None) => (columns, Crs::Wgs84),
            (None, Some(_), None) => {
                let why = "x and y need a CRS; name it with --crs, EPSG:4544 for example".to_owned();
                return Err(Error::Crs { file: table.path().to_owned(), why });
            }
            (None, None, _) => return Err(table.no_column("lon, lat or x, y".to_owned(), "x")),
        };
        Ok(Self { x, y, to_lonlat: crs.to_lonlat().map_err(|error| Error::crs(table.path(), &error))? })
    }

    /// The row's position; `None` when both fields are empty.
    pub fn read(&self, row: &Row<'_>) -> Result<Option<LonLat>, Flaw> {
        let (x, y) = match (row.get(Some(self.x)), row.get(Some(self.y))) {
            (None, None) => return Ok(None),
            (Some(x), Some(y)) => (x, y),
            _ => return Err(Flaw::new(Reason::MissingField, "one of the two coordinates is empty")),
        };
        let number =
            |text: &str| text.parse::<f64>().map_err(|_| Flaw::new(Reason::BadCoordinate, format!("coordinate {text:?} is not a number")));
        let (x, y) = (number(x)?, number(y)?);
        self.to_lonlat.convert(x, y).map(Some).map_err(|error| coordinate_flaw(&error, &self.to_lonlat))
    }
}

//! Find an area, a road or a building by code, name or address.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::Snapshot;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// Level 1.
    Street,
    /// Level 2.
    Community,
    /// Level 3.
    Cell,
    /// Ten-household group.
    Group,
    /// Building, by name or address.
    Building,
    /// Road, river or railway.
    Road,
    /// Coordinates, in the CRS asked for.
    Coordinates,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Its code; `null` for buildings, roads and coordinates.
    pub code: Option<String>,
    /// Name or address.
    pub name: String,
    /// Where, for people: the areas around it.
    pub context: String,
    /// Longitude in degrees.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
    /// West, south, east, north; `null` for a point.
    pub bbox: Option<[f64; 4]>,
}

impl Snapshot {
    /// Areas, roads and buildings whose code begins with, or name or address contains, the text; best first. Addresses are
    /// those of buildings, never of households.
    pub fn search(&self, text: &str, limit: usize, as_of: Date) -> Vec<Hit> {
        let _ = (text, limit, as_of);
        todo!()
    }
}

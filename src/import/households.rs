//! Household lists: one CSV row a household, located by position or by its building.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use super::{
    Enclosure, Error, Intake, Reason, TableOptions,
    place::PositionColumns,
    shape::Flaw,
    table::{Row, Table},
};
use crate::{
    geometry::ring::standing_position,
    model::{Building, Code, Household, LonLat},
};

/// The word the report uses.
pub const KIND: &str = "households";

/// Fields that `--map` may name.
pub const FIELDS: &[&str] = &["household_id", "building_id", "unit", "floor", "persons", "address", "lon", "lat", "x", "y"];

/// A street that households may belong to.
pub struct HomeStreet {
    code: Code,
    enclosure: Enclosure,
    buildings: HashMap<String, Option<LonLat>>,
}

impl HomeStreet {
    /// A street by its boundary and buildings.
    pub fn new(code: Code, enclosure: Enclosure, buildings: &[Building]) -> Self {
        let buildings = buildings.iter().map(|b| (b.id.clone(), standing_position(&b.footprint))).collect();
        Self { code, enclosure, buildings }
    }
}

/// Reads a household list. A household belongs to the street that owns its position; without a position, to the street that
/// has its building. Unknown buildings are reported and left out of the household; a household outside every street is refused.
///
/// # Errors
/// A broken file, missing columns, or no usable row.
pub fn read(
    path: &Path,
    options: &TableOptions,
    streets: &[HomeStreet],
    intake: &mut Intake<'_>,
) -> Result<BTreeMap<Code, Vec<Household>>, Error> {
    let mut table = Table::open(path, KIND, FIELDS, options, intake)?;
    let id_column = table.required("household_id")?;
    let columns = Columns {
        building: table.column("building_id"),
        unit: table.column("unit"),
        floor: table.column("floor"),
        persons: table.column("persons"),
        address: table.column("address"),
    };
    let positions = match PositionColumns::find(&table, options, intake) {
        // The building alone is enough to place a household.
        Err(Error::NoColumn { .. }) if columns.building.is_some() => None,
        found => Some(found?),
    };
    let mut found: BTreeMap<Code, Vec<Household>> = BTreeMap::new();
    let mut seen: HashSet<String> = HashSet::new();
    while let Some(line) = table.advance(intake)? {
        let row = table.row();
        let Some(id) = row.get(Some(id_column)) else {
            intake.report.reject(table.place(line, "row"), Reason::MissingField, "household_id is empty");
            continue;
        };
        let place = table.place(line, id);
        if seen.contains(id) {
            intake.report.reject(place, Reason::DuplicateId, "the household_id was there before; the first one counts");
            continue;
        }
        let settled = positions
            .as_ref()
            .map_or(Ok(None), |positions| positions.read(&row))
            .and_then(|position| settle(position, &row, &columns, streets));
        match settled {
            Ok(Settled { street, position, building_id, remark }) => {
                if let Some((reason, message)) = remark {
                    intake.report.remark(place, reason, message);
                }
                let floor = whole(row.get(columns.floor)).unwrap_or_else(|| {
                    intake.report.remark(place, Reason::BadValue, "floor is not a whole number, or too large, and was left out");
                    None
                });
                let persons = whole(row.get(columns.persons)).unwrap_or_else(|| {
                    intake.report.remark(place, Reason::BadValue, "persons is not a whole number, or out of range, and was left out");
                    None
                });
                let text = |column| row.get(column).map(str::to_owned);
                seen.insert(id.to_owned());
                intake.report.keep(KIND);
                found.entry(streets[street].code.clone()).or_default().push(Household {
                    id: id.to_owned(),
                    building_id,
                    position,
                    unit: text(columns.unit),
                    floor,
                    persons,
                    address: text(columns.address),
                    estimated: false,
                });
            }
            Err(flaw) => intake.report.reject(place, flaw.reason, flaw.message),
        }
    }
    intake.require(path, KIND)?;
    Ok(found)
}

struct Columns {
    building: Option<usize>,
    unit: Option<usize>,
    floor: Option<usize>,
    persons: Option<usize>,
    address: Option<usize>,
}

/// A whole number in the range of `T`, if there is one; `None` for any other text.
fn whole<T: TryFrom<i64>>(text: Option<&str>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| text.parse::<i64>().ok().and_then(|number| T::try_from(number).ok()).map(Some))
}

struct Settled {
    street: usize,
    position: LonLat,
    building_id: Option<String>,
    remark: Option<(Reason, &'static str)>,
}

fn settle(position: Option<LonLat>, row: &Row<'_>, columns: &Columns, streets: &[HomeStreet]) -> Result<Settled, Flaw> {
    let building = row.get(columns.building);
    let (street, position) = match position {
        Some(position) => {
            let owner = streets.iter().position(|street| street.enclosure.owns(position));
            let why = "the position lies outside the street; check the CRS, or draw the boundary wider";
            (owner.ok_or_else(|| Flaw::new(Reason::OutsideStreet, why))?, position)
        }
        None => building
            .and_then(|id| streets.iter().enumerate().find_map(|(i, street)| Some((i, (*street.buildings.get(id)?)?))))
            .ok_or_else(|| Flaw::new(Reason::NoPosition, "the row has no position, and no building that is known"))?,
    };
    let (building_id, remark) = match building {
        Some(id) if streets[street].buildings.contains_key(id) => (Some(id.to_owned()), None),
        Some(_) => (None, Some((Reason::UnknownBuilding, "the building does not exist; the household is located by its position"))),
        None => (None, Some((Reason::NoBuilding, "the household names no building; it is located by its position"))),
    };
    Ok(Settled { street, position, building_id, remark })
}

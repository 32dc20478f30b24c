//! A street as locating needs it: its boundary, its plans, and where households live; nothing else is read.

use std::collections::BTreeMap;

use super::{
    Error,
    reading::{Reader, Scope, read_plans, read_rows, read_versions},
    row::{Fields, Record, Table, Value},
    wkb::Shape,
};
use crate::model::{Area, Code, Household, StreetData};

/// A household's id and position.
struct Home(Household);

impl Record for Home {
    const TABLE: Table = Table { name: "households", columns: &["street_code", "household_id", "geom"], key: 2, derived: false };

    fn id(&self) -> &str {
        &self.0.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([Value::Text(Some(street.as_str())), Value::Text(Some(&self.0.id)), Value::Shape(Shape::Point(self.0.position))]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self(Household {
            id: row.text(1)?.to_owned(),
            building_id: None,
            position: row.point(2)?,
            unit: None,
            floor: None,
            persons: None,
            address: None,
            estimated: false,
        }))
    }
}

/// One street; `None` when nothing is known of it.
pub(super) async fn read_places<S: Reader>(source: &mut S, street: &Code) -> Result<Option<StreetData>, Error> {
    let Some(version) = read_versions(source, Some(street)).await?.remove(street) else { return Ok(None) };
    let mut world = BTreeMap::from([(street.clone(), StreetData { version, ..StreetData::default() })]);
    let scope = Scope::Street(street);
    read_rows(source, scope, &mut world, |data, row: Area| data.areas.push(row)).await?;
    read_rows(source, scope, &mut world, |data, Home(row): Home| data.households.push(row)).await?;
    let plans = read_plans(source, scope, world.keys()).await?.remove(street).unwrap_or_default();
    Ok(world.remove(street).map(|mut data| {
        data.areas.sort_by(|a, b| a.code.cmp(&b.code));
        data.households.sort_by(|a, b| a.id.cmp(&b.id));
        data.plans = plans;
        data
    }))
}

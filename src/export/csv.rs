//! CSV (RFC 4180, UTF-8, no BOM): the same values as GeoJSON; groups as memberships; points with `lon,lat`.

use std::io::Write;

use serde_json::Value;

use super::{Error, Geometry, Records, Set, geojson::SevenDecimals};

/// Writes a set as CSV. Groups are written as `household_id,group_code,cell_code,is_head`, a row a household; households and
/// issues carry `lon,lat` behind their id and can be imported again; areas carry no geometry.
///
/// # Errors
/// [`Error::Write`].
pub fn write_csv(records: &Records<'_>, out: &mut impl Write) -> Result<(), Error> {
    let mut writer = csv::Writer::from_writer(out);
    match records.set() {
        Set::Groups => write_memberships(records, &mut writer)?,
        Set::Households | Set::Issues => write_points(records, &mut writer)?,
        Set::Streets | Set::Communities | Set::Cells => {
            writer.write_record(records.set().columns())?;
            for number in 0..records.len() {
                writer.write_record(records.get(number).values.iter().map(field))?;
            }
        }
    }
    writer.flush()?;
    Ok(())
}

fn write_memberships<W: Write>(records: &Records<'_>, writer: &mut csv::Writer<W>) -> Result<(), Error> {
    writer.write_record(["household_id", "group_code", "cell_code", "is_head"])?;
    for (household, group, cell, is_head) in records.memberships() {
        writer.write_record([household, group.as_str(), cell.as_str(), if is_head { "true" } else { "false" }])?;
    }
    Ok(())
}

fn write_points<W: Write>(records: &Records<'_>, writer: &mut csv::Writer<W>) -> Result<(), Error> {
    let columns = records.set().columns();
    writer.write_record(columns[..1].iter().chain(&["lon", "lat"]).chain(&columns[1..]))?;
    for number in 0..records.len() {
        let record = records.get(number);
        let position = match record.geometry {
            Geometry::Point(at) => [SevenDecimals(at.lon_e7).to_string(), SevenDecimals(at.lat_e7).to_string()],
            Geometry::Area(_) => Default::default(),
        };
        let (id, rest) = record.values.split_at(1);
        writer.write_record(id.iter().map(field).chain(position).chain(rest.iter().map(field)))?;
    }
    Ok(())
}

/// A value as a field: `null` is empty, text is itself.
pub(super) fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

//! The records of a survey, and issues, as rows.

use super::row::{Fields, Record, Table, Value};
use super::wkb::Shape;
use crate::model::{Area, Building, Code, Household, Issue, IssueStatus, Level, Line, LineClass, Water};

impl Record for Area {
    const TABLE: Table = Table { name: "areas", columns: &["street_code", "area_code", "level", "name", "geom"], key: 2, derived: false };

    fn id(&self) -> &str {
        self.code.as_str()
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(self.code.as_str())),
            Value::Text(Some(self.level.as_str())),
            Value::Text(Some(&self.name)),
            Value::Shape(Shape::MultiPolygon(&self.boundary)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            code: row.code(1)?,
            level: row.word(2, |word| Level::ALL.into_iter().find(|level| level.as_str() == word))?,
            name: row.text(3)?.to_owned(),
            boundary: row.multipolygon(4)?,
        })
    }
}

impl Record for Line {
    const TABLE: Table = Table { name: "lines", columns: &["street_code", "line_id", "class", "name", "geom"], key: 2, derived: false };

    fn id(&self) -> &str {
        &self.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(&self.id)),
            Value::Text(Some(self.class.as_str())),
            Value::Text(self.name.as_deref()),
            Value::Shape(Shape::Line(&self.path)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.text(1)?.to_owned(), class: row.word(2, LineClass::parse)?, name: row.owned_text(3)?, path: row.line(4)? })
    }
}

impl Record for Water {
    const TABLE: Table = Table { name: "waters", columns: &["street_code", "water_id", "name", "geom"], key: 2, derived: false };

    fn id(&self) -> &str {
        &self.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(&self.id)),
            Value::Text(self.name.as_deref()),
            Value::Shape(Shape::MultiPolygon(&self.outline)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.text(1)?.to_owned(), name: row.owned_text(2)?, outline: row.multipolygon(3)? })
    }
}

impl Record for Building {
    const TABLE: Table = Table {
        name: "buildings",
        columns: &["street_code", "building_id", "name", "purpose", "levels", "declared_households", "address", "geom"],
        key: 2,
        derived: false,
    };

    fn id(&self) -> &str {
        &self.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(&self.id)),
            Value::Text(self.name.as_deref()),
            Value::Text(self.purpose.as_deref()),
            Value::Integer(self.levels.map(i64::from)),
            Value::Integer(self.declared_households.map(i64::from)),
            Value::Text(self.address.as_deref()),
            Value::Shape(Shape::MultiPolygon(&self.footprint)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text(1)?.to_owned(),
            name: row.owned_text(2)?,
            purpose: row.owned_text(3)?,
            levels: row.small(4)?,
            declared_households: row.small(5)?,
            address: row.owned_text(6)?,
            footprint: row.multipolygon(7)?,
        })
    }
}

impl Record for Household {
    const TABLE: Table = Table {
        name: "households",
        columns: &["street_code", "household_id", "building_id", "unit", "floor", "persons", "address", "estimated", "geom"],
        key: 2,
        derived: false,
    };

    fn id(&self) -> &str {
        &self.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(&self.id)),
            Value::Text(self.building_id.as_deref()),
            Value::Text(self.unit.as_deref()),
            Value::Integer(self.floor.map(i64::from)),
            Value::Integer(self.persons.map(i64::from)),
            Value::Text(self.address.as_deref()),
            Value::Boolean(self.estimated),
            Value::Shape(Shape::Point(self.position)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text(1)?.to_owned(),
            building_id: row.owned_text(2)?,
            unit: row.owned_text(3)?,
            floor: row.small(4)?,
            persons: row.small(5)?,
            address: row.owned_text(6)?,
            estimated: row.boolean(7)?,
            position: row.point(8)?,
        })
    }
}

impl Record for Issue {
    const TABLE: Table = Table {
        name: "issues",
        columns: &["street_code", "issue_id", "category", "status", "reported_at", "closed_at", "description", "geom"],
        key: 2,
        derived: false,
    };

    fn id(&self) -> &str {
        &self.id
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Text(Some(&self.id)),
            Value::Text(Some(&self.category)),
            Value::Text(Some(self.status.as_str())),
            Value::Time(Some(self.reported_at)),
            Value::Time(self.closed_at),
            Value::Text(self.description.as_deref()),
            Value::Shape(Shape::Point(self.position)),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text(1)?.to_owned(),
            category: row.text(2)?.to_owned(),
            status: row.word(3, IssueStatus::parse)?,
            reported_at: row.time(4)?,
            closed_at: row.optional_time(5)?,
            description: row.owned_text(6)?,
            position: row.point(7)?,
        })
    }
}

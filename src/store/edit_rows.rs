//! A command in a draft's log as a row.

use std::borrow::Cow;

use super::{
    Error,
    failure::failed,
    reading::{Reader, Scope, each_row},
    row::{Fields, Key, Record, Select, Table, Value, damage},
};
use crate::model::{Code, Edit, LogChange, LoggedEdit, Patch, PlanId, Standing};

/// A row of `edits`.
pub(super) struct EditRow<'a> {
    plan: PlanId,
    edit: Cow<'a, Edit>,
    /// JSON.
    patch: String,
}

impl<'a> EditRow<'a> {
    pub(super) fn new(plan: PlanId, edit: &'a Edit, patch: &Patch) -> Result<Self, Error> {
        let patch = serde_json::to_string(patch)
            .map_err(|error| Error::Refused { what: format!("edit {} of plan {}", edit.number, plan.0), why: error.to_string() })?;
        Ok(Self { plan, edit: Cow::Borrowed(edit), patch })
    }
}

impl Record for EditRow<'_> {
    const TABLE: Table = Table {
        name: "edits",
        columns: &[
            "street_code",
            "plan_id",
            "edit_number",
            "standing",
            "made_at",
            "who",
            "why",
            "idempotency_key",
            "command",
            "answer",
            "patch",
        ],
        key: 3,
        derived: false,
    };

    fn id(&self) -> &str {
        ""
    }

    fn values<'a>(&'a self, street: &'a Code, row: &mut Vec<Value<'a>>) {
        row.extend([
            Value::Text(Some(street.as_str())),
            Value::Integer(Some(i64::from(self.plan.0))),
            Value::Integer(Some(i64::from(self.edit.number))),
            Value::Text(Some(self.edit.standing.as_str())),
            Value::Time(Some(self.edit.at)),
            Value::Text(self.edit.who.as_deref()),
            Value::Text(self.edit.why.as_deref()),
            Value::Text(self.edit.key.as_deref()),
            Value::Json(Some(self.edit.command.to_string())),
            Value::Json(Some(self.edit.answer.to_string())),
            Value::Json(Some(self.patch.clone())),
        ]);
    }

    fn read(row: &impl Fields) -> Result<Self, sqlx::Error> {
        let edit = Edit {
            number: row.integer(2)?,
            standing: row.word(3, Standing::parse)?,
            at: row.time(4)?,
            who: row.owned_text(5)?,
            why: row.owned_text(6)?,
            key: row.owned_text(7)?,
            command: serde_json::from_str(row.text(8)?).map_err(damage)?,
            answer: serde_json::from_str(row.text(9)?).map_err(damage)?,
        };
        Ok(Self { plan: PlanId(row.integer(1)?), edit: Cow::Owned(edit), patch: row.text(10)?.to_owned() })
    }
}

impl EditRow<'_> {
    fn logged(self) -> Result<LoggedEdit, sqlx::Error> {
        Ok(LoggedEdit { patch: serde_json::from_str(&self.patch).map_err(damage)?, edit: self.edit.into_owned() })
    }
}

/// The log of a plan, by number.
pub(super) async fn read_edits<S: Reader>(source: &mut S, street: &Code, plan: PlanId) -> Result<Vec<LoggedEdit>, Error> {
    let mut places = [(street.clone(), Vec::new())].into();
    let scope = Scope::Plan(street, i64::from(plan.0));
    each_row::<S, EditRow<'_>, Vec<LoggedEdit>>(source, scope, &mut places, |log, row| {
        log.push(EditRow::read(row)?.logged()?);
        Ok(())
    })
    .await?;
    let mut log: Vec<LoggedEdit> = places.into_values().flatten().collect();
    log.sort_by_key(|logged| logged.edit.number);
    Ok(log)
}

/// Every log, row by row, by street: for a copy.
pub(super) async fn read_all_edits<S: Reader>(
    source: &mut S,
    streets: impl Iterator<Item = &Code>,
) -> Result<Vec<(Code, Vec<EditRow<'static>>)>, Error> {
    let mut places = streets.map(|street| (street.clone(), Vec::new())).collect();
    each_row::<S, EditRow<'static>, Vec<EditRow<'static>>>(source, Scope::World, &mut places, |rows, row| {
        rows.push(EditRow::read(row)?);
        Ok(())
    })
    .await?;
    Ok(places.into_iter().collect())
}

/// Checks that a log can change so.
///
/// # Errors
/// [`Error::Refused`] when a new command's number is not the next, or one that is undone (redone) is not done (undone).
pub(super) async fn check_log<S: Reader>(source: &mut S, street: &Code, plan: PlanId, log: &LogChange) -> Result<(), Error> {
    let (number, wanted) = match log {
        LogChange::Append(edit) => (edit.number, None),
        LogChange::Undone(number) => (*number, Some(Standing::Done)),
        LogChange::Redone(number) => (*number, Some(Standing::Undone)),
    };
    let sql = match wanted {
        None => "SELECT edit_number, standing FROM edits WHERE street_code = $1 AND plan_id = $2 ORDER BY edit_number DESC LIMIT 1",
        Some(_) => "SELECT edit_number, standing FROM edits WHERE street_code = $1 AND plan_id = $2 AND edit_number = $3",
    };
    let mut keys = vec![Key::Text(street.as_str()), Key::Integer(i64::from(plan.0))];
    if wanted.is_some() {
        keys.push(Key::Integer(i64::from(number)));
    }
    let mut found: Option<(u32, Standing)> = None;
    source
        .each(Select { sql: sql.to_owned(), keys, table: "edits" }, |row| {
            let read = || Ok((row.integer(0)?, row.word(1, Standing::parse)?));
            found = Some(read().map_err(failed(|| format!("edits of plan {} of street {street}", plan.0)))?);
            Ok(())
        })
        .await?;
    let fits = match wanted {
        None => found.map_or(0, |(last, _)| last) + 1 == number,
        Some(wanted) => found.is_some_and(|(_, standing)| standing == wanted),
    };
    if fits {
        return Ok(());
    }
    let why = match (wanted, found) {
        (None, last) => format!("the log ends with {}", last.map_or(0, |(last, _)| last)),
        (Some(_), None) => "it is not in the log".to_owned(),
        (Some(_), Some((_, standing))) => format!("it is {} in the log", standing.as_str()),
    };
    Err(Error::Refused { what: format!("edit {number} of plan {} of street {street}", plan.0), why })
}

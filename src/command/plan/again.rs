//! Drawing a plan again: which one to start from, and what of it may change.

use anyhow::{Context, bail};
use jiff::Timestamp;
use wangge::{
    model::{Code, CodeScheme, Level, Plan, StreetData},
    plan,
};

use crate::command::{area_code, today};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Again {
    /// Draw this plan again instead of a new one: `published`, a plan's number or its name. Blocks, codes, groups and heads stay where
    /// they can
    #[arg(long, value_name = "published|N|NAME")]
    from: Option<String>,
    /// What may change: codes of cells, or of communities with all their cells; default: all of it
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = selectable_code, requires = "from", conflicts_with = "county")]
    select: Vec<Code>,
    /// What stays as it is: codes of cells, or of communities with all their cells
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = selectable_code, requires = "from", conflicts_with = "county")]
    lock: Vec<Code>,
    /// Price of moving households to another cell: 0 draws as if nothing had been there, 100 moves next to nothing
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = price, requires = "from")]
    churn: f64,
}

fn selectable_code(text: &str) -> Result<Code, String> {
    let code = area_code(text)?;
    match CodeScheme::default().level(&code) {
        Ok(Level::Community | Level::Cell) => Ok(code),
        Ok(level) => Err(format!("{code} is the code of a {level}; give those of cells or communities")),
        Err(error) => Err(error.to_string()),
    }
}

fn price(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0).ok_or_else(|| "give a number from 0 on, e.g. 1".to_owned())
}

impl Again {
    /// The plan to draw again, and within which bounds; `None` when a new one is wanted.
    ///
    /// # Errors
    /// When the street has no such plan.
    pub fn base<'a>(&self, code: &Code, street: &'a StreetData) -> anyhow::Result<Option<(&'a Plan, plan::Selection)>> {
        let Some(from) = &self.from else { return Ok(None) };
        let base = match from.as_str() {
            "published" => {
                let day = today(Timestamp::now());
                let in_force = street.plans.iter().find(|p| p.in_force(day));
                in_force.with_context(|| format!("street {code} has no plan in force on {day} to start from"))?
            }
            wanted => find(street, wanted).with_context(|| unknown(code, street, wanted))?,
        };
        if base.cells.is_empty() {
            bail!("plan {} of street {code} has no cells to start from", base.id.0);
        }
        Ok(Some((base, plan::Selection { codes: self.select.clone(), locked: self.lock.clone(), churn: self.churn, ..Default::default() })))
    }
}

/// By number, else the newest of that name.
fn find<'a>(street: &'a StreetData, wanted: &str) -> Option<&'a Plan> {
    let numbered = wanted.parse().ok().and_then(|number: u32| street.plans.iter().find(|p| p.id.0 == number));
    numbered.or_else(|| street.plans.iter().filter(|p| p.name == wanted).max_by_key(|p| p.id))
}

fn unknown(code: &Code, street: &StreetData, wanted: &str) -> String {
    let there: Vec<String> = street.plans.iter().map(|p| format!("{} {:?}", p.id.0, p.name)).collect();
    match there.as_slice() {
        [] => format!("street {code} has no plan to start from"),
        _ => format!("street {code} has no plan {wanted:?}; it has {}", there.join(", ")),
    }
}

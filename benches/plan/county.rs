//! A county: many streets planned at once.

use std::{fs, path::Path, time::Instant};

use anyhow::Context;
use jiff::civil::date;
use rayon::prelude::*;
use wangge::{
    city,
    model::{Code, Plan, StreetData},
    plan,
};

use super::instance;

/// Makes a survey folder for every street, named by its code. No issues: they have no part in planning.
pub fn make(out: &Path, streets: usize, households: usize) -> anyhow::Result<()> {
    for number in 0..streets {
        let code = format!("520299{:03}", number + 1);
        let request = city::Request {
            households: households / streets + usize::from(number < households % streets),
            seed: number as u64 + 1,
            street: Code::new(&code).context("a street's code")?,
            until: date(2026, 11, 1),
        };
        let folder = out.join(&code);
        city::write(&city::generate(&request)?, &folder)?;
        fs::remove_file(folder.join("issues.csv"))?;
    }
    Ok(())
}

/// Raw files → plans of all streets of the county, as many at once as there are threads. Writes the figures as JSON to `out`.
pub fn plan(county: &Path, out: &Path) -> anyhow::Result<()> {
    let folders = instance::folders(county)?;
    let start = Instant::now();
    let planned: Vec<(StreetData, Plan)> = folders
        .par_iter()
        .map(|folder| {
            let code = folder.file_name().and_then(|name| name.to_str()).and_then(|name| Code::new(name).ok());
            let street = instance::read(folder, &code.context("the folder's name is no code")?)?;
            let request = plan::Request::default();
            let (new, _) = plan::plan(&street, &request, instance::registration(), &|_, _| true)?;
            Ok((street, new))
        })
        .collect::<anyhow::Result<_>>()?;
    let wall_s = start.elapsed().as_secs_f64();
    let peak_mb = instance::peak_mb();
    let group_size = plan::Request::default().group_size;
    let scores: Vec<plan::Score> = planned.iter().map(|(street, new)| plan::score(street, new, group_size)).collect();
    let figures = serde_json::json!({"threads": rayon::current_num_threads(), "wall_s": wall_s, "peak_mb": peak_mb, "scores": scores});
    Ok(fs::write(out, serde_json::to_string(&figures)?)?)
}

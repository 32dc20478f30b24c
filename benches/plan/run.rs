//! One plan of one street: raw files → cells → groups, timed, then written out for the scorer.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    sync::{Arc, OnceLock},
    time::Instant,
};

use anyhow::Context;
use wangge::{
    export::{self, Records, Scope, Set},
    index::Snapshot,
    model::{Block, Code, Plan, Polygon, StreetData},
    plan::{
        self,
        desk::{Command, Desk, Ground},
    },
};

use super::{instance, seams};

/// Milliseconds for planning the cells of a community again, one of them locked, after a block has been given to another cell.
///
/// Fails when anything outside the selection changes.
fn replan_ms(street: &StreetData, base: &Plan, request: &plan::Request) -> anyhow::Result<f64> {
    let request = plan::Request { cells: None, ..request.clone() };
    let ground = Ground::new(Arc::new(street.clone()), jiff::Timestamp::now())?;
    let mut desk = Desk::new(Arc::new(ground), base.clone());
    let edit = |block: &Block| {
        let beside = base.cells.get(base.blocks[block.id as usize].cell as usize + 1)?;
        let command = Command::Assign { blocks: vec![block.id], at: Vec::new(), to: beside.code.clone() };
        desk.run(&command, &|_, _| true).ok()
    };
    let patch = base.blocks.iter().rev().find_map(edit).context("no block can be given to another cell")?.patch;
    desk.apply(&patch)?;
    let edited = desk.plan().clone();
    let community = edited.communities[0].code.clone();
    let cells: Vec<Code> = edited.cells.iter().map(|c| c.code.clone()).filter(|c| c.is_within(&community)).collect();
    let selection = plan::Selection { codes: vec![community], locked: cells[..1].to_vec(), churn: 1.0, ..Default::default() };
    let start = Instant::now();
    let (again, _) = plan::replan(street, &edited, &selection, &request, instance::registration(), &|_, _| true)?;
    let taken_ms = start.elapsed().as_secs_f64() * 1e3;
    let is_outside = |code: &Code| !cells[1..].contains(code);
    let outside = |plan: &Plan| -> Vec<(Polygon, Code)> {
        let blocks = plan.blocks.iter().map(|b| (b.outline.clone(), plan.cells[b.cell as usize].code.clone()));
        blocks.filter(|(_, code)| is_outside(code)).collect()
    };
    anyhow::ensure!(outside(&again) == outside(&edited), "planning a selection again changed what lies outside");
    Ok(taken_ms)
}

/// Plans the instance and writes `cells.geojson`, `groups.csv` and `run.json` into `out`.
///
/// The figures of a run are the members of `run.json`. A figure of a further kind (say of planning a selection again after an
/// edit by hand) is measured after the peak of memory was read, written as one more member, and given its target in `bench.py`.
pub fn one(folder: &Path, code: Code, seed: u64, cells: usize, communities: Option<usize>, out: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut street = instance::read(folder, &code)?;
    let read_s = start.elapsed().as_secs_f64();

    // Cells are there when the planner turns to groups.
    let cells_done = OnceLock::new();
    let request = plan::Request { cells: Some(cells), communities, seed, ..plan::Request::default() };
    let (new, warnings) = plan::plan(&street, &request, instance::registration(), &|stage, _| {
        if stage == "groups" {
            cells_done.get_or_init(|| (start.elapsed().as_secs_f64(), instance::cpu_s()));
        }
        true
    })?;
    let all_s = start.elapsed().as_secs_f64();
    let (cells_s, cells_cpu_s) = *cells_done.get().context("the planner did not say when it turned to groups")?;
    let peak_mb = instance::peak_mb();

    let score = plan::score(&street, &new, request.group_size);
    let seams = seams::measure(&street, &new)?;
    let warnings: Vec<&str> = warnings.iter().map(|w| w.code).collect();
    let run = serde_json::json!({
        "seed": seed,
        "read_s": read_s,
        "cells_s": cells_s,
        "cells_cpu_s": cells_cpu_s,
        "groups_s": all_s - cells_s,
        "peak_mb": peak_mb,
        "blocks": new.blocks.len(),
        "communities": new.communities.len(),
        "groups": new.groups.len(),
        "groups_widest_m": seams::widest_group_m(&street, &new),
        "seams": seams,
        "warnings": warnings,
        "replan_ms": replan_ms(&street, &new, &request)?,
        "score": score,
    });
    fs::create_dir_all(out)?;
    fs::write(out.join("run.json"), serde_json::to_string(&run)?)?;

    street.plans = vec![new];
    let snapshot = Snapshot::build(BTreeMap::from([(code, street)]))?;
    let scope = Scope { area: None, as_of: instance::DAY };
    let mut file = BufWriter::new(File::create(out.join("cells.geojson"))?);
    export::write_geojson(&Records::select(&snapshot, Set::Cells, &scope)?, &mut file)?;
    file.flush()?;
    let mut file = BufWriter::new(File::create(out.join("groups.csv"))?);
    export::write_csv(&Records::select(&snapshot, Set::Groups, &scope)?, &mut file)?;
    file.flush()?;
    Ok(())
}

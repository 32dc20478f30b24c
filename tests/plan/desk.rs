//! The desk: whatever is asked for, what comes is sound, figures are what a recount gives, and the way back is exact.

use std::{collections::BTreeMap, sync::Arc};

use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use wangge::{
    city,
    model::{CellKind, Patch},
    plan::desk::{At, Command, Desk, Ground, Outcome, Refusal},
};

use super::*;

pub fn bytes(plan: &Plan) -> String {
    serde_json::to_string(plan).unwrap()
}

pub fn desk(street: &StreetData, plan: &Plan) -> Desk {
    let ground = Ground::new(Arc::new(street.clone()), jiff::Timestamp::UNIX_EPOCH).unwrap();
    Desk::new(Arc::new(ground), plan.clone())
}

fn run(desk: &Desk, command: &Command) -> Result<Outcome, Refusal> {
    desk.run(command, &|_, _| true)
}

/// Does a command and checks the way there and back.
pub fn go(desk: &mut Desk, command: &Command) -> Result<Outcome, Refusal> {
    let outcome = run(desk, command)?;
    let before = bytes(desk.plan());
    desk.apply(&outcome.patch).unwrap();
    let after = bytes(desk.plan());
    desk.apply(&outcome.patch.clone().inverted()).unwrap();
    assert_eq!(bytes(desk.plan()), before, "undo restores the bytes");
    let patch: Patch = serde_json::from_str(&serde_json::to_string(&outcome.patch).unwrap()).unwrap();
    desk.apply(&patch).unwrap();
    assert_eq!(bytes(desk.plan()), after, "redo restores the bytes, from what is stored too");
    Ok(outcome)
}

/// Figures kept along the way are what a desk laid open anew says.
fn recount(desk: &Desk) {
    let anew = Desk::new(desk.ground().clone(), desk.plan().clone());
    for cell in &desk.plan().cells {
        assert_eq!(desk.figures(&cell.code), anew.figures(&cell.code), "figures of {}", cell.code);
        let grouped: usize = desk.groups_of(&cell.code).iter().map(|g| g.members.len()).sum();
        assert_eq!(desk.figures(&cell.code).unwrap().households, grouped, "households of {} are in its groups", cell.code);
    }
    assert_eq!(desk.balance(), anew.balance());
    assert_eq!(desk.problems(), anew.problems());
}

/// A sample street.
fn sample(households: usize) -> StreetData {
    let request = city::Request { households, seed: 3, street: code("520201014"), until: jiff::civil::date(2026, 11, 24) };
    let city = city::generate(&request).unwrap();
    let mut street = street(city.boundary.into());
    (street.lines, street.buildings, street.households) = (city.lines, city.buildings, city.households);
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    street
}

/// Somewhere near a position.
fn nudge(rng: &mut Pcg64Mcg, p: LonLat, metres: f64) -> LonLat {
    let plane = LocalMetres::at(p);
    plane.position([rng.random_range(-metres..metres), rng.random_range(-metres..metres)])
}

/// A command that may or may not make sense.
fn any_command(rng: &mut Pcg64Mcg, desk: &Desk) -> Command {
    let plan = desk.plan();
    let cell = plan.cells.choose(rng).unwrap().code.clone();
    let near: Vec<Code> = desk.neighbours(&cell).cloned().collect();
    let next = near.choose(rng).cloned().unwrap_or_else(|| cell.clone());
    let outline = &desk.figures(&cell).unwrap().outline.0[0].exterior;
    let corner = rng.random_range(0..outline.len() - 1);
    let (vertex, onward) = (outline[corner], outline[corner + 1]);
    match rng.random_range(0..26) {
        0..=6 => {
            // Blocks along the border with a neighbour.
            let touching: Vec<u32> = desk
                .blocks_of(&next)
                .iter()
                .copied()
                .filter(|id| desk.block(*id).unwrap().outline.exterior.iter().any(|p| outline.contains(p)))
                .collect();
            let count = rng.random_range(1..3);
            Command::Assign { blocks: touching.choose_multiple(rng, count).copied().collect(), at: vec![], to: cell }
        }
        7 => {
            let buildings = &desk.ground().street().buildings;
            Command::AssignBuildings { buildings: vec![buildings.choose(rng).unwrap().id.clone()], to: next }
        }
        8..=10 => {
            let middle = desk.figures(&cell).unwrap().label.unwrap();
            let angle = rng.random_range(0.0..std::f64::consts::TAU);
            let plane = LocalMetres::at(nudge(rng, middle, 40.0));
            let bend = plane.position([rng.random_range(-20.0..20.0), rng.random_range(-20.0..20.0)]);
            let end = |sign: f64| plane.position([sign * 1500.0 * angle.cos(), sign * 1500.0 * angle.sin()]);
            Command::Split { cell, line: vec![At(end(-1.0)), At(bend), At(end(1.0))], cut_blocks: rng.random(), name: None }
        }
        11 => Command::Halve { cell, name: Some("半".into()) },
        12 | 13 => Command::Merge { cells: vec![cell.clone(), next], into: cell },
        14..=16 => Command::MoveVertex { from: At(vertex), to: At(nudge(rng, vertex, 12.0)) },
        17 => Command::InsertVertex {
            edge: [At(vertex), At(onward)],
            at: At(nudge(rng, LonLat::new(vertex.lon_e7.midpoint(onward.lon_e7), vertex.lat_e7.midpoint(onward.lat_e7)), 8.0)),
        },
        18 => Command::DeleteVertex { at: At(vertex) },
        19 => Command::Pull { cells: [cell, next], reach_m: 30.0 },
        20 => Command::Recode { to: code(&format!("{}{:03}", &cell.as_str()[..12], rng.random_range(500..999))), cell },
        21 => Command::Lock { codes: vec![cell] },
        22 => Command::Unlock { codes: plan.cells.iter().filter(|c| c.locked).map(|c| c.code.clone()).collect() },
        23 => Command::Replan { codes: vec![cell, next], cells: None, churn: 0.5, balance: None, seed: Some(rng.random_range(0..9)) },
        24 => Command::Regroup { cell },
        _ => {
            let group = desk.groups_of(&cell).choose(rng).map(|g| g.code.clone());
            let other = desk.groups_of(&cell).choose(rng).map(|g| g.members[0].clone());
            match (group, other) {
                (Some(group), Some(household)) => Command::MoveHousehold { household, group },
                _ => Command::SetKind { cell, kind: CellKind::Dedicated },
            }
        }
    }
}

/// Commands tried; `WANGGE_COMMANDS=10000` for the long walk. `WANGGE_COMMANDS_OUT` names a folder for an export every so often.
fn commands() -> usize {
    std::env::var("WANGGE_COMMANDS").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

#[test]
fn whatever_is_asked_for_the_draft_stays_sound() {
    let street = sample(2000);
    let (plan, _) = draw(&street, &cells(8));
    let mut desk = desk(&street, &plan);
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let (mut done, mut refused): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let out = std::env::var_os("WANGGE_COMMANDS_OUT").map(std::path::PathBuf::from);
    for step in 0..commands() {
        // Not ever finer or coarser.
        let command = match desk.plan().cells.len() {
            0..=4 => Command::Halve { cell: desk.plan().cells.choose(&mut rng).unwrap().code.clone(), name: None },
            14.. => {
                let cell = desk.plan().cells.choose(&mut rng).unwrap().code.clone();
                let next = desk.neighbours(&cell).next().unwrap().clone();
                Command::Merge { cells: vec![cell.clone(), next], into: cell }
            }
            _ => any_command(&mut rng, &desk),
        };
        let before = bytes(desk.plan());
        let tried = run(&desk, &command);
        // Groups that cannot be of an allowed size are told of, not refused; the rules below want none.
        if tried.as_ref().is_ok_and(|o| o.warnings.iter().any(|w| w.code == "groups_of_odd_size")) {
            continue;
        }
        match tried.and_then(|_| go(&mut desk, &command)) {
            Ok(_) => {
                *done.entry(command.op()).or_default() += 1;
                // Shown when it fails.
                println!("{step} {}", serde_json::to_string(&command).unwrap());
                check(&street, desk.plan());
                recount(&desk);
            }
            Err(refusal) => {
                assert_eq!(bytes(desk.plan()), before, "{command:?} is refused: {refusal:?}");
                *refused.entry(refusal.reason).or_default() += 1;
                if refusal.reason == "locked" {
                    let codes = desk.plan().cells.iter().filter(|c| c.locked).map(|c| c.code.clone()).collect::<Vec<_>>();
                    if codes.len() > 2 {
                        go(&mut desk, &Command::Unlock { codes }).unwrap();
                    }
                }
            }
        }
        if let Some(out) = out.as_ref().filter(|_| step % 25 == 0) {
            let shapes: Vec<Vec<Vec<[f64; 2]>>> = desk
                .plan()
                .cells
                .iter()
                .flat_map(|c| desk.figures(&c.code).unwrap().outline.0.iter())
                .map(|part| part.rings().map(|r| r.iter().map(|p| [p.lon(), p.lat()]).collect()).collect())
                .collect();
            std::fs::write(out.join(format!("{step:05}.json")), serde_json::to_string(&shapes).unwrap()).unwrap();
        }
    }
    println!("done {done:?}\nrefused {refused:?}");
    for op in ["assign", "split", "halve", "merge", "move_vertex", "replan", "regroup", "lock", "recode"] {
        assert!(done.contains_key(op), "{op} was never done: {done:?}, {refused:?}");
    }
}

//! The desk: whatever is asked for, what comes is sound, figures are what a recount gives, and the way back is exact.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use wangge::{
    city,
    model::{Building, CellKind, Group, Patch},
    plan::desk::{At, Command, Desk, Ground, Outcome, ProblemKind, Refusal},
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
pub fn sample(households: usize) -> StreetData {
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
        20 => Command::Recode { to: code(&format!("{}{:03}", &cell.as_str()[..12], rng.random_range(300..400))), cell },
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
    let mut in_a_row = 0;
    for step in 0..commands() {
        // Where next to nothing goes any more, it begins again.
        if in_a_row > 30 {
            (desk, in_a_row) = (self::desk(&street, &plan), 0);
        }
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
                in_a_row = 0;
                *done.entry(command.op()).or_default() += 1;
                // Shown when it fails.
                println!("{step} {}", serde_json::to_string(&command).unwrap());
                check(&street, desk.plan());
                recount(&desk);
            }
            Err(refusal) => {
                assert_eq!(bytes(desk.plan()), before, "{command:?} is refused: {refusal:?}");
                *refused.entry(refusal.reason).or_default() += 1;
                in_a_row += 1;
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

/// Four lots by four, a house in each, four cells of two lots by two.
fn quarters() -> (StreetData, Desk) {
    let houses: Vec<(f64, f64, f64, usize)> = Vec::new();
    let mut street = town(4, &[(0.0, 0.0)], &[0.0], &houses);
    for (column, row) in (0..4).flat_map(|c| (0..4).map(move |r| (f64::from(c), f64::from(r)))) {
        add_building(&mut street, square(column * 60.0 + 20.0, row * 60.0 + 20.0, 12.0), 20);
    }
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    for (number, (x, y)) in (1..).zip([(0.0, 120.0), (120.0, 120.0), (0.0, 0.0), (120.0, 0.0)]) {
        street.areas.push(area(&format!("52020101400100{number}"), Level::Cell, square(x, y, 120.0).into()));
    }
    let (plan, _) = draw(&street, &cells(4));
    street.areas.truncate(1);
    let desk = desk(&street, &plan);
    (street, desk)
}

fn cell_at(desk: &Desk, x: f64, y: f64) -> Code {
    desk.cell_of_block(desk.block_at(at(x, y)).unwrap().id).unwrap().code.clone()
}

#[test]
fn halves_are_even_even_where_a_block_must_be_cut() {
    let street = sample(2000);
    let (plan, _) = draw(&street, &cells(8));
    let desk = desk(&street, &plan);
    let corners = |desk: &Desk, of: &Code| desk.figures(of).unwrap().outline.rings().map(|ring| ring.len()).sum::<usize>();
    let mut cut = 0;
    for cell in desk.plan().cells.iter().map(|c| c.code.clone()) {
        let mut after = desk.clone();
        let outcome = go(&mut after, &Command::Halve { cell: cell.clone(), name: Some("新".into()) }).unwrap();
        let new = after.plan().cells.iter().find(|c| c.name == "新").unwrap().code.clone();
        let [kept, made] = [&cell, &new].map(|code| after.figures(code).unwrap());
        let all = desk.figures(&cell).unwrap().households;
        assert_eq!(kept.households + made.households, all);
        // Within a tenth of their mean, or as near as whole houses come.
        let stands_here =
            |b: &Building| desk.block_at(b.footprint.0[0].exterior[0]).is_some_and(|block| desk.blocks_of(&cell).contains(&block.id));
        let in_house = |b: &Building| street.households.iter().filter(|h| h.building_id.as_ref() == Some(&b.id)).count();
        let mut sums = BTreeSet::from([0]);
        for house in street.buildings.iter().filter(|b| stands_here(b)).map(in_house) {
            sums.extend(sums.clone().iter().map(|sum| sum + house));
        }
        let nearest = sums.iter().map(|sum| all.abs_diff(2 * sum)).min().unwrap();
        let apart = kept.households.abs_diff(made.households) as f64;
        assert!(apart <= (0.1 * all as f64).max(nearest as f64), "{cell}: {} {}", kept.households, made.households);
        let warned = outcome.warnings.iter().any(|w| w.code == "uneven_halves");
        assert_eq!(warned, apart > 0.1 * all as f64, "{cell}: {:?}", outcome.warnings);
        assert_eq!((kept.pieces, made.pieces), (1, 1));
        check(&street, after.plan());
        recount(&after);
        cut += usize::from(outcome.patch.blocks.iter().any(|swap| swap.sides.before.is_none()));
        // A cut is one line: its two ends are all that others see of it.
        for other in desk.plan().cells.iter().map(|c| &c.code).filter(|code| **code != cell) {
            assert!(corners(&after, other) <= corners(&desk, other) + 2, "{cell} {other}");
        }
    }
    assert!(cut > 0, "no block had to be cut");
}

#[test]
fn a_building_that_came_later_holds_its_blocks_together() {
    let (mut street, desk) = quarters();
    // Across the lots (0, 0) and (60, 0), which are of one cell.
    add_building(&mut street, square(54.0, 10.0, 12.0), 0);
    let desk = self::desk(&street, desk.plan());
    let to = cell_at(&desk, 150.0, 30.0);
    let assign = |points: &[(f64, f64)]| Command::Assign {
        blocks: points.iter().map(|(x, y)| desk.block_at(at(*x, *y)).unwrap().id).collect(),
        at: vec![],
        to: to.clone(),
    };
    refused(&desk, &assign(&[(90.0, 30.0)]), "cuts_building");
    run(&desk, &assign(&[(90.0, 30.0), (30.0, 30.0)])).unwrap();
}

#[test]
fn who_has_moved_house_leaves_the_old_group() {
    let (mut street, desk) = quarters();
    let plan = desk.plan().clone();
    let (old, new) = (cell_at(&desk, 30.0, 30.0), cell_at(&desk, 210.0, 210.0));
    let lives_in =
        |cell: &Code, desk: &Desk, h: &Household| desk.cell_of_block(desk.block_at(h.position).unwrap().id).unwrap().code == *cell;
    let there = street.households.iter().find(|h| lives_in(&new, &desk, h)).unwrap().clone();
    let mover = street.households.iter_mut().find(|h| lives_in(&old, &desk, h)).unwrap();
    (mover.building_id, mover.position) = (there.building_id, there.position);
    let id = mover.id.clone();
    let mut desk = self::desk(&street, &plan);
    let misplaced = |desk: &Desk| desk.problems().iter().filter(|p| p.kind == ProblemKind::Misplaced).count();
    assert_eq!(misplaced(&desk), 2, "one too many here, one too few there");
    go(&mut desk, &Command::Regroup { cell: new.clone() }).unwrap();
    let groups: Vec<&Group> = desk.plan().groups.iter().filter(|g| g.members.contains(&id)).collect();
    assert!(groups.len() == 1 && groups[0].code.is_within(&new), "{groups:?}");
    assert_eq!(misplaced(&desk), 0);
    check(&street, desk.plan());
    recount(&desk);
}

#[test]
fn whole_blocks_are_halved_whole_where_they_come_out_even() {
    let (_, desk) = quarters();
    let cell = cell_at(&desk, 30.0, 30.0);
    let outcome = run(&desk, &Command::Halve { cell, name: None }).unwrap();
    assert!(outcome.patch.blocks.iter().all(|swap| swap.sides.before.is_some() && swap.sides.after.is_some()));
    assert_eq!(outcome.patch.blocks.len(), 2, "two lots of four go over");
    assert_eq!(outcome.households_moved, 40);
}

#[track_caller]
fn refused(desk: &Desk, command: &Command, reason: &str) -> Refusal {
    let refusal = run(desk, command).expect_err("refused");
    assert_eq!(refusal.reason, reason, "{refusal:?}");
    refusal
}

fn line(points: &[(f64, f64)]) -> Vec<At> {
    path(points).into_iter().map(At).collect()
}

#[test]
fn a_split_line_that_will_not_do_says_why_and_where() {
    let (_, desk) = quarters();
    let cell = cell_at(&desk, 30.0, 30.0);
    let outline = desk.figures(&cell).unwrap().outline.clone();
    let low = outline.0[0].exterior.iter().min().unwrap();
    let split = |points: &[(f64, f64)], cut_blocks| Command::Split { cell: cell.clone(), line: line(points), cut_blocks, name: None };
    refused(&desk, &split(&[(-50.0, 500.0), (300.0, 500.0)], false), "line_misses");
    refused(&desk, &split(&[(-50.0, 50.0)], false), "line_misses");
    // Over the corner of the street in the south-west.
    let touches = refused(&desk, &split(&[(-30.0, 30.0), (30.0, -30.0)], false), "line_touches");
    assert_eq!(touches.at, Some(*low));
    refused(&desk, &split(&[(-30.0, 0.0), (300.0, 0.0)], false), "line_along_edge");
    refused(&desk, &split(&[(-30.0, 40.0), (100.0, 40.0), (50.0, 80.0), (50.0, -30.0)], false), "line_crosses_itself");
    refused(&desk, &split(&[(-30.0, 40.0), (40.0, 40.0)], false), "line_ends_inside");
    // All along the southern edge: no block has more on that side.
    refused(&desk, &split(&[(-30.0, 3.0), (300.0, 3.0)], false), "needs_cut");
}

#[test]
fn a_line_splits_on_streets_or_where_asked_between_buildings() {
    let (street, mut desk) = quarters();
    let whole =
        Command::Merge { cells: desk.plan().cells.iter().map(|c| c.code.clone()).collect(), into: desk.plan().cells[0].code.clone() };
    go(&mut desk, &whole).unwrap();
    let cell = desk.plan().cells[0].code.clone();
    assert_eq!(desk.plan().cells.len(), 1);
    check(&street, desk.plan());
    // Wavy, but nearest to the street in the middle.
    let command = Command::Split {
        cell: cell.clone(),
        line: line(&[(-30.0, 112.0), (100.0, 131.0), (270.0, 118.0)]),
        cut_blocks: false,
        name: Some("北".into()),
    };
    let outcome = go(&mut desk, &command).unwrap();
    assert_eq!(outcome.patch.blocks.iter().filter(|b| b.sides.before.is_none()).count(), 0, "no block is cut");
    let sizes: Vec<usize> = desk.plan().cells.iter().map(|c| desk.figures(&c.code).unwrap().households).collect();
    assert_eq!(sizes, [160, 160]);
    check(&street, desk.plan());
    recount(&desk);
    // Through a row of blocks, past the houses.
    let south = cell_at(&desk, 30.0, 30.0);
    let command = Command::Split { cell: south, line: line(&[(-30.0, 45.0), (270.0, 45.0)]), cut_blocks: true, name: None };
    let outcome = go(&mut desk, &command).unwrap();
    assert_eq!(outcome.patch.blocks.iter().filter(|b| b.sides.before.is_none()).count(), 4, "the blocks of the row are cut");
    check(&street, desk.plan());
    recount(&desk);
}

/// So many positions to and fro across half the world, from north to south.
fn to_and_fro(count: i32, west: i32, east: i32) -> impl Iterator<Item = LonLat> {
    (0..count).map(move |i| LonLat::new(if i % 2 == 0 { west } else { east }, 800_000_000 - i * (400_000_000 / count)))
}

#[test]
fn a_line_that_leads_around_the_world_costs_what_a_short_one_does() {
    let (_, desk) = quarters();
    let cell = cell_at(&desk, 30.0, 30.0);
    let split = |line: Vec<At>| Command::Split { cell: cell.clone(), line, cut_blocks: true, name: None };
    let near = run(&desk, &split(line(&[(-30.0, 45.0), (270.0, 45.0)]))).unwrap();
    let lat = at(-30.0, 45.0).lat_e7;
    let (west, east) = (-1_790_000_000, 1_790_000_000);
    let far =
        |count: i32| to_and_fro(count, west, east).chain([LonLat::new(west, lat), LonLat::new(east, lat)]).map(At).collect::<Vec<At>>();
    assert_eq!(run(&desk, &split(far(51))).unwrap(), near);
    assert_eq!(run(&desk, &split(far(1998 - 1))).unwrap(), near);
    refused(&desk, &split(far(1999)), "too_many");
    // From far away it is judged as from nearby.
    let low = desk.figures(&cell).unwrap().outline.0[0].exterior.iter().min().copied().unwrap();
    let over = |x: i32, y: i32| At(LonLat::new(low.lon_e7 + x, low.lat_e7 + y));
    let touches = refused(&desk, &split(vec![over(-500_000_000, 500_000_000), over(500_000_000, -500_000_000)]), "line_touches");
    assert_eq!(touches.at, Some(low));
    refused(&desk, &split(vec![over(-500_000_000, 0), over(500_000_000, 0)]), "line_along_edge");
    refused(&desk, &split(vec![over(-500_000_000, -1), over(500_000_000, -1)]), "line_misses");
    refused(&desk, &split(vec![over(-500_000_000, 4_000), At(at(40.0, 40.0))]), "line_ends_inside");
}

#[test]
fn what_is_drawn_around_the_world_is_taken_over_like_what_is_drawn_around_the_street() {
    let (_, desk) = quarters();
    let middle = at(120.0, 0.0).lon_e7;
    let feature = |ring: Vec<LonLat>| {
        let ring: Vec<[f64; 2]> = ring.iter().map(|p| [p.lon(), p.lat()]).collect();
        serde_json::json!({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    };
    let import = |rings: [Vec<LonLat>; 2]| {
        let plan = serde_json::json!({"type": "FeatureCollection", "features": rings.map(feature)});
        run(&desk, &Command::Import { plan, crs: None })
    };
    let low = at(-50.0, -50.0);
    let high = at(290.0, 290.0);
    let upright =
        |lons: [i32; 2], lats: [i32; 2]| [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)].map(|(x, y)| LonLat::new(lons[x], lats[y])).to_vec();
    let near = [[low.lon_e7, middle], [middle, high.lon_e7]].map(|lons| upright(lons, [low.lat_e7, high.lat_e7]));
    let far = |count: i32| {
        let east = upright([middle, 1_790_000_000], [-800_000_000, 810_000_000]);
        let mut west = vec![LonLat::new(middle, -800_000_000), LonLat::new(middle, 810_000_000)];
        west.extend(to_and_fro(count, -1_790_000_000, 1_000_000_000));
        west.extend([LonLat::new(-1_790_000_000, -800_000_000), west[0]]);
        [west, east]
    };
    assert_eq!(import(far(51)).unwrap(), import(near).unwrap());
    assert_eq!(import(far(200_000)).unwrap_err().reason, "too_many");
}

#[test]
fn buildings_go_to_a_cell_with_the_ground_half_way_to_their_neighbours() {
    let mut street = town(2, &[(0.0, 0.0)], &[0.0], &[]);
    for (x, y) in [(10.0, 10.0), (40.0, 10.0), (10.0, 40.0), (40.0, 40.0), (80.0, 20.0), (20.0, 80.0), (80.0, 80.0)] {
        add_building(&mut street, square(x, y, 8.0), 20);
    }
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    for (number, x) in [(1, 0.0), (2, 60.0)] {
        let half = ring_of(&[(x, 0.0), (x + 60.0, 0.0), (x + 60.0, 120.0), (x, 120.0)]);
        street.areas.push(area(&format!("52020101400100{number}"), Level::Cell, Polygon { exterior: half, interiors: vec![] }.into()));
    }
    let (plan, _) = draw(&street, &cells(2));
    street.areas.truncate(1);
    let mut desk = desk(&street, &plan);
    let (from, to, near) = (code("520201014001001"), code("520201014001002"), "B00001");
    let before = desk.figures(&from).unwrap().households;
    go(&mut desk, &Command::AssignBuildings { buildings: vec![near.into()], to: to.clone() }).unwrap();
    assert_eq!(desk.figures(&from).unwrap().households, before - 20);
    check(&street, desk.plan());
    recount(&desk);
    refused(&desk, &Command::AssignBuildings { buildings: vec!["B9".into()], to }, "no_such_building");
}

#[test]
fn a_boundary_that_would_fold_swallow_or_cut_stays() {
    let (street, mut desk) = quarters();
    // Where the four cells meet.
    let middle = at(120.0, 120.0);
    let slide = |to: LonLat| Command::MoveVertex { from: At(middle), to: At(to) };
    go(&mut desk, &slide(at(123.0, 117.0))).unwrap();
    check(&street, desk.plan());
    recount(&desk);
    let middle = at(123.0, 117.0);
    let slide = |x: f64, y: f64| Command::MoveVertex { from: At(middle), to: At(at(x, y)) };
    refused(&desk, &slide(-20.0, 117.0), "folds");
    refused(&desk, &slide(180.0, 120.0), "folds");
    let cut = refused(&desk, &slide(86.0, 86.0), "cuts_building");
    assert!(cut.at.is_some());
    refused(&desk, &Command::MoveVertex { from: At(at(0.0, 0.0)), to: At(at(5.0, 5.0)) }, "outer_boundary");
    refused(&desk, &Command::MoveVertex { from: At(at(1.0, 1.0)), to: At(at(5.0, 5.0)) }, "no_such_vertex");
    refused(&desk, &Command::DeleteVertex { at: At(middle) }, "not_a_degree_two_vertex");
    // Bent and straightened again.
    let start = bytes(desk.plan());
    let edge = [At(at(120.0, 60.0)), At(middle)];
    go(&mut desk, &Command::InsertVertex { edge, at: At(at(124.0, 90.0)) }).unwrap();
    check(&street, desk.plan());
    recount(&desk);
    refused(&desk, &Command::InsertVertex { edge, at: At(at(124.0, 90.0)) }, "no_such_edge");
    go(&mut desk, &Command::DeleteVertex { at: At(at(124.0, 90.0)) }).unwrap();
    assert_eq!(bytes(desk.plan()), start);
}

fn collection(desk: &Desk, shift: impl Fn(LonLat) -> LonLat, but: Option<&Code>) -> serde_json::Value {
    let features: Vec<serde_json::Value> = desk
        .plan()
        .cells
        .iter()
        .filter(|c| Some(&c.code) != but)
        .map(|c| {
            let rings = |part: &Polygon| -> Vec<Vec<[f64; 2]>> {
                part.rings().map(|r| r.iter().map(|p| shift(*p)).map(|p| [p.lon(), p.lat()]).collect()).collect()
            };
            let parts: Vec<_> = desk.figures(&c.code).unwrap().outline.0.iter().map(rings).collect();
            serde_json::json!({"type": "Feature", "properties": {"cell_code": c.code, "name": c.name},
                "geometry": {"type": "MultiPolygon", "coordinates": parts}})
        })
        .collect();
    serde_json::json!({"type": "FeatureCollection", "features": features})
}

#[test]
fn a_plan_from_elsewhere_is_healed_onto_the_blocks_or_refused() {
    let (street, mut desk) = quarters();
    let drawn = collection(&desk, |p| p, None);
    let blocks = |desk: &Desk| desk.plan().blocks.clone();
    let start = blocks(&desk);
    let import = |plan: &serde_json::Value, crs: Option<&str>| Command::Import { plan: plan.clone(), crs: crs.map(str::to_owned) };
    // What is there already.
    refused(&desk, &import(&drawn, None), "nothing_changes");
    // Other cells meanwhile, then taken back from the file, two metres off by hand.
    let (a, b) = (cell_at(&desk, 30.0, 30.0), cell_at(&desk, 200.0, 200.0));
    let block = desk.block_at(at(90.0, 90.0)).unwrap().id;
    let near = desk.neighbours(&a).next().unwrap().clone();
    go(&mut desk, &Command::Assign { blocks: vec![block], at: vec![], to: near }).unwrap();
    let sloppy = |p: LonLat| LonLat::new(p.lon_e7 + if p.lat_e7 % 2 == 0 { 150 } else { -150 }, p.lat_e7 + 100);
    let (_, quarters_again) = quarters();
    let outcome = go(&mut desk, &import(&collection(&quarters_again, sloppy, None), None)).unwrap();
    assert_eq!(blocks(&desk), start, "healed onto the blocks it is what it was");
    assert!(
        outcome.warnings.iter().any(|w| w.code == "plan_healed" || w.code == "plan_gaps" || w.code == "plan_overlaps"),
        "{:?}",
        outcome.warnings
    );
    check(&street, desk.plan());
    // Half the street, a cell twice, another CRS than it says, no polygons.
    let half = collection(&desk, |p| p, Some(&b));
    assert!(refused(&desk, &import(&half, None), "plan_incomplete").at.is_some());
    let mut twice = drawn.clone();
    let again = twice["features"][0].clone();
    twice["features"].as_array_mut().unwrap().push(again);
    refused(&desk, &import(&twice, None), "plan_overlaps");
    refused(&desk, &import(&drawn, Some("EPSG:4547")), "bad_crs");
    refused(&desk, &import(&drawn, Some("EPSG:99")), "bad_crs");
    refused(&desk, &import(&collection(&desk, |p| LonLat::new(p.lon_e7 + 10_000_000, p.lat_e7), None), None), "bad_crs");
    let points = serde_json::json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [104.8, 26.5]}}]});
    refused(&desk, &import(&points, None), "bad_geometry");
    assert_eq!(blocks(&desk), start);
}

#[test]
fn locked_cells_keep_their_ground() {
    let (_, mut desk) = quarters();
    let (a, b) = (cell_at(&desk, 30.0, 30.0), cell_at(&desk, 30.0, 200.0));
    go(&mut desk, &Command::Lock { codes: vec![a.clone()] }).unwrap();
    let block = desk.block_at(at(90.0, 90.0)).unwrap().id;
    let assign = Command::Assign { blocks: vec![block], at: vec![], to: b.clone() };
    let refusal = refused(&desk, &assign, "locked");
    assert_eq!(refusal.codes, std::slice::from_ref(&a));
    refused(&desk, &Command::Merge { cells: vec![a.clone(), b.clone()], into: b.clone() }, "locked");
    refused(&desk, &Command::MoveVertex { from: At(at(120.0, 120.0)), to: At(at(121.0, 119.0)) }, "locked");
    refused(&desk, &Command::Halve { cell: a.clone(), name: None }, "locked");
    refused(&desk, &Command::Lock { codes: vec![a.clone()] }, "nothing_changes");
    go(&mut desk, &Command::Rename { code: a.clone(), name: "一".into() }).unwrap();
    go(&mut desk, &Command::Unlock { codes: vec![a] }).unwrap();
}

#[test]
fn groups_go_with_their_blocks() {
    let (_, mut desk) = quarters();
    let (a, b) = (cell_at(&desk, 30.0, 30.0), cell_at(&desk, 30.0, 200.0));
    let before: Vec<Vec<String>> = desk.groups_of(&a).iter().map(|g| g.members.clone()).collect();
    go(&mut desk, &Command::Merge { cells: vec![a, b.clone()], into: b.clone() }).unwrap();
    let after: Vec<&Vec<String>> = desk.groups_of(&b).iter().map(|g| &g.members).collect();
    assert!(before.iter().all(|members| after.contains(&members)), "neighbours stay together");
}

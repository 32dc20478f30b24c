//! Three instances for those who have none: sample cities, one of them with compounds that no street crosses, one with frayed ends.

use std::{fs, path::Path};

use jiff::civil::date;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use wangge::{
    city::{self, City},
    geometry::LocalMetres,
    model::{Code, LineClass, LonLat},
};

use super::{faces, instance};

const HOUSEHOLDS: usize = 40_000;
/// Compounds of the gated city, and how far around its middle each loses its minor streets, in metres.
const COMPOUNDS: usize = 8;
const COMPOUND_RADIUS_M: f64 = 160.0;
/// Share of line ends that fall short in the frayed city, and by how much, in metres.
const FRAYED_SHARE: f64 = 0.05;
const FRAYED_M: std::ops::Range<f64> = 0.05..0.40;

/// Writes the folders `even`, `gated` and `frayed`. Each `manifest.json` says how many blocks the street has, the frayed one's
/// before it was frayed.
pub fn three(out: &Path, street: Code) -> anyhow::Result<()> {
    for (seed, name) in (1..).zip(["even", "gated", "frayed"]) {
        let request = city::Request { households: HOUSEHOLDS, seed, street: street.clone(), until: date(2026, 11, 1) };
        let mut city = city::generate(&request)?;
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        if name == "gated" {
            close_compounds(&mut city, &mut random);
        }
        let folder = out.join(name);
        city::write(&city, &folder)?;
        let blocks = faces::before_splitting(&instance::read(&folder, &street)?)?.len();
        if name == "frayed" {
            fray(&mut city, &mut random);
            city::write(&city, &folder)?;
        }
        fs::remove_file(folder.join("issues.csv"))?;
        let manifest = serde_json::json!({"generator": "wangge city", "seed": seed, "counts": {"blocks": blocks}});
        fs::write(folder.join("manifest.json"), manifest.to_string())?;
    }
    Ok(())
}

/// Takes the minor streets around some households away, piece by piece.
fn close_compounds(city: &mut City, random: &mut impl Rng) {
    let middles: Vec<LonLat> = (0..COMPOUNDS).map(|_| city.households[random.random_range(0..city.households.len())].position).collect();
    let metres = LocalMetres::at(middles[0]);
    let is_minor = |class| matches!(class, LineClass::Local | LineClass::Alley | LineClass::DeadEnd);
    let is_near = |p: LonLat| middles.iter().any(|m| metres.distance(*m, p) < COMPOUND_RADIUS_M);
    city.lines = std::mem::take(&mut city.lines)
        .into_iter()
        .flat_map(|line| {
            if !is_minor(line.class) {
                return vec![line];
            }
            let runs = line.path.chunk_by(|a, b| !is_near(*a) && !is_near(*b)).filter(|run| run.len() > 1);
            (1..)
                .zip(runs)
                .map(|(part, run)| wangge::model::Line { id: format!("{}.{part}", line.id), path: run.to_vec(), ..line.clone() })
                .collect()
        })
        .collect();
}

/// Pulls some line ends back.
fn fray(city: &mut City, random: &mut impl Rng) {
    for line in &mut city.lines {
        for from_end in [false, true] {
            if from_end {
                line.path.reverse();
            }
            if let (true, [first, second, ..]) = (random.random_bool(FRAYED_SHARE), line.path.as_mut_slice()) {
                let metres = LocalMetres::at(*first);
                let share = random.random_range(FRAYED_M) / metres.distance(*first, *second).max(1.0);
                let [x, y] = metres.xy(*second);
                *first = metres.position([share * x, share * y]);
            }
            if from_end {
                line.path.reverse();
            }
        }
    }
}

//! What lies on the ground: water, buildings, roads, rivers, railways.

use super::{
    canvas::{Canvas, Pen},
    legend::{Key, Legend},
};
use crate::model::{LineClass, LonLat, StreetData};

const WATER: &str = "#b5d6ea";
const LAND: &str = "#faf8f3";
const BUILDING: &str = "#cdc5b8";

/// From so many pixels a metre on single buildings can be told apart.
const BUILDINGS_FROM_PX_PER_M: f64 = 0.45;

/// The picture of what was imported.
pub fn draw_lines(canvas: &mut Canvas<'_>, street: &StreetData, legend: &mut Legend) {
    if let Some(area) = street.street() {
        let data = canvas.shape(&area.boundary);
        canvas.path(&data, &format!("class=\"street\" fill=\"{LAND}\" fill-rule=\"evenodd\""));
    }
    draw_water(canvas, street);
    draw_buildings(canvas, street, BUILDING, 1.0);
    // Small ones first, so that the great ones run through.
    let drawn = [
        (LineClass::Alley, Pen::new("#b3aa9d", 0.8), "alley, path"),
        (LineClass::DeadEnd, Pen::new("#a3a3a3", 0.9), "dead end"),
        (LineClass::Local, Pen::new("#7c746a", 1.2), "local street"),
        (LineClass::River, Pen::new("#3b8fc7", 2.2), "river"),
        (LineClass::Secondary, Pen::new("#dfa63a", 2.0), "secondary road"),
        (LineClass::Arterial, Pen::new("#d9691e", 2.8), "arterial road"),
        (LineClass::Railway, Pen::dashed("#26262b", 1.6, [6.0, 3.0]), "railway"),
        (LineClass::Boundary, Pen::dashed("#8b3fa0", 1.2, [3.0, 2.0]), "administrative or compound boundary"),
    ];
    for (class, pen, _) in &drawn {
        canvas.stroke(class.as_str(), &grown(canvas, pen), paths(street, *class));
    }
    if let Some(area) = street.street() {
        canvas.outline("border", &area.boundary, &Pen::new("#1f2937", 2.2));
    }
    for (class, pen, words) in drawn.into_iter().rev() {
        if paths(street, class).any(|path| canvas.frame.shows(path)) {
            legend.add(Key::Line(pen), words);
        }
    }
    if !street.buildings.is_empty() {
        legend.add(Key::Fill(BUILDING), "building");
    }
    if !street.waters.is_empty() {
        legend.add(Key::Fill(WATER), "water");
    }
    legend.add(Key::Line(Pen::new("#1f2937", 2.2)), "boundary of the street");
}

/// The ground beneath a plan: quiet, so that the plan's colours and borders speak.
pub fn draw_beneath(canvas: &mut Canvas<'_>, street: &StreetData, road: &'static str) {
    draw_water(canvas, street);
    if canvas.frame.px_per_m >= BUILDINGS_FROM_PX_PER_M {
        draw_buildings(canvas, street, "#4b4236", 0.2);
    }
    let drawn = [
        (LineClass::Alley, Pen::new(road, 0.6)),
        (LineClass::DeadEnd, Pen::new(road, 0.6)),
        (LineClass::Local, Pen::new(road, 0.9)),
        (LineClass::Secondary, Pen::new(road, 1.4)),
        (LineClass::Arterial, Pen::new(road, 2.2)),
    ];
    for (class, pen) in &drawn {
        canvas.stroke(class.as_str(), &grown(canvas, pen), paths(street, *class));
    }
    draw_rivers_and_railways(canvas, street);
}

/// Where no road goes.
pub fn draw_rivers_and_railways(canvas: &mut Canvas<'_>, street: &StreetData) {
    for (class, pen) in [(LineClass::River, river()), (LineClass::Railway, railway())] {
        canvas.stroke(class.as_str(), &grown(canvas, &pen), paths(street, class));
    }
}

/// Says what rivers and railways look like, where any can be seen.
pub fn explain_beneath(canvas: &Canvas<'_>, street: &StreetData, legend: &mut Legend) {
    for (class, pen, words) in [(LineClass::River, river(), "river"), (LineClass::Railway, railway(), "railway")] {
        if paths(street, class).any(|path| canvas.frame.shows(path)) {
            legend.add(Key::Line(pen), words);
        }
    }
}

fn river() -> Pen {
    Pen::new("#5aa5d6", 1.8)
}

fn railway() -> Pen {
    Pen::dashed("#57534e", 1.3, [5.0, 2.5])
}

fn paths(street: &StreetData, class: LineClass) -> impl Iterator<Item = &[LonLat]> {
    street.lines.iter().filter(move |line| line.class == class).map(|line| line.path.as_slice())
}

fn draw_water(canvas: &mut Canvas<'_>, street: &StreetData) {
    let data: String = street.waters.iter().map(|water| canvas.shape(&water.outline)).collect();
    canvas.path(&data, &format!("class=\"water\" fill=\"{WATER}\" fill-rule=\"evenodd\""));
}

/// All buildings as one path; they overlap here and there, so the rule is not even-odd.
fn draw_buildings(canvas: &mut Canvas<'_>, street: &StreetData, colour: &str, opacity: f64) {
    let data: String = street.buildings.iter().map(|building| canvas.shape(&building.footprint)).collect();
    canvas.path(&data, &format!("class=\"buildings\" fill=\"{colour}\" fill-opacity=\"{opacity}\""));
}

/// Roads grow with the scale, though less than the land does.
fn grown(canvas: &Canvas<'_>, pen: &Pen) -> Pen {
    let by = (canvas.frame.px_per_m / canvas.frame.unit / 0.3).sqrt().clamp(0.8, 2.2);
    Pen { width: pen.width * by, ..pen.clone() }
}

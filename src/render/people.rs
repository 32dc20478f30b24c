//! Households as dots, coloured by group. No id and no address is written.

use std::{collections::HashMap, fmt::Write};

use super::{
    canvas::{Canvas, px},
    colour::{STRONG, colour_apart},
    grid::counted,
    legend::{Key, Legend},
};
use crate::model::{Code, Household, LonLat, Plan, StreetData};

/// Groups this near count as neighbours when colours are given.
const NEIGHBOURS: usize = 7;

/// A group as it is drawn: pixels.
struct Circle {
    head: usize,
    members: Vec<[f64; 2]>,
}

/// Draws the households of the cell or community, or of what can be seen.
pub fn draw_groups(canvas: &mut Canvas<'_>, street: &StreetData, plan: &Plan, within: Option<&Code>, legend: &mut Legend) {
    let unit = canvas.frame.unit;
    let radius = (1.1 * canvas.frame.px_per_m).clamp(1.4 * unit, 4.0 * unit);
    let circles = circles(canvas, street, plan, within, radius);
    let colours = colour_apart(&neighbours(&circles), STRONG.len());
    let mut threads = vec![String::new(); STRONG.len()];
    let mut dots = vec![String::new(); STRONG.len()];
    for (circle, colour) in circles.iter().zip(&colours) {
        let [hx, hy] = circle.members[circle.head];
        for (i, [x, y]) in circle.members.iter().enumerate() {
            if i != circle.head {
                let _ = write!(threads[*colour], "M{} {} {} {}", px(hx), px(hy), px(*x), px(*y));
                let _ = write!(dots[*colour], "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"/>", px(*x), px(*y), px(radius));
            }
        }
    }
    for (data, colour) in threads.iter().zip(STRONG) {
        canvas.path(
            data,
            &format!("class=\"threads\" fill=\"none\" stroke=\"{colour}\" stroke-opacity=\".7\" stroke-width=\"{}\"", px(1.1 * unit)),
        );
    }
    for (dots, colour) in dots.iter().zip(STRONG) {
        canvas.group(&format!("class=\"households\" fill=\"{colour}\""), |canvas| canvas.raw(dots));
    }
    canvas.group(&format!("class=\"heads\" stroke=\"#111827\" stroke-width=\"{}\"", px(1.2 * unit)), |canvas| {
        for (circle, colour) in circles.iter().zip(&colours) {
            let [x, y] = circle.members[circle.head];
            let r = px(radius * 1.25);
            canvas.raw(&format!("<circle fill=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{r}\"/>", STRONG[*colour], px(x), px(y)));
        }
    });
    let households: usize = circles.iter().map(|circle| circle.members.len()).sum();
    legend.add(Key::Dot(STRONG[3]), "household, coloured by group");
    legend.add(Key::Head(STRONG[3]), "head of its group");
    legend.add(Key::Words, &format!("{}, {}", counted(circles.len(), "group"), counted(households, "household")));
}

/// The groups to draw, whole: a group that is seen at all is seen with all its members.
fn circles(canvas: &Canvas<'_>, street: &StreetData, plan: &Plan, within: Option<&Code>, radius: f64) -> Vec<Circle> {
    let find = |id: &str| street.households.binary_search_by(|h: &Household| h.id.as_str().cmp(id)).ok().map(|i| &street.households[i]);
    let mut stacked: HashMap<LonLat, u32> = HashMap::new();
    let mut circles = Vec::new();
    for group in &plan.groups {
        let members: Vec<&Household> = group.members.iter().filter_map(|id| find(id)).collect();
        let is_wanted = match within {
            Some(code) => group.code.is_within(code),
            None => members.iter().any(|h| canvas.frame.bounds.contains(h.position)),
        };
        if !is_wanted || members.is_empty() {
            continue;
        }
        let head = members.iter().position(|h| h.id == group.head).unwrap_or(0);
        let place = |h: &&Household| {
            // Households one above the other stand at one position: they are set side by side, along a sunflower's spiral.
            let nth = stacked.entry(h.position).or_insert(0);
            let (turn, away) = (f64::from(*nth) * 2.399_963, f64::from(*nth).sqrt() * radius * 1.9);
            *nth += 1;
            let [x, y] = canvas.frame.xy(h.position);
            [x + away * turn.cos(), y + away * turn.sin()]
        };
        circles.push(Circle { head, members: members.iter().map(place).collect() });
    }
    circles
}

/// Which groups stand side by side, by their middles.
fn neighbours(circles: &[Circle]) -> Vec<Vec<u32>> {
    let middle = |circle: &Circle| {
        let sum = circle.members.iter().fold([0.0, 0.0], |[x, y], m| [x + m[0], y + m[1]]);
        sum.map(|s| s / circle.members.len() as f64)
    };
    let middles: Vec<[f64; 2]> = circles.iter().map(middle).collect();
    let mut neighbours = vec![Vec::new(); circles.len()];
    for (i, [x, y]) in middles.iter().enumerate() {
        let mut near: Vec<(f64, u32)> =
            (0..).zip(&middles).filter(|(j, _)| *j != i as u32).map(|(j, m)| ((m[0] - x).hypot(m[1] - y), j)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, other) in near.into_iter().take(NEIGHBOURS) {
            neighbours[i].push(other);
            neighbours[other as usize].push(i as u32);
        }
    }
    for others in &mut neighbours {
        others.sort_unstable();
        others.dedup();
    }
    neighbours
}

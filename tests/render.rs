//! Still maps of the little town.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;

use std::collections::BTreeMap;

use mini::{NORTH_EAST, NORTH_WEST, SOUTH_WEST, at, change_set, code};
use resvg::usvg::roxmltree::{Document, Node};
use wangge::{
    model::{Bounds, Change, Plan, StreetData},
    render::{Error, Request, Show, View, png, svg},
};

const ALL: [Show; 6] = [Show::Lines, Show::Blocks, Show::Cells, Show::Deviation, Show::Communities, Show::Groups];

/// The little town's street.
fn street() -> StreetData {
    let mut street = StreetData::default();
    for change in change_set().changes {
        match change {
            Change::PutAreas(areas) => street.areas = areas,
            Change::PutLines(lines) => street.lines = lines,
            Change::PutBuildings(buildings) => street.buildings = buildings,
            Change::PutHouseholds(mut households) => {
                households.sort_by(|a, b| a.id.cmp(&b.id));
                street.households = households;
            }
            Change::PutPlan(plan) => street.plans.push(*plan),
            _ => {}
        }
    }
    street
}

fn plan(street: &StreetData, number: u32) -> &Plan {
    street.plans.iter().find(|plan| plan.id.0 == number).unwrap()
}

fn request(show: Show) -> Request {
    let view = if show == Show::Groups { View::Area(code(NORTH_WEST)) } else { View::Street };
    Request { show, view, width_px: 400, attribution: String::new() }
}

fn draw(show: Show) -> String {
    let street = street();
    svg(&street, Some(plan(&street, 2)), &request(show)).unwrap()
}

/// Elements whose class is this one.
fn of_class<'a>(document: &'a Document<'_>, class: &'a str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

/// The positions of path data, to a tenth of a pixel.
fn positions(data: &str) -> Vec<(String, String)> {
    let numbers: Vec<&str> = data.split(['M', 'Z', ' ']).filter(|n| !n.is_empty()).collect();
    numbers.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

#[test]
fn every_picture_is_xml_of_the_size_it_says_and_the_same_each_time() {
    for show in ALL {
        let text = draw(show);
        assert_eq!(text, draw(show), "{show:?}");
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("width")), ("svg", Some("400")), "{show:?}");
        let height: f64 = root.attribute("height").unwrap().parse().unwrap();
        // The street is about as high as it is wide, and there is a legend below.
        assert!((380.0..640.0).contains(&height), "{show:?}: {height}");
        assert!(text.contains(" m</text>"), "{show:?}: no scale");
    }
}

#[test]
fn each_cell_is_drawn_once_and_neighbours_differ() {
    let street = street();
    for show in [Show::Cells, Show::Deviation, Show::Communities] {
        let text = svg(&street, Some(plan(&street, 2)), &request(show)).unwrap();
        let document = Document::parse(&text).unwrap();
        let cells: Vec<Node<'_, '_>> = document.descendants().filter(|node| node.has_attribute("data-code")).collect();
        let codes: Vec<&str> = cells.iter().map(|cell| cell.attribute("data-code").unwrap()).collect();
        let expected: Vec<&str> = plan(&street, 2).cells.iter().map(|cell| cell.code.as_str()).collect();
        assert_eq!(codes, expected, "{show:?}");
        let fill: BTreeMap<&str, &str> = codes.iter().copied().zip(cells.iter().map(|cell| cell.attribute("fill").unwrap())).collect();
        match show {
            Show::Cells => assert!(fill[NORTH_WEST] != fill[SOUTH_WEST] && fill[NORTH_WEST] != fill[NORTH_EAST]),
            // Ten households each: nobody deviates.
            Show::Deviation => assert!(fill.values().all(|colour| *colour == "#f7f7f7"), "{fill:?}"),
            _ => assert!(fill[NORTH_WEST] == fill[SOUTH_WEST] && fill[NORTH_WEST] != fill[NORTH_EAST]),
        }
    }
}

#[test]
fn neighbours_are_drawn_with_the_same_corners() {
    let text = draw(Show::Cells);
    let document = Document::parse(&text).unwrap();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for cell in document.descendants().filter(|node| node.has_attribute("data-code")) {
        positions(cell.attribute("d").unwrap()).into_iter().for_each(|at| *seen.entry(at).or_default() += 1);
    }
    // Four squares have nine corners: one of all four, four of two, four of one.
    let mut counts: Vec<usize> = seen.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 1, 2, 2, 2, 2, 4]);
}

#[test]
fn a_border_between_buildings_is_dashed_and_one_along_a_street_is_not() {
    let text = draw(Show::Blocks);
    let document = Document::parse(&text).unwrap();
    let dash = |class: &str| of_class(&document, class)[0].attribute("stroke-dasharray").is_some();
    // The town's one road runs between west and east; nothing runs between north and south.
    assert!(!dash("along") && dash("between"));
    let level = |class: &str| {
        let ends = positions(of_class(&document, class)[0].attribute("d").unwrap());
        ends.iter().all(|(_, y)| *y == ends[0].1)
    };
    assert!(!level("along") && level("between"));
}

#[test]
fn a_cells_groups_are_dots_without_ids_or_addresses() {
    let text = draw(Show::Groups);
    let document = Document::parse(&text).unwrap();
    let dots = |class: &str| of_class(&document, class).iter().flat_map(Node::children).filter(Node::is_element).count();
    assert_eq!((dots("households"), dots("heads")), (9, 1));
    assert!(text.contains("1 group, 10 households"));
    let street = street();
    for household in &street.households {
        assert!(!text.contains(&household.id) && !text.contains(household.address.as_deref().unwrap()));
    }
    assert!(!text.contains("钟山大道"));
    // A box shows the groups that reach into it: here those of the two northern cells.
    let view = View::Bounds(Bounds { min: at(0, 1100), max: at(2000, 1900) });
    let north = svg(&street, Some(plan(&street, 2)), &Request { view, ..request(Show::Groups) }).unwrap();
    assert!(north.contains("2 groups, 20 households"));
}

#[test]
fn a_png_has_the_width_asked_for_and_the_svgs_colours() {
    let street = street();
    for (show, width_px) in [(Show::Cells, 400), (Show::Communities, 1000), (Show::Groups, 333)] {
        let request = Request { width_px, attribution: "© OpenStreetMap contributors".into(), ..request(show) };
        let text = svg(&street, Some(plan(&street, 2)), &request).unwrap();
        let bytes = png(&street, Some(plan(&street, 2)), &request).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let height: u32 = Document::parse(&text).unwrap().root_element().attribute("height").unwrap().parse().unwrap();
        assert_eq!((info.width, info.height), (width_px, height));
        assert!(text.contains("© OpenStreetMap contributors"));
        if show == Show::Cells {
            // A quarter of the way in from the north-west corner of the map lies that cell.
            let document = Document::parse(&text).unwrap();
            let cell = document.descendants().find(|node| node.attribute("data-code") == Some(NORTH_WEST)).unwrap();
            let at = (90 * width_px + 60) as usize * 3;
            let colour = format!("#{:02x}{:02x}{:02x}", pixels[at], pixels[at + 1], pixels[at + 2]);
            assert_eq!(cell.attribute("fill"), Some(colour.as_str()));
        }
    }
}

#[test]
fn names_are_text_and_never_markup() {
    let mut street = street();
    street.areas[0].name = "</title><script>\u{7}".into();
    street.plans[1].communities[0].name = "<b>&\"".into();
    let text = svg(&street, Some(plan(&street, 2)), &request(Show::Communities)).unwrap();
    let document = Document::parse(&text).unwrap();
    assert!(document.descendants().all(|node| !matches!(node.tag_name().name(), "b" | "script")));
    assert!(document.descendants().any(|node| node.text() == Some("<b>&\"")));
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let street = street();
    let plan = plan(&street, 2);
    let of = |plan: Option<&Plan>, request: &Request| svg(&street, plan, request).unwrap_err();
    assert!(matches!(of(None, &request(Show::Cells)), Error::NoPlan { show: "cells" }));
    assert!(svg(&street, None, &request(Show::Lines)).is_ok());
    assert!(matches!(of(Some(plan), &Request { view: View::Street, ..request(Show::Groups) }), Error::GroupsOfWholeStreet));
    let elsewhere = of(Some(plan), &Request { view: View::Area(code("520201011009001")), ..request(Show::Cells) });
    assert!(elsewhere.to_string().contains("no cell or community 520201011009001; its cells run from 520201011001001"), "{elsewhere}");
    // A street is no cell, though every cell is within it.
    assert!(matches!(of(Some(plan), &Request { view: View::Area(code("520201011")), ..request(Show::Cells) }), Error::UnknownArea { .. }));
    let boxes = [(at(9000, 9000), at(9500, 9500)), (at(500, 500), at(500, 900))];
    for (min, max) in boxes {
        assert!(matches!(of(Some(plan), &Request { view: View::Bounds(Bounds { min, max }), ..request(Show::Cells) }), Error::Nothing(_)));
    }
    for width_px in [0, 199, 4097] {
        assert!(matches!(of(Some(plan), &Request { width_px, ..request(Show::Cells) }), Error::Width { .. }));
    }
    assert!(matches!(svg(&StreetData::default(), None, &request(Show::Lines)), Err(Error::Nothing(_))));
    let mut twice = plan.clone();
    twice.blocks.push(twice.blocks[0].clone());
    assert!(matches!(of(Some(&twice), &request(Show::Cells)), Error::Coverage(_)));
}

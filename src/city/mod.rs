//! The sample city: a believable, deterministic, invented street as a survey folder.
//!
//! In: how many households, a seed, the code of a street of 六盘水市钟山区. Out: a [`City`], or a survey folder on disk. [`county`] makes
//! several, side by side.
//!
//! How it is drawn: [`layout`] cuts a convex outline into blocks by straight ways; [`ground`] bends the drawing; [`fabric`] builds on the
//! blocks; [`address`] numbers the doors; [`people`] settles the households; [`issue`] lets a year pass.
//!
//! **Invariant:** the same request gives the same bytes. Each stage draws from its own stream of random numbers, so that a change to
//! one stage leaves the earlier ones as they were.

mod address;
mod county;
mod fabric;
mod folder;
mod ground;
mod issue;
mod layout;
mod mosaic;
pub mod names;
mod network;
mod people;
mod plot;
mod shape;

use std::path::PathBuf;

use jiff::civil::Date;
use rand_pcg::Pcg64;

use crate::model::{Building, Code, CodeScheme, Household, Issue, Level, Line, LineClass, LonLat, Polygon};
use fabric::House;
use ground::Ground;
use layout::Layout;
use names::Names;
use network::Network;

pub use county::{County, county};
pub use folder::write;

/// Issues per household and year, unless it is said how many.
const ISSUES_PER_HOUSEHOLD: f64 = 0.3;
/// Square metres of street for one household: 40,000 households on 12 km².
const AREA_PER_HOUSEHOLD_M2: f64 = 300.0;
/// A street is never smaller than this: it has to hold a river, a railway and blocks.
const SMALLEST_AREA_M2: f64 = 500_000.0;
/// Metres between two positions of a drawn line.
const STEP_M: f64 = 20.0;

/// What city to make.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many households.
    pub households: usize,
    /// Other seeds make other cities.
    pub seed: u64,
    /// The street's code, 9 digits.
    pub street: Code,
    /// The day after the last issue, in China's time.
    pub until: Date,
}

/// An invented street and what is in it; see [`write()`](fn@write) for the folder.
#[derive(Clone, Debug, PartialEq)]
pub struct City {
    /// The street's code.
    pub street: Code,
    /// The street's real name, or 示范街道 when the code is not in the table.
    pub name: String,
    /// Seed it was made from.
    pub seed: u64,
    /// The day after the last issue.
    pub until: Date,
    /// The street's outline.
    pub boundary: Polygon,
    /// Roads, river, railway, walls; where they meet they share a position.
    pub lines: Vec<Line>,
    /// Disjoint, inside the boundary.
    pub buildings: Vec<Building>,
    /// Each inside its building.
    pub households: Vec<Household>,
    /// Inside the boundary, by time of report.
    pub issues: Vec<Issue>,
    /// Real codes and names of the street's communities; they have no geometry.
    pub communities: Vec<(Code, String)>,
}

/// Why a city is not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No households, or more than one drawing can hold.
    #[error("a street of {0} households cannot be made; ask for 1 to {MOST_HOUSEHOLDS}")]
    Households(usize),
    /// No streets, or more than codes are left for.
    #[error("a county of {streets} streets cannot be made: the codes from {first} on serve 1 to {most}")]
    Streets {
        /// How many were asked for.
        streets: usize,
        /// The first street's code.
        first: Code,
        /// How many codes there are from that one on.
        most: usize,
    },
    /// The code is not a street's.
    #[error("{0} is not the code of a street: it needs 9 digits, like 520201014")]
    Street(Code),
    /// A file of the folder could not be written.
    #[error("cannot write {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// The largest street: 300 km² already.
const MOST_HOUSEHOLDS: usize = 1_000_000;

impl Request {
    fn check(&self) -> Result<(), Error> {
        if !(1..=MOST_HOUSEHOLDS).contains(&self.households) {
            return Err(Error::Households(self.households));
        }
        if CodeScheme::default().level(&self.street) != Ok(Level::Street) {
            return Err(Error::Street(self.street.clone()));
        }
        Ok(())
    }

    /// A stage's own random numbers.
    fn stream(&self, stage: u128) -> Pcg64 {
        Pcg64::new(u128::from(self.seed), stage)
    }

    fn ground(&self) -> Ground {
        Ground::new(&mut self.stream(1))
    }

    fn layout(&self) -> Layout {
        Layout::draw(&mut self.stream(2), (self.households as f64 * AREA_PER_HOUSEHOLD_M2).max(SMALLEST_AREA_M2))
    }

    fn default_issues(&self) -> usize {
        (self.households as f64 * ISSUES_PER_HOUSEHOLD).round() as usize
    }
}

/// Makes a city.
///
/// # Errors
/// [`Error::Households`], [`Error::Street`].
pub fn generate(request: &Request) -> Result<City, Error> {
    request.check()?;
    let mut city = settle(request, request.ground(), request.default_issues());
    let last = city.issues.len();
    issue::number(&mut city.issues, 1, last);
    Ok(city)
}

/// The city of a request that is in order, on its ground; its issues wait for their numbers.
fn settle(request: &Request, ground: Ground, issues: usize) -> City {
    let Request { households: count, seed, ref street, until } = *request;
    let name = names::street_name(street).unwrap_or("示范街道").to_owned();
    let stream = |stage| request.stream(stage);

    let mut layout = request.layout();
    let mut names = Names::new(&mut stream(3));
    for way in &mut layout.network.ways {
        way.name = names.way(way.class);
    }
    let houses = fabric::build(&mut stream(4), &ground, &layout, count);
    let addresses = address::assign(&mut names, &ground, &layout.network, &houses, &name);
    let width = houses.len().to_string().len().max(5);
    let ids: Vec<String> = (1..=houses.len()).map(|number| format!("B{number:0width$}")).collect();
    let households = people::settle(&mut stream(5), &ground, &houses, &addresses, &ids, count);
    let boundary = boundary(&ground, &layout.network);
    let stage = issue::Stage::set(&ground, &layout.network, &houses, &boundary);
    let issues = issue::report(&mut stream(6), &stage, count, issues, until);
    City {
        street: street.clone(),
        name,
        seed,
        until,
        lines: lines(&ground, &layout.network),
        buildings: buildings(&ground, &houses, &addresses, &ids, &households),
        communities: names::communities_of(street),
        boundary,
        households,
        issues,
    }
}

/// The outline, through every position where a way ends on it.
fn boundary(ground: &Ground, network: &Network) -> Polygon {
    let outer = network.ways.iter().filter(|way| way.outer);
    let mut exterior: Vec<LonLat> = outer.flat_map(|way| way.samples(STEP_M)).map(|p| ground.position_of_plan(p)).collect();
    exterior.dedup();
    Polygon { exterior, interiors: Vec::new() }
}

/// Every way as a line, except the outline where no road runs along it: that is the boundary's.
fn lines(ground: &Ground, network: &Network) -> Vec<Line> {
    let drawn = network.ways.iter().filter(|way| !(way.outer && way.class == LineClass::Boundary));
    drawn
        .enumerate()
        .map(|(index, way)| {
            let mut path: Vec<LonLat> = way.samples(STEP_M).into_iter().map(|p| ground.position_of_plan(p)).collect();
            path.dedup();
            Line { id: format!("S{:05}", index + 1), class: way.class, name: way.name.clone(), path }
        })
        .collect()
}

fn buildings(
    ground: &Ground,
    houses: &[House],
    addresses: &[address::BuildingAddress],
    ids: &[String],
    households: &[Household],
) -> Vec<Building> {
    let mut lived_in = rustc_hash::FxHashMap::<&str, u32>::default();
    for id in households.iter().filter_map(|household| household.building_id.as_deref()) {
        *lived_in.entry(id).or_default() += 1;
    }
    houses
        .iter()
        .zip(addresses)
        .zip(ids)
        .map(|((house, address), id)| {
            let mut exterior: Vec<LonLat> = house.outline.iter().map(|p| ground.position(*p)).collect();
            exterior.extend(exterior.first().copied());
            Building {
                id: id.clone(),
                name: address.name.clone(),
                purpose: Some(house.land.word().to_owned()),
                levels: Some(house.levels),
                declared_households: Some(lived_in.get(id.as_str()).copied().unwrap_or(0)),
                address: Some(address.text.clone()),
                footprint: Polygon { exterior, interiors: Vec::new() }.into(),
            }
        })
        .collect()
}

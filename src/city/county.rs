//! A county: several streets of one size side by side, made one after the other.

use super::{City, Error, Request, STEP_M, issue, mosaic, settle, shape::Xy};
use crate::model::Code;

/// What county to make.
#[derive(Clone, Debug)]
pub struct County {
    /// How many streets.
    pub streets: usize,
    /// Issues in each street; `None` for as many as [`super::generate`] makes.
    pub issues: Option<usize>,
    /// The first street, which is as [`super::generate`] makes it. The others have the codes and the seeds that follow, and lie to the
    /// east and north of it.
    pub first: Request,
}

/// Makes a county's streets as they are asked for: no two outlines touch, each has a neighbour within 200 m, and an issue's id is found
/// in one street only. Ids of buildings and households count in each street from 1.
///
/// # Errors
/// [`Error::Households`], [`Error::Street`], [`Error::Streets`].
pub fn county(county: &County) -> Result<impl ExactSizeIterator<Item = City> + use<>, Error> {
    let requests = requests(county)?;
    let outlines: Vec<Vec<Xy>> = requests.iter().map(outline).collect();
    let offsets = mosaic::arrange(&outlines);
    let issues = county.issues.unwrap_or_else(|| county.first.default_issues());
    Ok(requests.into_iter().zip(offsets).enumerate().map(move |(index, (request, offset))| {
        let ground = request.ground().moved(offset);
        let mut city = settle(&request, ground, issues);
        issue::number(&mut city.issues, index * issues + 1, outlines.len() * issues);
        city
    }))
}

fn requests(county: &County) -> Result<Vec<Request>, Error> {
    let County { streets, ref first, .. } = *county;
    first.check()?;
    // The last three digits are the street's, and 999 is the last one.
    let number: u32 = first.street.as_str().parse().map_err(|_| Error::Street(first.street.clone()))?;
    let most = (1000 - number % 1000) as usize;
    if !(1..=most).contains(&streets) {
        return Err(Error::Streets { streets, first: first.street.clone(), most });
    }
    (0..streets as u32)
        .map(|index| {
            let street = Code::new(&format!("{:09}", number + index)).map_err(|_| first.street.clone()).map_err(Error::Street)?;
            Ok(Request { street, seed: first.seed.wrapping_add(u64::from(index)), ..first.clone() })
        })
        .collect()
}

/// The outline's positions before it is moved, metres.
fn outline(request: &Request) -> Vec<Xy> {
    let (ground, layout) = (request.ground(), request.layout());
    let outer = layout.network.ways.iter().filter(|way| way.outer);
    outer.flat_map(|way| way.samples(2.0 * STEP_M)).map(|p| ground.xy(p)).collect()
}

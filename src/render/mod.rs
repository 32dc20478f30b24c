//! Still maps: one street's plan as SVG text or PNG bytes, for reports, notices and the documentation.
//!
//! In: a street's records, a plan, and what to show of them. Out: a picture with scale bar, legend and the map data's notice.
//! **Invariant:** borders are read off shared arcs, each drawn once, so neighbours meet without a hairline between them; the same
//! input gives the same SVG; no picture holds an id or an address of a household.

mod canvas;
mod colour;
mod frame;
mod grid;
mod ground;
mod legend;
mod people;
mod raster;

use crate::{
    geometry::{coverage, label::label_position},
    model::{Bounds, Code, MultiPolygon, Plan, StreetData},
};
use canvas::{Canvas, Pen};
use frame::Frame;
use grid::Grid;
use legend::{Key, Legend};

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// What was imported: lines by class, water, buildings, the boundary. Needs no plan.
    Lines,
    /// The atoms of planning; borders that follow no line are dashed.
    Blocks,
    /// Cells in calm colours, neighbours in different ones.
    Cells,
    /// Cells by how far their households are from the mean.
    Deviation,
    /// Communities in calm colours with their names.
    Communities,
    /// Households as dots, coloured by group and joined to the group's head. Needs a view smaller than the street.
    Groups,
}

impl Show {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Blocks => "blocks",
            Self::Cells => "cells",
            Self::Deviation => "deviation",
            Self::Communities => "communities",
            Self::Groups => "groups",
        }
    }
}

/// What part of the street a picture shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// All of it.
    Street,
    /// A cell or a community and a little around it, which is paled.
    Area(Code),
    /// What lies in the box.
    Bounds(Bounds),
}

/// What picture is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it shows.
    pub show: Show,
    /// Where.
    pub view: View,
    /// Width in pixels, in [`Request::WIDTHS`]; the height follows from the view.
    pub width_px: u32,
    /// The notice that the map data's licence asks for; may be empty.
    pub attribution: String,
}

impl Request {
    /// Widths that can be drawn, in pixels.
    pub const WIDTHS: std::ops::RangeInclusive<u32> = 200..=4096;
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A plan is shown, and there is none.
    #[error("{show} belong to a plan, and there is none")]
    NoPlan {
        /// What was asked for.
        show: &'static str,
    },
    /// The plan has no such cell or community.
    #[error("plan {plan} has no cell or community {code}{hint}")]
    UnknownArea {
        /// The plan's number.
        plan: u32,
        /// The code asked for.
        code: Code,
        /// ", its codes run from … to …", or nothing.
        hint: String,
    },
    /// Groups are shown in a part of the street only.
    #[error("a picture of groups shows a part of the street; name it with a cell's code or a box")]
    GroupsOfWholeStreet,
    /// Nothing is there.
    #[error("there is nothing to draw: {0}")]
    Nothing(&'static str),
    /// Width out of range.
    #[error("a picture is {} to {} pixels wide, not {width_px}", Request::WIDTHS.start(), Request::WIDTHS.end())]
    Width {
        /// The width asked for.
        width_px: u32,
    },
    /// The plan's blocks overlap, which no plan of ours does.
    #[error("the plan's blocks do not fit together")]
    Coverage(#[from] coverage::Error),
    /// The picture could not be made into pixels.
    #[error("cannot make pixels of the picture: {0}")]
    Raster(String),
}

/// Draws the picture as SVG 1.1 text.
///
/// # Errors
/// See [`Error`].
pub fn svg(street: &StreetData, plan: Option<&Plan>, request: &Request) -> Result<String, Error> {
    draw(street, plan, request, true)
}

/// Draws the picture as PNG bytes. Latin text is drawn in a font that comes with the program; names in other scripts in one of
/// the system's, and not at all when it has none.
///
/// # Errors
/// See [`Error`].
pub fn png(street: &StreetData, plan: Option<&Plan>, request: &Request) -> Result<Vec<u8>, Error> {
    match raster::png(&draw(street, plan, request, true)?)? {
        Some(bytes) => Ok(bytes),
        None => raster::png(&draw(street, plan, request, false)?)?.ok_or_else(|| Error::Raster("no font has its letters".into())),
    }
}

/// Draws the picture, with names or with numbers in their place.
fn draw(street: &StreetData, plan: Option<&Plan>, request: &Request, names: bool) -> Result<String, Error> {
    if !Request::WIDTHS.contains(&request.width_px) {
        return Err(Error::Width { width_px: request.width_px });
    }
    if request.show == Show::Groups && request.view == View::Street {
        return Err(Error::GroupsOfWholeStreet);
    }
    let grid = plan.map(Grid::of).transpose()?;
    let focus = match (&request.view, &grid) {
        (View::Area(code), Some(grid)) => Some(grid.area(code)?),
        (View::Area(_), None) => return Err(Error::NoPlan { show: "cells" }),
        _ => None,
    };
    let frame = Frame::new(bounds(street, grid.as_ref(), request, focus.as_ref())?, request.width_px);
    let mut canvas = Canvas::new(&frame);
    let mut legend = Legend::default();
    if request.show == Show::Lines {
        ground::draw_lines(&mut canvas, street, &mut legend);
    } else {
        let grid = grid.as_ref().ok_or(Error::NoPlan { show: request.show.as_str() })?;
        match request.show {
            Show::Lines | Show::Blocks => grid.draw_blocks(&mut canvas, street, &mut legend),
            Show::Cells | Show::Deviation | Show::Communities => grid.draw_cells(&mut canvas, street, request.show, names, &mut legend),
            Show::Groups => grid.draw_backdrop(&mut canvas, street, &mut legend),
        }
        if let Some(focus) = &focus {
            canvas.pale_around(focus);
            canvas.outline("focus", focus, &Pen::new("#1f2937", 2.4));
        }
        if request.show == Show::Groups {
            people::draw_groups(&mut canvas, street, grid.plan, focus_code(&request.view), &mut legend);
        }
        if grid.plan.estimated && matches!(request.show, Show::Deviation | Show::Groups) {
            legend.add(Key::Words, "households estimated from buildings");
        }
    }
    Ok(canvas.finish(&title(street, grid.as_ref(), request), &legend, &request.attribution))
}

fn focus_code(view: &View) -> Option<&Code> {
    match view {
        View::Area(code) => Some(code),
        View::Street | View::Bounds(_) => None,
    }
}

/// What the picture has to hold.
fn bounds(street: &StreetData, grid: Option<&Grid<'_>>, request: &Request, focus: Option<&MultiPolygon>) -> Result<Bounds, Error> {
    let boundary = street.street().map(|area| &area.boundary);
    let of_street = || Bounds::of(boundary.into_iter().flat_map(MultiPolygon::rings).flatten());
    let whole = grid.and_then(Grid::bounds).or_else(of_street).ok_or(Error::Nothing("the street has neither a boundary nor a plan"))?;
    match &request.view {
        View::Street => Ok(whole),
        View::Bounds(bounds) if bounds.min.lon_e7 >= bounds.max.lon_e7 || bounds.min.lat_e7 >= bounds.max.lat_e7 => {
            Err(Error::Nothing("the box is empty"))
        }
        View::Bounds(bounds) if !bounds.intersects(&whole) => Err(Error::Nothing("the box lies outside the street")),
        View::Bounds(bounds) => Ok(*bounds),
        View::Area(_) => {
            let around = Bounds::of(focus.into_iter().flat_map(MultiPolygon::rings).flatten());
            around.map(frame::with_margin).ok_or(Error::Nothing("the area has no outline"))
        }
    }
}

fn title(street: &StreetData, grid: Option<&Grid<'_>>, request: &Request) -> String {
    let area = street.street().map_or(String::new(), |area| format!(" of {} {}", area.code, area.name).trim_end().to_owned());
    match grid.filter(|_| request.show != Show::Lines) {
        Some(grid) => format!("{}{area}, plan {}", request.show.as_str(), grid.plan.id.0),
        None => format!("{}{area}", request.show.as_str()),
    }
}

/// Writes a label where the shape has room for it.
fn label(canvas: &mut Canvas<'_>, shape: &MultiPolygon, text: &str, size: f64) {
    if let Some(place) = label_position(shape) {
        canvas.label(shape, place, text, size);
    }
}

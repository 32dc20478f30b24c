//! Which face of a coverage holds a position, in near-constant time and exactly: a raster of squares over it.
//!
//! A square that no border touches holds its owner. One that is touched holds the segments that touch it, and who owns the
//! positions along its southern edge: the topmost segment between that edge and a position, or else the edge, tells the owner.
//! The rule at borders is [`crate::geometry::ring::owns`]: a position stands an infinitesimal step west, and a second-order step
//! south, of where it is.

use std::cmp::Ordering;

use super::{lists::Lists, plan_index::NONE, plan_shape::Hold};
use crate::{
    geometry::{Coverage, FaceId, ring::Side},
    model::{Bounds, LonLat, MultiPolygon},
};

/// How far outside a coverage a position may stand and still be held, in grid steps: lines that end on the outer border bend it
/// by up to half a step.
pub(super) const BESIDE_STEPS: i32 = 2;

/// Squares for each face, at most: some twelve along a compact face's side.
const SQUARES_PER_FACE: u64 = 320;
/// Faces that even the smallest coverage counts for.
const FACES_AT_LEAST: u64 = 12;
/// Squares of any coverage, at most.
const SQUARES_AT_MOST: u64 = 1 << 24;
/// The smallest square's side is 2 to the power of this, in grid steps; more than twice [`BESIDE_STEPS`].
const SMALLEST: u32 = 3;

/// Set in the number of a square that borders touch; the rest is its place in [`Covering::touched`].
const TOUCHED: u32 = 1 << 31;
/// The number of an untouched square outside; of another untouched square the number is its owner.
const OUTSIDE: u32 = TOUCHED - 1;

/// A raster of squares over a coverage. Side: a power of two, in grid steps of 1e-7 degree.
#[derive(Debug)]
pub(super) struct Covering {
    /// South-west corner.
    origin: LonLat,
    /// The side is 2 to the power of this.
    shift: u32,
    columns: u32,
    rows: u32,
    /// Column by column from the west, each from the south.
    squares: Vec<u32>,
    /// Where the parts of every touched square begin; one more for the end.
    touched: Vec<Parts>,
    segments: Vec<Segment>,
    floors: Vec<Floor>,
}

#[derive(Clone, Copy, Debug)]
struct Parts {
    segments: u32,
    floors: u32,
}

/// A border's straight piece, and the faces above (north of) it and below, [`NONE`] for outside. Of one that runs due north these
/// are the faces beside it.
#[derive(Clone, Copy, Debug)]
struct Segment {
    west: LonLat,
    east: LonLat,
    above: u32,
    below: u32,
}

/// From this longitude eastward to the next floor, positions on a square's southern edge have this owner.
#[derive(Clone, Copy, Debug)]
struct Floor {
    from: i32,
    owner: u32,
}

#[derive(Clone, Copy, Debug)]
enum Square {
    Whole(u32),
    Touched(usize),
}

impl Segment {
    /// Where a position stands to the line: greater is above.
    ///
    /// A valid longitude difference times a latitude difference fits 63 bits (3.6e9 × 1.8e9); their difference need not.
    fn side(&self, p: LonLat) -> Ordering {
        let step = |a: i32, b: i32| i64::from(a) - i64::from(b);
        let across = step(self.east.lon_e7, self.west.lon_e7) * step(p.lat_e7, self.west.lat_e7);
        across.cmp(&(step(self.east.lat_e7, self.west.lat_e7) * step(p.lon_e7, self.west.lon_e7)))
    }

    /// Whether a step west of this longitude meets the segment; never one that runs due north.
    fn spans(&self, lon: i32) -> bool {
        self.west.lon_e7 < lon && lon <= self.east.lon_e7
    }

    /// Whether it lies below a position whose longitude it spans.
    fn is_below(&self, p: LonLat) -> bool {
        match self.side(p) {
            Ordering::Greater => true,
            Ordering::Less => false,
            // A step west leaves a rising segment below and a falling one above; a level one is above after the step south.
            Ordering::Equal => self.east.lat_e7 > self.west.lat_e7,
        }
    }

    /// Whether it lies above another one that does not cross it, where both span a longitude.
    fn is_above(&self, other: &Self) -> bool {
        let west = if self.west.lon_e7 >= other.west.lon_e7 { other.side(self.west) } else { self.side(other.west).reverse() };
        let east = || if self.east.lon_e7 <= other.east.lon_e7 { other.side(self.east) } else { self.side(other.east).reverse() };
        // Of two on each other, where a long edge meets shorter ones, the one with something above it is the upper.
        west.then_with(east).then_with(|| (other.above == NONE).cmp(&(self.above == NONE))) == Ordering::Greater
    }

    fn touches(&self, p: LonLat) -> bool {
        (self.west.lon_e7..=self.east.lon_e7).contains(&p.lon_e7)
            && (self.west.lat_e7.min(self.east.lat_e7)..=self.west.lat_e7.max(self.east.lat_e7)).contains(&p.lat_e7)
            && self.side(p) == Ordering::Equal
    }
}

impl Covering {
    /// Covers a coverage; `None` for one whose faces do not fit together (segments that cross), or that has none.
    pub fn build(coverage: &Coverage) -> Option<Self> {
        let segments = segments(coverage);
        let bounds = Bounds::of(segments.iter().flat_map(|s| [&s.west, &s.east]))?;
        let most = (SQUARES_PER_FACE * u64::from(coverage.face_count).max(FACES_AT_LEAST)).min(SQUARES_AT_MOST);
        // Of a coverage that is all border, a finer raster would only repeat the segments.
        let length: u64 = segments
            .iter()
            .map(|s| u64::from(s.east.lon_e7.abs_diff(s.west.lon_e7)) + u64::from(s.east.lat_e7.abs_diff(s.west.lat_e7)))
            .sum();
        let fits = |shift: &u32| {
            let [columns, rows] = extent(bounds, *shift);
            columns * rows <= most && length >> shift <= most / 2
        };
        Self::with_side(&segments, bounds, (SMALLEST..31).find(fits)?)
    }

    /// Covers one shape; `None` for one whose parts overlap.
    pub fn of_shape(shape: &MultiPolygon) -> Option<Self> {
        Self::build(&Coverage::from_polygons(std::slice::from_ref(shape)).ok()?)
    }

    fn with_side(segments: &[Segment], bounds: Bounds, shift: u32) -> Option<Self> {
        let [columns, rows] = extent(bounds, shift).map(|count| count as u32);
        let origin = origin(bounds);
        let touches: Vec<(u32, u32)> =
            (0..).zip(segments).flat_map(|(i, s)| touched_squares(s, origin, shift, rows).map(move |q| (q, i))).collect();
        let lists = Lists::build((columns * rows) as usize, touches.iter().copied());
        let mut covering = Self {
            origin,
            shift,
            columns,
            rows,
            squares: Vec::with_capacity((columns * rows) as usize),
            touched: Vec::new(),
            segments: Vec::with_capacity(touches.len()),
            floors: Vec::new(),
        };
        for column in 0..columns {
            covering.build_column(column, |row| lists.list((column * rows + row) as usize).iter().map(|i| segments[*i as usize]))?;
        }
        covering.touched.push(covering.parts());
        covering.floors.shrink_to_fit();
        covering.touched.shrink_to_fit();
        Some(covering)
    }

    /// Squares of a column from the south; `None` when what is north of a segment is not what the next one has to its south.
    fn build_column<I: Iterator<Item = Segment>>(&mut self, column: u32, segments_of_row: impl Fn(u32) -> I) -> Option<()> {
        let west = self.origin.lon_e7.wrapping_add((column << self.shift) as i32);
        let mut floors = vec![Floor { from: west, owner: NONE }];
        for row in 0..self.rows {
            let corner = LonLat::new(west, self.origin.lat_e7.wrapping_add((row << self.shift) as i32));
            let parts = self.parts();
            self.segments.extend(segments_of_row(row));
            let segments = &self.segments[parts.segments as usize..];
            if segments.is_empty() {
                let [floor] = floors[..] else { return None };
                self.squares.push(if floor.owner == NONE { OUTSIDE } else { floor.owner });
                continue;
            }
            let inside = InSquare { south: corner.lat_e7, segments, floors: &floors };
            if !inside.fits_together(corner, 1 << self.shift) {
                return None;
            }
            let next = inside.northern_floors(corner, 1 << self.shift);
            self.squares.push(TOUCHED | self.touched.len() as u32);
            self.touched.push(parts);
            self.floors.append(&mut floors);
            floors = next;
        }
        floors.iter().all(|floor| floor.owner == NONE).then_some(())
    }

    /// Where the next touched square's parts begin.
    fn parts(&self) -> Parts {
        Parts { segments: self.segments.len() as u32, floors: self.floors.len() as u32 }
    }

    /// How the coverage holds a position.
    pub fn hold(&self, at: LonLat) -> Option<Hold> {
        match self.owner(at) {
            NONE => self.hold_outside(at),
            owner => Some(Hold::Owned(owner)),
        }
    }

    /// How any face holds a position: as its owner, or on the outer border only; `None` outside.
    pub fn side(&self, at: LonLat) -> Option<Side> {
        match self.owner(at) {
            NONE => self.lowest_touching(at).map(|_| Side::Border),
            _ => Some(Side::Inside),
        }
    }

    /// The face that owns a position; [`NONE`] outside.
    fn owner(&self, at: LonLat) -> u32 {
        match self.square(at) {
            Square::Whole(owner) => owner,
            Square::Touched(place) => self.in_square(place, at).owner(at),
        }
    }

    fn hold_outside(&self, at: LonLat) -> Option<Hold> {
        let moved = |east: i32, north: i32| LonLat::new(at.lon_e7.saturating_add(east), at.lat_e7.saturating_add(north));
        let is_outside = |east, north| matches!(self.square(moved(east * BESIDE_STEPS, north * BESIDE_STEPS)), Square::Whole(NONE));
        if [(-1, -1), (-1, 1), (1, -1), (1, 1)].into_iter().all(|(east, north)| is_outside(east, north)) {
            return None;
        }
        if let Some(lowest) = self.lowest_touching(at) {
            return Some(Hold::Touched(lowest));
        }
        (1..=BESIDE_STEPS).find_map(|d| {
            let ways = [(-d, 0), (0, -d), (d, 0), (0, d), (-d, -d), (-d, d), (d, -d), (d, d)];
            let owners = ways.into_iter().map(|(east, north)| self.owner(moved(east, north)));
            owners.into_iter().find(|owner| *owner != NONE).map(Hold::Beside)
        })
    }

    /// Of the faces on whose border a position lies the first.
    fn lowest_touching(&self, at: LonLat) -> Option<u32> {
        let Square::Touched(place) = self.square(at) else { return None };
        let touching = self.in_square(place, at).segments.iter().filter(|s| s.touches(at));
        touching.flat_map(|s| [s.above, s.below]).filter(|face| *face != NONE).min()
    }

    fn square(&self, at: LonLat) -> Square {
        // To the west and south of the origin this wraps around to far beyond the raster.
        let step = |a: i32, b: i32| (a.wrapping_sub(b) as u32) >> self.shift;
        let (column, row) = (step(at.lon_e7, self.origin.lon_e7), step(at.lat_e7, self.origin.lat_e7));
        if column >= self.columns || row >= self.rows {
            return Square::Whole(NONE);
        }
        match self.squares[(column * self.rows + row) as usize] {
            OUTSIDE => Square::Whole(NONE),
            owner if owner < TOUCHED => Square::Whole(owner),
            touched => Square::Touched((touched - TOUCHED) as usize),
        }
    }

    fn in_square(&self, place: usize, at: LonLat) -> InSquare<'_> {
        let (begin, end) = (self.touched[place], self.touched[place + 1]);
        InSquare {
            south: at.lat_e7 - (at.lat_e7.wrapping_sub(self.origin.lat_e7) & ((1 << self.shift) - 1)),
            segments: &self.segments[begin.segments as usize..end.segments as usize],
            floors: &self.floors[begin.floors as usize..end.floors as usize],
        }
    }
}

/// What a touched square holds.
struct InSquare<'a> {
    /// Latitude of its southern edge.
    south: i32,
    segments: &'a [Segment],
    floors: &'a [Floor],
}

impl InSquare<'_> {
    fn owner(&self, at: LonLat) -> u32 {
        self.owner_above(at.lon_e7, |segment| segment.is_below(at))
    }

    /// The face above the topmost of the segments that span the longitude and lie below what is asked about.
    fn owner_above(&self, lon: i32, is_below: impl Fn(&Segment) -> bool) -> u32 {
        let mut topmost: Option<&Segment> = None;
        for segment in self.segments {
            if segment.spans(lon) && is_below(segment) && topmost.is_none_or(|other| segment.is_above(other)) {
                topmost = Some(segment);
            }
        }
        match topmost {
            // South of the edge there may be others above it.
            Some(segment) if !segment.is_below(LonLat::new(lon, self.south)) => segment.above,
            _ => self.floors.iter().rev().find(|floor| floor.from <= lon).map_or(NONE, |floor| floor.owner),
        }
    }

    /// Who owns the positions along the northern edge: between two places where a segment meets it the owner is one.
    fn northern_floors(&self, corner: LonLat, side: i32) -> Vec<Floor> {
        let north = corner.lat_e7 + side;
        let step = |a: i32, b: i32| i128::from(a) - i128::from(b);
        let mut starts = vec![corner.lon_e7];
        for Segment { west, east, .. } in self.segments {
            let rise = step(east.lat_e7, west.lat_e7);
            if rise == 0 && west.lat_e7 == north {
                starts.extend([west.lon_e7, east.lon_e7].map(|lon| lon.saturating_add(1)));
            } else if (west.lat_e7.min(east.lat_e7)..=west.lat_e7.max(east.lat_e7)).contains(&north) {
                let run = step(east.lon_e7, west.lon_e7) * step(north, west.lat_e7);
                starts.push((i128::from(west.lon_e7) + (run * rise.signum()).div_euclid(rise.abs()) + 1) as i32);
            }
        }
        starts.retain(|start| (0..side).contains(&start.wrapping_sub(corner.lon_e7)));
        starts.sort_unstable();
        let mut floors: Vec<Floor> =
            starts.iter().map(|from| Floor { from: *from, owner: self.owner(LonLat::new(*from, north)) }).collect();
        floors.dedup_by_key(|floor| floor.owner);
        floors
    }

    /// Whether every segment that ends in the square has below it what the next one to the south has above it.
    fn fits_together(&self, corner: LonLat, side: i32) -> bool {
        let [is_here_lon, is_here_lat] = [corner.lon_e7, corner.lat_e7].map(|low| move |p: i32| (0..side).contains(&p.wrapping_sub(low)));
        self.segments.iter().filter(|s| s.west.lon_e7 < s.east.lon_e7 && is_here_lon(s.east.lon_e7)).all(|s| {
            // A step west of its end a rising segment is lower than its end.
            let is_here = is_here_lat(s.east.lat_e7 - i32::from(s.east.lat_e7 > s.west.lat_e7));
            !is_here || s.below == self.owner_above(s.east.lon_e7, |other| s.is_above(other))
        })
    }
}

fn segments(coverage: &Coverage) -> Vec<Segment> {
    let face = |face: Option<FaceId>| face.map_or(NONE, |face| face.0);
    let pairs = coverage.arcs.iter().flat_map(|arc| arc.path.windows(2).map(move |pair| (arc, pair[0], pair[1])));
    pairs
        .map(|(arc, from, to)| match from.lon_e7 <= to.lon_e7 {
            true => Segment { west: from, east: to, above: face(arc.left), below: face(arc.right) },
            false => Segment { west: to, east: from, above: face(arc.right), below: face(arc.left) },
        })
        .collect()
}

/// The raster's south-west corner: so far out that what lies beyond the raster is not even beside the coverage.
fn origin(bounds: Bounds) -> LonLat {
    LonLat::new(bounds.min.lon_e7 - BESIDE_STEPS, bounds.min.lat_e7 - BESIDE_STEPS)
}

/// How many columns and rows of squares reach over a box and what is beside it.
fn extent(bounds: Bounds, shift: u32) -> [u64; 2] {
    let origin = origin(bounds);
    [(bounds.max.lon_e7, origin.lon_e7), (bounds.max.lat_e7, origin.lat_e7)]
        .map(|(max, min)| (u64::from(max.abs_diff(min)) + BESIDE_STEPS as u64) / (1 << shift) + 1)
}

/// Numbers of the squares that a segment touches, edges and corners included, and perhaps a few beside them.
fn touched_squares(segment: &Segment, origin: LonLat, shift: u32, rows: u32) -> impl Iterator<Item = u32> {
    let from_origin = |p: LonLat| [i64::from(p.lon_e7) - i64::from(origin.lon_e7), i64::from(p.lat_e7) - i64::from(origin.lat_e7)];
    let ([wx, wy], [ex, ey]) = (from_origin(segment.west), from_origin(segment.east));
    // A segment on an edge touches the squares on both sides of it. Beside the border of the raster there is always room.
    let columns = (wx - 1) >> shift..=ex >> shift;
    columns.flat_map(move |column| {
        let (west, east) = ((column << shift).max(wx), ((column + 1) << shift).min(ex));
        // Where the segment stands at the column's edges, rounded down; a step up for the rounding.
        let lat = |x: i64| wy + (i128::from(ey - wy) * i128::from(x - wx)).div_euclid(i128::from(ex - wx)) as i64;
        let (low, high) = if ex == wx { (wy.min(ey), wy.max(ey)) } else { (lat(west).min(lat(east)), lat(west).max(lat(east)) + 1) };
        ((low - 1) >> shift..=high >> shift).map(move |row| column as u32 * rows + row as u32)
    })
}

#[cfg(test)]
mod tests;

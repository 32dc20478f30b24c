//! The drawing of ways and faces: a convex outline, cut again and again by straight ways. Bends come later, from the ground.
//!
//! **Invariant:** where ways meet, they share the very same point, so that the bent lines share the very same grid position.

use super::shape::{Xy, area, edges};
use crate::model::LineClass;

/// A place where another way meets or crosses this one.
#[derive(Clone, Copy, Debug)]
struct Junction {
    /// Metres from the way's start.
    along: f64,
    at: Xy,
}

/// A road, river, railway, wall or piece of the outline: straight on the drawing.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub class: LineClass,
    pub from: Xy,
    pub to: Xy,
    pub name: Option<String>,
    /// Part of the street's outline.
    pub outer: bool,
    /// Sorted along the way; the ends are not among them.
    junctions: Vec<Junction>,
}

impl Way {
    fn new(class: LineClass, from: Xy, to: Xy, outer: bool) -> Self {
        Self { class, from, to, name: None, outer, junctions: Vec::new() }
    }

    pub fn is_road(&self) -> bool {
        use LineClass::{Alley, Arterial, DeadEnd, Local, Secondary};
        matches!(self.class, Arterial | Secondary | Local | Alley | DeadEnd)
    }

    /// Metres from the start to the foot of a place.
    pub fn along(&self, p: Xy) -> f64 {
        (p - self.from).dot((self.to - self.from).unit())
    }

    /// Start, junctions, end, and between them enough places to follow the ground: no two farther apart than `step` metres.
    pub fn samples(&self, step: f64) -> Vec<Xy> {
        let mut stops = vec![self.from];
        stops.extend(self.junctions.iter().map(|j| j.at));
        stops.push(self.to);
        let mut samples = vec![self.from];
        for pair in stops.windows(2) {
            let pieces = (pair[0].distance(pair[1]) / step).ceil().max(1.0) as usize;
            samples.extend((1..pieces).map(|i| pair[0].towards(pair[1], i as f64 / pieces as f64)));
            samples.push(pair[1]);
        }
        samples
    }

    fn meet(&mut self, at: Xy) {
        if at == self.from || at == self.to || self.junctions.iter().any(|j| j.at == at) {
            return;
        }
        let along = self.along(at);
        let index = self.junctions.partition_point(|j| j.along < along);
        self.junctions.insert(index, Junction { along, at });
    }

    /// Where the line through `through` crosses the line of this way.
    fn crossing(&self, through: Xy, direction: Xy) -> Option<Xy> {
        let along = self.to - self.from;
        let slope = along.cross(direction);
        (slope.abs() > 1e-9).then(|| self.from + along * ((through - self.from).cross(direction) / slope))
    }
}

/// A face between ways: convex, corners counter-clockwise, `ways[i]` along the edge from corner `i` to the next.
#[derive(Clone, Debug)]
pub(super) struct Face {
    pub corners: Vec<Xy>,
    pub ways: Vec<usize>,
    /// Dead ends that begin at its edges and end inside.
    pub spurs: Vec<usize>,
}

impl Face {
    pub fn area(&self) -> f64 {
        area(&self.corners)
    }

    /// The smallest width, and the direction across which it is measured from: the unit vector along that side.
    pub fn width(&self) -> (f64, Xy) {
        edges(&self.corners)
            .map(|(a, b)| {
                let side = (b - a).unit();
                (self.corners.iter().map(|c| side.cross(*c - a)).fold(0.0, f64::max), side)
            })
            .fold((f64::INFINITY, Xy::new(1.0, 0.0)), |best, next| if next.0 < best.0 { next } else { best })
    }

    /// How far it reaches along a direction.
    pub fn extent(&self, direction: Xy) -> f64 {
        let reach = self.corners.iter().map(|c| c.dot(direction));
        reach.clone().fold(f64::NEG_INFINITY, f64::max) - reach.fold(f64::INFINITY, f64::min)
    }
}

/// Where a cut ends: on which edge of the face, and where.
#[derive(Clone, Copy, Debug)]
struct CutEnd {
    edge: usize,
    at: Xy,
}

/// Ways and the faces between them.
pub(super) struct Network {
    pub ways: Vec<Way>,
    pub faces: Vec<Face>,
}

impl Network {
    /// An outline (convex, counter-clockwise) with a class for each edge.
    pub fn new(corners: Vec<Xy>, class: impl Fn(f64) -> LineClass) -> Self {
        let ways: Vec<Way> = edges(&corners).map(|(a, b)| Way::new(class(a.distance(b)), a, b, true)).collect();
        let face = Face { ways: (0..ways.len()).collect(), corners, spurs: Vec::new() };
        Self { ways, faces: vec![face] }
    }

    /// Cuts every face that the line crosses and `filter` lets pass; these must form one chain. `None` when it cuts nothing.
    pub fn cut_across(&mut self, class: LineClass, through: Xy, direction: Xy, filter: impl Fn(&Face) -> bool) -> Option<usize> {
        let direction = direction.unit();
        let mut cuts = Vec::new();
        for (index, face) in self.faces.iter().enumerate() {
            if filter(face)
                && let Some(ends) = self.line_ends(face, through, direction)
            {
                cuts.push((index, ends));
            }
        }
        let ends = cuts.iter().flat_map(|(_, ends)| ends.iter().map(|e| e.at));
        let place = |p: &Xy| p.dot(direction);
        let from = ends.clone().min_by(|a, b| place(a).total_cmp(&place(b)))?;
        let to = ends.max_by(|a, b| place(a).total_cmp(&place(b)))?;
        let way = self.ways.len();
        self.ways.push(Way::new(class, from, to, false));
        for (index, ends) in cuts {
            let halves = split(&self.faces[index], ends, way);
            self.commit_cut(index, ends, way, halves);
        }
        Some(way)
    }

    /// Cuts one face by a straight way through a place; its ends are drawn to junctions within `snap` metres, so that streets meet at
    /// crossroads rather than a few steps apart. Says no when both ends would lie on something that is no road, or when a piece would
    /// be smaller than `min_area_m2`. On success the first half replaces the face and the second is appended.
    pub fn cut_face(&mut self, index: usize, class: LineClass, through: Xy, direction: Xy, snap: f64, min_area_m2: f64) -> bool {
        let face = &self.faces[index];
        let Some(ends) = self.line_ends(face, through, direction.unit()) else { return false };
        let ends = ends.map(|end| self.snapped(face, end, snap));
        if class != LineClass::Boundary && !ends.iter().any(|end| self.ways[face.ways[end.edge]].is_road()) {
            return false;
        }
        let way = self.ways.len();
        let halves = split(face, ends, way);
        if halves.iter().any(|half| half.corners.len() < 3 || half.area() < min_area_m2 || half.width().0 < 25.0) {
            return false;
        }
        self.ways.push(Way::new(class, ends[0].at, ends[1].at, false));
        self.commit_cut(index, ends, way, halves);
        true
    }

    /// A dead end from an edge of a face (or from another spur of it) to a place inside.
    pub fn add_spur(&mut self, index: usize, from_way: usize, from: Xy, to: Xy) -> usize {
        let way = self.ways.len();
        self.ways[from_way].meet(from);
        self.ways.push(Way::new(LineClass::DeadEnd, from, to, false));
        self.faces[index].spurs.push(way);
        way
    }

    fn commit_cut(&mut self, index: usize, ends: [CutEnd; 2], way: usize, [first, second]: [Face; 2]) {
        for end in ends {
            let crossed = self.faces[index].ways[end.edge];
            self.ways[crossed].meet(end.at);
            self.ways[way].meet(end.at);
        }
        self.faces[index] = first;
        self.faces.push(second);
    }

    /// Where a line enters and leaves a convex face. The crossing is computed from the whole way, not from the face's edge, so that the
    /// face on the other side gets the same point.
    fn line_ends(&self, face: &Face, through: Xy, direction: Xy) -> Option<[CutEnd; 2]> {
        let left = |p: Xy| direction.cross(p - through) > 0.0;
        let mut ends = edges(&face.corners).enumerate().filter(|(_, (a, b))| left(*a) != left(*b)).filter_map(|(edge, _)| {
            let at = self.ways[face.ways[edge]].crossing(through, direction)?;
            Some(CutEnd { edge, at })
        });
        Some([ends.next()?, ends.next()?])
    }

    /// Moves a cut's end to the nearest junction or corner of its edge within reach.
    fn snapped(&self, face: &Face, end: CutEnd, snap: f64) -> CutEnd {
        let (a, b) = (face.corners[end.edge], face.corners[(end.edge + 1) % face.corners.len()]);
        let way = &self.ways[face.ways[end.edge]];
        let (low, high) = (way.along(a).min(way.along(b)), way.along(a).max(way.along(b)));
        let between = way.junctions.iter().filter(|j| low < j.along && j.along < high).map(|j| j.at);
        between
            .chain([a, b])
            .map(|at| (at.distance(end.at), at))
            .filter(|(distance, _)| *distance <= snap)
            .min_by(|x, y| x.0.total_cmp(&y.0))
            .map_or(end, |(_, at)| CutEnd { at, ..end })
    }
}

/// The two halves of a face left and right of a cut along `way`.
fn split(face: &Face, [a, b]: [CutEnd; 2], way: usize) -> [Face; 2] {
    let n = face.corners.len();
    let half = |from: CutEnd, to: CutEnd| {
        let mut corners = vec![from.at];
        let mut ways = vec![face.ways[from.edge]];
        let mut edge = from.edge;
        while edge != to.edge {
            edge = (edge + 1) % n;
            corners.push(face.corners[edge]);
            ways.push(face.ways[edge]);
        }
        corners.push(to.at);
        ways.push(way);
        // A cut that ends in a corner leaves an edge of no length.
        let keep: Vec<bool> = edges(&corners).map(|(p, q)| p != q).collect();
        let mut flags = keep.iter();
        corners.retain(|_| *flags.next().unwrap_or(&true));
        let mut flags = keep.iter();
        ways.retain(|_| *flags.next().unwrap_or(&true));
        Face { corners, ways, spurs: Vec::new() }
    };
    [half(a, b), half(b, a)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Network {
        let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)].map(|(x, y)| Xy::new(x, y)).to_vec();
        Network::new(corners, |_| LineClass::Boundary)
    }

    #[test]
    fn ways_that_meet_share_their_points() {
        let mut network = square();
        let all = |_: &Face| true;
        network.cut_across(LineClass::Arterial, Xy::new(33.0, 50.0), Xy::new(0.1, 1.0), all).unwrap();
        network.cut_across(LineClass::Arterial, Xy::new(50.0, 61.0), Xy::new(1.0, 0.07), all).unwrap();
        assert_eq!(network.faces.len(), 4);
        assert!((network.faces.iter().map(Face::area).sum::<f64>() - 10_000.0).abs() < 1e-6);
        let shared = network.ways[4].samples(1000.0).into_iter().filter(|p| network.ways[5].samples(1000.0).contains(p)).count();
        assert_eq!(shared, 1);
    }

    #[test]
    fn a_street_joins_a_crossroads_within_reach_and_no_sliver_is_cut() {
        let mut network = square();
        network.cut_across(LineClass::Arterial, Xy::new(50.0, 50.0), Xy::new(1.0, 0.0), |_| true).unwrap();
        let (south, north) = (0, 1);
        assert!(network.cut_face(south, LineClass::Local, Xy::new(40.0, 20.0), Xy::new(0.0, 1.0), 8.0, 100.0));
        assert!(network.cut_face(north, LineClass::Local, Xy::new(45.0, 80.0), Xy::new(0.0, 1.0), 8.0, 100.0));
        let (a, b) = (&network.ways[5], &network.ways[6]);
        assert!([a.from, a.to].iter().any(|p| [b.from, b.to].contains(p)));
        assert!(!network.cut_face(north, LineClass::Local, Xy::new(97.0, 80.0), Xy::new(0.0, 1.0), 1.0, 100.0));
    }
}

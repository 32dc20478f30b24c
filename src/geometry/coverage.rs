//! The coverage: arcs shared by the faces on their two sides. Polygons of every level are read off it, so neighbours
//! cannot part.

use crate::model::{LonLat, MultiPolygon, Polygon};

/// An arc's number in its coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcId(pub u32);

/// A face's number in its coverage: the index of the polygon (or label) it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceId(pub u32);

/// A line between two nodes with one face on each side; `None` is outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arc {
    /// At least two positions. First equals last for a closed arc without a node.
    pub path: Vec<LonLat>,
    /// The face to the left in the direction of `path`.
    pub left: Option<FaceId>,
    /// The face to the right.
    pub right: Option<FaceId>,
}

/// A ring as arcs end to end; `true` is forward. The face lies to the left.
pub type ArcRing = Vec<(ArcId, bool)>;

/// Why polygons do not make a coverage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two polygons lie on the same side of an edge: they overlap.
    #[error("polygons {first} and {second} overlap at {at:?}")]
    Overlap {
        /// Index of one polygon.
        first: u32,
        /// Index of the other.
        second: u32,
        /// Where the shared edge starts.
        at: LonLat,
    },
}

/// Shared arcs and the faces between them.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Every arc once.
    pub arcs: Vec<Arc>,
    /// Number of faces; [`FaceId`]s are below it.
    pub face_count: u32,
}

impl Coverage {
    /// Reads shared arcs off polygons that already meet vertex for vertex. Arcs break where three faces meet.
    ///
    /// # Errors
    /// [`Error::Overlap`] when an edge has two polygons on one side.
    pub fn from_polygons(polygons: &[MultiPolygon]) -> Result<Self, Error> {
        let _ = polygons;
        todo!()
    }

    /// The coverage of `label_count` coarser faces: arcs between equal labels vanish, chains are joined where no third label meets.
    pub fn dissolve(&self, label_of_face: &[u32], label_count: u32) -> Self {
        let _ = (label_of_face, label_count);
        todo!()
    }

    /// For every label the rings of the union of its faces, as arcs of *this* coverage (nothing is joined, so that arcs
    /// simplified once serve every level). Faces touching only at a node make separate rings.
    pub fn rings_by_label(&self, label_of_face: &[u32], label_count: u32) -> Vec<Vec<ArcRing>> {
        let _ = (label_of_face, label_count);
        todo!()
    }

    /// The face as polygons, exteriors counter-clockwise; one part unless the face is in pieces.
    pub fn outline(&self, face: FaceId) -> MultiPolygon {
        let _ = face;
        todo!()
    }

    /// Outlines of all faces in order; cheaper than [`Coverage::outline`] one by one.
    pub fn outlines(&self) -> Vec<MultiPolygon> {
        todo!()
    }

    /// Every pair of faces that share an arc, with the arcs.
    pub fn neighbours(&self) -> Vec<(FaceId, FaceId, Vec<ArcId>)> {
        todo!()
    }
}

/// Rings (closed position lists, face to the left) to polygons: counter-clockwise rings are exteriors, clockwise ones are
/// holes of the smallest exterior around them.
pub fn assemble(rings: Vec<Vec<LonLat>>) -> MultiPolygon {
    let _ = rings;
    let _: Option<Polygon> = None;
    todo!()
}

//! Integer points, coordinate systems, geodesic measures and the coverage of shared arcs and faces.
//!
//! In: coordinates in any named CRS, lines, polygons. Out: positions on the 1e-7 degree grid and topology on them.
//! **Invariant:** predicates (side, containment, crossing) are exact integer arithmetic; only measures are floating point.

pub mod arrangement;
pub mod circle;
pub mod coverage;
pub mod crs;
pub mod heal;
pub mod label;
pub mod measure;
mod near;
pub mod ring;

pub use coverage::{ArcId, Coverage, FaceId};
pub use crs::{Crs, Plane};
pub use measure::LocalMetres;

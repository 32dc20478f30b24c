//! The immutable snapshot every map, locate and heat query is answered from.
//!
//! In: the world from the store. Out: answers. A new state is a new snapshot behind an atomic swap; unchanged streets are shared.
//! **Invariant:** a position has one answer per day: one cell of each level, or an explained "none".

mod area;
mod buildings;
mod covering;
mod derived;
mod ground;
mod groups;
mod hotspot;
mod households;
mod hull;
mod issues;
mod lists;
mod locate;
mod mercator;
mod nearest;
mod packed;
mod plan_index;
mod plan_shape;
mod points;
mod search;
mod snapshot;
mod splice;
mod texts;
mod touched;
mod tree;

pub use area::{AreaSummary, IssueCount, IssueFilter};
pub use buildings::Buildings;
pub use derived::Derived;
pub use ground::Ground;
pub use groups::Groups;
pub use hotspot::{Hotspot, Measure, gi_star};
pub use households::{HouseholdRow, Households};
pub use issues::{BucketFilter, IssueBucket, IssueRow};
pub use lists::Lists;
pub use locate::{FoundCell, Location, NoPlace, Place, Surroundings};
pub use mercator::{WorldPixel, latitude_of};
pub use nearest::Near;
pub use plan_index::{AreaStats, NONE, PlanIndex, Rows};
pub use plan_shape::{Border, Extent, Hold, PlanFacts, PlanShape};
pub use points::CurvePoints;
pub use search::{Hit, HitKind, Names};
pub use snapshot::{IssueAt, PlacedBucket, Snapshot, StreetIndex};
pub use texts::{OptionalTexts, Texts, Words};
pub use touched::{Theme, Touched};
pub use tree::BoxTree;

/// Why a world cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The blocks of a stored plan overlap.
    #[error("plan {plan} of street {street} does not tile its street")]
    Coverage {
        /// The street.
        street: crate::model::Code,
        /// The plan's number.
        plan: u32,
        /// What is wrong.
        #[source]
        source: crate::geometry::coverage::Error,
    },
}

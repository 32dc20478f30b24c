//! The immutable snapshot every map, locate and heat query is answered from.
//!
//! In: the world from the store. Out: answers. A new state is a new snapshot behind an atomic swap; unchanged streets are shared.
//! **Invariant:** a position has one answer per day: one cell of each level, or an explained "none".

mod area;
mod covering;
mod derived;
mod ground;
mod hull;
mod lists;
mod locate;
mod mercator;
mod nearest;
mod plan_index;
mod points;
mod search;
mod snapshot;
mod tree;

pub use area::{AreaSummary, IssueCount, IssueFilter};
pub use derived::Derived;
pub use ground::Ground;
pub use lists::Lists;
pub use locate::{FoundCell, Location, NoPlace, Place, Surroundings};
pub use mercator::{WorldPixel, latitude_of};
pub use nearest::Near;
pub use plan_index::{AreaStats, Border, Hold, NONE, PlanIndex};
pub use points::CurvePoints;
pub use search::{Hit, HitKind, Names};
pub use snapshot::{IssuePoints, PlacedIssue, ReadyFilter, Snapshot, StreetIndex};
pub use tree::{BoxTree, PointTree};

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

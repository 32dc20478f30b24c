//! The immutable snapshot every map, locate and heat query is answered from.
//!
//! In: the world from the store. Out: answers. A new state is a new snapshot behind an atomic swap; unchanged streets are shared.
//! **Invariant:** a position has one answer per day: one cell of each level, or an explained "none".

mod area;
mod locate;
mod search;
mod snapshot;

pub use area::{AreaSummary, IssueCount, IssueFilter};
pub use locate::{Location, NoPlace, Place};
pub use search::{Hit, HitKind};
pub use snapshot::{Near, PlacedIssue, PlanIndex, Snapshot, StreetIndex};

/// Why a world cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The blocks of a stored plan overlap.
    #[error("plan {plan} of street {street}: {source}")]
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

//! HTTP: the app, the tiles, the API.
//!
//! In: requests. Out: answers from the snapshot. **Invariant:** only this room names axum; one error type, RFC 9457.
//!
//! One file per resource: extract, one or two calls into the other rooms, respond. A request passes [`Front`], which answers plain
//! tiles, then [`observe`] (request id, metrics, log, problems), then time limit, panic guard and compression, then its handler. A
//! tile goes [`tile_key`] → [`tile_cache`] → [`making`] → [`content`] in an [`encoding`]. What answers the map (tiles, places, counts,
//! collections) never waits for the store: it reads the [`state::Current`] snapshot, which [`refresh`] swaps when the store has changed.
//! The [`desk`] does wait for it: its answers are as new as the store, and what it did is stored before it says so. What a log line may
//! say of a request is its route, never its query: queries carry coordinates and addresses.

mod app;
mod areas;
mod backdrop;
mod collections;
mod content;
mod counts;
mod desk;
mod encoding;
mod error;
mod events;
mod front;
mod health;
mod hotspots;
mod info;
mod issues;
mod locate;
mod making;
mod meter;
mod near;
mod observe;
pub mod openapi;
mod params;
mod refresh;
mod run;
mod search;
mod state;
mod tile_cache;
mod tile_key;
mod tilejson;
mod tiles;
mod touched;

pub use error::{Error, Problem};
pub use front::Front;
pub use params::today;
pub use run::{BindError, bind, router, run};
pub use state::{Hosts, Options, SAMPLE_CITY, Service, StartError, openstreetmap_notice};

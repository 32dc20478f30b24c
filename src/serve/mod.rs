//! HTTP: the app, the tiles, the API.
//!
//! In: requests. Out: answers from the snapshot. **Invariant:** only this room names axum; one error type, RFC 9457.
//!
//! One file per resource: extract, one or two calls into the other rooms, respond. A request passes [`observe`] (request id,
//! metrics, log, problems), then time limit, panic guard and compression, then its handler. Handlers never wait for the store:
//! they read the [`state::Current`] snapshot, which [`refresh`] swaps when the store has changed. What a log line may say of a
//! request is its route, never its query: queries carry coordinates and addresses.

mod app;
mod areas;
mod collections;
mod counts;
mod error;
mod events;
mod health;
mod hotspots;
mod info;
mod issues;
mod locate;
mod near;
mod observe;
pub mod openapi;
mod params;
mod refresh;
mod run;
mod search;
mod state;
mod tile_cache;
mod tilejson;
mod tiles;

pub use error::{Error, Problem};
pub use params::today;
pub use run::{BindError, bind, router, run};
pub use state::{Hosts, Options, SAMPLE_CITY, Service, StartError, openstreetmap_notice};

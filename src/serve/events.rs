//! `/api/events`: what has changed, as it happens.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio_stream::wrappers::BroadcastStream;
use utoipa::ToSchema;

use super::{Error, Service, info::degrees, params::Params};
use crate::{
    index::{Theme, Touched},
    model::{Bounds, ChangeKind, Code, Version},
    tile::Layer,
};

/// Something was committed. A new snapshot is in place, unless it was a step of a draft: that is told at once, without tiles. The
/// data of an `event: change`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeEvent {
    /// The street that changed.
    #[schema(value_type = String)]
    pub street: Code,
    /// Its revision now.
    #[schema(value_type = u64)]
    pub version: Version,
    /// Rows touched by kind (areas, lines, waters, buildings, households, issues, plans).
    #[schema(value_type = BTreeMap<String, usize>)]
    pub rows: BTreeMap<ChangeKind, usize>,
    /// Plans that the commits touched, by number: all of the street's where a commit touched too much to say which.
    pub plans: Vec<u32>,
    /// Which tiles to load again; all others are as they were.
    pub tiles: Vec<StaleTiles>,
}

/// Tiles that show something else now: those of the layers that meet one of the boxes, [`crate::tile::BUFFER`] pixels beyond their
/// edges included.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StaleTiles {
    /// Layers.
    #[schema(value_type = Vec<String>)]
    pub layers: Vec<&'static str>,
    /// West, south, east, north in degrees; a box may be a point.
    pub boxes: Vec<[f64; 4]>,
}

/// Boxes for each theme of an event; more are put into one.
const MAX_BOXES: usize = 32;

impl StaleTiles {
    /// The tiles that show what was touched.
    pub(super) fn of(touched: &Touched) -> Vec<Self> {
        let of_theme = |theme: Theme| {
            let mut boxes: Vec<Bounds> = touched.of(theme).collect();
            if boxes.len() > MAX_BOXES {
                boxes = boxes.into_iter().reduce(Bounds::union).into_iter().collect();
            }
            let layers = Layer::ALL.into_iter().filter(|layer| layer.shows(theme)).map(Layer::as_str).collect();
            Self { layers, boxes: boxes.into_iter().map(degrees).collect() }
        };
        Theme::ALL.into_iter().map(of_theme).filter(|stale| !stale.boxes.is_empty()).collect()
    }
}

/// Server-sent events: `event: change` after each new snapshot.
#[utoipa::path(get, path = "/api/events", tag = "changes", responses(
    (status = 200, description = "An endless stream of `event: change` with a ChangeEvent as data", body = ChangeEvent, content_type = "text/event-stream"),
))]
pub(super) async fn stream_changes(
    State(service): State<Arc<Service>>,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    params.only(&[])?;
    let mut ending = service.ending.subscribe();
    let changes = BroadcastStream::new(service.changes.subscribe())
        // A listener that fell behind is cut off: on reconnecting it asks for everything anew.
        .take_while(|change| futures::future::ready(change.is_ok()))
        .filter_map(|change| async move { change.ok() })
        .filter_map(|change| async move { Event::default().event("change").json_data(&change).ok().map(Ok) })
        .take_until(async move { ending.wait_for(|ending| *ending).await.is_ok() });
    Ok(Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

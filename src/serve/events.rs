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

use super::{Error, Service, params::Params};
use crate::model::{ChangeKind, Code, Version};

/// A new snapshot is in place: what differs from the one before. The data of an `event: change`.
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

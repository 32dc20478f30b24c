//! The city as locating needs it.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use wangge::{
    index::{Snapshot, StreetIndex},
    model::{Code, Version},
    store::Store,
};

/// Streets in the loading at a time: one is read while another is indexed.
const LOADS_AT_ONCE: usize = 2;

/// Looks at what was changed meanwhile; then all is read as one.
const ROUNDS: usize = 3;

/// All streets with the plans of the day, as they are at one moment. Streets are read one by one: those that were changed meanwhile
/// are read again.
///
/// # Errors
/// The store's and the index's.
pub async fn load_places(store: &Arc<dyn Store>, as_of: Date) -> anyhow::Result<Snapshot> {
    let mut versions = store.versions().await?;
    let mut streets: BTreeMap<Code, (Version, StreetIndex)> = BTreeMap::new();
    for _ in 0..ROUNDS {
        streets.retain(|code, (version, _)| versions.get(code) == Some(version));
        let missing = versions.keys().filter(|code| !streets.contains_key(*code)).cloned().collect::<Vec<_>>();
        if missing.is_empty() {
            return Ok(Snapshot::of_streets(streets.into_values().map(|(_, street)| street).collect()));
        }
        let loads = stream::iter(missing).map(|code| async move {
            let Some(mut data) = store.load_places(&code).await? else { return anyhow::Ok(None) };
            data.plans.retain(|plan| plan.in_force(as_of));
            let (version, of) = (data.version, code.clone());
            let street = tokio::task::spawn_blocking(move || StreetIndex::for_locating(of, data)).await??;
            Ok(Some((code, (version, street))))
        });
        let loaded: Vec<_> = loads.buffer_unordered(LOADS_AT_ONCE).try_filter_map(async |street| Ok(street)).try_collect().await?;
        streets.extend(loaded);
        versions = store.versions().await?;
    }
    let mut world = store.load().await?;
    world.values_mut().for_each(|data| data.plans.retain(|plan| plan.in_force(as_of)));
    Ok(tokio::task::spawn_blocking(|| Snapshot::build(world)).await??)
}

//! Keeps the snapshot as new as the store: wait, compare versions, reload what changed, swap, tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    Service, StartError,
    desk::STEPS,
    error::chain,
    events::{ChangeEvent, StaleTiles},
    health::recorder,
    meter::meters,
    state::Current,
};
use crate::{
    index::{self, Theme, Touched},
    model::{Change, ChangeKind, Code, StreetData, Version},
    tile::Layer,
};

/// Longest time between two looks at the store; a wake-up that got lost costs no more.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(15);
/// A planner who gives no command for so long lets the map's snapshot follow the draft; until then it would only hold up the next.
const PAUSE: Duration = Duration::from_millis(250);
/// A snapshot follows drafts this late at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Runs until the service ends. A store that fails leaves the old snapshot in place and readiness off until it answers again.
pub(super) async fn keep_fresh(service: Arc<Service>) {
    let mut ending = service.ending.subscribe();
    // Since when steps of drafts wait for their planner to pause.
    let mut waiting: Option<Instant> = None;
    loop {
        let look = async {
            // After a failure nothing need have changed for all to be well again.
            let at_most = match waiting {
                Some(_) => PAUSE,
                None if service.fresh.load(Ordering::Relaxed) => LOOK_AT_LEAST_EVERY,
                None => RETRY_AFTER,
            };
            let at_last = waiting.is_some_and(|since| since.elapsed() > PATIENCE);
            match service.store.wait_for_change(at_most).await {
                Ok(()) => service.catch_up_but(if at_last { Duration::ZERO } else { PAUSE }).await,
                Err(error) => Err(StartError::Store(error)),
            }
        };
        let result = tokio::select! {
            result = look => result,
            _ = ending.wait_for(|ending| *ending) => return,
        };
        recorder().run_upkeep();
        waiting = if result.as_ref().is_ok_and(|put_off| *put_off) { waiting.or_else(|| Some(Instant::now())) } else { None };
        let was_fresh = service.fresh.swap(result.is_ok(), Ordering::Relaxed);
        if let Err(error) = result {
            if was_fresh {
                tracing::error!(error = chain(&error), "cannot follow the store; serving the last good snapshot");
            }
            tokio::time::sleep(RETRY_AFTER).await;
        } else if !was_fresh {
            tracing::info!("following the store again");
        }
    }
}

impl Service {
    /// Brings the snapshot up to the store's state and tells the listeners; returns how many streets changed. Called by one
    /// task only: it reads the current snapshot, works, and puts the next one in place.
    ///
    /// # Errors
    /// The store's or the index's; the snapshot in place stays.
    pub async fn catch_up(&self) -> Result<usize, StartError> {
        let streets = self.behind().await?;
        for (street, _) in &streets {
            self.reload(street).await?;
        }
        Ok(streets.len())
    }

    /// Streets of which the snapshot shows another version than the store has, with the one it shows.
    async fn behind(&self) -> Result<Vec<(Code, Version)>, StartError> {
        let current = self.current();
        let versions = self.store.versions().await?;
        let gone = current.versions.keys().filter(|street| !versions.contains_key(*street));
        let changed = versions.iter().filter(|(street, version)| current.versions.get(*street) != Some(version)).map(|(street, _)| street);
        let shown = |street: &Code| (street.clone(), current.versions.get(street).copied().unwrap_or(0));
        Ok(changed.chain(gone).map(shown).collect())
    }

    /// The same, except for streets with nothing new but steps of drafts while their planner goes on; returns whether there are any.
    async fn catch_up_but(&self, pause: Duration) -> Result<bool, StartError> {
        let mut put_off = false;
        for (street, known) in &self.behind().await? {
            if self.desks.is_busy(pause)
                && self.store.changes_since(street, *known).await?.iter().all(|note| STEPS.contains(&note.what.as_str()))
            {
                put_off = true;
            } else {
                self.reload(street).await?;
            }
        }
        Ok(put_off)
    }

    async fn reload(&self, street: &Code) -> Result<(), StartError> {
        let before = self.current();
        let known = before.versions.get(street).copied().unwrap_or(0);
        let start = Instant::now();
        let (version, notes, news) = match self.store.load_delta(street, known).await? {
            Some(delta) => (delta.version, delta.notes, News::Changes(delta.changes)),
            None => {
                let data = self.store.load_street(street).await?;
                // Read after the street, so that the log covers at least what was loaded; later notes are left for the next round.
                let version = data.as_ref().map_or(0, |data| data.version);
                let notes = self.store.changes_since(street, known).await?;
                (version, notes.into_iter().filter(|note| note.version <= version).collect(), News::Street(data))
            }
        };
        let mut rows: BTreeMap<ChangeKind, usize> = BTreeMap::new();
        for note in notes {
            note.rows.iter().for_each(|(kind, count)| *rows.entry(*kind).or_default() += count);
            self.sources.learn(&note.what);
        }
        let mut plans = news.plans();
        if let News::Street(_) = news {
            plans.extend(before.snapshot.street(street).into_iter().flat_map(|street| &street.plans).map(|plan| plan.plan.id.0));
            plans.retain(|_| rows.contains_key(&ChangeKind::Plans));
        }
        let plans = plans.into_iter().collect();
        let mut versions = before.versions.clone();
        match &news {
            News::Street(None) => versions.remove(street),
            _ => versions.insert(street.clone(), version),
        };
        let code = street.clone();
        let next = tokio::task::spawn_blocking(move || {
            let (snapshot, touched) = match news {
                News::Changes(changes) => before.snapshot.with_changes(&code, changes),
                News::Street(data) => before.snapshot.with_street(&code, data),
            }?;
            Ok::<_, index::Error>((Current::new(snapshot, versions), touched))
        });
        let (next, touched) = next.await??;
        self.current.store(Arc::new(next));
        metrics::histogram!("wangge_snapshot_build_seconds").record(start.elapsed());
        // After the swap: see the tile cache's invariant.
        meters().dropped.increment(self.forget(street, &touched) as u64);
        metrics::counter!("wangge_snapshots_total").increment(1);
        tracing::info!(%street, version, "new snapshot");
        self.tell(ChangeEvent { street: street.clone(), version, rows, plans, tiles: StaleTiles::of(&touched) });
        Ok(())
    }

    /// Drops the tiles that show what was touched.
    fn forget(&self, street: &Code, touched: &Touched) -> usize {
        let drafts = touched.drafts();
        let of_theme = |theme: Theme| {
            let layers: Vec<Layer> = Layer::ALL.into_iter().filter(|layer| layer.shows(theme)).collect();
            let boxes = |plan: u32| touched.of_draft(plan, theme).collect::<Vec<_>>();
            let of_drafts: usize = drafts.iter().map(|plan| self.tiles.forget_draft(street, *plan, &layers, &boxes(*plan))).sum();
            of_drafts + self.tiles.forget(&layers, &touched.of(theme).collect::<Vec<_>>())
        };
        Theme::ALL.into_iter().map(of_theme).sum()
    }

    /// Tells those who listen.
    pub(super) fn tell(&self, change: ChangeEvent) {
        // Nobody listening is no failure.
        let _ = self.changes.send(change);
    }
}

/// What is new about a street.
enum News {
    /// Some rows.
    Changes(Vec<Change>),
    /// All of it; `None` when it is gone.
    Street(Option<StreetData>),
}

impl News {
    /// The plans in it, by number.
    fn plans(&self) -> BTreeSet<u32> {
        match self {
            Self::Changes(changes) => changes.iter().filter_map(Change::plan).map(|id| id.0).collect(),
            Self::Street(data) => data.iter().flat_map(|data| &data.plans).map(|plan| plan.id.0).collect(),
        }
    }
}

//! How long a command may work while others wait for the street.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::plan::desk::Refusal;

/// Ends work that takes too long, or that nobody waits for any more.
#[derive(Debug)]
pub struct Leash {
    most: Duration,
    since: Instant,
    is_gone: Arc<AtomicBool>,
}

/// Whoever waits for the work: it ends when this is dropped, as it is with a request whose client has gone or whose time is over.
#[must_use]
#[derive(Debug)]
pub struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Leash {
    /// Work that begins now and takes no longer than `most`.
    pub fn new(most: Duration) -> (Self, Waiting) {
        let is_gone = Arc::new(AtomicBool::new(false));
        (Self { most, since: Instant::now(), is_gone: is_gone.clone() }, Waiting(is_gone))
    }

    /// Whether the work may go on.
    pub fn holds(&self) -> bool {
        !self.is_late() && !self.is_gone.load(Ordering::Relaxed)
    }

    /// Why the work was ended, if it was for its time.
    pub fn explained(&self, refusal: Refusal) -> Refusal {
        if refusal.reason != "cancelled" || !self.is_late() {
            return refusal;
        }
        let detail = format!(
            "this takes longer than {} s and nobody else could work on the street meanwhile; select fewer cells, or let it be planned in the background",
            self.most.as_secs()
        );
        Refusal::new("too_long", detail).about(&refusal.codes)
    }

    fn is_late(&self) -> bool {
        self.since.elapsed() >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_with_its_time_or_with_whoever_waits_for_it() {
        let cancelled = || Refusal::new("cancelled", "stopped");
        let (leash, waiting) = Leash::new(Duration::from_secs(60));
        assert!(leash.holds());
        drop(waiting);
        assert!(!leash.holds());
        assert_eq!(leash.explained(cancelled()).reason, "cancelled");
        let (leash, waiting) = Leash::new(Duration::ZERO);
        assert!(!leash.holds());
        assert_eq!(leash.explained(cancelled()).reason, "too_long");
        assert_eq!(leash.explained(Refusal::new("locked", "it is")).reason, "locked");
        drop(waiting);
    }
}

//! Ctrl-C and SIGTERM: as a future for what serves, as a flag for what computes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};

/// The exit code of a command that a signal has ended.
pub const EXIT_CODE: u8 = 130;

/// How a command ends that was told to stop: no error, but no success either. Holds what to tell.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

/// Ready once Ctrl-C or SIGTERM has come, for everyone who holds it, and from then on.
pub type EndSignal = Shared<BoxFuture<'static, ()>>;

/// Begins to listen for Ctrl-C and SIGTERM. One for the whole command: a signal is told only to who listens already.
pub fn end_signal() -> EndSignal {
    let mut signals = Signals::listen();
    async move { signals.next().await }.boxed().shared()
}

/// Whether the work is to stop. All who hold it see the same.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Says so from the first Ctrl-C or SIGTERM on. A second one does not wait for the work's next look: it ends the program,
    /// and the store undoes what is not yet committed.
    pub fn on_signal() -> Self {
        let stop = Self::default();
        let mut signals = Signals::listen();
        let flag = stop.0.clone();
        tokio::spawn(async move {
            signals.next().await;
            flag.store(true, Ordering::Relaxed);
            signals.next().await;
            std::process::exit(i32::from(EXIT_CODE));
        });
        stop
    }

    /// Says so from `end` on.
    pub fn at(end: EndSignal) -> Self {
        let stop = Self::default();
        let flag = stop.0.clone();
        tokio::spawn(async move {
            end.await;
            flag.store(true, Ordering::Relaxed);
        });
        stop
    }

    /// Whether it is asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ctrl-C and SIGTERM, one after the other.
#[cfg(unix)]
struct Signals([std::io::Result<tokio::signal::unix::Signal>; 2]);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self([signal(SignalKind::interrupt()), signal(SignalKind::terminate())])
    }

    async fn next(&mut self) {
        let one = async |signal: &mut std::io::Result<tokio::signal::unix::Signal>| match signal {
            Ok(signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        };
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            () = one(interrupt) => {}
            () = one(terminate) => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_signal_is_kept_for_those_who_wait_later() {
        let end = end_signal();
        // Nobody waits yet, as while the data are loaded.
        assert!(std::process::Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().unwrap().success());
        for waiting in [end.clone(), end] {
            tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
        }
    }
}

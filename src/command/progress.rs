//! Progress of long work on stderr, when that is a terminal.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::signal::Stop;

/// A bar that is silent when stderr is no terminal.
pub struct Progress {
    bar: ProgressBar,
    stop: Stop,
}

impl Progress {
    /// A bar from 0 to 100 %, of work that is not stopped half-way.
    pub fn new() -> Self {
        Self::until(Stop::default())
    }

    /// A bar from 0 to 100 %, of work that stops when asked to.
    pub fn until(stop: Stop) -> Self {
        Self { bar: bar(1000, "{spinner} {msg:14} {wide_bar} {percent:>3} % {elapsed}"), stop }
    }

    /// The stage and how far it is, 0 to 1. Says whether to go on.
    pub fn at(&self, stage: &str, share: f64) -> bool {
        if self.bar.message() != stage {
            self.bar.set_message(stage.to_owned());
        }
        self.bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
        !self.stop.is_asked()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Progress over many streets; several are worked on at once.
pub struct StreetProgress {
    bar: ProgressBar,
    stop: Stop,
}

impl StreetProgress {
    /// A bar over so many streets.
    pub fn over(streets: usize, stop: Stop) -> Self {
        Self { bar: bar(streets as u64, "{spinner} {msg:22} {wide_bar} {pos}/{len} streets {elapsed}, {eta} left"), stop }
    }

    /// One of the streets is at this stage. Says whether to go on.
    pub fn at(&self, street: &str, stage: &str) -> bool {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{street} {stage}"));
        }
        !self.stop.is_asked()
    }

    /// Another street is done with.
    pub fn finish_street(&self) {
        self.bar.inc(1);
    }

    /// Tells a line beside the bar, not through it.
    pub fn suspend(&self, tell: impl FnOnce()) {
        self.bar.suspend(tell);
    }
}

impl Drop for StreetProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn bar(length: u64, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

//! Progress of long work on stderr, when that is a terminal.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that is silent when stderr is no terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar from 0 to 100 %.
    pub fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg:14} {wide_bar} {percent:>3} % {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// The stage and how far it is, 0 to 1. Says to go on.
    pub fn at(&self, stage: &str, share: f64) -> bool {
        if self.0.message() != stage {
            self.0.set_message(stage.to_owned());
        }
        self.0.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
        true
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

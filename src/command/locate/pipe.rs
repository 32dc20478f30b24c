//! Reading ahead and writing behind, each on a thread of its own. Buffers go round, so that their memory is asked for once.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    time::{Duration, Instant},
};

use anyhow::anyhow;

use super::points::Failure;

/// Bytes of a window: a part for every core and something to balance with.
const WINDOW_BYTES: usize = 8 << 20;
/// Buffers that may wait to be written.
const WRITES_WAITING: usize = 8;

/// The next windows of an input, read ahead.
pub struct Windows {
    filled: Receiver<io::Result<(Vec<u8>, Duration)>>,
    empty: Sender<Vec<u8>>,
    took: Duration,
}

impl Windows {
    /// Begins to read. The thread is never waited for: an input may stay open for ever.
    pub fn read(mut input: impl Read + Send + 'static) -> Self {
        let (to_caller, filled) = sync_channel(1);
        let (empty, from_caller) = channel::<Vec<u8>>();
        std::thread::spawn(move || {
            loop {
                let clock = Instant::now();
                let mut window = from_caller.try_recv().unwrap_or_default();
                window.clear();
                let read = input.by_ref().take(WINDOW_BYTES as u64).read_to_end(&mut window);
                let was_last = read.as_ref().map_or(true, |read| *read < WINDOW_BYTES);
                if to_caller.send(read.map(|_| (window, clock.elapsed()))).is_err() || was_last {
                    return;
                }
            }
        });
        Self { filled, empty, took: Duration::ZERO }
    }

    /// Appends the next window; says whether it was the last.
    pub fn fill(&mut self, window: &mut Vec<u8>) -> Result<bool, Failure> {
        let next = self.filled.recv().map_err(|_| Failure::Read(anyhow!("the reader stopped")))?;
        let (bytes, took) = next.map_err(|error| Failure::Read(error.into()))?;
        self.took += took;
        let is_last = bytes.len() < WINDOW_BYTES;
        window.extend_from_slice(&bytes);
        // Nobody takes it when all is read.
        let _ = self.empty.send(bytes);
        Ok(is_last)
    }

    /// How long reading took so far.
    pub fn took(&self) -> Duration {
        self.took
    }
}

/// What is to be written, in the order it is given.
pub struct Writer {
    full: SyncSender<Vec<u8>>,
    written: Receiver<Vec<u8>>,
}

impl Writer {
    /// A buffer to fill, perhaps one that was written before.
    pub fn buffer(&self) -> Vec<u8> {
        self.written.try_recv().unwrap_or_default()
    }

    /// Hands a buffer over.
    pub fn write(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        // The one who writes knows better why it ended.
        self.full.send(bytes).map_err(|_| Failure::Write(io::ErrorKind::BrokenPipe.into()))
    }
}

/// Works while another thread writes what the work hands over; also tells how long writing took. A failure to write is what is
/// reported, if there is one.
pub fn while_writing<O: Write + Send>(
    out: &mut O,
    work: impl FnOnce(&mut Writer) -> Result<(), Failure>,
) -> (Result<(), Failure>, Duration) {
    let (full, to_write) = sync_channel::<Vec<u8>>(WRITES_WAITING);
    let (give_back, written) = channel();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut took = Duration::ZERO;
            for bytes in to_write {
                let clock = Instant::now();
                if let Err(error) = out.write_all(&bytes) {
                    return (Err(Failure::Write(error)), took);
                }
                took += clock.elapsed();
                // Nobody takes it when all is done.
                let _ = give_back.send(bytes);
            }
            (Ok(()), took)
        });
        let done = {
            let mut writer = Writer { full, written };
            work(&mut writer)
        };
        let (written, took) = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (written.and(done), took)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_the_input() {
        let bytes: Vec<u8> = (0..2 * WINDOW_BYTES + 5).map(|i| (i % 251) as u8).collect();
        for length in [0, 5, WINDOW_BYTES, WINDOW_BYTES + 1, bytes.len()] {
            let mut windows = Windows::read(io::Cursor::new(bytes[..length].to_vec()));
            let mut all = Vec::new();
            while !windows.fill(&mut all).ok().unwrap() {}
            assert_eq!(all, &bytes[..length]);
        }
    }

    #[test]
    fn what_is_handed_over_is_written_in_order() {
        let mut out = Vec::new();
        let (done, _) = while_writing(&mut out, |writer| (0..100u8).try_for_each(|i| writer.write(vec![i; 3])));
        assert!(done.is_ok());
        assert_eq!(out, (0..100u8).flat_map(|i| [i; 3]).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_disk_is_what_is_told() {
        let mut out = &mut [0u8; 4][..];
        let (done, _) = while_writing(&mut out, |writer| (0..100).try_for_each(|i| writer.write(vec![i; 3])));
        assert!(matches!(done, Err(Failure::Write(error)) if error.kind() == io::ErrorKind::WriteZero));
    }
}

//! Many points of a layer, one after the other: a feature's bytes are put together in a register or two.

use super::{pyramid::Pixel, wire::zigzag};

/// A feature's pair of key and value as it goes out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    bytes: u64,
    len: usize,
}

/// Pairs that a point may have at most.
pub const MAX_PAIRS: usize = 5;
/// Bytes that the longest point takes, and what is written beyond its end: at most five pairs of six bytes each, two ordinates of five.
const ROOM: usize = 64;

impl Pair {
    /// A pair of [`super::encode::LayerWriter::key`] and a value's number. A layer has fewer than 128 keys.
    pub fn new(key: u32, value: u32) -> Self {
        let (bytes, len) = spread(value);
        Self { bytes: bytes << 8 | u64::from(key), len: 1 + len }
    }
}

/// Writes points to the end of a layer's features.
#[derive(Debug)]
pub struct PointRun<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
}

impl<'a> PointRun<'a> {
    /// Makes room for so many points.
    pub fn new(out: &'a mut Vec<u8>, points: usize) -> Self {
        let end = out.len();
        out.resize(end + points * ROOM, 0);
        Self { out, end }
    }

    /// Adds a point.
    pub fn push(&mut self, at: Pixel, pairs: &[Pair]) {
        debug_assert!(pairs.len() <= MAX_PAIRS);
        if self.out.len() < self.end + ROOM {
            self.out.resize(self.end + ROOM, 0);
        }
        let room = &mut self.out[self.end..self.end + ROOM];
        let mut put = |at: usize, bytes: u64| room[at..at + 8].copy_from_slice(&bytes.to_le_bytes());
        let mut end = 4;
        for pair in pairs {
            put(end, pair.bytes);
            end += pair.len;
        }
        let tagged = end;
        let ((x, x_len), (y, y_len)) = (spread(zigzag(at.x) as u32), spread(zigzag(at.y) as u32));
        // The kind, a point; the geometry and its length; one command, to move.
        put(tagged, u64::from_le_bytes([3 << 3, 1, 4 << 3 | 2, (1 + x_len + y_len) as u8, 1 << 3 | 1, 0, 0, 0]));
        put(tagged + 5, x);
        put(tagged + 5 + x_len, y);
        end = tagged + 5 + x_len + y_len;
        // The feature and its tags, each with its length: none takes more than a byte.
        room[..4].copy_from_slice(&[2 << 3 | 2, end as u8 - 2, 2 << 3 | 2, tagged as u8 - 4]);
        self.end += end;
    }

    /// Gives back the room that was not needed.
    pub fn finish(self) {
        self.out.truncate(self.end);
    }
}

/// A varint in the low bytes of a number, and how many.
fn spread(v: u32) -> (u64, usize) {
    let v = u64::from(v);
    if v < 1 << 7 {
        return (v, 1);
    }
    if v < 1 << 14 {
        return (v & 0x7f | 0x80 | v >> 7 << 8, 2);
    }
    let (mut bytes, mut len, mut rest) = (0, 0, v);
    while rest >= 0x80 {
        bytes |= (rest & 0x7f | 0x80) << (8 * len);
        rest >>= 7;
        len += 1;
    }
    (bytes | rest << (8 * len), len + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tile::encode::LayerWriter;

    proptest! {
        #[test]
        fn points_are_as_one_by_one(points in prop::collection::vec((0i64..4096, 0i64..4096, prop::collection::vec((0u32..9, 0u32..32, any::<u32>()), 0..6)), 0..20), room in 0usize..20) {
            let mut plain = LayerWriter::default();
            plain.begin("points");
            let mut out = plain.tile().to_vec();
            let mut run = PointRun::new(&mut out, room);
            for (x, y, tags) in &points {
                let tags: Vec<[u32; 2]> = tags.iter().map(|(key, shift, value)| [*key, value >> shift]).collect();
                plain.point(None, Pixel::new(*x, *y), tags.as_flattened());
                run.push(Pixel::new(*x, *y), &tags.iter().map(|[key, value]| Pair::new(*key, *value)).collect::<Vec<_>>());
            }
            run.finish();
            prop_assert_eq!(plain.tile(), &out);
        }
    }
}

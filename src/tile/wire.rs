//! Paths as they go out: steps in zigzag varints, so that one that lies wholly in a tile is copied and not encoded again.

use super::pyramid::Pixel;

/// Paths of one zoom's grid, or of world steps, in some three bytes a point.
#[derive(Debug, Default)]
pub struct WirePaths {
    bytes: Vec<u8>,
    paths: Vec<Head>,
}

/// Where a path begins and ends.
#[derive(Clone, Copy, Debug)]
struct Head {
    first: [u32; 2],
    last: [u32; 2],
    /// Where its steps begin in the bytes; they end where the next path's begin.
    start: u32,
    /// Points, the first one included.
    count: u32,
}

/// One path.
#[derive(Clone, Copy, Debug)]
pub struct WirePath<'a> {
    head: Head,
    steps: &'a [u8],
}

impl WirePaths {
    /// Adds a path; it may be empty. Pixels are from the world's corner, below 2³².
    pub fn push(&mut self, points: &[Pixel]) {
        let ordinates = |p: &Pixel| [p.x as u32, p.y as u32];
        let (first, last) = (points.first().map_or([0; 2], ordinates), points.last().map_or([0; 2], ordinates));
        self.paths.push(Head { first, last, start: self.bytes.len() as u32, count: points.len() as u32 });
        let mut steps = StepWriter::new(&mut self.bytes, points.len().saturating_sub(1));
        for pair in points.windows(2) {
            steps.push(pair[1].x - pair[0].x, pair[1].y - pair[0].y);
        }
        steps.finish();
    }

    /// Gives back what was reserved for more paths.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.paths.shrink_to_fit();
    }

    /// How many paths.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// A path.
    pub fn path(&self, i: usize) -> WirePath<'_> {
        let head = self.paths[i];
        let end = self.paths.get(i + 1).map_or(self.bytes.len(), |next| next.start as usize);
        WirePath { head, steps: &self.bytes[head.start as usize..end] }
    }
}

impl<'a> WirePath<'a> {
    /// How many points.
    pub fn len(&self) -> usize {
        self.head.count as usize
    }

    /// The first point.
    pub fn first(&self) -> Pixel {
        Pixel::new(self.head.first[0].into(), self.head.first[1].into())
    }

    /// The last point.
    pub fn last(&self) -> Pixel {
        Pixel::new(self.head.last[0].into(), self.head.last[1].into())
    }

    /// The steps from point to point, x and y in turn, ready to send.
    pub fn steps(&self) -> &'a [u8] {
        self.steps
    }

    /// The points.
    pub fn points(&self) -> impl Iterator<Item = Pixel> + use<'a> {
        let (mut at, mut steps) = (self.first(), self.steps);
        let mut left = self.head.count;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let point = at;
            if left > 0 {
                let (x, y) = read_step(&mut steps);
                at = Pixel::new(at.x + unzigzag(x), at.y + unzigzag(y));
            }
            Some(point)
        })
    }
}

/// Reads two numbers. Of most lines each takes one byte or two at random: that is read without a branch to guess wrong.
fn read_step(steps: &mut &[u8]) -> (u64, u64) {
    if let Some((four, _)) = steps.split_first_chunk() {
        let first = u32::from_le_bytes(*four);
        let x_is_long = first >> 7 & 1;
        let second = first >> (8 + 8 * x_is_long);
        let y_is_long = second >> 7 & 1;
        let is_longer = (x_is_long & first >> 15) | (y_is_long & second >> 15);
        if is_longer & 1 == 0 {
            let number = |bytes: u32, is_long: u32| u64::from(bytes & 0x7f | ((bytes >> 1 & 0x3f80) * is_long));
            *steps = &steps[2 + (x_is_long + y_is_long) as usize..];
            return (number(first, x_is_long), number(second, y_is_long));
        }
    }
    (read_varint(steps), read_varint(steps))
}

/// Appends steps of two numbers each, of which most take one byte or two.
#[derive(Debug)]
pub struct StepWriter<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
}

impl<'a> StepWriter<'a> {
    /// Makes room for so many steps.
    pub fn new(out: &'a mut Vec<u8>, steps: usize) -> Self {
        let end = out.len();
        out.resize(end + 4 * steps, 0);
        Self { out, end }
    }

    /// Appends a step.
    pub fn push(&mut self, x: i64, y: i64) {
        let (x, y) = (zigzag(x), zigzag(y));
        if (x | y) >> 14 != 0 || self.out.len() < self.end + 4 {
            let room = self.out.len() - self.end;
            self.out.truncate(self.end);
            varint(self.out, x);
            varint(self.out, y);
            self.end = self.out.len();
            self.out.resize(self.end + room, 0);
            return;
        }
        let bytes = |v: u64| {
            let is_long = u32::from(v > 0x7f);
            (v as u32 & 0x7f | is_long << 7 | (v as u32 >> 7) << 8, 1 + is_long)
        };
        let ((x, x_len), (y, y_len)) = (bytes(x), bytes(y));
        self.out[self.end..self.end + 4].copy_from_slice(&(x | y << (8 * x_len)).to_le_bytes());
        self.end += (x_len + y_len) as usize;
    }

    /// Gives back the room that was not needed.
    pub fn finish(self) {
        self.out.truncate(self.end);
    }
}

/// Signed to unsigned, small to small.
pub fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

fn unzigzag(v: u64) -> i64 {
    (v >> 1) as i64 ^ -((v & 1) as i64)
}

/// Appends a number, seven bits a byte.
pub fn varint(out: &mut Vec<u8>, mut v: u64) {
    // Steps between points of a line mostly take one byte or two.
    if v < 1 << 7 {
        return out.push(v as u8);
    }
    if v < 1 << 14 {
        return out.extend_from_slice(&[v as u8 | 0x80, (v >> 7) as u8]);
    }
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn read_varint(bytes: &mut &[u8]) -> u64 {
    let (mut v, mut shift) = (0, 0);
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        v |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
        shift += 7;
    }
    v
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn paths_come_back(paths in prop::collection::vec(prop::collection::vec((0u32..32, any::<u32>(), any::<u32>()), 0..9), 0..5)) {
            // Steps of one byte to five.
            let point = |p: &(u32, u32, u32)| Pixel::new((p.1 >> p.0).into(), (p.2 >> (31 - p.0)).into());
            let paths: Vec<Vec<Pixel>> = paths.iter().map(|path| path.iter().map(point).collect()).collect();
            let mut wire = WirePaths::default();
            paths.iter().for_each(|path| wire.push(path));
            wire.shrink();
            let mut plain = Vec::new();
            for pair in paths.iter().flat_map(|path| path.windows(2)) {
                varint(&mut plain, zigzag(pair[1].x - pair[0].x));
                varint(&mut plain, zigzag(pair[1].y - pair[0].y));
            }
            prop_assert_eq!(&wire.bytes, &plain);
            prop_assert_eq!(wire.len(), paths.len());
            for (i, path) in paths.iter().enumerate() {
                let read = wire.path(i);
                prop_assert_eq!(&read.points().collect::<Vec<_>>(), path);
                prop_assert_eq!(read.len(), path.len());
                if let (Some(first), Some(last)) = (path.first(), path.last()) {
                    prop_assert_eq!((read.first(), read.last()), (*first, *last));
                }
            }
        }
    }
}

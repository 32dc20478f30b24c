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
        for pair in points.windows(2) {
            varint(&mut self.bytes, zigzag(pair[1].x - pair[0].x));
            varint(&mut self.bytes, zigzag(pair[1].y - pair[0].y));
        }
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
                at.x += unzigzag(read_varint(&mut steps));
                at.y += unzigzag(read_varint(&mut steps));
            }
            Some(point)
        })
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
        fn paths_come_back(paths in prop::collection::vec(prop::collection::vec((any::<u32>(), any::<u32>()), 0..9), 0..5)) {
            let paths: Vec<Vec<Pixel>> =
                paths.iter().map(|path| path.iter().map(|p| Pixel::new(p.0.into(), p.1.into())).collect()).collect();
            let mut wire = WirePaths::default();
            paths.iter().for_each(|path| wire.push(path));
            wire.shrink();
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

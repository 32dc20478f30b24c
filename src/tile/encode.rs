//! The wire format: Mapbox Vector Tile 2.1, written by hand so that the same features give the same bytes.

use std::{hash::Hasher as _, ops::Range};

use rustc_hash::FxHasher;

use super::{
    clip::Clipper,
    points::PointRun,
    pyramid::{EXTENT, Pixel},
    wire::{StepWriter, WirePath, varint, zigzag},
};

/// A property's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A number that is never negative.
    Count(u64),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// A feature's shape in pixels from the tile's corner.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    /// One position.
    Point(Pixel),
    /// Open lines of at least two points.
    Lines(&'a [Vec<Pixel>]),
    /// Rings without the repeated last point; a ring that runs clockwise on the map (y south) begins a polygon, the others are its holes.
    Rings(&'a [Vec<Pixel>]),
}

/// The layers of a tile, written one after the other into one buffer, with the scratch that writing needs. Kept and used again, it
/// allocates nothing.
#[derive(Debug, Default)]
pub struct LayerWriter {
    /// The layers so far.
    out: Vec<u8>,
    /// Where the open layer's fields begin, behind room for its own tag and length.
    body: usize,
    keys: Vec<&'static str>,
    values: Values,
    is_empty: bool,
    /// The open feature's pairs of key and value.
    pairs: Vec<u8>,
    /// The open feature's geometry.
    pub geometry: Commands,
    /// Scratch for what crosses the tile's edge.
    pub clipper: Clipper,
}

/// What a feature's geometry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Points.
    Point = 1,
    /// Lines.
    Line = 2,
    /// Polygons.
    Polygon = 3,
}

/// The longest length: a varint of 32 bits.
const LENGTH_ROOM: usize = 5;
/// Numbers of keys and values that a point of the short form may have.
const SHORT_TAGS: usize = 16;

impl LayerWriter {
    /// Forgets all that was written; the buffers stay.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    /// Begins a layer.
    pub fn begin(&mut self, name: &'static str) {
        self.keys.clear();
        self.values.clear();
        self.pairs.clear();
        self.geometry.clear();
        self.is_empty = true;
        self.body = self.out.len() + 1 + LENGTH_ROOM;
        self.out.resize(self.body, 0);
        field_varint(&mut self.out, 15, 2);
        field_bytes(&mut self.out, 1, name.as_bytes());
    }

    /// Ends the layer and says how many bytes of [`LayerWriter::tile`] are its own; none when it has no feature.
    pub fn end(&mut self) -> usize {
        let start = self.body - 1 - LENGTH_ROOM;
        if self.is_empty {
            self.out.truncate(start);
            return 0;
        }
        for key in &self.keys {
            field_bytes(&mut self.out, 3, key.as_bytes());
        }
        self.out.extend_from_slice(&self.values.bytes);
        field_varint(&mut self.out, 5, EXTENT as u64);
        let length = self.out.len() - self.body;
        let head = 1 + varint_len(length as u64);
        let moved = start + head;
        self.out.copy_within(self.body.., moved);
        self.out.truncate(moved + length);
        self.out[start] = 3 << 3 | 2;
        put_varint(&mut self.out[start + 1..moved], length as u64);
        head + length
    }

    /// The layers that were ended.
    pub fn tile(&self) -> &[u8] {
        &self.out
    }

    /// Adds a feature; equal values are stored once.
    pub fn feature(&mut self, id: Option<u64>, shape: Shape<'_>, properties: &[(&'static str, Value<'_>)]) {
        self.tags(properties);
        let kind = self.geometry.shape(shape);
        self.close_feature(id, kind);
    }

    /// Adds a point with pairs of [`LayerWriter::key`] and [`LayerWriter::value`] or [`LayerWriter::push_value`].
    pub fn point(&mut self, id: Option<u64>, at: Pixel, tags: &[u32]) {
        if id.is_some() || tags.len() > SHORT_TAGS || tags.iter().any(|number| *number >= 1 << 21) {
            for number in tags {
                varint(&mut self.pairs, u64::from(*number));
            }
            self.geometry.path(&[at]);
            return self.close_feature(id, Kind::Point);
        }
        // Tags of at most three bytes and two ordinates of at most five: no length takes more than a byte.
        let mut feature = [0; 128];
        let mut end = 4;
        let mut put = |mut v: u64| {
            while v >= 0x80 {
                feature[end] = v as u8 | 0x80;
                v >>= 7;
                end += 1;
            }
            feature[end] = v as u8;
            end += 1;
            end
        };
        let tagged = tags.iter().fold(4, |_, number| put(u64::from(*number)));
        [3 << 3, Kind::Point as u64, 4 << 3 | 2, 0, 1 << 3 | 1].into_iter().for_each(|v| {
            put(v);
        });
        put(zigzag(at.x));
        let end = put(zigzag(at.y));
        // The feature's field, its tags' and its geometry's, each with its length.
        feature[..4].copy_from_slice(&[2 << 3 | 2, end as u8 - 2, 2 << 3 | 2, tagged as u8 - 4]);
        feature[tagged + 3] = (end - tagged - 4) as u8;
        self.out.extend_from_slice(&feature[..end]);
        self.is_empty = false;
    }

    /// Adds points, some `count` of them, with pairs of [`LayerWriter::key`] and [`LayerWriter::value`] or
    /// [`LayerWriter::push_value`]: for many, in less time each. At least one is then pushed.
    pub fn points(&mut self, count: usize) -> PointRun<'_> {
        self.is_empty = false;
        PointRun::new(&mut self.out, count)
    }

    /// Gives the open feature properties; equal values are stored once.
    pub fn tags(&mut self, properties: &[(&'static str, Value<'_>)]) {
        for (key, value) in properties {
            let (key, value) = (self.key(key), self.value(*value));
            self.tag(key, value);
        }
    }

    /// Gives the open feature a property by the numbers of its key and its value.
    pub fn tag(&mut self, key: u32, value: u32) {
        varint(&mut self.pairs, u64::from(key));
        varint(&mut self.pairs, u64::from(value));
    }

    /// Writes the feature made of the tags and the geometry given since the last.
    pub fn close_feature(&mut self, id: Option<u64>, kind: Kind) {
        let geometry = &self.geometry.bytes;
        let field_len = |bytes: &[u8]| 1 + varint_len(bytes.len() as u64) + bytes.len();
        let length = id.map_or(0, |id| 1 + varint_len(id)) + field_len(&self.pairs) + 2 + field_len(geometry);
        field_varint_raw(&mut self.out, 2 << 3 | 2, length as u64);
        if let Some(id) = id {
            field_varint(&mut self.out, 1, id);
        }
        field_bytes(&mut self.out, 2, &self.pairs);
        field_varint(&mut self.out, 3, kind as u64);
        field_bytes(&mut self.out, 4, geometry);
        self.pairs.clear();
        self.geometry.clear();
        self.is_empty = false;
    }

    /// The number of a key.
    pub fn key(&mut self, key: &'static str) -> u32 {
        // A layer has a handful of keys.
        let at = self.keys.iter().position(|k| *k == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        at as u32
    }

    /// The number of a value; equal values have one number.
    pub fn value(&mut self, value: Value<'_>) -> u32 {
        self.values.share(|out| value.write(out))
    }

    /// The number of a value that hardly comes again: it is not looked up and a later equal one is another.
    pub fn push_value(&mut self, value: Value<'_>) -> u32 {
        value.write(&mut self.values.bytes);
        self.values.count += 1;
        self.values.count - 1
    }

    /// The number of a value made ready by [`Value::write`]; equal values have one number.
    pub fn share_written(&mut self, field: &[u8]) -> u32 {
        self.values.share(|out| out.extend_from_slice(field))
    }

    /// The number of the first of several values made ready by [`Value::write`]; none is looked up.
    pub fn push_written(&mut self, fields: &[u8], count: u32) -> u32 {
        self.values.bytes.extend_from_slice(fields);
        self.values.count += count;
        self.values.count - count
    }
}

impl Value<'_> {
    /// Appends the value as a field of a layer.
    pub fn write(self, out: &mut Vec<u8>) {
        const LAYER_VALUE: u64 = 4 << 3 | 2;
        match self {
            // Most texts are ids and codes: none of their lengths takes more than a byte.
            Self::Text(text) if text.len() < 126 => {
                let length = text.len() as u8;
                out.extend_from_slice(&[LAYER_VALUE as u8, length + 2, 1 << 3 | 2, length]);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Text(text) => {
                field_varint_raw(out, LAYER_VALUE, (1 + varint_len(text.len() as u64) + text.len()) as u64);
                field_bytes(out, 1, text.as_bytes());
            }
            Self::Number(number) => {
                out.extend_from_slice(&[LAYER_VALUE as u8, 9, 3 << 3 | 1]);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Self::Count(count) => Self::write_varint(out, 5, count),
            Self::Whole(whole) => Self::write_varint(out, 6, zigzag(whole)),
            Self::Flag(flag) => Self::write_varint(out, 7, u64::from(flag)),
        }
    }

    fn write_varint(out: &mut Vec<u8>, field: u8, v: u64) {
        out.extend_from_slice(&[4 << 3 | 2, 1 + varint_len(v) as u8, field << 3]);
        varint(out, v);
    }
}

/// A layer's values as they go out, and which of them to find again.
#[derive(Debug, Default)]
struct Values {
    bytes: Vec<u8>,
    count: u32,
    known: Vec<KnownValue>,
    /// Open addressing: one more than the place in `known`, 0 for none. At most half full; a power of two.
    slots: Vec<u32>,
}

/// A value that may come again.
#[derive(Clone, Copy, Debug)]
struct KnownValue {
    start: u32,
    end: u32,
    number: u32,
}

/// Slots a layer begins with.
const FEWEST_SLOTS: usize = 256;

impl Values {
    fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
        self.known.clear();
        self.slots.clear();
        self.slots.resize(FEWEST_SLOTS, 0);
    }

    fn share(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let slot = self.slot_of(start..self.bytes.len());
        if let Some(known) = (self.slots[slot] as usize).checked_sub(1).map(|place| self.known[place]) {
            self.bytes.truncate(start);
            return known.number;
        }
        let number = self.count;
        self.count += 1;
        self.known.push(KnownValue { start: start as u32, end: self.bytes.len() as u32, number });
        self.slots[slot] = self.known.len() as u32;
        if self.known.len() * 2 > self.slots.len() {
            self.grow();
        }
        number
    }

    /// The slot of the value with these bytes, or the free one where it belongs.
    fn slot_of(&self, field: Range<usize>) -> usize {
        let wanted = &self.bytes[field];
        let mut hasher = FxHasher::default();
        hasher.write(wanted);
        let mask = self.slots.len() - 1;
        let mut slot = hasher.finish() as usize & mask;
        while let Some(place) = (self.slots[slot] as usize).checked_sub(1) {
            let known = self.known[place];
            if &self.bytes[known.start as usize..known.end as usize] == wanted {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let double = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(double, 0);
        for place in 0..self.known.len() {
            let known = self.known[place];
            let slot = self.slot_of(known.start as usize..known.end as usize);
            self.slots[slot] = place as u32 + 1;
        }
    }
}

/// A feature's geometry in commands.
#[derive(Debug, Default)]
pub struct Commands {
    bytes: Vec<u8>,
    cursor: Pixel,
}

impl Commands {
    const MOVE_TO: u64 = 1;
    const LINE_TO: u64 = 2;
    const CLOSE_PATH: u8 = 7 | 1 << 3;

    fn clear(&mut self) {
        self.bytes.clear();
        self.cursor = Pixel::default();
    }

    /// Whether nothing was drawn yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn shape(&mut self, shape: Shape<'_>) -> Kind {
        match shape {
            Shape::Point(p) => {
                self.path(&[p]);
                Kind::Point
            }
            Shape::Lines(lines) => {
                lines.iter().for_each(|line| self.path(line));
                Kind::Line
            }
            Shape::Rings(rings) => {
                rings.iter().for_each(|ring| self.ring(ring));
                Kind::Polygon
            }
        }
    }

    /// A line, or a single point.
    pub fn path(&mut self, points: &[Pixel]) {
        let Some((first, rest)) = points.split_first() else { return };
        self.move_to(*first);
        if rest.is_empty() {
            return;
        }
        varint(&mut self.bytes, Self::LINE_TO | (rest.len() as u64) << 3);
        let mut steps = StepWriter::new(&mut self.bytes, rest.len());
        for &p in rest {
            steps.push(p.x - self.cursor.x, p.y - self.cursor.y);
            self.cursor = p;
        }
        steps.finish();
    }

    /// A ring without the repeated last point.
    pub fn ring(&mut self, points: &[Pixel]) {
        self.path(points);
        self.bytes.push(Self::CLOSE_PATH);
    }

    /// A path that lies in the tile; its points are from the world's corner, the tile's is `origin`.
    pub fn whole_path(&mut self, path: WirePath<'_>, origin: Pixel) {
        let local = |p: Pixel| Pixel::new(p.x - origin.x, p.y - origin.y);
        self.move_to(local(path.first()));
        if path.len() > 1 {
            varint(&mut self.bytes, Self::LINE_TO | (path.len() as u64 - 1) << 3);
            self.bytes.extend_from_slice(path.steps());
        }
        self.cursor = local(path.last());
    }

    /// A ring that lies in the tile.
    pub fn whole_ring(&mut self, path: WirePath<'_>, origin: Pixel) {
        self.whole_path(path, origin);
        self.bytes.push(Self::CLOSE_PATH);
    }

    fn move_to(&mut self, p: Pixel) {
        varint(&mut self.bytes, Self::MOVE_TO | 1 << 3);
        self.go(p);
    }

    fn go(&mut self, p: Pixel) {
        varint(&mut self.bytes, zigzag(p.x - self.cursor.x));
        varint(&mut self.bytes, zigzag(p.y - self.cursor.y));
        self.cursor = p;
    }
}

/// Twice the area by the surveyor's formula with y south: positive for a ring that runs clockwise on the map, as MVT 2.1 wants of exteriors.
/// Exact for ordinates below 2³⁰, which those of a clipped ring are.
pub fn area2(ring: &[Pixel]) -> i64 {
    let Some(&last) = ring.last() else { return 0 };
    let mut previous = last;
    let mut sum = 0i64;
    for &p in ring {
        sum = sum.wrapping_add(previous.x.wrapping_mul(p.y).wrapping_sub(p.x.wrapping_mul(previous.y)));
        previous = p;
    }
    sum
}

/// Bytes a varint takes.
fn varint_len(v: u64) -> usize {
    (70 - (v | 1).leading_zeros() as usize) / 7
}

/// Writes a varint that fills the bytes exactly.
fn put_varint(out: &mut [u8], mut v: u64) {
    let last = out.len() - 1;
    for byte in &mut out[..last] {
        *byte = v as u8 | 0x80;
        v >>= 7;
    }
    out[last] = v as u8;
}

fn field_varint_raw(out: &mut Vec<u8>, tag: u64, v: u64) {
    varint(out, tag);
    varint(out, v);
}

fn field_varint(out: &mut Vec<u8>, field: u64, v: u64) {
    field_varint_raw(out, field << 3, v);
}

fn field_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    field_varint_raw(out, field << 3 | 2, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(shape: Shape<'_>) -> (Kind, Vec<u8>) {
        let mut commands = Commands::default();
        (commands.shape(shape), commands.bytes)
    }

    #[test]
    fn the_specification_s_examples() {
        // MVT 2.1, 4.3.5.
        assert_eq!(geometry(Shape::Point(Pixel::new(25, 17))), (Kind::Point, vec![9, 50, 34]));
        let line = [vec![Pixel::new(2, 2), Pixel::new(2, 10), Pixel::new(10, 10)]];
        assert_eq!(geometry(Shape::Lines(&line)), (Kind::Line, vec![9, 4, 4, 18, 0, 16, 16, 0]));
        let ring = [vec![Pixel::new(3, 6), Pixel::new(8, 12), Pixel::new(20, 34)]];
        assert_eq!(geometry(Shape::Rings(&ring)), (Kind::Polygon, vec![9, 6, 12, 18, 10, 12, 24, 44, 15]));
        assert!(area2(&[Pixel::new(0, 0), Pixel::new(10, 0), Pixel::new(10, 10), Pixel::new(0, 10)]) > 0);
    }

    #[test]
    fn a_varint_is_as_long_as_it_says() {
        for v in (0..64).map(|bit| 1u64 << bit).flat_map(|v| [v - 1, v, v + 1]).chain([u64::MAX]) {
            let mut bytes = Vec::new();
            varint(&mut bytes, v);
            assert_eq!(bytes.len(), varint_len(v), "{v}");
            let mut exact = vec![0; varint_len(v)];
            put_varint(&mut exact, v);
            assert_eq!(bytes, exact, "{v}");
        }
    }

    #[test]
    fn shared_values_have_one_number_and_pushed_ones_their_own() {
        let mut writer = LayerWriter::default();
        writer.begin("layer");
        let numbers: Vec<u32> = (0..2000).map(|i| writer.value(Value::Count(i % 1000))).collect();
        assert!(numbers.iter().enumerate().all(|(i, number)| *number as usize == i % 1000));
        assert_eq!(
            [writer.push_value(Value::Count(7)), writer.push_value(Value::Count(7)), writer.value(Value::Text("7"))],
            [1000, 1001, 1002]
        );
        assert_eq!([writer.value(Value::Count(7)), writer.value(Value::Whole(7)), writer.value(Value::Text("7"))], [7, 1003, 1002]);
    }

    #[test]
    fn a_layer_without_features_leaves_nothing() {
        let mut writer = LayerWriter::default();
        writer.begin("one");
        writer.point(None, Pixel::new(1, 2), &[]);
        let bytes = writer.end();
        writer.begin("none");
        assert_eq!((writer.end(), writer.tile().len()), (0, bytes));
        // Layer 3, its length, version 2, its name, a feature (no tags, a point, its geometry), the extent.
        let expected = [26, 24, 120, 2, 10, 3, b'o', b'n', b'e', 18, 9, 18, 0, 24, 1, 34, 3, 9, 2, 4, 40, 128, 32];
        assert_eq!(writer.tile()[2..], expected[2..]);
        assert_eq!(writer.tile()[..2], [26, expected.len() as u8 - 2]);
    }
}

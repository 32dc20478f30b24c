//! The wire format: Mapbox Vector Tile 2.1, written by hand so that the same features give the same bytes.

use rustc_hash::FxHashMap;

use super::pyramid::{EXTENT, Pixel};

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

/// One layer being written.
#[derive(Debug)]
pub struct LayerWriter {
    name: &'static str,
    keys: Vec<&'static str>,
    values: FxHashMap<Vec<u8>, u32>,
    value_bytes: Vec<u8>,
    features: Vec<u8>,
    is_empty: bool,
}

impl LayerWriter {
    /// An empty layer.
    pub fn new(name: &'static str) -> Self {
        Self { name, keys: Vec::new(), values: FxHashMap::default(), value_bytes: Vec::new(), features: Vec::new(), is_empty: true }
    }

    /// Adds a feature.
    pub fn feature(&mut self, id: Option<u64>, shape: Shape<'_>, properties: &[(&'static str, Value<'_>)]) {
        let mut tags = Vec::with_capacity(properties.len() * 3);
        for (key, value) in properties {
            varint(&mut tags, u64::from(self.key(key)));
            varint(&mut tags, u64::from(self.value(*value)));
        }
        let mut feature = Vec::with_capacity(32 + tags.len());
        if let Some(id) = id {
            field_varint(&mut feature, 1, id);
        }
        field_bytes(&mut feature, 2, &tags);
        let (kind, geometry) = geometry(shape);
        field_varint(&mut feature, 3, kind);
        field_bytes(&mut feature, 4, &geometry);
        field_bytes(&mut self.features, 2, &feature);
        self.is_empty = false;
    }

    fn key(&mut self, key: &'static str) -> u32 {
        // A layer has a handful of keys.
        let at = self.keys.iter().position(|k| *k == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        at as u32
    }

    fn value(&mut self, value: Value<'_>) -> u32 {
        let mut bytes = Vec::new();
        match value {
            Value::Text(text) => field_bytes(&mut bytes, 1, text.as_bytes()),
            Value::Number(number) => {
                varint(&mut bytes, 3 << 3 | 1);
                bytes.extend(number.to_le_bytes());
            }
            Value::Count(count) => field_varint(&mut bytes, 5, count),
            Value::Whole(whole) => field_varint(&mut bytes, 6, zigzag(whole)),
            Value::Flag(flag) => field_varint(&mut bytes, 7, u64::from(flag)),
        }
        if let Some(&at) = self.values.get(&bytes) {
            return at;
        }
        field_bytes(&mut self.value_bytes, 4, &bytes);
        let at = self.values.len() as u32;
        self.values.insert(bytes, at);
        at
    }

    /// The layer as a field of the tile; empty when it has no feature.
    pub fn finish(self) -> Vec<u8> {
        if self.is_empty {
            return Vec::new();
        }
        let mut layer = Vec::with_capacity(self.features.len() + self.value_bytes.len() + 128);
        field_varint(&mut layer, 15, 2);
        field_bytes(&mut layer, 1, self.name.as_bytes());
        layer.extend_from_slice(&self.features);
        for key in &self.keys {
            field_bytes(&mut layer, 3, key.as_bytes());
        }
        layer.extend_from_slice(&self.value_bytes);
        field_varint(&mut layer, 5, EXTENT as u64);
        let mut tile = Vec::with_capacity(layer.len() + 8);
        field_bytes(&mut tile, 3, &layer);
        tile
    }
}

/// Geometry type and commands.
fn geometry(shape: Shape<'_>) -> (u64, Vec<u8>) {
    const MOVE_TO: u64 = 1;
    const LINE_TO: u64 = 2;
    const CLOSE_PATH: u64 = 7 | 1 << 3;
    let mut commands = Vec::new();
    let mut cursor = Pixel::default();
    let mut go = |commands: &mut Vec<u8>, p: Pixel| {
        varint(commands, zigzag(p.x - cursor.x));
        varint(commands, zigzag(p.y - cursor.y));
        cursor = p;
    };
    let mut path = |commands: &mut Vec<u8>, points: &[Pixel]| {
        varint(commands, MOVE_TO | 1 << 3);
        go(commands, points[0]);
        if points.len() > 1 {
            varint(commands, LINE_TO | (points.len() as u64 - 1) << 3);
            for &p in &points[1..] {
                go(commands, p);
            }
        }
    };
    let kind = match shape {
        Shape::Point(p) => {
            path(&mut commands, &[p]);
            1
        }
        Shape::Lines(lines) => {
            for line in lines {
                path(&mut commands, line);
            }
            2
        }
        Shape::Rings(rings) => {
            for ring in rings {
                path(&mut commands, ring);
                varint(&mut commands, CLOSE_PATH);
            }
            3
        }
    };
    (kind, commands)
}

/// Twice the area by the surveyor's formula with y south: positive for a ring that runs clockwise on the map, as MVT 2.1 wants of exteriors.
pub fn area2(ring: &[Pixel]) -> i128 {
    let Some(&last) = ring.last() else { return 0 };
    let mut previous = last;
    let mut sum = 0;
    for &p in ring {
        sum += i128::from(previous.x) * i128::from(p.y) - i128::from(p.x) * i128::from(previous.y);
        previous = p;
    }
    sum
}

fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn field_varint(out: &mut Vec<u8>, field: u64, v: u64) {
    varint(out, field << 3);
    varint(out, v);
}

fn field_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_s_examples() {
        // MVT 2.1, 4.3.5.
        assert_eq!(geometry(Shape::Point(Pixel::new(25, 17))), (1, vec![9, 50, 34]));
        let line = [vec![Pixel::new(2, 2), Pixel::new(2, 10), Pixel::new(10, 10)]];
        assert_eq!(geometry(Shape::Lines(&line)), (2, vec![9, 4, 4, 18, 0, 16, 16, 0]));
        let ring = [vec![Pixel::new(3, 6), Pixel::new(8, 12), Pixel::new(20, 34)]];
        assert_eq!(geometry(Shape::Rings(&ring)), (3, vec![9, 6, 12, 18, 10, 12, 24, 44, 15]));
        assert!(area2(&[Pixel::new(0, 0), Pixel::new(10, 0), Pixel::new(10, 10), Pixel::new(0, 10)]) > 0);
    }
}

//! A WGS 84 tile out of the GCJ-02 tiles that show its ground.
//!
//! A GCJ-02 source draws the ground of a WGS 84 position where the shifted position is, up to 720 m off. So a tile shows what the
//! source has under the tile's *shifted* place: a window over up to four source tiles. The window is shifted as a whole, by the offset
//! at the tile's centre, in whole pixels: nothing is resampled, and the picture stays sharp.
//!
//! # Units
//! Steps of 1/256 tile: pixels of a tile of the usual size.
//!
//! # Errors of position
//! The offset changes within a tile: its steepest part is a wave of 13 m amplitude every third of a degree. The worst corner in China is
//! 0.85 pixels off, a tile's worst corner 0.3 on average; rounding adds half a pixel in each axis. That is below 1.4 pixels in all, 0.8 m
//! on the ground at zoom 18. Where the box around China ends, the offset ends with a jump, and a tile is shifted as its centre is.

use bytes::Bytes;
use jpeg_encoder::{ColorType, Encoder};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{Error, Format, Picture};
use crate::{
    geometry::crs::gcj02::{self, Degrees},
    tile::TileCoord,
};

/// Steps a tile is wide.
const STEPS: i64 = 256;
/// Pixels a source's tile may be wide: 512 is what sources for dense screens send.
const MAX_SIDE: usize = 1024;
/// Tells a second encoding from the first only under a lens, at twice to thrice less weight than at 95.
const JPEG_QUALITY: u8 = 88;

/// How far the source's window lies from the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// Steps east.
    x: i64,
    /// Steps south.
    y: i64,
}

impl Shift {
    /// The shift of a tile; outside China none.
    pub fn of(tile: TileCoord) -> Self {
        let (x, y) = offset_at(tile, 0.5, 0.5);
        Self { x: (x * STEPS as f64).round() as i64, y: (y * STEPS as f64).round() as i64 }
    }

    /// Whether the source's own tile is the answer: outside China, and where the shift is less than half a pixel.
    pub fn is_none(self) -> bool {
        self.x == 0 && self.y == 0
    }

    /// The source's tiles under the window, row by row; `None` beyond the edge of the world.
    pub fn sources(self, tile: TileCoord) -> Vec<Option<TileCoord>> {
        let side = 1_i64 << tile.z;
        let (columns, rows) = self.grid();
        let (left, top) = (i64::from(tile.x) + self.x.div_euclid(STEPS), i64::from(tile.y) + self.y.div_euclid(STEPS));
        let at = |place: i64| (0..side).contains(&place).then(|| u32::try_from(place).ok()).flatten();
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (left + column, top + row)))
            .map(|(x, y)| Some(TileCoord { z: tile.z, x: at(x)?, y: at(y)? }))
            .collect()
    }

    /// The window out of the tiles that [`Shift::sources`] names; `None` when there are none. Where one of them is missing, the picture is
    /// transparent. JPEG stays JPEG where it can.
    ///
    /// # Errors
    /// [`Error::Unshiftable`].
    pub fn put_together(self, tiles: &[Option<Picture>]) -> Result<Option<Picture>, Error> {
        let decoded = tiles.iter().map(|tile| tile.as_ref().map(decode).transpose()).collect::<Result<Vec<_>, _>>()?;
        let Some(side) = decoded.iter().flatten().next().map(|pixels| pixels.side) else { return Ok(None) };
        if decoded.iter().flatten().any(|pixels| pixels.side != side) {
            return Err(Error::Unshiftable("its neighbours are of another size"));
        }
        let (columns, _) = self.grid();
        let scaled = |steps: i64| (steps.rem_euclid(STEPS) as usize * side).div_ceil(STEPS as usize);
        let (left, top) = (scaled(self.x), scaled(self.y));
        let mut window = vec![0; side * side * 4];
        for (place, pixels) in decoded.iter().enumerate() {
            let Some(pixels) = pixels else { continue };
            let (column, row) = (place % columns as usize, place / columns as usize);
            // Of the tile: the part beyond the window's left and top edge, or the part before its right and bottom edge.
            let (from_x, to_x) = part(column, left, side);
            let (from_y, to_y) = part(row, top, side);
            for y in from_y..to_y {
                let source = (y * side + from_x) * 4;
                let target = ((y + row * side - top) * side + from_x + column * side - left) * 4;
                let length = (to_x - from_x) * 4;
                window[target..target + length].copy_from_slice(&pixels.rgba[source..source + length]);
            }
        }
        let is_jpeg = tiles.iter().all(|tile| tile.as_ref().is_some_and(|tile| tile.format == Format::Jpeg));
        let encoded = if is_jpeg { encode_jpeg(&window, side) } else { encode_png(&window, side) };
        encoded.map(Some).ok_or(Error::Broken)
    }

    /// Columns and rows of tiles under the window.
    fn grid(self) -> (i64, i64) {
        let count = |steps: i64| if steps.rem_euclid(STEPS) == 0 { 1 } else { 2 };
        (count(self.x), count(self.y))
    }
}

/// The pixels of the first or second tile in a row that a window beginning at `offset` shows.
fn part(place: usize, offset: usize, side: usize) -> (usize, usize) {
    if place == 0 { (offset, side) } else { (0, offset) }
}

/// How far from its place the source shows the ground at a place in a tile (0 to 1 from west and north), in tiles east and south.
fn offset_at(tile: TileCoord, across: f64, down: f64) -> (f64, f64) {
    let side = f64::from(tile.z).exp2();
    let here = ((f64::from(tile.x) + across) / side, (f64::from(tile.y) + down) / side);
    let p = Degrees { lon: here.0 * 360.0 - 180.0, lat: ((0.5 - here.1) * std::f64::consts::TAU).sinh().atan().to_degrees() };
    let there = gcj02::from_wgs84(p);
    let north = |lat: f64| lat.to_radians().tan().asinh() / std::f64::consts::TAU;
    ((there.lon - p.lon) / 360.0 * side, (north(p.lat) - north(there.lat)) * side)
}

/// A decoded square.
struct Pixels {
    side: usize,
    rgba: Vec<u8>,
}

fn decode(picture: &Picture) -> Result<Pixels, Error> {
    match picture.format {
        Format::Png => decode_png(&picture.bytes),
        Format::Jpeg => decode_jpeg(&picture.bytes),
        Format::Webp => Err(Error::Unshiftable("it is WebP; ask the source for PNG or JPEG")),
    }
}

const DAMAGED: Error = Error::Unshiftable("it is damaged");

fn square(width: usize, height: usize) -> Result<usize, Error> {
    match width == height && (1..=MAX_SIDE).contains(&width) {
        true => Ok(width),
        false => Err(Error::Unshiftable("it is not a square of at most 1024 pixels")),
    }
}

fn decode_jpeg(bytes: &Bytes) -> Result<Pixels, Error> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA).set_max_width(MAX_SIDE).set_max_height(MAX_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes[..]), options);
    decoder.decode_headers().map_err(|_| DAMAGED)?;
    let (width, height) = decoder.dimensions().ok_or(DAMAGED)?;
    let side = square(width, height)?;
    let rgba = decoder.decode().map_err(|_| DAMAGED)?;
    if rgba.len() == side * side * 4 { Ok(Pixels { side, rgba }) } else { Err(DAMAGED) }
}

fn decode_png(bytes: &Bytes) -> Result<Pixels, Error> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes[..]));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let header = decoder.read_header_info().map_err(|_| DAMAGED)?;
    let side = square(header.width as usize, header.height as usize)?;
    let mut reader = decoder.read_info().map_err(|_| DAMAGED)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(DAMAGED)?];
    let info = reader.next_frame(&mut pixels).map_err(|_| DAMAGED)?;
    pixels.truncate(info.buffer_size());
    let rgba = match info.color_type {
        png::ColorType::Rgba => pixels,
        png::ColorType::GrayscaleAlpha => pixels.as_chunks().0.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect(),
        _ => return Err(DAMAGED),
    };
    if rgba.len() == side * side * 4 { Ok(Pixels { side, rgba }) } else { Err(DAMAGED) }
}

fn without_alpha(rgba: &[u8]) -> Vec<u8> {
    rgba.as_chunks().0.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]).collect()
}

fn encode_jpeg(rgba: &[u8], side: usize) -> Option<Picture> {
    let side = u16::try_from(side).ok()?;
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, JPEG_QUALITY).encode(&without_alpha(rgba), side, side, ColorType::Rgb).ok()?;
    Some(Picture::new(Format::Jpeg, bytes.into()))
}

fn encode_png(rgba: &[u8], side: usize) -> Option<Picture> {
    let is_opaque = rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255);
    let side = u32::try_from(side).ok()?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(if is_opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&if is_opaque { without_alpha(rgba) } else { rgba.to_vec() }).ok()?;
    writer.finish().ok()?;
    Some(Picture::new(Format::Png, bytes.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tile that holds a position.
    fn tile_at(lon: f64, lat: f64, z: u8) -> TileCoord {
        let side = f64::from(z).exp2();
        let y = 0.5 - lat.to_radians().tan().asinh() / std::f64::consts::TAU;
        TileCoord { z, x: ((lon + 180.0) / 360.0 * side) as u32, y: (y * side) as u32 }
    }

    /// A picture whose every pixel says where it is: red and green are column and row, blue the tile.
    fn mapped(side: usize, tile: u8, format: Format) -> Picture {
        let steps = side / 256;
        let rgba: Vec<u8> = (0..side * side).flat_map(|i| [(i % side / steps) as u8, (i / side / steps) as u8, tile, 255]).collect();
        match format {
            Format::Jpeg => encode_jpeg(&rgba, side).unwrap(),
            _ => encode_png(&rgba, side).unwrap(),
        }
    }

    fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 4] {
        let pixels = decode(picture).unwrap();
        let at = (y * pixels.side + x) * 4;
        pixels.rgba[at..at + 4].try_into().unwrap()
    }

    #[test]
    fn a_window_takes_its_part_of_each_tile() {
        let tile = TileCoord { z: 17, x: 100, y: 50 };
        let shift = Shift { x: 256 + 40, y: -100 };
        let names: Vec<_> = shift.sources(tile).into_iter().map(|tile| tile.map(|tile| (tile.x, tile.y))).collect();
        assert_eq!(names, [Some((101, 49)), Some((102, 49)), Some((101, 50)), Some((102, 50))]);
        for side in [256, 512] {
            let steps = side / 256;
            let tiles: Vec<_> = (0..4).map(|tile| Some(mapped(side, tile, Format::Png))).collect();
            let picture = shift.put_together(&tiles).unwrap().unwrap();
            assert_eq!(picture.format, Format::Png);
            let at = |x: usize, y: usize| pixel(&picture, x * steps, y * steps);
            assert_eq!(at(0, 0), [40, 156, 0, 255]);
            assert_eq!(at(215, 99), [255, 255, 0, 255]);
            assert_eq!(at(216, 99), [0, 255, 1, 255]);
            assert_eq!(at(215, 100), [255, 0, 2, 255]);
            assert_eq!(at(216, 100), [0, 0, 3, 255]);
            assert_eq!(at(255, 255), [39, 155, 3, 255]);
        }
    }

    #[test]
    fn whole_tiles_need_no_neighbour() {
        let tile = TileCoord { z: 18, x: 7, y: 7 };
        assert_eq!(Shift { x: 512, y: 0 }.sources(tile), [Some(TileCoord { z: 18, x: 9, y: 7 })]);
        assert_eq!(Shift { x: 3, y: 256 }.sources(tile).len(), 2);
        assert_eq!(Shift { x: 3, y: -256 * 8 }.sources(tile), [None, None]);
    }

    #[test]
    fn missing_tiles_are_transparent_and_jpeg_stays_jpeg() {
        let shift = Shift { x: 128, y: 0 };
        assert!(shift.put_together(&[None, None]).unwrap().is_none());
        let half = shift.put_together(&[None, Some(mapped(256, 9, Format::Jpeg))]).unwrap().unwrap();
        assert_eq!(half.format, Format::Png);
        assert_eq!(pixel(&half, 0, 0)[3], 0);
        assert_eq!(pixel(&half, 200, 0)[3], 255);
        let both = shift.put_together(&[Some(mapped(256, 9, Format::Jpeg)), Some(mapped(256, 9, Format::Jpeg))]).unwrap().unwrap();
        assert_eq!(both.format, Format::Jpeg);
        let [red, green, ..] = pixel(&both, 60, 77);
        assert!(red.abs_diff(188) < 12 && green.abs_diff(77) < 12, "{red} {green}");
    }

    #[test]
    fn what_cannot_be_shifted_is_said() {
        let shift = Shift { x: 0, y: 1 };
        let good = Some(mapped(256, 0, Format::Png));
        for bad in [
            Picture::new(Format::Webp, Bytes::from_static(b"RIFF")),
            Picture::new(Format::Png, good.as_ref().unwrap().bytes.slice(..200)),
            Picture::new(Format::Jpeg, Bytes::from_static(&[0xff, 0xd8, 0xff, 0xe0])),
            mapped(512, 0, Format::Png),
        ] {
            let error = shift.put_together(&[good.clone(), Some(bad)]).unwrap_err();
            assert!(matches!(error, Error::Unshiftable(_)), "{error}");
        }
    }

    #[test]
    fn grey_and_indexed_pictures_are_read() {
        let encoded = |color: png::ColorType, palette: Option<Vec<u8>>, data: &[u8]| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
            encoder.set_color(color);
            if let Some(palette) = palette {
                encoder.set_palette(palette);
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(data).unwrap();
            writer.finish().unwrap();
            Picture::new(Format::Png, bytes.into())
        };
        let grey = encoded(png::ColorType::Grayscale, None, &[10, 20, 30, 40]);
        assert_eq!(pixel(&grey, 1, 1), [40, 40, 40, 255]);
        let indexed = encoded(png::ColorType::Indexed, Some(vec![1, 2, 3, 4, 5, 6]), &[0, 1, 1, 0]);
        assert_eq!(pixel(&indexed, 1, 0), [4, 5, 6, 255]);
    }

    #[test]
    fn far_out_and_abroad_nothing_is_shifted() {
        assert!(Shift::of(tile_at(104.83, 26.59, 6)).is_none());
        assert!(!Shift::of(tile_at(104.83, 26.59, 12)).is_none());
        assert!(Shift::of(tile_at(9.52, 47.14, 18)).is_none());
    }

    proptest! {
        // As the module says.
        #[test]
        fn places_are_off_by_little_more_than_a_pixel(lon in 73.0..135.0, lat in 3.0..54.0, z in 8..=18_u8, across in 0.0..1.0, down in 0.0..1.0) {
            let tile = tile_at(lon, lat, z);
            let shift = Shift::of(tile);
            let (x, y) = offset_at(tile, across, down);
            let (x, y) = (x * 256.0 - shift.x as f64, y * 256.0 - shift.y as f64);
            prop_assert!(x.abs().max(y.abs()) < 1.4, "{x} {y} pixels off");
        }
    }
}

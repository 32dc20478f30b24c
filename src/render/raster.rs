//! SVG to pixels to PNG.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use resvg::{
    tiny_skia::{Color, Pixmap, Transform},
    usvg::{FontResolver, Options, Tree, fontdb::Database},
};

use super::Error;

/// Latin letters of Noto Sans SC (SIL Open Font License 1.1): the same text on every machine.
const LATIN: &[u8] = include_bytes!("latin.ttf");
const FAMILY: &str = "Noto Sans SC";

/// Colours an indexed PNG has room for.
const PALETTE: usize = 256;

/// The picture as PNG; `None` when neither our font nor the system's have one of its letters.
pub fn png(svg: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut fonts = Database::new();
    fonts.load_font_data(LATIN.to_vec());
    fonts.set_serif_family(FAMILY);
    fonts.set_sans_serif_family(FAMILY);
    let is_missing = AtomicBool::new(false);
    let of_system = AtomicBool::new(false);
    let by_letter = FontResolver::default_fallback_selector();
    let options = Options {
        font_family: FAMILY.into(),
        fontdb: Arc::new(fonts),
        font_resolver: FontResolver {
            // The system's fonts are looked for only when ours lacks a letter.
            select_fallback: Box::new(|letter, tried, fonts| {
                if !of_system.swap(true, Ordering::Relaxed) {
                    Arc::make_mut(fonts).load_system_fonts();
                }
                let found = by_letter(letter, tried, fonts);
                is_missing.fetch_or(found.is_none(), Ordering::Relaxed);
                found
            }),
            ..FontResolver::default()
        },
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| Error::Raster(error.to_string()))?;
    if is_missing.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let size = tree.size().to_int_size();
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| Error::Raster("it has no size".into()))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    // Nothing shines through white paper: the fourth channel says nothing.
    let colours: Vec<[u8; 3]> = pixels.pixels().iter().map(|p| [p.red(), p.green(), p.blue()]).collect();
    encoded(&colours, size.width(), size.height()).map(Some).map_err(|error| Error::Raster(error.to_string()))
}

/// An indexed PNG: a map has few colours and many shades of them along its edges, so a third of the bytes do.
fn encoded(pixels: &[[u8; 3]], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
    for pixel in pixels {
        *counts.entry(*pixel).or_insert(0) += 1;
    }
    let mut counted: Vec<([u8; 3], u32)> = counts.into_iter().collect();
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let (palette, place) = palette_of(&counted);
    let indices: Vec<u8> = pixels.iter().map(|pixel| place[pixel]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indices)?;
    writer.finish()?;
    Ok(bytes)
}

/// The colours that leave the least to be wished for, one after the other: the next is always the one that is far from all
/// chosen so far and seen often. And where each colour went. `counted` must not be empty.
fn palette_of(counted: &[([u8; 3], u32)]) -> (Vec<[u8; 3]>, HashMap<[u8; 3], u8>) {
    let mut palette = Vec::with_capacity(PALETTE);
    let mut nearest = vec![(u32::MAX, 0_u8); counted.len()];
    let mut next = 0;
    while palette.len() < PALETTE.min(counted.len()) {
        let number = palette.len() as u8;
        palette.push(counted[next].0);
        for (near, (colour, _)) in nearest.iter_mut().zip(counted) {
            *near = (*near).min((apart(*colour, counted[next].0), number));
        }
        let wish = |i: usize| u64::from(nearest[i].0) * u64::from(counted[i].1);
        next = (0..counted.len()).max_by_key(|i| (wish(*i), std::cmp::Reverse(*i))).unwrap_or(0);
    }
    let place = counted.iter().zip(nearest).map(|((colour, _), (_, number))| (*colour, number)).collect();
    (palette, place)
}

/// Squared distance of two colours.
fn apart(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width, height and RGB of every pixel.
    fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        (info.width, info.height, pixels)
    }

    fn page(inside: &str) -> String {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"30\" font-family=\"{FAMILY}\">{inside}</svg>")
    }

    #[test]
    fn latin_text_needs_no_font_of_the_system() {
        let bytes = png(&page("<text x=\"5\" y=\"20\" font-size=\"16\">−10 % ©</text>")).unwrap().unwrap();
        let (width, height, pixels) = decoded(&bytes);
        assert_eq!((width, height), (60, 30));
        let dark = pixels.chunks(3).filter(|p| p[0] < 100).count();
        assert!((30..600).contains(&dark), "{dark} dark pixels");
    }

    #[test]
    fn a_letter_nobody_has_is_told() {
        // A position of the private use area.
        assert!(png(&page("<text x=\"5\" y=\"20\">\u{f8fe}</text>")).unwrap().is_none());
        assert!(matches!(png("<svg"), Err(Error::Raster(_))));
    }

    #[test]
    fn few_colours_stay_as_they_are_and_many_come_near() {
        let exact: Vec<[u8; 3]> = (0..200).map(|i| [i, 255 - i, 7]).collect();
        let (_, _, pixels) = decoded(&encoded(&exact, 20, 10).unwrap());
        assert_eq!(pixels, exact.concat());
        let many: Vec<[u8; 3]> = (0..4096).map(|i| [(i % 16 * 17) as u8, (i / 16 % 16 * 17) as u8, (i / 256 * 17) as u8]).collect();
        let (_, _, pixels) = decoded(&encoded(&many, 64, 64).unwrap());
        assert!(pixels.chunks(3).zip(&many).all(|(got, wanted)| apart([got[0], got[1], got[2]], *wanted) < 50 * 50));
    }
}

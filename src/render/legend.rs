//! What stands below the map: the scale, what the colours mean, whose data it is.

use std::fmt::Write;

use super::{
    canvas::{Pen, escaped, px, text_width},
    colour::{BREAKS_PCT, DEVIATION},
    frame::Frame,
};

/// What an entry of the legend shows before its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// A field of a colour.
    Fill(&'static str),
    /// A piece of a line.
    Line(Pen),
    /// A dot of a colour.
    Dot(&'static str),
    /// The dot of a group's head.
    Head(&'static str),
    /// The scale of deviations.
    Deviations,
    /// Nothing: the words alone.
    Words,
}

/// Entries in the order they were added.
#[derive(Debug, Default)]
pub struct Legend(Vec<(Key, String)>);

/// Sizes in units.
const LETTERS: f64 = 12.0;
const ROW: f64 = 21.0;
const SCALE_ROW: f64 = 32.0;
const GAP: f64 = 20.0;
const SIDE: f64 = 14.0;
const CLASS: f64 = 34.0;

impl Legend {
    /// Adds an entry.
    pub fn add(&mut self, key: Key, words: &str) {
        self.0.push((key, words.to_owned()));
    }

    /// The SVG below the map and its height in pixels.
    pub fn draw(&self, frame: &Frame, attribution: &str) -> (String, f64) {
        let unit = frame.unit;
        let room = frame.width / unit - 2.0 * SIDE;
        let (metres, words) = scale_of(frame);
        let bar = metres * frame.px_per_m / unit;
        let mut items: Vec<(f64, f64, String)> = vec![(bar + 8.0 + text_width(&words, LETTERS), ROW, scale_bar(bar, &words))];
        for (key, words) in &self.0 {
            let width = key.width();
            let gap = if width > 0.0 { 7.0 } else { 0.0 };
            let text = text_at(width + gap, 4.2, LETTERS, words);
            let height = if *key == Key::Deviations { SCALE_ROW } else { ROW };
            items.push((width + gap + text_width(words, LETTERS), height, key.draw() + &text));
        }
        if !attribution.is_empty() {
            items.push((text_width(attribution, 11.0), ROW, text_at(0.0, 4.2, 11.0, attribution)));
        }
        // Entries run on to the next row where they do not fit, the notice at the right end of the last one.
        let mut out = String::new();
        let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
        let last = items.len() - 1;
        for (i, (width, height, svg)) in items.into_iter().enumerate() {
            if x > 0.0 && x + width > room {
                (x, y, row) = (0.0, y + row, 0.0);
            }
            let is_notice = i == last && !attribution.is_empty();
            let left = if is_notice { (room - width).max(x) } else { x };
            let place = format!("translate({} {})", px((SIDE + left) * unit), px(frame.height + (y + ROW / 2.0) * unit));
            let _ = writeln!(out, "<g transform=\"{place} scale({})\">{svg}</g>", px_unit(unit));
            x += width + GAP;
            row = row.max(height);
        }
        (format!("<g class=\"legend\" fill=\"#374151\">\n{out}</g>\n"), (y + row + 8.0) * unit)
    }
}

impl Key {
    fn width(&self) -> f64 {
        match self {
            Self::Fill(_) => 20.0,
            Self::Line(_) => 26.0,
            Self::Dot(_) | Self::Head(_) => 10.0,
            Self::Deviations => CLASS * DEVIATION.len() as f64,
            Self::Words => 0.0,
        }
    }

    fn draw(&self) -> String {
        match self {
            Self::Fill(colour) => format!("<path fill=\"{colour}\" stroke=\"#6b7280\" stroke-width=\".6\" d=\"M0 -6H20V6H0Z\"/>"),
            Self::Line(pen) => format!("<path {} d=\"M0 0H26\"/>", pen.attributes(1.0)),
            Self::Dot(colour) => format!("<circle fill=\"{colour}\" cx=\"5\" r=\"3.5\"/>"),
            Self::Head(colour) => format!("<circle fill=\"{colour}\" stroke=\"#111827\" stroke-width=\"1.4\" cx=\"5\" r=\"4.5\"/>"),
            Self::Deviations => deviations(),
            Self::Words => String::new(),
        }
    }
}

fn deviations() -> String {
    let mut out = String::new();
    for (i, colour) in DEVIATION.iter().enumerate() {
        let _ = write!(
            out,
            "<path fill=\"{colour}\" stroke=\"#6b7280\" stroke-width=\".6\" d=\"M{} -7H{}V5H{0}Z\"/>",
            px(CLASS * i as f64),
            px(CLASS * (i + 1) as f64)
        );
    }
    for (i, at) in (1..).zip(BREAKS_PCT) {
        let sign = if at < 0.0 { "\u{2212}" } else { "+" };
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"16\" font-size=\"10\" text-anchor=\"middle\">{sign}{}</text>",
            px(CLASS * f64::from(i)),
            px(at.abs())
        );
    }
    out
}

/// A round length that takes about a seventh of the width, in metres, and its words.
fn scale_of(frame: &Frame) -> (f64, String) {
    let most = frame.width / frame.px_per_m / 7.0;
    let power = 10_f64.powf(most.log10().floor());
    let metres = [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|length| *length <= most).unwrap_or(power);
    let words = if metres >= 1000.0 { format!("{} km", px(metres / 1000.0)) } else { format!("{} m", px(metres)) };
    (metres, words)
}

fn scale_bar(width: f64, words: &str) -> String {
    format!("<path fill=\"none\" stroke=\"#374151\" stroke-width=\"1.4\" d=\"M0.7 -4V4H{}V-4\"/>", px(width - 0.7))
        + &text_at(width + 8.0, 4.2, LETTERS, words)
}

fn text_at(x: f64, y: f64, size: f64, words: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" font-size=\"{}\">{}</text>", px(x), px(y), px(size), escaped(words))
}

fn px_unit(unit: f64) -> String {
    format!("{unit:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bounds, LonLat};

    #[test]
    fn the_scale_bar_is_as_long_as_it_says() {
        // 0.04 by 0.02 degrees at 26.5 degrees north: 3 980 m wide.
        let box_ = Bounds { min: LonLat::new(1_048_000_000, 265_000_000), max: LonLat::new(1_048_400_000, 265_200_000) };
        let frame = Frame::new(box_, 1000);
        assert_eq!(scale_of(&frame), (500.0, "500 m".to_owned()));
        let (svg, _) = Legend::default().draw(&frame, "");
        let end: f64 = svg.split("V4H").nth(1).and_then(|rest| rest.split('V').next()).unwrap().parse().unwrap();
        assert!((end + 0.7 - 500.0 * 976.0 / 3980.0).abs() < 0.5, "{end}");
    }

    #[test]
    fn entries_that_do_not_fit_run_on_and_the_notice_stays_on_the_page() {
        let box_ = Bounds { min: LonLat::new(0, 0), max: LonLat::new(100_000, 100_000) };
        let frame = Frame::new(box_, 200);
        let mut legend = Legend::default();
        (0..5).for_each(|_| legend.add(Key::Fill("#fff"), "a community and its border"));
        let (svg, height) = legend.draw(&frame, "© OpenStreetMap contributors");
        // One below the other: the scale, five entries, the notice.
        assert!((6.0..8.5).contains(&(height / ROW / frame.unit)), "{height}");
        assert!(svg.matches("<g transform").count() == 7 && svg.contains('©'));
    }
}

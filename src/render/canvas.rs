//! A small writer of SVG: paths of positions, texts, and the page around them.

use std::fmt::Write;

use super::{frame::Frame, legend::Legend};
use crate::{
    geometry::measure::foot_on_segment,
    model::{LonLat, MultiPolygon},
};

/// How a line is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Pen {
    /// Any SVG colour.
    pub colour: &'static str,
    /// Width in units.
    pub width: f64,
    /// Stroke and gap in units.
    pub dash: Option<[f64; 2]>,
}

impl Pen {
    /// A full line.
    pub fn new(colour: &'static str, width: f64) -> Self {
        Self { colour, width, dash: None }
    }

    /// A dashed line.
    pub fn dashed(colour: &'static str, width: f64, dash: [f64; 2]) -> Self {
        Self { colour, width, dash: Some(dash) }
    }

    /// As SVG attributes.
    pub fn attributes(&self, unit: f64) -> String {
        let dash = self.dash.map_or(String::new(), |[on, off]| format!(" stroke-dasharray=\"{} {}\"", px(on * unit), px(off * unit)));
        let cap = if self.dash.is_some() { "butt" } else { "round" };
        let width = px2(self.width * unit);
        format!(
            "fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linecap=\"{cap}\" stroke-linejoin=\"round\"{dash}",
            self.colour
        )
    }
}

/// A picture being drawn, bottom first.
pub struct Canvas<'a> {
    /// Where the map stands.
    pub frame: &'a Frame,
    body: String,
}

/// A number of pixels to a tenth.
pub fn px(value: f64) -> String {
    trimmed(format!("{value:.1}"))
}

fn px2(value: f64) -> String {
    trimmed(format!("{value:.2}"))
}

fn trimmed(text: String) -> String {
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" || short.is_empty() { "0".into() } else { short.to_owned() }
}

/// A text as SVG may hold it. Characters that XML 1.0 forbids are left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

impl<'a> Canvas<'a> {
    /// An empty map.
    pub fn new(frame: &'a Frame) -> Self {
        Self { frame, body: String::new() }
    }

    /// Adds SVG as it is.
    pub fn raw(&mut self, svg: &str) {
        self.body.push_str(svg);
    }

    /// Draws a group of elements with common attributes.
    pub fn group(&mut self, attributes: &str, draw: impl FnOnce(&mut Self)) {
        let start = self.body.len();
        let _ = writeln!(self.body, "<g {attributes}>");
        let inside = self.body.len();
        draw(self);
        if self.body.len() == inside {
            self.body.truncate(start);
        } else {
            self.body.push_str("</g>\n");
        }
    }

    /// Path data of lines that can be seen.
    pub fn lines<'p>(&self, paths: impl IntoIterator<Item = &'p [LonLat]>) -> String {
        let mut data = String::new();
        for path in paths {
            if self.frame.shows(path) {
                self.append(&mut data, path, false);
            }
        }
        data
    }

    /// Path data of a shape; empty when it cannot be seen.
    pub fn shape(&self, shape: &MultiPolygon) -> String {
        let mut data = String::new();
        for part in shape.0.iter().filter(|part| self.frame.shows(&part.exterior)) {
            part.rings().for_each(|ring| self.append(&mut data, ring, true));
        }
        data
    }

    /// Positions that fall on the same tenth of a pixel are written once. What is shared is rounded alike, so it stays shared.
    fn append(&self, data: &mut String, path: &[LonLat], closed: bool) {
        let open = if closed { &path[..path.len().saturating_sub(1)] } else { path };
        let mut last = None;
        for p in open {
            let [x, y] = self.frame.xy(*p);
            let at = [(x * 10.0).round() as i64, (y * 10.0).round() as i64];
            if last == Some(at) {
                continue;
            }
            data.push_str(if last.is_none() { "M" } else { " " });
            let _ = write!(data, "{} {}", px(at[0] as f64 / 10.0), px(at[1] as f64 / 10.0));
            last = Some(at);
        }
        if closed && last.is_some() {
            data.push('Z');
        }
    }

    /// Draws a path unless it is empty.
    pub fn path(&mut self, data: &str, attributes: &str) {
        if !data.is_empty() {
            let space = if attributes.is_empty() { "" } else { " " };
            let _ = writeln!(self.body, "<path{space}{attributes} d=\"{data}\"/>");
        }
    }

    /// Draws lines with a pen, as one path.
    pub fn stroke<'p>(&mut self, class: &str, pen: &Pen, paths: impl IntoIterator<Item = &'p [LonLat]>) {
        let data = self.lines(paths);
        self.path(&data, &format!("class=\"{class}\" {}", pen.attributes(self.frame.unit)));
    }

    /// Draws a shape's rings with a pen.
    pub fn outline(&mut self, class: &str, shape: &MultiPolygon, pen: &Pen) {
        let data = self.shape(shape);
        self.path(&data, &format!("class=\"{class}\" {}", pen.attributes(self.frame.unit)));
    }

    /// Pales everything beyond the shape.
    pub fn pale_around(&mut self, shape: &MultiPolygon) {
        let (w, h) = (px(self.frame.width), px(self.frame.height));
        let data = format!("M0 0 {w} 0 {w} {h} 0 {h}Z{}", self.shape(shape));
        self.path(&data, "class=\"paled\" fill=\"#fff\" fill-opacity=\".66\" fill-rule=\"evenodd\"");
    }

    /// Writes a text in the middle of a place, if the shape has room for it there. `size` in units.
    pub fn label(&mut self, shape: &MultiPolygon, place: LonLat, text: &str, size: f64) {
        let size = size * self.frame.unit;
        let [x, y] = self.frame.xy(place);
        let edges = shape.rings().flat_map(|ring| ring.windows(2)).map(|e| [self.frame.xy(e[0]), self.frame.xy(e[1])]);
        let room = edges
            .map(|[a, b]| {
                let foot = foot_on_segment([x, y], a, b);
                (foot[0] - x).hypot(foot[1] - y)
            })
            .fold(f64::INFINITY, f64::min);
        let half = text_width(text, size) / 2.0;
        let is_seen = x > half && x < self.frame.width - half && y > size && y < self.frame.height - size;
        if is_seen && half <= room * 1.15 && size * 0.6 <= room {
            let _ = writeln!(
                self.body,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\">{}</text>",
                px(x),
                px(y + size * 0.36),
                px(size),
                escaped(text)
            );
        }
    }

    /// The whole document.
    pub fn finish(self, title: &str, legend: &Legend, attribution: &str) -> String {
        let (width, map) = (px(self.frame.width), px(self.frame.height));
        let (below, below_height) = legend.draw(self.frame, attribution);
        let height = px((self.frame.height + below_height).ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"'Noto Sans SC','Noto Sans CJK SC','Noto Sans','PingFang SC','Microsoft YaHei',sans-serif\">\n\
             <title>{}</title>\n\
             <defs><clipPath id=\"map\"><path d=\"M0 0H{width}V{map}H0Z\"/></clipPath></defs>\n\
             <path fill=\"#fff\" d=\"M0 0H{width}V{height}H0Z\"/>\n\
             <g clip-path=\"url(#map)\">\n{}</g>\n{below}</svg>\n",
            escaped(title),
            self.body
        )
    }
}

/// About how wide a text is, in the measure of `size`.
pub fn text_width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        ' ' | '.' | ',' | '·' | 'i' | 'l' | 'j' | 't' | 'f' | 'r' => 0.33,
        'm' | 'w' | '©' | '%' | 'M' | 'W' | 'O' => 0.87,
        c if c > '\u{2e80}' => 1.0,
        _ => 0.57,
    };
    text.chars().map(em).sum::<f64>() * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_texts_are_safe() {
        assert_eq!([px(12.0), px(0.05), px(-0.01), px(2.62)], ["12", "0.1", "0", "2.6"]);
        assert_eq!(escaped("a<b> & \"c\"\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot;");
    }
}

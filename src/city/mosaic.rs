//! Streets side by side: each is pushed south and west until it all but touches one that lies there already.

use super::shape::Xy;

/// Metres that any two positions of different outlines keep; lines between positions a few dozen metres apart keep nearly as much.
const GAP_M: f64 = 120.0;
/// A push ends when there is less than this left to go, metres.
const NEAR_M: f64 = 2.0;

/// How far each outline is to be moved, metres, so that all form about as many rows as a row has streets; the first stays.
/// Outlines are positions, a few dozen metres apart.
pub(super) fn arrange(outlines: &[Vec<Xy>]) -> Vec<Xy> {
    let row = (outlines.len() as f64).sqrt().ceil() as usize;
    let mut lying: Vec<Piece<'_>> = Vec::with_capacity(outlines.len());
    for (index, outline) in outlines.iter().enumerate() {
        let mut piece = Piece::new(outline);
        // From where nothing lies: beyond the one before it in its row, above all.
        let west = match index % row {
            0 => lying.first().map_or(0.0, |first| first.offset.x),
            _ => lying[index - 1].high().x + GAP_M - piece.low.x,
        };
        if index >= row {
            let top = lying.iter().map(|other| other.high().y).fold(f64::NEG_INFINITY, f64::max);
            piece.offset = Xy::new(west, top + GAP_M - piece.low.y);
            piece.push(Xy::new(0.0, -1.0), &lying);
        } else {
            piece.offset.x = west;
        }
        if index % row > 0 {
            piece.push(Xy::new(-1.0, 0.0), &lying);
        }
        if index >= row {
            piece.push(Xy::new(0.0, -1.0), &lying);
        }
        lying.push(piece);
    }
    lying.into_iter().map(|piece| piece.offset).collect()
}

/// An outline and where it has been moved.
struct Piece<'a> {
    outline: &'a [Xy],
    /// Least and greatest coordinates before it was moved.
    low: Xy,
    far: Xy,
    offset: Xy,
}

impl<'a> Piece<'a> {
    fn new(outline: &'a [Xy]) -> Self {
        let low = outline.iter().fold(Xy::new(f64::INFINITY, f64::INFINITY), |low, p| Xy::new(low.x.min(p.x), low.y.min(p.y)));
        let far = outline.iter().fold(Xy::new(f64::NEG_INFINITY, f64::NEG_INFINITY), |far, p| Xy::new(far.x.max(p.x), far.y.max(p.y)));
        Self { outline, low, far, offset: Xy::default() }
    }

    fn low(&self) -> Xy {
        self.low + self.offset
    }

    fn high(&self) -> Xy {
        self.far + self.offset
    }

    /// Moves it until another is near, or the first one's western or southern edge is reached. What is `d` away stays away in a
    /// move of `d`, so nothing is passed through.
    fn push(&mut self, direction: Xy, lying: &[Piece<'_>]) {
        let edge = lying.first().map_or(self.low(), Piece::low);
        loop {
            let room = lying.iter().map(|other| self.distance(other)).fold(f64::INFINITY, f64::min) - GAP_M;
            let to_edge = direction.dot(edge - self.low());
            let step = room.min(to_edge);
            if step < NEAR_M {
                return;
            }
            self.offset = self.offset + direction * step;
        }
    }

    /// Metres between the nearest positions; no more than the boxes' distance where that is far already.
    fn distance(&self, other: &Self) -> f64 {
        let (a, b, c, d) = (self.low(), self.high(), other.low(), other.high());
        let boxes = Xy::new((c.x - b.x).max(a.x - d.x).max(0.0), (c.y - b.y).max(a.y - d.y).max(0.0)).norm();
        if boxes > 2.0 * GAP_M {
            return boxes;
        }
        let between = other.offset - self.offset;
        let nearest = |p: Xy| other.outline.iter().map(|q| (*q + between - p).dot(*q + between - p)).fold(f64::INFINITY, f64::min);
        self.outline.iter().map(|p| nearest(*p)).fold(f64::INFINITY, f64::min).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(radius: f64) -> Vec<Xy> {
        (0..200).map(|i| Xy::at_angle(f64::from(i) * std::f64::consts::TAU / 200.0) * radius).collect()
    }

    #[test]
    fn circles_lie_close_in_rows_and_none_on_another() {
        let radii = [900.0, 1000.0, 800.0, 950.0, 700.0, 1000.0, 900.0];
        let outlines: Vec<Vec<Xy>> = radii.iter().map(|radius| circle(*radius)).collect();
        let offsets = arrange(&outlines);
        assert_eq!(offsets[0], Xy::default());
        for (i, a) in offsets.iter().enumerate() {
            let gaps: Vec<f64> = (0..offsets.len()).filter(|j| *j != i).map(|j| a.distance(offsets[j]) - radii[i] - radii[j]).collect();
            let nearest = gaps.iter().copied().fold(f64::INFINITY, f64::min);
            assert!((GAP_M - 20.0..GAP_M + 20.0).contains(&nearest), "{i}: {nearest} of {gaps:?}");
        }
        let far = offsets.iter().fold(Xy::default(), |far, p| Xy::new(far.x.max(p.x), far.y.max(p.y)));
        assert!(far.x < 5_000.0 && far.y < 5_000.0, "{far:?}");
    }

    #[test]
    fn one_street_stays_where_it_is() {
        assert_eq!(arrange(&[circle(500.0)]), [Xy::default()]);
        assert!(arrange(&[]).is_empty());
    }
}

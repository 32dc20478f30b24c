//! Figures with their digits, and how figures are spread.

use serde::{Serialize, Serializer};

/// A figure that is shown, in tables and in JSON alike, to so many decimals; to tens or hundreds where the number of decimals is
/// negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rounded<const DECIMALS: i32>(pub f64);

impl<const DECIMALS: i32> std::fmt::Display for Rounded<DECIMALS> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = match DECIMALS {
            ..0 => (self.0 / 10f64.powi(-DECIMALS)).round_ties_even() * 10f64.powi(-DECIMALS),
            _ => self.0,
        };
        let text = format!("{value:.*}", DECIMALS.max(0) as usize);
        // No minus before nothing.
        let is_nothing = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
        f.pad(if is_nothing { text.trim_start_matches('-') } else { &text })
    }
}

impl<const DECIMALS: i32> Serialize for Rounded<DECIMALS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The number nearest to what is shown; null for what is no number.
        serializer.serialize_f64(self.to_string().parse().unwrap_or(f64::NAN))
    }
}

/// How a figure is spread: its mean to `MEAN` decimals, its quantiles (interpolated linearly) to `QUANTILES`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread<const MEAN: i32, const QUANTILES: i32> {
    /// Arithmetic mean.
    pub mean: Rounded<MEAN>,
    /// Least.
    pub min: Rounded<QUANTILES>,
    /// A tenth are below.
    pub p10: Rounded<QUANTILES>,
    /// Half are below.
    pub median: Rounded<QUANTILES>,
    /// Nine tenths are below.
    pub p90: Rounded<QUANTILES>,
    /// Greatest.
    pub max: Rounded<QUANTILES>,
}

impl<const MEAN: i32, const QUANTILES: i32> Spread<MEAN, QUANTILES> {
    /// Of figures in any order; `None` of none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let quantile = |share: f64| {
            let at = share * last as f64;
            let (below, part) = (at as usize, at.fract());
            let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
            Rounded(low + part * (high - low))
        };
        Some(Self {
            mean: Rounded(sorted.iter().sum::<f64>() / sorted.len() as f64),
            min: quantile(0.0),
            p10: quantile(0.1),
            median: quantile(0.5),
            p90: quantile(0.9),
            max: quantile(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_what_is_written_is_the_same() {
        let json = |text: String, json: serde_json::Value| (text, json.to_string());
        let three = Rounded::<3>(-2.0 / 3.0);
        assert_eq!(json(three.to_string(), serde_json::to_value(three).unwrap()), ("-0.667".into(), "-0.667".into()));
        let tens = Rounded::<-1>(1_187.4);
        assert_eq!(json(tens.to_string(), serde_json::to_value(tens).unwrap()), ("1190".into(), "1190.0".into()));
        assert_eq!((Rounded::<1>(-0.04).to_string(), Rounded::<-2>(-49.0).to_string()), ("0.0".into(), "0".into()));
        assert_eq!((Rounded::<2>(2.675).to_string(), Rounded::<0>(0.5).to_string()), ("2.67".into(), "0".into()), "as Python rounds");
        assert_eq!(serde_json::to_value(Rounded::<1>(f64::NAN)).unwrap(), serde_json::Value::Null);
    }

    #[test]
    fn a_spread_is_numpys() {
        // numpy.quantile([3, 1, 2, 10], [0.1, 0.5, 0.9]) is [1.3, 2.5, 7.9].
        let spread = Spread::<2, 1>::of([3.0, 1.0, 2.0, 10.0]).unwrap();
        let shown = [spread.min, spread.p10, spread.median, spread.p90, spread.max].map(|q| q.to_string());
        assert_eq!((spread.mean.to_string().as_str(), shown), ("4.00", ["1.0", "1.3", "2.5", "7.9", "10.0"].map(String::from)));
        assert_eq!(Spread::<1, 1>::of([]), None);
        assert_eq!(Spread::<1, 1>::of([7.0]).unwrap().p90, Rounded(7.0));
    }
}

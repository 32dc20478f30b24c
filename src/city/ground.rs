//! From the straight drawing to the bent ground: a smooth distortion that gives the river its bends and the streets their curves.

use rand::Rng;

use super::shape::Xy;
use crate::geometry::LocalMetres;
use crate::model::LonLat;

/// Where the invented city lies: in 六盘水市钟山区, to the degree's hundredth.
pub(super) const ORIGIN: LonLat = LonLat::new(1_048_300_000, 265_900_000);

/// One sine wave that pushes the ground sideways.
struct Wave {
    /// Radians a metre, in the direction it runs.
    k: Xy,
    phase: f64,
    push: Xy,
}

/// The distortion, and the plane it lies in.
///
/// **Invariant:** no fold: each wave's slope stays below .1, the sum below 1, so neighbours on the drawing stay neighbours.
pub(super) struct Ground {
    waves: Vec<Wave>,
    /// Amplitude m, radians a metre, phase.
    bends: [(f64, f64, f64); 2],
    turn: Xy,
    /// Metres east and north by which all of it is moved.
    offset: Xy,
    metres: LocalMetres,
}

impl Ground {
    pub fn new(rng: &mut impl Rng) -> Self {
        let waves = (0..5)
            .map(|_| {
                let length = rng.random_range(1200.0..3600.0);
                let k = Xy::at_angle(rng.random_range(0.0..std::f64::consts::TAU)) * (std::f64::consts::TAU / length);
                let push = Xy::at_angle(rng.random_range(0.0..std::f64::consts::TAU)) * (0.013 * length);
                Wave { k, phase: rng.random_range(0.0..std::f64::consts::TAU), push }
            })
            .collect();
        let mut bend = |amplitude: f64, length: f64| {
            let length = length * rng.random_range(0.85..1.2);
            (amplitude, std::f64::consts::TAU / length, rng.random_range(0.0..std::f64::consts::TAU))
        };
        let bends = [bend(75.0, 1300.0), bend(26.0, 640.0)];
        let turn = Xy::at_angle(rng.random_range(-0.3..0.3));
        Self { waves, bends, turn, offset: Xy::default(), metres: LocalMetres::at(ORIGIN) }
    }

    /// The same ground, some metres to the east and north.
    pub fn moved(self, offset: Xy) -> Self {
        Self { offset, ..self }
    }

    /// Metres east and north of the origin, before the ground is moved, for a place of the drawing. The river's axis is y = 0 there.
    pub fn xy(&self, plan: Xy) -> Xy {
        let mut p = self.waves.iter().fold(plan, |p, wave| p + wave.push * (wave.k.dot(plan) + wave.phase).sin());
        let near_river = (-(plan.y / 380.0).powi(2)).exp();
        p.y += near_river * self.bends.iter().map(|(amplitude, k, phase)| amplitude * (k * plan.x + phase).sin()).sum::<f64>();
        Xy::new(p.x * self.turn.x - p.y * self.turn.y, p.x * self.turn.y + p.y * self.turn.x)
    }

    /// The grid position of a place on the ground.
    pub fn position(&self, ground: Xy) -> LonLat {
        let moved = ground + self.offset;
        self.metres.position([moved.x, moved.y])
    }

    /// The grid position of a place of the drawing.
    pub fn position_of_plan(&self, plan: Xy) -> LonLat {
        self.position(self.xy(plan))
    }
}

//! The power of an injection at its voltage: the models and the band that [`Injection`] describes.

use super::model::{Injection, VoltageModel};
use crate::complex::Complex;

/// Steepness of the drop-out of a ZIP load at its cut-off voltage, per unit of voltage (OpenDSS, model 8).
const DROP_OUT: f64 = 1000.0;
/// Below this voltage (per unit) an inverter's current limit fades with its square. Chosen: ride-through codes
/// (VDE-AR-N 4110, 10.2.3) ask for no controlled current below 0.1 to 0.15 per unit. (In proportion to the voltage,
/// inverters behind a transformer would be a constant negative resistance, and no iteration settles where that
/// outweighs the network's impedance.)
const LIMIT_FADE_PU: f64 = 0.1;

impl Injection {
    /// The power at the voltage `u` between its two nodes.
    #[must_use]
    pub fn power(&self, u: Complex) -> Complex {
        self.power_of(self.s, u)
    }

    /// The same with `s` for its own power at nominal voltage.
    pub(crate) fn power_of(&self, s: Complex, u: Complex) -> Complex {
        let v = u.norm() / self.v_nominal;
        let inside = v >= self.vmin_pu && v <= self.vmax_pu;
        match self.model {
            VoltageModel::Current => s * self.constant_current(v),
            VoltageModel::Impedance => s * (v * v),
            VoltageModel::Exponents { p, q } if inside => Complex::new(s.re * libm::pow(v, p), s.im * libm::pow(v, q)),
            VoltageModel::Power | VoltageModel::Exponents { .. } => s * self.constant_power(v),
            VoltageModel::Zip { .. } if v <= self.vlow_pu => s * (v * v),
            VoltageModel::Zip { p, q, cut_off } => {
                let shares = [v * v, self.constant_current(v), self.constant_power(v)];
                let sum = |k: [f64; 3]| k[0] * shares[0] + k[1] * shares[1] + k[2] * shares[2];
                Complex::new(s.re * sum(p), s.im * sum(q)) * remaining(v, cut_off)
            }
            VoltageModel::Continued { order, largest } => self.continued(s, v, order, largest),
        }
    }

    /// Where the power is simply `s`: between these two voltages, per unit, and up to this apparent power at nominal
    /// voltage. The first is above the second if it is so nowhere.
    pub(crate) fn constant_band(&self) -> (f64, f64, f64) {
        match self.model {
            VoltageModel::Power => (self.vmin_pu, self.vmax_pu, f64::INFINITY),
            VoltageModel::Continued { order: 0, largest } if largest == f64::INFINITY => {
                (self.vmin_pu, self.vmax_pu, largest)
            }
            VoltageModel::Continued { order: 0, largest } => (self.vmin_pu.max(LIMIT_FADE_PU), self.vmax_pu, largest),
            _ => (1.0, 0.0, 0.0),
        }
    }

    fn continued(&self, s: Complex, v: f64, order: u8, largest: f64) -> Complex {
        let w = v.max(self.vmin_pu).min(self.vmax_pu);
        let ratio = if w > 0.0 { v / w } else { 1.0 };
        let s = s * ((0..order).fold(1.0, |f, _| f * w) * ratio * ratio);
        if largest == f64::INFINITY {
            return s;
        }
        let (share, asked) = ((v / LIMIT_FADE_PU).min(1.0), s.norm());
        let largest = largest * share * share * v;
        if asked > largest { s * (largest / asked) } else { s }
    }

    /// Factor on a constant power, with its band.
    fn constant_power(&self, v: f64) -> f64 {
        if v >= self.vmin_pu && v <= self.vmax_pu {
            1.0
        } else if v > self.vmax_pu {
            v * v / (self.vmax_pu * self.vmax_pu)
        } else {
            self.below(v, 1.0 / self.vmin_pu)
        }
    }

    /// Factor on a power of constant current, with its band.
    fn constant_current(&self, v: f64) -> f64 {
        if v >= self.vmin_pu && v <= self.vmax_pu {
            v
        } else if v > self.vmax_pu {
            v * v / self.vmax_pu
        } else {
            self.below(v, 1.0)
        }
    }

    /// Factor below the band, where the current falls from `i_min` at its border in a line to that of an admittance.
    fn below(&self, v: f64, i_min: f64) -> f64 {
        let (low, min) = (self.vlow_pu, self.vmin_pu);
        if v <= low {
            return v * v;
        }
        v * (low + (i_min - low) * (v - low) / (min - low))
    }
}

/// Share of a load that its drop-out at `cut_off` (none: 0) leaves.
fn remaining(v: f64, cut_off: f64) -> f64 {
    if cut_off > 0.0 { 1.0 / (1.0 + libm::exp(-DROP_OUT * (v - cut_off))) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injection(model: VoltageModel) -> Injection {
        Injection {
            load: 0,
            bus: 0,
            plus: 0,
            minus: crate::network::NODE_GROUND,
            s: Complex::new(-100.0, -50.0),
            model,
            v_nominal: 240.0,
            vmin_pu: 0.95,
            vmax_pu: 1.05,
            vlow_pu: 0.5,
        }
    }

    fn at(model: VoltageModel, v: f64) -> Complex {
        injection(model).power(Complex::from_polar(240.0 * v, 0.3))
    }

    #[test]
    fn outside_its_band_every_model_passes_on_without_a_step() {
        let zip = VoltageModel::Zip { p: [0.2, 0.3, 0.5], q: [0.1, 0.1, 0.8], cut_off: 0.0 };
        for model in [VoltageModel::Power, VoltageModel::Current, VoltageModel::Impedance, zip] {
            for border in [0.5, 0.95, 1.05] {
                let jump = at(model, border - 1e-9) - at(model, border + 1e-9);
                assert!(jump.norm() < 1e-4, "{model:?} at {border}: {jump:?}");
            }
        }
        assert!((at(VoltageModel::Power, 1.155).re + 121.0).abs() < 1e-9);
        assert!((at(VoltageModel::Current, 1.155).re + 127.05).abs() < 1e-9);
        assert!((at(VoltageModel::Power, 0.4).re + 16.0).abs() < 1e-9);
        assert!((at(VoltageModel::Impedance, 2.0).im + 200.0).abs() < 1e-9);
    }

    /// The short way that a solver takes inside the band agrees with the long one, and the band ends where they part.
    #[test]
    fn within_its_constant_band_a_power_is_itself() {
        for largest in [f64::INFINITY, 150.0] {
            let model = VoltageModel::Continued { order: 0, largest };
            let sample = Injection { model, vmin_pu: if largest < 1e9 { 0.0 } else { 0.8 }, ..injection(model) };
            let (low, high, most) = sample.constant_band();
            for v in (1..300).map(|k| f64::from(k) * 0.005) {
                let power = sample.power(Complex::from_polar(240.0 * v, 0.3));
                let plain = v >= low && v <= high && sample.s.norm() <= most * v;
                assert_eq!(plain, (power - sample.s).norm() < 1e-9, "{largest} at {v}: {power:?}");
            }
        }
    }

    #[test]
    fn a_load_with_a_cut_off_drops_out_there() {
        let zip = VoltageModel::Zip { p: [0.0, 0.0, 1.0], q: [0.0, 0.0, 1.0], cut_off: 0.8 };
        assert!(at(zip, 0.78).norm() < 1e-6);
        assert!((at(zip, 0.99).re + 100.0).abs() < 1e-9);
    }
}

//! The power of an injection at its voltage: the models and the band that [`Injection`] describes.

use super::model::{Injection, VoltageModel};
use crate::complex::Complex;

impl Injection {
    /// The power at the voltage `u` between its two nodes.
    #[must_use]
    pub fn power(&self, u: Complex) -> Complex {
        let v = u.norm() / self.v_nominal;
        let s = self.s;
        if v >= self.vmin_pu && v <= self.vmax_pu {
            return self.power_within(v);
        }
        if v > self.vmax_pu {
            let w = v / self.vmax_pu;
            return s * (w * w);
        }
        if v <= self.vlow_pu {
            return s * (v * v);
        }
        let (low, min) = (self.vlow_pu, self.vmin_pu);
        let i = low + (1.0 / min - low) * (v - low) / (min - low);
        s * (v * i)
    }

    /// The power inside the band.
    fn power_within(&self, v: f64) -> Complex {
        let s = self.s;
        match self.model {
            VoltageModel::Power => s,
            VoltageModel::Current => s * v,
            VoltageModel::Impedance => s * (v * v),
            VoltageModel::Exponents { p, q } => Complex::new(s.re * libm::pow(v, p), s.im * libm::pow(v, q)),
            VoltageModel::Zip { cut_off, .. } if v < cut_off => Complex::ZERO,
            VoltageModel::Zip { p, q, .. } => {
                let share = |k: [f64; 3]| k[0] * v * v + k[1] * v + k[2];
                Complex::new(s.re * share(p), s.im * share(q))
            }
        }
    }
}

//! Base voltages of the buses, for what is shown per unit.
//!
//! From each source the nominal voltage is carried over lines and, by their ratio, over transformers; at each bus the
//! nearest of the script's `voltagebases` is taken if there is one within a fifth, as `calcvoltagebases` would.

use super::Builder;

/// A base this far (relative) from the estimate is not meant.
const NEAR: f64 = 0.2;
/// Base voltage of a bus that nothing feeds and no load names, in V to earth.
const UNKNOWN_V: f64 = 1000.0;

impl Builder<'_> {
    pub(super) fn base_voltages(&mut self) {
        let estimates = self.estimates();
        let bases = &self.options.settings.voltage_bases;
        for (bus, estimate) in self.net.buses.iter_mut().zip(estimates) {
            let volts = estimate.filter(|v| v.is_finite() && *v > 0.0).unwrap_or(UNKNOWN_V);
            let off = |kv: &f64| (kv * 1e3 / 3.0_f64.sqrt() / volts - 1.0).abs();
            let near = bases.iter().copied().filter(|kv| off(kv) < NEAR).min_by(|a, b| off(a).total_cmp(&off(b)));
            bus.kv = near.unwrap_or(volts * 3.0_f64.sqrt() / 1e3);
            bus.v_base = bus.kv * 1e3 / 3.0_f64.sqrt();
        }
    }

    /// Nominal voltage of each bus to neutral in V, where it is reached.
    fn estimates(&self) -> Vec<Option<f64>> {
        let n = self.net.buses.len();
        let mut around = vec![Vec::new(); n];
        for &(a, b, ratio) in &self.ties {
            around[a as usize].push((b as usize, ratio));
            around[b as usize].push((a as usize, 1.0 / ratio));
        }
        let mut out = vec![None; n];
        let mut queue: Vec<usize> = Vec::new();
        let from_loads = self.net.injections.iter().filter(|i| i.minus == 0).map(|i| (i.bus, i.v_nominal));
        for (bus, volts) in self.known_volts.iter().copied().chain(from_loads) {
            if out[bus as usize].is_none() {
                out[bus as usize] = Some(volts);
                queue.push(bus as usize);
            }
            while let Some(a) = queue.pop() {
                let volts = out[a].unwrap_or(UNKNOWN_V);
                for &(b, ratio) in &around[a] {
                    if out[b].is_none() {
                        out[b] = Some(volts * ratio);
                        queue.push(b);
                    }
                }
            }
        }
        out
    }
}

//! A tap changer's control: set point, band, delay, line-drop compensation.
//!
//! With the winding's voltage `u` of the chosen phase, the current `i` into the winding's terminal there, the voltage
//! transformer's ratio `n` and the current transformer's rating `i_ct`:
//! `v = |u / n + (r + j x) i / i_ct|`. As `i` is counted into the terminal, a load current is negative, and `v` is the
//! voltage farther down the line. Beyond half the band from `v_reg` a change is wanted:
//! `steps = round((v_reg - v) n / u_rated / step)`, the tap's own step per unit of the winding's rated voltage.

use super::{ControlMode, ControlledEngine, Who, chosen};
use crate::complex::Complex;
use crate::network::Regulator;
use crate::network::control::PhaseChoice;

/// Share of the wanted steps that is taken at once in the static mode, so that regulators in a row do not overshoot
/// (OpenDSS's choice; it decides which of several taps within the band they come to rest on).
const MODERATION: f64 = 0.7;

/// Names of the taps among an element's inputs.
const TAP_NAMES: [&str; 3] = ["tap_1", "tap_2", "tap_3"];

/// What a regulator wants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RegulatorState {
    /// Change of the tap, per unit.
    pending: f64,
    /// An action of it waits.
    armed: bool,
}

/// What a regulator sees.
struct Seen {
    /// Compensated voltage, secondary volts.
    v: f64,
    /// Voltage at the transformer itself, secondary volts.
    local: f64,
    /// Power flows against the direction it regulates in.
    backwards: bool,
}

impl ControlledEngine {
    pub(super) fn sample_regulator(&mut self, i: usize, voltages: &[Complex], now_s: f64) {
        let regulator = &self.network.regulators[i];
        let transformer = &self.network.transformers[regulator.transformer as usize];
        if !regulator.enabled || !self.network.elements[transformer.element as usize].in_service {
            return;
        }
        let seen = self.see(regulator, voltages);
        let over = regulator.v_limit > 0.0 && seen.local > regulator.v_limit;
        let off = (regulator.v_reg - seen.v).abs() > regulator.band / 2.0;
        let state = self.regulators[i];
        if !(off || over) || (seen.backwards && regulator.reverse.is_some()) {
            self.regulators[i] = RegulatorState::default();
            if state.armed {
                self.withdraw(Who::Regulator(i));
            }
            return;
        }
        let boost = if over { regulator.v_limit - seen.local } else { regulator.v_reg - seen.v };
        let data = &transformer.data;
        let rated = data.windings[regulator.winding].volts(data.phases);
        let winding = &data.windings[regulator.tap_winding];
        let step = winding.tap_step();
        let mut pending = if step > 0.0 { (boost * regulator.pt_ratio / rated / step).round() * step } else { 0.0 };
        if regulator.tap_winding != regulator.winding {
            // A higher tap on the other winding lowers this one's voltage.
            pending = -pending;
        }
        let room = if pending > 0.0 { winding.tap < winding.max_tap } else { winding.tap > winding.min_tap };
        let delay = delay(regulator, seen.v);
        self.regulators[i].pending = pending;
        if pending != 0.0 && room && !state.armed {
            self.regulators[i].armed = true;
            self.wait(Who::Regulator(i), now_s + delay);
        }
    }

    fn see(&self, regulator: &Regulator, voltages: &[Complex]) -> Seen {
        let transformer = &self.network.transformers[regulator.transformer as usize];
        let (data, element) = (&transformer.data, transformer.element as usize);
        let winding = &data.windings[regulator.winding];
        let all = self.element_voltages(element, voltages);
        let first = regulator.winding * (data.phases + 1);
        let across = |p: usize| {
            let [a, b] = data.ends(winding, p);
            all[first + a] - all[first + b]
        };
        let volts: Vec<Complex> = (0..data.phases).map(across).collect();
        let magnitudes: Vec<f64> = volts.iter().map(|v| v.norm()).collect();
        let (size, phase) = chosen(&magnitudes, regulator.phase);
        let local = size / regulator.pt_ratio;
        let mut v = match (regulator.monitored, regulator.phase) {
            (Some((at, ratio)), _) => voltages[self.first[at.bus as usize] + usize::from(at.node)] * (1.0 / ratio),
            (None, PhaseChoice::Average) => Complex::new(local, 0.0),
            (None, _) => volts[phase] * (1.0 / regulator.pt_ratio),
        };
        let current = |p: usize| self.current(element, first + p, &all);
        if regulator.monitored.is_none() && (regulator.r != 0.0 || regulator.x != 0.0) && regulator.ct_primary_a > 0.0 {
            v += Complex::new(regulator.r, regulator.x) * current(phase) * (1.0 / regulator.ct_primary_a);
        }
        let backwards = regulator.reverse.is_some_and(|reverse| {
            let out_kw = (0..data.phases).map(|p| -(all[first + p] * current(p).conj()).re).sum::<f64>() / 1e3;
            out_kw < -reverse.threshold_kw.abs()
        });
        Seen { v: v.norm(), local, backwards }
    }

    /// Moves a regulator's tap; the number of steps.
    pub(super) fn move_tap(&mut self, i: usize, mode: ControlMode, now_s: f64) -> u32 {
        let RegulatorState { pending, .. } = self.regulators[i];
        self.regulators[i].armed = false;
        let regulator = self.network.regulators[i].clone();
        if pending == 0.0 || regulator.max_tap_change == 0 {
            return 0;
        }
        let own = &mut self.network.transformers[regulator.transformer as usize];
        let winding = &mut own.data.windings[regulator.tap_winding];
        let step = winding.tap_step();
        let wanted = ((MODERATION * pending.abs() / step) as u32).max(1);
        let steps = if mode == ControlMode::Static { wanted.min(regulator.max_tap_change) } else { 1 };
        let change = (f64::from(steps) * step).copysign(pending);
        let before = winding.tap;
        winding.tap = (before + change).clamp(winding.min_tap, winding.max_tap);
        let moved = ((winding.tap - before).abs() / step).round() as u32;
        let (element, tap) = (own.element as usize, winding.tap);
        if let Some(y) = own.data.admittance() {
            self.set_matrix(element, y);
        }
        let name = TAP_NAMES.get(regulator.tap_winding);
        let inputs = &mut self.network.elements[element].inputs;
        inputs.iter_mut().filter(|i| Some(&i.name) == name).for_each(|i| i.value = tap);
        let rest = pending - change;
        self.regulators[i].pending = if mode == ControlMode::Static { 0.0 } else { rest };
        if mode != ControlMode::Static && rest.abs() > step / 2.0 && moved > 0 {
            self.regulators[i].armed = true;
            self.wait(Who::Regulator(i), now_s + regulator.tap_delay_s);
        }
        moved
    }
}

/// Time until a regulator acts; with an inverse characteristic up to ten times sooner the farther it is out.
fn delay(regulator: &Regulator, v: f64) -> f64 {
    if !regulator.inverse_time {
        return regulator.delay_s;
    }
    regulator.delay_s / (2.0 * (regulator.v_reg - v).abs() / regulator.band).min(10.0)
}

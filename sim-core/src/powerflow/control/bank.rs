//! A capacitor bank's control: closes and opens its steps by voltage, current, reactive power, power factor or the hour.
//!
//! Below (voltage, power factor) or above (current, reactive power) `on` it closes a step, on the other side of `off` it
//! opens one. A power factor beyond 1 means leading: `2 - pf`. With a voltage override its limits go before the rule.
//! After opening it waits for the dead time before it closes again: the capacitor must lose its charge.

use super::{ControlledEngine, Who, chosen};
use crate::complex::Complex;
use crate::network::SwitchedBank;
use crate::network::control::CapacitorRule;
use crate::network::elements::to_earth;

/// What a bank's control wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BankState {
    pending: Option<Change>,
    armed: bool,
    opened_s: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Open,
    Close,
}

impl BankState {
    /// Nothing wanted, and never opened.
    pub(super) const REST: Self = Self { pending: None, armed: false, opened_s: f64::NEG_INFINITY };
}

impl ControlledEngine {
    pub(super) fn sample_bank(&mut self, i: usize, voltages: &[Complex], now_s: f64) {
        let bank = &self.network.switched_banks[i];
        if !bank.enabled || !self.network.elements[bank.element as usize].in_service {
            return;
        }
        let wanted = self.wanted(bank, voltages, now_s);
        let BankState { armed, opened_s, .. } = self.banks[i];
        self.banks[i].pending = wanted;
        match wanted {
            None if armed => {
                self.banks[i].armed = false;
                self.withdraw(Who::Bank(i));
            }
            Some(change) if !armed => {
                let delay = match change {
                    Change::Open => bank.delay_off_s,
                    Change::Close => bank.delay_s.max(bank.dead_time_s + bank.delay_s - (now_s - opened_s)),
                };
                self.banks[i].armed = true;
                self.wait(Who::Bank(i), now_s + delay);
            }
            None | Some(_) => {}
        }
    }

    fn wanted(&self, bank: &SwitchedBank, voltages: &[Complex], now_s: f64) -> Option<Change> {
        let steps = bank.capacitor.steps_closed();
        let (some, room) = (steps > 0, steps < bank.capacitor.kvar.len());
        if let Some([low, high]) = bank.v_override.filter(|_| bank.rule != CapacitorRule::Voltage) {
            let v = self.bank_voltage(bank, voltages);
            if room && v < low {
                return Some(Change::Close);
            }
            if some && v > high {
                return Some(Change::Open);
            }
        }
        let (close, open) = self.limits(bank, voltages, now_s);
        if some && open {
            Some(Change::Open)
        } else if room && close {
            Some(Change::Close)
        } else {
            None
        }
    }

    /// Whether the rule says to close, and to open.
    fn limits(&self, bank: &SwitchedBank, voltages: &[Complex], now_s: f64) -> (bool, bool) {
        let (on, off) = (bank.on, bank.off);
        match bank.rule {
            CapacitorRule::Voltage => {
                let v = self.bank_voltage(bank, voltages);
                (v < on, v > off)
            }
            CapacitorRule::Current => {
                let i: Vec<f64> = self.measured(bank, voltages).iter().map(|(_, i)| i.norm()).collect();
                let i = chosen(&i, bank.ct_phase).0 / bank.ct_ratio;
                (i > on, i < off)
            }
            CapacitorRule::Kvar => {
                let kvar = self.bank_power(bank, voltages).im / 1e3;
                (kvar > on, kvar < off)
            }
            CapacitorRule::PowerFactor => {
                let s = self.bank_power(bank, voltages);
                let lagging = if s.is_zero() { 1.0 } else { s.re.abs() / s.norm() };
                let pf = if s.im < 0.0 { 2.0 - lagging } else { lagging };
                let limit = |x: f64| if x < 0.0 { 2.0 + x } else { x };
                (pf < limit(on), pf > limit(off))
            }
            CapacitorRule::Time => {
                let hour = now_s / 3600.0 % 24.0;
                let day = if off > on { hour >= on && hour < off } else { hour >= on || hour < off };
                (day, !day)
            }
        }
    }

    /// Voltage to earth and current into the element at each phase of the terminal it measures at.
    fn measured(&self, bank: &SwitchedBank, voltages: &[Complex]) -> Vec<(Complex, Complex)> {
        let element = bank.at_element as usize;
        let Some(terminals) = self.network.elements.get(element).map(|e| e.terminals.as_slice()) else {
            return Vec::new();
        };
        let count = |k: usize| terminals.get(k).map_or(0, |t| t.conductors().len());
        let first: usize = (0..bank.at_terminal).map(count).sum();
        let v = self.element_voltages(element, voltages);
        (first..first + count(bank.at_terminal)).map(|row| (v[row], self.current(element, row, &v))).collect()
    }

    fn bank_power(&self, bank: &SwitchedBank, voltages: &[Complex]) -> Complex {
        self.measured(bank, voltages).iter().fold(Complex::ZERO, |sum, (v, i)| sum + *v * i.conj())
    }

    fn bank_voltage(&self, bank: &SwitchedBank, voltages: &[Complex]) -> f64 {
        let volts: Vec<f64> = match bank.monitored {
            Some(bus) => {
                let nodes = self.first[bus as usize]..self.first[bus as usize + 1];
                voltages[nodes].iter().map(|v| v.norm()).collect()
            }
            None => self.measured(bank, voltages).iter().map(|(v, _)| v.norm()).collect(),
        };
        chosen(&volts, bank.pt_phase).0 / bank.pt_ratio
    }

    /// Switches a bank's next step; 1 if it did.
    pub(super) fn switch_bank(&mut self, i: usize, now_s: f64) -> u32 {
        let change = self.banks[i].pending.take();
        self.banks[i].armed = false;
        let bank = &mut self.network.switched_banks[i];
        let closed = &mut bank.capacitor.closed;
        let step = match change {
            None => None,
            Some(Change::Close) => closed.iter().position(|c| !c),
            Some(Change::Open) => closed.iter().rposition(|c| *c),
        };
        let Some(step) = step else { return 0 };
        closed[step] = !closed[step];
        if change == Some(Change::Open) {
            self.banks[i].opened_s = now_s;
        }
        let (element, y, phases) = (bank.element as usize, bank.capacitor.admittance(), bank.capacitor.phases);
        let earthed = self.network.elements[element].y.len() < y.len();
        self.set_matrix(element, if earthed { to_earth(&y, phases) } else { y });
        1
    }
}

//! Power flow with its controls: tap changers that hold a voltage, capacitor banks that switch themselves.
//!
//! # How it runs
//! Solve; every control looks at the solution and says what it wants and after which delay; of what waits, that with
//! the shortest delay is done, all at once where delays are equal; solve again, until nothing waits. That is the static
//! mode: the network as it stands after its controls came to rest. A control whose quantity is back in its band
//! withdraws. In the timed modes a tap moves one step an action ([`tap_delay_s`](crate::network::Regulator::tap_delay_s) apart), and with
//! [`ControlMode::Time`] only what is due by the time of the solve is done; what waits stays for the next.
//!
//! Moving a tap recomputes one matrix and the factors on its path; nothing is ordered or analysed anew.
//!
//! # Limits
//! A regulator that may regulate backwards holds still while power flows backwards beyond its threshold.
//! Controls of one round do not see each other, as in the field.
//!
//! # Source
//! The rules are those of OpenDSS's `RegControl` and `CapControl` (EPRI, OpenDSS manual), so that its feeders come to
//! rest on the same taps. Validated in `tests` by hand and in `tests/powerflow_refs_dss.rs`.

mod bank;
mod regulator;
#[cfg(test)]
mod tests;

use super::engine::{Engine, EngineError, Options, Solution};
use crate::complex::Complex;
use crate::network::control::PhaseChoice;
use crate::network::{NODE_GROUND, Network};
use bank::BankState;
use regulator::RegulatorState;

/// Solves with changed taps or banks before it is left at that (OpenDSS: 10), unless the file says otherwise.
pub const MOST_ROUNDS: u32 = 15;

/// How controls act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlMode {
    /// Not at all: taps and banks stay.
    Off,
    /// Until all are at rest, all steps of a tap at once.
    #[default]
    Static,
    /// Until all are at rest, a step at a time.
    Event,
    /// What is due by the time of the solve, a step at a time.
    Time,
}

/// What a solve with controls gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Controlled {
    /// The last solution.
    pub solution: Solution,
    /// How often it was solved.
    pub rounds: u32,
    /// Steps of taps and switchings of banks.
    pub actions: u32,
    /// Nothing waits any more that could be done now.
    pub at_rest: bool,
}

/// An action that waits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Waiting {
    due_s: f64,
    who: Who,
}

/// A control by its place in the network's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Regulator(usize),
    Bank(usize),
}

/// A network with its engine and the state of its controls.
#[derive(Clone, Debug)]
pub struct ControlledEngine {
    network: Network,
    engine: Engine,
    first: Vec<usize>,
    regulators: Vec<RegulatorState>,
    banks: Vec<BankState>,
    queue: Vec<Waiting>,
}

impl ControlledEngine {
    /// Prepares `network`.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn new(network: Network) -> Result<Self, EngineError> {
        Ok(Self {
            engine: Engine::new(&network)?,
            first: network.first_node(),
            regulators: vec![RegulatorState::default(); network.regulators.len()],
            banks: vec![BankState::REST; network.switched_banks.len()],
            queue: Vec::new(),
            network,
        })
    }

    /// The network, with taps and banks as they stand now.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Voltage between the two nodes of an injection.
    #[must_use]
    pub fn voltage_at(&self, injection: usize, voltages: &[Complex]) -> Complex {
        let own = &self.network.injections[injection];
        let at = |node: u8| {
            let place = self.first[own.bus as usize] + usize::from(node);
            if node == NODE_GROUND { Complex::ZERO } else { voltages[place] }
        };
        at(own.plus) - at(own.minus)
    }

    /// Sets the nominal power of an injection, injection positive.
    pub fn set_power(&mut self, injection: usize, s: Complex) {
        if let Some(own) = self.network.injections.get_mut(injection).filter(|_| s.is_finite()) {
            own.s = s;
            self.engine.set_power(injection, s);
        }
    }

    /// Opens and closes joints, in the order of the network's list.
    pub fn set_joints(&mut self, closed: &[bool]) {
        self.network.joints.iter_mut().zip(closed).for_each(|(j, c)| j.closed = *c);
        self.engine.set_joints(closed);
    }

    /// Solves at the time `now_s` (seconds since midnight) and lets the controls act, with at most `most` solves.
    pub fn solve(&mut self, options: &Options, mode: ControlMode, now_s: f64, most: u32) -> Controlled {
        let (mut rounds, mut actions) = (1, 0);
        let mut solution = self.engine.solve(options);
        let mut time = now_s;
        while mode != ControlMode::Off && solution.converged() {
            self.sample(&solution.voltages, time);
            let due = self.take_due(mode, time);
            let Some(last) = due.last() else {
                return Controlled { solution, rounds, actions, at_rest: true };
            };
            if rounds >= most {
                break;
            }
            if mode == ControlMode::Event {
                time = last.due_s;
            }
            for waiting in due {
                actions += match waiting.who {
                    Who::Regulator(i) => self.move_tap(i, mode, waiting.due_s),
                    Who::Bank(i) => self.switch_bank(i, waiting.due_s),
                };
            }
            solution = self.engine.solve(options);
            rounds += 1;
        }
        Controlled { solution, rounds, actions, at_rest: mode == ControlMode::Off }
    }

    /// What is to be done now, the soonest first: in the modes that run to rest the soonest, else what is due.
    fn take_due(&mut self, mode: ControlMode, now_s: f64) -> Vec<Waiting> {
        let soonest = self.queue.iter().map(|w| w.due_s).fold(f64::INFINITY, f64::min);
        let until = if mode == ControlMode::Time { now_s } else { soonest };
        let (mut due, later) = self.queue.iter().copied().partition::<Vec<_>, _>(|w| w.due_s <= until);
        self.queue = later;
        due.sort_by(|a, b| a.due_s.total_cmp(&b.due_s));
        due
    }

    /// Lets every control look at the voltages.
    fn sample(&mut self, voltages: &[Complex], now_s: f64) {
        for i in 0..self.regulators.len() {
            self.sample_regulator(i, voltages, now_s);
        }
        for i in 0..self.banks.len() {
            self.sample_bank(i, voltages, now_s);
        }
    }

    fn wait(&mut self, who: Who, due_s: f64) {
        self.queue.push(Waiting { due_s, who });
    }

    fn withdraw(&mut self, who: Who) {
        self.queue.retain(|w| w.who != who);
    }

    /// Voltages to earth at the conductors of an element's terminals, one after the other.
    fn element_voltages(&self, element: usize, voltages: &[Complex]) -> Vec<Complex> {
        let conductors = self.network.elements[element].terminals.iter().flat_map(|t| {
            let first = self.first[t.bus as usize];
            t.conductors().iter().map(move |&c| if c == NODE_GROUND { None } else { Some(first + usize::from(c)) })
        });
        conductors.map(|node| node.map_or(Complex::ZERO, |n| voltages[n])).collect()
    }

    /// Current into an element at one of its conductors, given the voltages of all.
    fn current(&self, element: usize, row: usize, v: &[Complex]) -> Complex {
        let y = &self.network.elements[element].y[row * v.len()..(row + 1) * v.len()];
        y.iter().zip(v).fold(Complex::ZERO, |sum, (y, v)| sum + *y * *v)
    }

    /// Gives an element another matrix.
    fn set_matrix(&mut self, element: usize, y: Vec<Complex>) {
        if self.engine.set_element_matrix(element, &y) {
            self.network.elements[element].y = y;
        }
    }
}

/// Magnitude over phases as a control's transformer gives it.
fn chosen(values: &[f64], choice: PhaseChoice) -> (f64, usize) {
    use PhaseChoice::{Average, Largest, Least, Phase};
    let by = |better: fn(f64, f64) -> bool| {
        let start = (values.first().copied().unwrap_or(0.0), 0);
        values.iter().enumerate().fold(start, |best, (k, &v)| if better(v, best.0) { (v, k) } else { best })
    };
    match choice {
        Phase(k) => values.get(k).map_or((0.0, 0), |v| (*v, k)),
        Average => (values.iter().sum::<f64>() / values.len().max(1) as f64, 0),
        Largest => by(|a, b| a > b),
        Least => by(|a, b| a < b),
    }
}

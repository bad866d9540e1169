//! The fault at each bus: currents from the impedances seen there.

use super::data::Study;
use super::factors::{PEAK_FREQUENCY, c, kappa};
use super::positive::{Purpose, positive};
use super::sequence::{Impedances, Sequence};
use super::zero::zero;
use super::{BusFault, Case, FaultType, StudyError};
use crate::complex::Complex;

/// Solves all buses.
pub(super) fn solve(study: &Study, fault: FaultType, case: Case) -> Result<Vec<BusFault>, StudyError> {
    let general = Networks::new(study, case, None)?;
    let zero = if fault.needs_zero() { Some(factorised(&zero(study, case)?, "zero")?) } else { None };
    let mut solver = Solver { study, fault, case, general, zero, sources: Vec::new() };
    solver.sources = solver.converter_currents();
    let mut out = (0..study.buses.len()).map(|bus| solver.bus(bus)).collect::<Vec<_>>();
    if !fault.needs_zero() {
        for (i, machine) in study.machines.iter().enumerate().filter(|(_, m)| m.unit.is_some()) {
            solver.general = Networks::new(study, case, Some(i))?;
            let mut inside = solver.bus(machine.bus);
            // The machine's own voltage drives it, not the network's.
            let voltage = machine.kv / study.buses[machine.bus].kv;
            for x in [&mut inside.ikss_ka, &mut inside.ip_ka, &mut inside.skss_mva] {
                *x *= voltage;
            }
            out[machine.bus] = inside;
        }
    }
    let bad = out.iter().position(|f| !(f.ikss_ka.is_finite() && f.ip_ka.is_finite()));
    match bad {
        Some(bus) => Err(StudyError::Number { bus: study.buses[bus].name.clone() }),
        None => Ok(out),
    }
}

/// The positive sequence at nominal frequency and, for the peak current, at the reduced one.
struct Networks {
    initial: Impedances,
    peak: Impedances,
}

impl Networks {
    fn new(study: &Study, case: Case, inside: Option<usize>) -> Result<Self, StudyError> {
        let network = |peak| positive(study, Purpose { case, peak, inside });
        Ok(Self {
            initial: factorised(&network(false)?, "positive")?,
            peak: factorised(&network(true)?.slowed(), "positive")?,
        })
    }
}

fn factorised(seq: &Sequence, which: &'static str) -> Result<Impedances, StudyError> {
    match &seq.faulty {
        Some(name) => Err(StudyError::Impedance { name: name.clone(), sequence: which }),
        None => Impedances::new(seq).ok_or(StudyError::Singular { sequence: which }),
    }
}

struct Solver<'a> {
    study: &'a Study,
    fault: FaultType,
    case: Case,
    general: Networks,
    zero: Option<Impedances>,
    /// Buses of converters and the currents they feed in, per unit.
    sources: Vec<(usize, Complex)>,
}

impl Solver<'_> {
    /// Currents of converters: in the three-phase fault turned so that they add up with the fault's own.
    fn converter_currents(&mut self) -> Vec<(usize, Complex)> {
        if self.case == Case::Min {
            return Vec::new();
        }
        let mut out = Vec::new();
        for unit in &self.study.converters {
            let turn = match self.general.initial.see(unit.bus) {
                Some(z) if self.fault == FaultType::ThreePhase => z.conj() * (1.0 / z.norm()),
                _ => -Complex::J,
            };
            out.push((unit.bus, turn * (unit.mva * unit.k)));
        }
        out
    }

    fn bus(&mut self, bus: usize) -> BusFault {
        let (study, data) = (self.study, &self.study.buses[bus]);
        let ohm = data.kv * data.kv;
        let z_fault = study.fault_ohm * (1.0 / ohm);
        let (Some(seen), Some(peak)) = (self.general.initial.see(bus), self.general.peak.see(bus)) else {
            return BusFault::default();
        };
        let z1 = seen + z_fault;
        let z0 = self.zero.as_mut().map(|z| z.see(bus).map(|z0| z0 + z_fault));
        // Per unit of 1 MVA: amperes are MVA over sqrt(3) kV.
        let unit = 1.0 / (3.0_f64.sqrt() * data.kv);
        let (machines, earth) = currents(self.fault, z1, z0.flatten());
        let c = c(data.kv, study.lv_tolerance, self.case);
        let sum = self.sources.iter().fold(Complex::ZERO, |sum, (at, i)| sum + self.general.initial.transfer(*at) * *i);
        let converters = (sum / z1).norm() * unit;
        let kappa = kappa(peak + Complex::new(z_fault.re, z_fault.im * PEAK_FREQUENCY));
        let ikss_ka = machines * c * unit + converters;
        let three_phase = self.fault == FaultType::ThreePhase;
        let phases = if three_phase { 3.0_f64.sqrt() } else { 1.0 / 3.0_f64.sqrt() };
        BusFault {
            ikss_ka,
            skss_mva: ikss_ka * data.kv * phases,
            ip_ka: 2.0_f64.sqrt() * (kappa * machines * c * unit + converters),
            earth_ka: earth * c * unit,
            kappa,
            z1_ohm: Some(z1 * ohm),
            z0_ohm: z0.flatten().map(|z| z * ohm),
        }
    }
}

/// The largest line current of a fault and the current to earth, for an electromotive force of 1 and `Z2 = Z1`.
fn currents(fault: FaultType, z1: Complex, z0: Option<Complex>) -> (f64, f64) {
    let root = 3.0_f64.sqrt();
    match (fault, z0) {
        (FaultType::ThreePhase, _) => (1.0 / z1.norm(), 0.0),
        (FaultType::TwoPhase, _) | (FaultType::TwoPhaseGround, None) => (root / (2.0 * z1.norm()), 0.0),
        (FaultType::PhaseGround, None) => (0.0, 0.0),
        (FaultType::PhaseGround, Some(z0)) => {
            let i = 3.0 / (z1 * 2.0 + z0).norm();
            (i, i)
        }
        (FaultType::TwoPhaseGround, Some(z0)) => {
            let d = z1 + z0 * 2.0;
            let line = |a: Complex| root * (z0 / z1 - a).norm() / d.norm();
            (line(Complex::A).max(line(Complex::A2)), 3.0 / d.norm())
        }
    }
}

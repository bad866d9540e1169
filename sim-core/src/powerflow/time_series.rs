//! A script's day: the power flow of each step, its loads following their shapes.
//!
//! Step `k` of length `h` is solved at the time `t = k h`; a load's power is its nominal one times its shape's value of
//! the interval that ends there (its daily shape, without one its yearly, and the other way round in a yearly run), or
//! that value in kW. Each step starts from the last one's voltages, taps and banks.

use super::control::{ControlMode, ControlledEngine};
use super::engine::{EngineError, Options};
use super::network_results::{NetworkReport, Outcome};
use crate::complex::Complex;
use crate::network::import::opendss::{Case, Controls, LoadShapes, Mode, Settings, Shape};
use std::fmt::Write;

/// Loads whose voltages are listed, at most.
const LISTED: usize = 5;

/// A step of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its number, from 1.
    pub number: u32,
    /// What the sources feed in, VA.
    pub source_va: Complex,
    /// Losses, VA.
    pub loss_va: Complex,
    /// Voltage at each load, per unit of its bus.
    pub load_pu: Vec<f64>,
    /// Voltage at each load, V.
    pub load_v: Vec<f64>,
    /// What islands without a solution say; empty if all are solved.
    pub unsolved: Vec<String>,
}

/// A day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Its steps.
    pub steps: Vec<Step>,
    /// Length of a step, s.
    pub step_s: f64,
    /// Names of the loads.
    pub loads: Vec<String>,
}

/// Which controls act, in the engine's words.
#[must_use]
pub fn control_mode(settings: &Settings) -> ControlMode {
    match settings.controls {
        Controls::Off => ControlMode::Off,
        Controls::Static => ControlMode::Static,
        Controls::Event => ControlMode::Event,
        Controls::Time => ControlMode::Time,
    }
}

/// Runs the steps that the script asks for.
///
/// # Errors
/// As [`ControlledEngine::new`].
pub fn run(case: Case, options: &Options) -> Result<Day, EngineError> {
    let Case { network, settings, shapes, load_shapes } = case;
    let nominal: Vec<(usize, Complex)> = network.injections.iter().map(|i| (i.load as usize, i.s)).collect();
    let mut phases = vec![0_u32; network.loads.len()];
    nominal.iter().for_each(|(load, _)| phases[*load] += 1);
    let followed: Vec<Option<&Shape>> =
        load_shapes.iter().map(|l| chosen(l, settings.mode).and_then(|k| shapes.get(k))).collect();
    let own = followed.iter().flatten().map(|s| s.step_s).fold(f64::INFINITY, f64::min);
    let step_s = settings.step_s.unwrap_or(if own.is_finite() { own } else { 3600.0 });
    let places: Vec<Option<usize>> =
        (0..phases.len()).map(|load| nominal.iter().position(|(of, _)| *of == load)).collect();
    let loads = network.loads.iter().map(|l| l.name.clone()).collect();
    let mut engine = ControlledEngine::new(network)?;
    let mut steps = Vec::with_capacity(settings.steps as usize);
    for number in 1..=settings.steps {
        let t_s = settings.start_s + f64::from(number) * step_s;
        for (i, (load, s)) in nominal.iter().enumerate() {
            if let Some(shape) = followed.get(*load).copied().flatten() {
                engine.set_power(i, at(shape, *s, f64::from(phases[*load]), t_s));
            }
        }
        let solved = engine.solve(options, control_mode(&settings), t_s, settings.max_control_iterations);
        let v = &solved.solution.voltages;
        let report = NetworkReport::new(engine.network(), v, Outcome::default());
        let (source_va, loss_va) = (report.source_va(), report.loss_va());
        let unsolved = solved.solution.troubles().map(ToString::to_string).collect();
        let (load_v, load_pu) = places.iter().map(|place| load_voltage(&engine, v, *place)).unzip();
        steps.push(Step { number, source_va, loss_va, load_pu, load_v, unsolved });
    }
    Ok(Day { steps, step_s, loads })
}

/// The shape that counts in a mode; another one where it is missing.
fn chosen(shapes: &LoadShapes, mode: Mode) -> Option<usize> {
    match mode {
        Mode::Snapshot => None,
        Mode::Daily => shapes.daily.or(shapes.yearly),
        Mode::Yearly => shapes.yearly.or(shapes.daily),
        Mode::Duty => shapes.duty.or(shapes.daily),
    }
}

/// Power of one of a load's phases.
fn at(shape: &Shape, s: Complex, phases: f64, t_s: f64) -> Complex {
    let (p, q) = shape.at(t_s);
    if !shape.actual {
        return Complex::new(s.re * p, s.im * q);
    }
    // In kW and kvar, drawn or fed as the load does; without values of its own the reactive power keeps its ratio.
    let sign = if s.re > 0.0 { 1e3 } else { -1e3 } / phases;
    let reactive = if shape.q.is_some() { q * sign } else { p * sign * if s.re == 0.0 { 0.0 } else { s.im / s.re } };
    Complex::new(p * sign, reactive)
}

/// Voltage at a load's first phase, in V and per unit of its bus.
fn load_voltage(engine: &ControlledEngine, v: &[Complex], injection: Option<usize>) -> (f64, f64) {
    let Some(i) = injection else { return (0.0, 0.0) };
    let volts = engine.voltage_at(i, v).norm();
    let base = engine.network().buses[engine.network().injections[i].bus as usize].v_base;
    (volts, volts / base)
}

impl Day {
    /// Energy that the sources fed in and energy lost, kWh.
    #[must_use]
    pub fn energy_kwh(&self) -> (f64, f64) {
        let hours = self.step_s / 3600.0;
        let sum = |of: fn(&Step) -> f64| self.steps.iter().map(of).sum::<f64>() * hours / 1e3;
        (sum(|s| s.source_va.re), sum(|s| s.loss_va.re))
    }

    /// Loads whose voltages have a column: the first and the last, and up to three evenly spaced before the last.
    fn listed(&self) -> Vec<usize> {
        let n = self.loads.len();
        let apart = (2 * n / 9).max(1);
        let mut out: Vec<usize> = (0..LISTED - 1).filter_map(|k| n.checked_sub(1 + k * apart)).collect();
        out.push(0);
        out.retain(|k| *k < n);
        out.sort_unstable();
        out.dedup();
        out
    }

    /// A row a step: `minute,source_p_kw,source_q_kvar,loss_kw,loss_kvar,vmin_pu_loadnodes,vmin_load_index,
    /// vmax_pu_loadnodes`, and the voltage in V at a few loads (`v_<name>_v`). The first column is the step's number.
    #[must_use]
    pub fn csv(&self) -> String {
        let listed = self.listed();
        let mut out = String::from(
            "minute,source_p_kw,source_q_kvar,loss_kw,loss_kvar,vmin_pu_loadnodes,vmin_load_index,vmax_pu_loadnodes",
        );
        for &k in &listed {
            let name = self.loads[k].rsplit('.').next().unwrap_or("").to_lowercase();
            let _ = write!(out, ",v_{name}_v");
        }
        out.push('\n');
        for step in &self.steps {
            let (source, loss) = (step.source_va * 1e-3, step.loss_va * 1e-3);
            let start = (f64::INFINITY, 0);
            let least = step.load_pu.iter().enumerate().fold(start, |m, (k, v)| if *v < m.0 { (*v, k + 1) } else { m });
            let largest = step.load_pu.iter().fold(0.0_f64, |m, v| m.max(*v));
            let _ = write!(
                out,
                "{},{:.11e},{:.11e},{:.11e},{:.11e},{:.11e},{},{:.11e}",
                step.number,
                source.re,
                source.im,
                loss.re,
                loss.im,
                if least.1 == 0 { 0.0 } else { least.0 },
                least.1,
                largest
            );
            listed.iter().for_each(|&k| {
                let _ = write!(out, ",{:.11e}", step.load_v[k]);
            });
            out.push('\n');
        }
        out
    }
}

//! The positive-sequence network of a study: every part as an impedance with its correction factor.

use super::data::{Bus, Feeder, Machine, Strength, Study, ThreeWinding, Transformer};
use super::factors::{self, c, k_g, k_s, k_t, reactance, warm};
use super::sequence::Sequence;
use super::{Case, StudyError};
use crate::complex::Complex;

/// Voltage factor in the `K_T` of transformers with three windings (6.3.3: `c_max` of table 1 above 1 kV).
const C_THREE_WINDING: f64 = 1.1;

/// What the network is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    pub(super) case: Case,
    /// Machines with the resistance that belongs to the peak current.
    pub(super) peak: bool,
    /// The fault is at the terminals of this machine, inside its power station unit.
    pub(super) inside: Option<usize>,
}

/// The positive-sequence network.
pub(super) fn positive(study: &Study, purpose: Purpose) -> Result<Sequence, StudyError> {
    let mut seq = Sequence::new(study);
    for feeder in &study.feeders {
        let (_, z) = feeder_impedance(study, feeder, purpose.case)?;
        let node = seq.node(feeder.bus);
        seq.shunt(&feeder.name, node, z);
    }
    for line in &study.lines {
        let z = line.z1 * (line.km / line.parallel);
        let r = z.re * line_warmth(&line.name, line.end_temperature_c, purpose.case)?;
        let (a, b) = (seq.end(line.from), seq.end(line.to));
        seq.branch(&line.name, a, b, to_pu(Complex::new(r, z.im), &study.buses[line.from.bus]), 1.0);
    }
    for (i, t) in study.transformers.iter().enumerate() {
        let z = transformer_impedance(study, t, t.vk, t.vkr) * transformer_factor(study, i, purpose);
        let (a, b) = (seq.end(t.hv), seq.end(t.lv));
        seq.branch(&t.name, a, b, z, ratio(study, t));
    }
    for t in &study.three_winding {
        let star = seq.inner();
        let legs = legs(t, t.vk, t.vkr, purpose.case);
        for (side, leg) in legs.into_iter().enumerate() {
            let node = seq.end(t.ends[side]);
            let (to_star, ratio) = leg_scale(study, t, side);
            seq.branch(&t.name, star, node, leg * to_star, ratio);
        }
    }
    for part in &study.impedances {
        let (a, b) = (seq.node(part.from), seq.node(part.to));
        seq.branch(&part.name, a, b, to_pu(part.z1, &study.buses[part.from]), 1.0);
    }
    add_machines(study, purpose, &mut seq);
    for (bus, y) in &study.shunts {
        let node = seq.node(*bus);
        if !y.is_zero() {
            seq.shunt(&study.buses[*bus].name, node, y.inv());
        }
    }
    Ok(seq)
}

fn add_machines(study: &Study, purpose: Purpose, seq: &mut Sequence) {
    for (i, machine) in study.machines.iter().enumerate() {
        let x = machine.xd2 * machine.kv * machine.kv / machine.mva;
        let r = if purpose.peak { x * factors::peak_r_over_x(machine) } else { machine.r_ohm };
        let z = Complex::new(r, x) * machine_factor(study, i, purpose.inside == Some(i));
        let node = seq.node(machine.bus);
        seq.shunt(&machine.name, node, to_pu(z, &study.buses[machine.bus]));
    }
    for motor in study.motors.iter().filter(|m| m.generator || purpose.case == Case::Max) {
        let z = motor.kv * motor.kv / motor.mva / motor.locked_rotor;
        let node = seq.node(motor.bus);
        seq.shunt(&motor.name, node, to_pu(split(z, motor.r_over_x), &study.buses[motor.bus]));
    }
}

/// An impedance of magnitude `z` with the given `R/X`.
pub(super) fn split(z: f64, r_over_x: f64) -> Complex {
    let x = z / (1.0 + r_over_x * r_over_x).sqrt();
    Complex::new(x * r_over_x, x)
}

/// Ohm to per unit on 1 MVA.
pub(super) fn to_pu(ohm: Complex, bus: &Bus) -> Complex {
    ohm * (1.0 / (bus.kv * bus.kv))
}

/// A feeder's strength and impedance `c / S"k`, per unit.
pub(super) fn feeder_impedance(study: &Study, feeder: &Feeder, case: Case) -> Result<(Strength, Complex), StudyError> {
    let strength = match case {
        Case::Max => feeder.max,
        Case::Min => feeder.min,
    };
    let strength = strength.ok_or_else(|| StudyError::Strength { name: feeder.name.clone(), case })?;
    let z = c(study.buses[feeder.bus].kv, study.lv_tolerance, case) / strength.mva;
    Ok((strength, split(z, strength.r_over_x)))
}

/// Factor of a line's resistance.
pub(super) fn line_warmth(name: &str, end_temperature_c: Option<f64>, case: Case) -> Result<f64, StudyError> {
    match (case, end_temperature_c) {
        (Case::Max, _) => Ok(1.0),
        (Case::Min, Some(t)) => Ok(warm(t)),
        (Case::Min, None) => Err(StudyError::Temperature { name: name.to_owned() }),
    }
}

/// Short-circuit impedance of a transformer at its low side, per unit, without correction.
pub(super) fn transformer_impedance(study: &Study, t: &Transformer, vk: f64, vkr: f64) -> Complex {
    let turns = t.kv[1] / study.buses[t.lv.bus].kv;
    Complex::new(vkr, reactance(vk, vkr)) * (turns * turns / (t.mva * t.parallel))
}

/// Ratio of a transformer over that of its buses' nominal voltages.
pub(super) fn ratio(study: &Study, t: &Transformer) -> f64 {
    (t.kv[0] / study.buses[t.hv.bus].kv) / (t.kv[1] / study.buses[t.lv.bus].kv)
}

fn unit_of(study: &Study, transformer: usize) -> Option<(usize, f64)> {
    let (i, machine, unit) = study
        .machines
        .iter()
        .enumerate()
        .filter_map(|(i, m)| m.unit.map(|u| (i, m, u)))
        .find(|(_, _, u)| u.transformer == transformer)?;
    let t = &study.transformers[transformer];
    let c_max = c(study.buses[machine.bus].kv, study.lv_tolerance, Case::Max);
    Some((i, k_s(machine, unit, t, study.buses[t.hv.bus].kv, c_max)))
}

/// Correction of a transformer: `K_T`, or in a power station unit `K_S`, or nothing for a fault inside that unit.
fn transformer_factor(study: &Study, index: usize, purpose: Purpose) -> f64 {
    match unit_of(study, index) {
        Some((machine, _)) if purpose.inside == Some(machine) => 1.0,
        Some((_, k)) => k,
        None => network_factor(study, &study.transformers[index], purpose.case),
    }
}

/// `K_T` of a transformer that is in no power station unit, otherwise 1.
pub(super) fn network_factor(study: &Study, t: &Transformer, case: Case) -> f64 {
    if t.unit {
        return 1.0;
    }
    k_t(t.vk, t.vkr, c(study.buses[t.lv.bus].kv, study.lv_tolerance, Case::Max), case)
}

/// `K_S` of the unit a transformer belongs to, otherwise 1.
pub(super) fn unit_factor(study: &Study, index: usize) -> f64 {
    unit_of(study, index).map_or(1.0, |(_, k)| k)
}

fn machine_factor(study: &Study, index: usize, inside: bool) -> f64 {
    let machine: &Machine = &study.machines[index];
    match machine.unit.and_then(|u| unit_of(study, u.transformer)) {
        Some((_, k)) if !inside => k,
        _ => {
            let kv = study.buses[machine.bus].kv;
            k_g(machine, kv, c(kv, study.lv_tolerance, Case::Max))
        }
    }
}

/// Impedances from the star point to the three terminals, per unit of 1 MVA and the rated voltages; each pair has its
/// own `K_T`.
pub(super) fn legs(t: &ThreeWinding, vk: [f64; 3], vkr: [f64; 3], case: Case) -> [Complex; 3] {
    let pairs = [[0, 1], [1, 2], [0, 2]];
    let mut z = [Complex::ZERO; 3];
    for (i, [a, b]) in pairs.into_iter().enumerate() {
        let k = k_t(t.vk[i], t.vkr[i], C_THREE_WINDING, case);
        z[i] = Complex::new(vkr[i], reactance(vk[i], vkr[i])) * (k / t.mva[a].min(t.mva[b]));
    }
    let [hm, ml, hl] = z;
    [(hm + hl - ml) * 0.5, (hm + ml - hl) * 0.5, (ml + hl - hm) * 0.5]
}

/// Factor of a leg's impedance at the star point, which has the high side's voltage, and the ratio from there to the
/// side's terminal.
pub(super) fn leg_scale(study: &Study, t: &ThreeWinding, side: usize) -> (f64, f64) {
    let turns = |s: usize| t.kv[s] / study.buses[t.ends[s].bus].kv;
    // The impedance stands behind the ratio, at the terminal.
    (turns(side) * turns(side), turns(0) / turns(side))
}

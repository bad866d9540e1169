//! The zero-sequence network of a study: where three equal currents find a way to earth.
//!
//! A star point earthed through `Z_n` puts `3 Z_n` in series. A delta is a short circuit of the zero sequence that
//! passes nothing on; so `Dyn` is the impedance `Z0` from its low terminal to earth, and `YNd` the same at the high
//! one. An earthed star across from one that is not earthed leaves the magnetising impedance in the way; two earthed
//! stars make a T of both leakages and the magnetising impedance; a zigzag carries the zero sequence in its own
//! winding. Machines are taken as not earthed. Line capacitances count here, as they may be the only way.

use super::data::{End, Study, ThreeWinding, Transformer, TransformerZero, VectorGroup, Winding};
use super::positive::{
    feeder_impedance, leg_scale, legs, line_warmth, network_factor, ratio, split, to_pu, transformer_impedance,
    unit_factor,
};
use super::sequence::Sequence;
use super::{Case, StudyError};
use crate::complex::Complex;

/// The zero-sequence network.
pub(super) fn zero(study: &Study, case: Case) -> Result<Sequence, StudyError> {
    let mut seq = Sequence::new(study);
    for feeder in &study.feeders {
        let (strength, z) = feeder_impedance(study, feeder, case)?;
        let [x0_over_x, r0_over_x0] = strength.zero.ok_or_else(|| missing(&feeder.name))?;
        let x0 = z.im * x0_over_x;
        let node = seq.node(feeder.bus);
        seq.shunt(&feeder.name, node, Complex::new(x0 * r0_over_x0, x0));
    }
    add_lines(study, case, &mut seq)?;
    for (i, t) in study.transformers.iter().enumerate() {
        let data = t.zero.ok_or_else(|| missing(&t.name))?;
        add_transformer(study, case, i, &data, &mut seq);
    }
    for t in &study.three_winding {
        add_three_winding(study, case, t, &mut seq)?;
    }
    for part in &study.impedances {
        let z = part.z0.ok_or_else(|| missing(&part.name))?;
        let (a, b) = (seq.node(part.from), seq.node(part.to));
        seq.branch(&part.name, a, b, to_pu(z, &study.buses[part.from]), 1.0);
    }
    Ok(seq)
}

fn missing(name: &str) -> StudyError {
    StudyError::ZeroSequence { name: name.to_owned() }
}

fn add_lines(study: &Study, case: Case, seq: &mut Sequence) -> Result<(), StudyError> {
    let frequency = if study.frequency_hz > 0.0 { study.frequency_hz } else { 50.0 };
    let omega = 2.0 * std::f64::consts::PI * frequency;
    for line in &study.lines {
        let (z0, c0_nf) = line.zero.ok_or_else(|| missing(&line.name))?;
        let z = z0 * (line.km / line.parallel);
        let r = z.re * line_warmth(&line.name, line.end_temperature_c, case)?;
        let bus = &study.buses[line.from.bus];
        let (a, b) = (seq.end(line.from), seq.end(line.to));
        seq.branch(&line.name, a, b, to_pu(Complex::new(r, z.im), bus), 1.0);
        let half = omega * c0_nf * 1e-9 * line.km * line.parallel / 2.0;
        if half > 0.0 {
            for node in [a, b] {
                seq.shunt(&line.name, node, to_pu(Complex::new(0.0, -1.0 / half), bus));
            }
        }
    }
    Ok(())
}

fn add_transformer(study: &Study, case: Case, index: usize, data: &TransformerZero, seq: &mut Sequence) {
    let t = &study.transformers[index];
    if data.group == VectorGroup::Isolated {
        return;
    }
    let low = transformer_impedance(study, t, data.vk, data.vkr);
    let t_ratio = ratio(study, t);
    // Where the star point is earthed there the impedance is seen from; `at_high` says which side that is.
    let at_high = matches!(data.group, VectorGroup::Ynd | VectorGroup::Yny | VectorGroup::Zn | VectorGroup::Znyn);
    let (end, side) = if at_high { (t.hv, t_ratio * t_ratio) } else { (t.lv, 1.0) };
    let factor = if t.unit { unit_factor(study, index) } else { network_factor(study, t, case) };
    let bare = low * side;
    let leakage = bare * factor;
    // Of two earthed stars it is the high one's that the impedance is in.
    let (star, back) = if data.group == VectorGroup::Ynyn { (t.hv, t_ratio * t_ratio) } else { (end, 1.0) };
    let neutral = to_pu(data.neutral_ohm * (3.0 / back), &study.buses[star.bus]);
    let magnetising = magnetising(bare, data);
    let mut earth = |end: End, z: Complex| {
        let node = seq.end(end);
        seq.shunt(&t.name, node, z);
    };
    match data.group {
        VectorGroup::Isolated => {}
        VectorGroup::Dyn | VectorGroup::Ynd => earth(end, leakage + neutral),
        VectorGroup::Yyn | VectorGroup::Yny => {
            if let Some(m) = magnetising {
                earth(end, leakage + neutral + m);
            }
        }
        VectorGroup::Zn => earth(end, leakage * data.hv_share + neutral),
        VectorGroup::Znyn => {
            earth(end, leakage * data.hv_share + neutral);
            if let Some(m) = magnetising {
                let back = 1.0 / (t_ratio * t_ratio);
                earth(t.lv, (m + leakage * (1.0 - data.hv_share)) * back);
            }
        }
        VectorGroup::Ynyn => {
            let z = leakage + neutral;
            let (hv, lv) = (seq.end(t.hv), seq.end(t.lv));
            add_tee(seq, t, [hv, lv], [z * data.hv_share, z * (1.0 - data.hv_share)], magnetising, t_ratio);
        }
    }
}

/// Magnetising impedance where the leakage `bare` is seen: a multiple of its magnitude.
fn magnetising(bare: Complex, data: &TransformerZero) -> Option<Complex> {
    let [multiple, r_over_x] = data.magnetising?;
    Some(split(bare.norm() * multiple, r_over_x))
}

/// Both leakages in series with the magnetising impedance between them; leakages of nothing are left out.
fn add_tee(seq: &mut Sequence, t: &Transformer, ends: [usize; 2], z: [Complex; 2], m: Option<Complex>, ratio: f64) {
    let [hv, lv] = ends;
    let Some(m) = m else { return seq.branch(&t.name, hv, lv, z[0] + z[1], ratio) };
    let middle = if z[1].is_zero() { lv } else { seq.inner() };
    if z[0].is_zero() {
        // All leakage at the low side: the magnetising impedance stands at the high terminal.
        seq.shunt(&t.name, hv, m * (ratio * ratio));
        return seq.branch(&t.name, hv, lv, z[1], ratio);
    }
    seq.branch(&t.name, hv, middle, z[0], ratio);
    seq.shunt(&t.name, middle, m);
    if middle != lv {
        seq.branch(&t.name, middle, lv, z[1], 1.0);
    }
}

fn add_three_winding(study: &Study, case: Case, t: &ThreeWinding, seq: &mut Sequence) -> Result<(), StudyError> {
    let data = t.zero.ok_or_else(|| missing(&t.name))?;
    let star = seq.inner();
    for (side, leg) in legs(t, data.vk, data.vkr, case).into_iter().enumerate() {
        let (scale, ratio) = leg_scale(study, t, side);
        match data.windings[side] {
            Winding::Star => {}
            Winding::Delta => seq.shunt(&t.name, star, leg * (scale * ratio * ratio)),
            Winding::Earthed => {
                let node = seq.end(t.ends[side]);
                seq.branch(&t.name, star, node, leg * scale, ratio);
            }
        }
    }
    Ok(())
}

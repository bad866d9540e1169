//! Lines, transformers, impedances and switches.

use super::row::{Row, rows};
use super::{Context, Read};
use crate::complex::Complex;
use crate::powerflow::short_circuit::data::{
    Impedance, Line, Study, ThreeWinding, ThreeWindingZero, Transformer, TransformerZero, VectorGroup, Winding,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// `R/X` of a closed switch with an impedance.
const SWITCH_R_OVER_X: f64 = 2.0;
/// Below this a zero-sequence short-circuit voltage (percent) means that it is the positive one's.
const NONE_PERCENT: f64 = 1e-8;

/// Adds them all.
pub(super) fn add(root: &Map<String, Value>, context: &mut Context, study: &mut Study) -> Read<()> {
    switches(root, context, study)?;
    for row in rows(root, "line")? {
        if row.flag("in_service", true)? {
            study.lines.push(line(&row, context)?);
        }
    }
    let units = unit_transformers(root)?;
    for row in rows(root, "trafo")? {
        if row.flag("in_service", true)? {
            context.transformers.insert(row.number, study.transformers.len());
            let unit = row.flag("power_station_unit", false)? || units.contains(&row.number);
            study.transformers.push(transformer(&row, context, unit)?);
        }
    }
    for row in rows(root, "trafo3w")? {
        if row.flag("in_service", true)? {
            study.three_winding.push(three_winding(&row, context)?);
        }
    }
    for row in rows(root, "impedance")? {
        if row.flag("in_service", true)? {
            let ((from, a), (to, b)) = (context.bus(&row, "from_bus")?, context.bus(&row, "to_bus")?);
            let part = impedance(&row, context, study, from, to)?;
            if a && b {
                study.impedances.push(part);
            }
        }
    }
    Ok(())
}

fn switches(root: &Map<String, Value>, context: &mut Context, study: &mut Study) -> Read<()> {
    // Which buses each part ends at, so that a switch elsewhere is noticed.
    let mut ends = BTreeSet::new();
    let tables: [(&str, &str, &[&str]); 3] = [
        ("l", "line", &["from_bus", "to_bus"]),
        ("t", "trafo", &["hv_bus", "lv_bus"]),
        ("t3", "trafo3w", &["hv_bus", "mv_bus", "lv_bus"]),
    ];
    for (kind, table, keys) in tables {
        for row in rows(root, table)? {
            for key in keys {
                ends.insert((kind.to_owned(), row.number, row.integer(key)?));
            }
        }
    }
    for row in rows(root, "switch")? {
        let (bus, a) = context.bus(&row, "bus")?;
        let closed = row.flag("closed", true)?;
        let element = row.integer("element")?;
        match row.word("et")?.unwrap_or("b") {
            "b" => {
                let (other, b) = context.bus(&row, "element")?;
                let ohm = row.number_or("z_ohm", 0.0)?;
                if !(closed && a && b) {
                    continue;
                }
                if ohm > 0.0 {
                    let x = ohm / (1.0 + SWITCH_R_OVER_X * SWITCH_R_OVER_X).sqrt();
                    let z = Complex::new(x * SWITCH_R_OVER_X, x);
                    study.impedances.push(Impedance {
                        name: row.path.clone(),
                        from: bus,
                        to: other,
                        z1: z,
                        z0: Some(z),
                    });
                } else {
                    study.joints.push([bus, other]);
                }
            }
            kind @ ("l" | "t" | "t3") => {
                let key = (kind.to_owned(), element, row.integer("bus")?);
                if !ends.contains(&key) {
                    return Err(row.fail("element", format!("no part {element} of kind {kind} ends at that bus")));
                }
                if !closed {
                    context.open.insert(key);
                }
            }
            other => return Err(row.fail("et", format!("'{other}'; expected b, l, t or t3"))),
        }
    }
    Ok(())
}

fn line(row: &Row<'_>, context: &Context) -> Read<Line> {
    let zero = if context.fault.needs_zero() || row.has("r0_ohm_per_km") {
        let z = Complex::new(row.number("r0_ohm_per_km")?, row.number("x0_ohm_per_km")?);
        Some((z, row.number_or("c0_nf_per_km", 0.0)?))
    } else {
        None
    };
    let line = Line {
        name: row.path.clone(),
        from: context.end(row, "from_bus", "l")?,
        to: context.end(row, "to_bus", "l")?,
        km: row.positive("length_km")?,
        parallel: parallel(row)?,
        z1: Complex::new(row.number("r_ohm_per_km")?, row.number("x_ohm_per_km")?),
        zero,
        end_temperature_c: row.optional("endtemp_degree")?,
    };
    if context.case == crate::powerflow::short_circuit::Case::Min && line.end_temperature_c.is_none() {
        let remedy = "missing; the minimum case needs the temperature at the end of the short circuit, such as 80";
        return Err(row.fail("endtemp_degree", remedy.into()));
    }
    Ok(line)
}

fn parallel(row: &Row<'_>) -> Read<f64> {
    if row.has("parallel") { row.positive("parallel") } else { Ok(1.0) }
}

fn transformer(row: &Row<'_>, context: &Context, unit: bool) -> Read<Transformer> {
    if row.flag("tap_dependency_table", false)? {
        let what = "impedances by a table of taps are not read; set it to false for those of the main tap";
        return Err(row.fail("tap_dependency_table", what.into()));
    }
    let zero = if context.fault.needs_zero() || row.has("vector_group") { Some(zero(row)?) } else { None };
    let (vk, vkr) = (row.positive("vk_percent")? / 100.0, row.number("vkr_percent")? / 100.0);
    if vkr.abs() > vk {
        return Err(row.fail("vkr_percent", format!("{}; it cannot be above vk_percent", vkr * 100.0)));
    }
    Ok(Transformer {
        name: row.path.clone(),
        hv: context.end(row, "hv_bus", "t")?,
        lv: context.end(row, "lv_bus", "t")?,
        mva: row.positive("sn_mva")?,
        kv: [row.positive("vn_hv_kv")?, row.positive("vn_lv_kv")?],
        vk,
        vkr,
        parallel: parallel(row)?,
        unit,
        zero,
    })
}

/// The vector group without its clock number, in small letters.
fn group_word(row: &Row<'_>) -> Read<String> {
    let missing = || row.fail("vector_group", "missing; a fault to earth needs it, such as \"Dyn\"".into());
    let word = row.word("vector_group")?.ok_or_else(missing)?;
    Ok(word.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase())
}

fn zero(row: &Row<'_>) -> Read<TransformerZero> {
    let word = group_word(row)?;
    let group = match word.as_str() {
        "yy" | "yd" | "dy" | "dd" | "yz" | "dz" => VectorGroup::Isolated,
        "dyn" | "yzn" | "dzn" => VectorGroup::Dyn,
        "ynd" => VectorGroup::Ynd,
        "yyn" => VectorGroup::Yyn,
        "yny" => VectorGroup::Yny,
        "ynyn" => VectorGroup::Ynyn,
        "znd" | "zny" | "zd" => VectorGroup::Zn,
        "znyn" => VectorGroup::Znyn,
        other => return Err(row.fail("vector_group", format!("'{other}'; expected one such as Dyn, YNd, YNyn or Yzn"))),
    };
    let isolated = group == VectorGroup::Isolated;
    let percent = |zero: &str, positive: &str| -> Read<f64> {
        let value = if isolated { row.number_or(zero, 0.0)? } else { row.number(zero)? };
        Ok(if value.abs() < NONE_PERCENT { row.number(positive)? } else { value } / 100.0)
    };
    let through_iron = matches!(group, VectorGroup::Yyn | VectorGroup::Yny | VectorGroup::Ynyn | VectorGroup::Znyn);
    let magnetising = if through_iron || row.has("mag0_percent") {
        Some([row.number("mag0_percent")? / 100.0, row.number_or("mag0_rx", 0.0)?])
    } else {
        None
    };
    let both = matches!(group, VectorGroup::Ynyn | VectorGroup::Zn | VectorGroup::Znyn);
    let hv_share = if both { row.number("si0_hv_partial")? } else { 0.5 };
    Ok(TransformerZero {
        group,
        vk: percent("vk0_percent", "vk_percent")?,
        vkr: percent("vkr0_percent", "vkr_percent")?,
        magnetising,
        hv_share,
        neutral_ohm: Complex::new(row.number_or("rn_ohm", 0.0)?, row.number_or("xn_ohm", 0.0)?),
    })
}

fn three(row: &Row<'_>, keys: [&str; 3]) -> Read<[f64; 3]> {
    Ok([row.number(keys[0])?, row.number(keys[1])?, row.number(keys[2])?])
}

fn three_winding(row: &Row<'_>, context: &Context) -> Read<ThreeWinding> {
    if row.flag("tap_dependency_table", false)? {
        return Err(
            row.fail("tap_dependency_table", "impedances by a table of taps are not read; set it to false".into())
        );
    }
    let percent = |keys| three(row, keys).map(|x| x.map(|p| p / 100.0));
    for key in ["sn_hv_mva", "sn_mv_mva", "sn_lv_mva", "vn_hv_kv", "vn_mv_kv", "vn_lv_kv"] {
        row.positive(key)?;
    }
    let zero = if context.fault.needs_zero() || row.has("vector_group") && row.has("vk0_hv_percent") {
        Some(ThreeWindingZero {
            windings: windings(row)?,
            vk: percent(["vk0_hv_percent", "vk0_mv_percent", "vk0_lv_percent"])?,
            vkr: percent(["vkr0_hv_percent", "vkr0_mv_percent", "vkr0_lv_percent"])?,
        })
    } else {
        None
    };
    Ok(ThreeWinding {
        name: row.path.clone(),
        ends: [context.end(row, "hv_bus", "t3")?, context.end(row, "mv_bus", "t3")?, context.end(row, "lv_bus", "t3")?],
        kv: three(row, ["vn_hv_kv", "vn_mv_kv", "vn_lv_kv"])?,
        mva: three(row, ["sn_hv_mva", "sn_mv_mva", "sn_lv_mva"])?,
        vk: percent(["vk_hv_percent", "vk_mv_percent", "vk_lv_percent"])?,
        vkr: percent(["vkr_hv_percent", "vkr_mv_percent", "vkr_lv_percent"])?,
        zero,
    })
}

/// The three windings of a group such as `ynyd`.
fn windings(row: &Row<'_>) -> Read<[Winding; 3]> {
    let word = group_word(row)?;
    let mut out = Vec::new();
    let mut letters = word.chars().filter(|c| !c.is_ascii_digit()).peekable();
    while let Some(letter) = letters.next() {
        out.push(match (letter, letters.next_if_eq(&'n').is_some()) {
            ('d', false) => Winding::Delta,
            ('y', false) => Winding::Star,
            ('y', true) => Winding::Earthed,
            _ => return Err(row.fail("vector_group", format!("'{word}'; expected three windings such as YNyd"))),
        });
    }
    <[Winding; 3]>::try_from(out)
        .map_err(|_| row.fail("vector_group", format!("'{word}'; expected three windings such as YNyd")))
}

fn impedance(row: &Row<'_>, context: &Context, study: &Study, from: usize, to: usize) -> Read<Impedance> {
    let kv = study.buses[from].kv;
    let to_ohm = kv * kv / row.positive("sn_mva")?;
    for (a, b) in [("rft_pu", "rtf_pu"), ("xft_pu", "xtf_pu")] {
        if row.has(b) && row.number(a)? != row.number(b)? {
            return Err(row.fail(b, format!("differs from {a}; only impedances alike in both directions are modelled")));
        }
    }
    for key in ["gf_pu", "bf_pu", "gt_pu", "bt_pu"] {
        if row.number_or(key, 0.0)? != 0.0 {
            return Err(row.fail(key, "a shunt of an impedance has no part in IEC 60909; set it to 0".into()));
        }
    }
    let z0 = if context.fault.needs_zero() || row.has("rft0_pu") {
        Some(Complex::new(row.number("rft0_pu")?, row.number("xft0_pu")?) * to_ohm)
    } else {
        None
    };
    let z1 = Complex::new(row.number("rft_pu")?, row.number("xft_pu")?) * to_ohm;
    Ok(Impedance { name: row.path.clone(), from, to, z1, z0 })
}

/// Numbers of the transformers that belong to machines as power station units.
fn unit_transformers(root: &Map<String, Value>) -> Read<BTreeSet<i64>> {
    let mut out = BTreeSet::new();
    for row in rows(root, "gen")? {
        if row.has("power_station_trafo") && row.flag("in_service", true)? {
            out.insert(row.integer("power_station_trafo")?);
        }
    }
    Ok(out)
}

//! What feeds a short circuit: grids, synchronous machines, motors, converters; and constant impedances of wards.

use super::row::{Row, rows};
use super::{Context, Read};
use crate::complex::Complex;
use crate::powerflow::short_circuit::Case;
use crate::powerflow::short_circuit::data::{Converter, Feeder, Machine, Motor, Strength, Study, Unit};
use serde_json::{Map, Value};

/// Adds them all.
pub(super) fn add(root: &Map<String, Value>, context: &Context, study: &mut Study) -> Read<()> {
    for (row, bus) in live(root, context, "ext_grid")? {
        study.feeders.push(feeder(&row, context, bus)?);
    }
    for (row, bus) in live(root, context, "gen")? {
        let machine = machine(root, &row, context, bus)?;
        study.machines.push(machine);
    }
    for (row, bus) in live(root, context, "motor")? {
        let part = |key| row.positive(key);
        let mva = part("pn_mech_mw")? / (part("efficiency_n_percent")? / 100.0 * part("cos_phi_n")?);
        study.motors.push(Motor {
            name: row.path.clone(),
            bus,
            mva,
            kv: part("vn_kv")?,
            locked_rotor: part("lrc_pu")?,
            r_over_x: row.number("rx")?,
            generator: false,
        });
    }
    for (row, bus) in live(root, context, "sgen")? {
        add_sgen(&row, context, bus, study)?;
    }
    for table in ["ward", "xward"] {
        for (row, bus) in live(root, context, table)? {
            // Constant impedance in MW and Mvar at nominal voltage, with the sign the tables give it.
            study.shunts.push((bus, Complex::new(row.number_or("pz_mw", 0.0)?, row.number_or("qz_mvar", 0.0)?)));
        }
    }
    Ok(())
}

/// Rows in service at buses in service.
fn live<'a>(root: &'a Map<String, Value>, context: &Context, table: &str) -> Read<Vec<(Row<'a>, usize)>> {
    let mut out = Vec::new();
    for row in rows(root, table)? {
        let (bus, alive) = context.bus(&row, "bus")?;
        if alive && row.flag("in_service", true)? {
            out.push((row, bus));
        }
    }
    Ok(out)
}

fn feeder(row: &Row<'_>, context: &Context, bus: usize) -> Read<Feeder> {
    let strength = |case: &str, asked: bool| -> Read<Option<Strength>> {
        let [s, rx] = [format!("s_sc_{case}_mva"), format!("rx_{case}")];
        if !(asked || row.has(&s) && row.has(&rx)) {
            return Ok(None);
        }
        let [x0x, r0x0] = [format!("x0x_{case}"), format!("r0x0_{case}")];
        let zero = if asked && context.fault.needs_zero() || row.has(&x0x) && row.has(&r0x0) {
            Some([row.positive(&x0x)?, row.number(&r0x0)?])
        } else {
            None
        };
        Ok(Some(Strength { mva: row.positive(&s)?, r_over_x: row.number(&rx)?, zero }))
    };
    let max = strength("max", context.case == Case::Max)?;
    let min = strength("min", context.case == Case::Min)?;
    Ok(Feeder { name: row.path.clone(), bus, max, min })
}

fn machine(root: &Map<String, Value>, row: &Row<'_>, context: &Context, bus: usize) -> Read<Machine> {
    let unit = if row.has("power_station_trafo") {
        let number = row.integer("power_station_trafo")?;
        let list = rows(root, "trafo")?;
        let Some(t) = list.iter().find(|t| t.number == number) else {
            return Err(row.fail("power_station_trafo", format!("no row of trafo has the number {number}")));
        };
        let tap_range = t.number_or("pt_percent", 0.0)? / 100.0;
        let on_load = t.flag("oltc", false)?;
        context.transformers.get(&number).map(|&transformer| Unit { transformer, on_load, tap_range })
    } else {
        None
    };
    let cos_phi = row.positive("cos_phi")?;
    if cos_phi > 1.0 {
        return Err(row.fail("cos_phi", format!("{cos_phi}; expected at most 1")));
    }
    Ok(Machine {
        name: row.path.clone(),
        bus,
        mva: row.positive("sn_mva")?,
        kv: row.positive("vn_kv")?,
        xd2: row.positive("xdss_pu")?,
        r_ohm: row.number("rdss_ohm")?,
        cos_phi,
        over_voltage: row.number_or("pg_percent", 0.0)? / 100.0,
        unit,
    })
}

fn add_sgen(row: &Row<'_>, context: &Context, bus: usize, study: &mut Study) -> Read<()> {
    let name = row.path.clone();
    match row.word("generator_type")? {
        Some("async") => study.motors.push(Motor {
            name,
            bus,
            mva: row.positive("sn_mva")?,
            kv: study.buses[bus].kv,
            locked_rotor: row.positive("lrc_pu")?,
            r_over_x: row.number("rx")?,
            generator: true,
        }),
        Some("async_doubly_fed") => {
            return Err(
                row.fail("generator_type", "doubly-fed machines are not modelled; set in_service to false".into())
            );
        }
        _ if context.case == Case::Max && row.flag("current_source", true)? => {
            if row.has("current_angle_degree") {
                return Err(row.fail("current_angle_degree", "a given angle is not modelled; leave it out".into()));
            }
            let missing = "missing; expected its short-circuit over its rated current, 1 to 1.5 for a converter";
            let k = row.optional("k")?.ok_or_else(|| row.fail("k", missing.into()))?;
            study.converters.push(Converter { name, bus, mva: row.positive("sn_mva")?, k });
        }
        _ => {}
    }
    Ok(())
}

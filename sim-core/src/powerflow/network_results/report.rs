//! A solved network in the forms that people and programs read: a table, CSV, JSON.

use super::flows::{Flows, Losses, flows};
use super::profile::unbalance;
use super::supply::{Limit, Supply, supply};
use crate::complex::Complex;
use crate::network::{Element, ElementKind, Network, Representation};
use serde_json::{Value, json};
use std::fmt::Write;

/// How a solution came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Every energised island is solved.
    pub converged: bool,
    /// The method that was used, in words.
    pub method: String,
    /// Iterations, of the island that took most.
    pub iterations: u32,
    /// Kirchhoff residual from the elements afresh, per unit of the network's base power.
    pub kcl_residual_pu: f64,
    /// For each energised island without a solution: worst bus, likely reason, remedy.
    pub unsolved: Vec<String>,
}

/// A solved network with all that follows from its voltages.
#[derive(Clone, Debug)]
pub struct NetworkReport<'a> {
    net: &'a Network,
    voltages: &'a [Complex],
    first: Vec<usize>,
    outcome: Outcome,
    /// Currents, powers and losses of elements.
    pub flows: Flows,
    /// What sources, generators and injections feed in.
    pub supply: Supply,
}

impl<'a> NetworkReport<'a> {
    /// The report on node voltages (numbered as [`Network::first_node`]).
    #[must_use]
    pub fn new(net: &'a Network, voltages: &'a [Complex], outcome: Outcome) -> Self {
        let flows = flows(net, voltages);
        let supply = supply(net, voltages, &flows);
        Self { net, voltages, first: net.first_node(), outcome, flows, supply }
    }

    /// Power that all sources feed in, VA.
    #[must_use]
    pub fn source_va(&self) -> Complex {
        self.supply.source_total() * self.net.va_per_unit
    }

    /// What lines, transformers and other elements between buses take, charging included and bus shunts not, VA.
    #[must_use]
    pub fn loss_va(&self) -> Complex {
        let lost = self.net.elements.iter().zip(&self.flows.losses).filter(|(e, _)| is_branch(e));
        lost.fold(Complex::ZERO, |sum, (_, l)| sum + l.total()) * self.net.va_per_unit
    }

    fn volts(&self, bus: usize) -> &[Complex] {
        &self.voltages[self.first[bus]..self.first[bus + 1]]
    }

    /// `bus,vm_pu,va_deg` if balanced, else `bus,node,v_re,v_im` in volts to ground; 12 significant digits.
    #[must_use]
    pub fn csv(&self) -> String {
        let balanced = self.net.representation == Representation::Balanced;
        let mut out = String::from(if balanced { "bus,vm_pu,va_deg\n" } else { "bus,node,v_re,v_im\n" });
        // Writing to a String cannot fail.
        for (b, bus) in self.net.buses.iter().enumerate() {
            let name = quoted(&bus.name);
            for (node, v) in bus.nodes.iter().zip(self.volts(b)) {
                let _ = if balanced {
                    writeln!(out, "{name},{:.11e},{:.11e}", v.norm() / bus.v_base, v.arg().to_degrees())
                } else {
                    writeln!(out, "{name},{node},{:.11e},{:.11e}", v.re, v.im)
                };
            }
        }
        out
    }

    /// One JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        let (source, loss) = (self.source_va(), self.loss_va());
        let dropped = self.net.dropped.iter().map(|d| json!({ "file": d.file, "line": d.line, "what": d.what }));
        json!({
            "network": self.net.name,
            "converged": self.outcome.converged,
            "method": self.outcome.method,
            "iterations": self.outcome.iterations,
            "kcl_residual_pu": self.outcome.kcl_residual_pu,
            "source_kw": source.re / 1e3,
            "source_kvar": source.im / 1e3,
            "loss_kw": loss.re / 1e3,
            "loss_kvar": loss.im / 1e3,
            "losses_by_cause": self.losses_json(&self.flows.total()),
            "unsolved": self.outcome.unsolved,
            "buses": self.bus_rows(),
            "branches": self.branch_rows(),
            "generators": self.generator_rows(),
            "dropped": dropped.collect::<Vec<_>>(),
        })
    }

    fn losses_json(&self, l: &Losses) -> Value {
        let kva = |s: Complex| s * (self.net.va_per_unit / 1e3);
        let (series, no_load, shunt) = (kva(l.series), kva(l.no_load), kva(l.shunt));
        json!({
            "series_kw": series.re, "series_kvar": series.im,
            "no_load_kw": no_load.re, "no_load_kvar": no_load.im,
            "shunt_kw": shunt.re, "shunt_kvar": shunt.im,
        })
    }

    fn bus_rows(&self) -> Vec<Value> {
        let balanced = self.net.representation == Representation::Balanced;
        let mut rows = Vec::new();
        for (b, bus) in self.net.buses.iter().enumerate() {
            let unequal = unbalance(self.net, self.voltages, b);
            for (node, v) in bus.nodes.iter().zip(self.volts(b)) {
                let (pu, deg) = (v.norm() / bus.v_base, v.arg().to_degrees());
                rows.push(if balanced {
                    json!({ "bus": bus.name, "kv": bus.kv, "vm_pu": pu, "va_deg": deg })
                } else {
                    let (re, im) = (v.re, v.im);
                    json!({ "bus": bus.name, "node": node, "v_re": re, "v_im": im, "vm_pu": pu, "va_deg": deg, "unbalance": unequal })
                });
            }
        }
        rows
    }

    fn branch_rows(&self) -> Vec<Value> {
        let kva = |s: Complex| s * (self.net.va_per_unit / 1e3);
        let mut rows = Vec::new();
        for (i, e) in self.net.elements.iter().enumerate() {
            let ends: Vec<Value> = e
                .terminals
                .iter()
                .zip(self.flows.powers(i))
                .map(|(t, s)| {
                    let s = kva(*s);
                    json!({ "bus": self.net.buses[t.bus as usize].name, "kw": s.re, "kvar": s.im })
                })
                .collect();
            let current = self.flows.currents(i).iter().map(|i| i.norm()).fold(0.0, f64::max);
            let loss = kva(self.flows.losses[i].total());
            rows.push(json!({
                "branch": e.name,
                "in_service": e.in_service,
                "terminals": ends,
                "largest_current": current,
                "loss_kw": loss.re,
                "loss_kvar": loss.im,
                "losses_by_cause": self.losses_json(&self.flows.losses[i]),
                "loading": if e.rating > 0.0 { json!(self.flows.loading[i]) } else { Value::Null },
            }));
        }
        rows
    }

    fn generator_rows(&self) -> Vec<Value> {
        let kva = |s: Complex| s * (self.net.va_per_unit / 1e3);
        let all = self.net.generators.iter().zip(&self.supply.generators);
        all.map(|(g, p)| {
            let s = kva(p.s);
            let (bus, violated) = (&self.net.buses[g.bus as usize].name, p.violated.map(|l| limit(l, self.kva_unit())));
            json!({ "generator": g.name, "bus": bus, "kw": s.re, "kvar": s.im, "reactive_limit": violated })
        })
        .collect()
    }

    fn kva_unit(&self) -> f64 {
        self.net.va_per_unit / 1e3
    }

    /// A table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let (net, o) = (self.net, &self.outcome);
        let (source, loss) = (self.source_va() * 1e-3, self.loss_va() * 1e-3);
        let mut out = format!(
            "{}: {}, {} iterations, Kirchhoff residual {:.1e} pu\nsource {:.3} kW {:.3} kvar, losses {:.3} kW {:.3} kvar\n\n",
            net.name, o.method, o.iterations, o.kcl_residual_pu, source.re, source.im, loss.re, loss.im
        );
        o.unsolved.iter().for_each(|why| out += &format!("NOT SOLVED: {why}\n"));
        let _ = writeln!(out, "{:<16} {:>4} {:>9} {:>10}", "bus", "node", "pu", "degrees");
        for (b, bus) in net.buses.iter().enumerate() {
            for (node, v) in bus.nodes.iter().zip(self.volts(b)) {
                let note = if v.is_zero() { "  dead" } else { "" };
                let (pu, deg) = (v.norm() / bus.v_base, v.arg().to_degrees());
                let _ = writeln!(out, "{:<16} {node:>4} {pu:>9.5} {deg:>10.4}{note}", bus.name);
            }
        }
        let _ = writeln!(out, "\n{:<20} {:>12} {:>12} {:>12} {:>8}", "branch", "kW", "kvar", "loss kW", "loading");
        for (i, e) in net.elements.iter().enumerate().filter(|(_, e)| is_branch(e)) {
            let s = self.flows.powers(i)[0] * self.kva_unit();
            let lost = self.flows.losses[i].total().re * self.kva_unit();
            let share = if e.rating > 0.0 { format!("{:.1}%", self.flows.loading[i] * 100.0) } else { "-".to_owned() };
            let note = if e.in_service { "" } else { "  out" };
            let _ = writeln!(out, "{:<20} {:>12.3} {:>12.3} {lost:>12.4} {share:>8}{note}", e.name, s.re, s.im);
        }
        for (g, p) in net.generators.iter().zip(&self.supply.generators) {
            if let Some(l) = p.violated {
                let _ = writeln!(out, "{}: its reactive power is {}", g.name, limit(l, self.kva_unit()));
            }
        }
        net.dropped.iter().for_each(|d| out += &format!("left out: {}:{}: {}\n", d.file, d.line, d.what));
        out
    }
}

fn is_branch(e: &Element) -> bool {
    e.terminals.len() > 1 && e.kind != ElementKind::Capacitor && e.kind != ElementKind::Shunt
}

fn limit(limit: Limit, unit: f64) -> String {
    match limit {
        Limit::Above(q) => format!("{:.3} kvar above its largest", q * unit),
        Limit::Below(q) => format!("{:.3} kvar below its least", q * unit),
    }
}

/// A field of CSV, in quotes if it needs them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

//! The power flow of the present instant as a report for people and programs.

use super::World;
use crate::powerflow::Complex;
use crate::scene::Scene;
use serde_json::{Value, json};

/// Voltages, branch flows and balance of one instant.
#[derive(Clone, Debug)]
pub struct PowerReport {
    /// Phase voltages to ground of each bus, V.
    pub volts: Vec<[Complex; 3]>,
    /// Energised islands without a solution.
    pub unsolved: usize,
    rows: Vec<(String, f64, f64, f64, f64)>,
    bus_rows: Vec<(String, [f64; 3], bool)>,
    residual_pu: f64,
    iterations: u32,
    source_kva: Complex,
    loss_kva: Complex,
}

impl World {
    /// The last power flow.
    #[must_use]
    pub fn report(&self) -> PowerReport {
        let (flows, f) = (&self.state.flows, &self.scene.file);
        let lines = f.lines.iter().map(|l| &l.name).zip(&flows.lines);
        let transformers = f.transformers.iter().map(|t| &t.name).zip(&flows.transformers);
        let rows = lines.chain(transformers).map(|(n, x)| (n.clone(), x.kw, x.kvar, x.current_a, x.loading)).collect();
        let results = self.electrical.results();
        let va = |list: &mut dyn Iterator<Item = Complex>| list.fold(Complex::ZERO, |sum, s| sum + s) * 1e-3;
        let buses = f.buses.iter().zip(&flows.bus_pu).zip(&flows.bus_island);
        PowerReport {
            volts: self.electrical.voltages().iter().take(f.buses.len()).map(|v| [v[0], v[1], v[2]]).collect(),
            unsolved: flows.islands.iter().filter(|i| !i.solved).count(),
            rows,
            bus_rows: buses.map(|((b, v), i)| (b.name.clone(), *v, i.is_some())).collect(),
            residual_pu: flows.residual_pu,
            iterations: results.islands.iter().map(|i| i.iterations).max().unwrap_or(0),
            source_kva: va(&mut results.sources.iter().map(|s| s.s)),
            loss_kva: va(&mut results.islands.iter().map(|i| i.loss_va)),
        }
    }
}

impl PowerReport {
    /// A table for people.
    #[must_use]
    pub fn table(&self, scene: &Scene) -> String {
        let mut text = format!(
            "{}: source {:.2} kW, losses {:.3} kW, Kirchhoff residual {:.1e} pu\n\n{:<16} {:>8} {:>8} {:>8}\n",
            scene.file.title.en, self.source_kva.re, self.loss_kva.re, self.residual_pu, "bus", "a pu", "b pu", "c pu"
        );
        for (name, v, live) in &self.bus_rows {
            let note = if *live { "" } else { "  dead" };
            text += &format!("{name:<16} {:>8.4} {:>8.4} {:>8.4}{note}\n", v[0], v[1], v[2]);
        }
        text += &format!("\n{:<16} {:>9} {:>9} {:>8} {:>8}\n", "branch", "kW", "kvar", "A", "loading");
        for (name, kw, kvar, a, loading) in &self.rows {
            text += &format!("{name:<16} {kw:>9.2} {kvar:>9.2} {a:>8.1} {:>7.1}%\n", loading * 100.0);
        }
        text
    }

    /// One JSON object.
    #[must_use]
    pub fn json(&self, scene: &Scene) -> Value {
        let buses: Vec<Value> =
            self.bus_rows.iter().map(|(name, v, live)| json!({ "bus": name, "vm_pu": v, "live": live })).collect();
        let branches: Vec<Value> = self
            .rows
            .iter()
            .map(|(name, kw, kvar, a, loading)| {
                json!({ "branch": name, "kw": kw, "kvar": kvar, "current_a": a, "loading": loading })
            })
            .collect();
        json!({
            "scene": scene.file.title.en,
            "converged": self.unsolved == 0,
            "method": "fixed-point",
            "iterations": self.iterations,
            "kcl_residual_pu": self.residual_pu,
            "source_kw": self.source_kva.re,
            "source_kvar": self.source_kva.im,
            "loss_kw": self.loss_kva.re,
            "loss_kvar": self.loss_kva.im,
            "buses": buses,
            "branches": branches,
            "dropped": [],
        })
    }
}

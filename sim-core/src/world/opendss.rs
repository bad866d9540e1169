//! The scene's network of the present instant as an OpenDSS script: the same three phases, the same answer.
//!
//! # What is written as what
//! - The source that leads an island: the circuit's Thevenin source (further islands: a `Vsource` each), with the
//!   electromotive force it has now.
//! - Lines: sequence data per kilometre. Transformers: three single-phase units, since so every clock number can be
//!   said; the no-load branch at the low winding as `%noloadloss`, `%imag`.
//! - Closed switches: a line with [`JOINT_OHM`], since the format has no joint; open ones: the same, not enabled.
//! - Buildings and devices: the powers that their phases really deliver, constant within a wide band.
//!
//! Names keep their letters and digits; every other character becomes `_`, and a name that is then taken gets a number.
//! Validated in `tests/export_dss.rs`: read back and solved, every node has the voltage it had.

use super::World;
use super::wiring::{Former, Owner};
use crate::complex::Complex;
use crate::powerflow::{Source, Transformer, Winding};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Resistance of a closed switch, ohm: 100 A lose 10 uV.
const JOINT_OHM: f64 = 1e-7;

impl World {
    /// The script.
    #[must_use]
    pub fn opendss_script(&self) -> String {
        let mut out = Script { world: self, taken: BTreeSet::new(), buses: Vec::new(), text: String::new() };
        out.buses = self.scene.file.buses.iter().map(|b| out_name(&mut out.taken, &b.name)).collect();
        out.taken.clear();
        out.head();
        out.sources();
        out.lines();
        out.transformers();
        out.switches();
        out.powers();
        out.tail();
        out.text
    }
}

struct Script<'a> {
    world: &'a World,
    /// Names that are in use, of the class that is being written.
    taken: BTreeSet<String>,
    buses: Vec<String>,
    text: String,
}

impl Script<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn name(&mut self, given: &str) -> String {
        out_name(&mut self.taken, given)
    }

    fn head(&mut self) {
        let file = &self.world.scene.file;
        let (title, hz) = (file.title.en.replace(['\n', '\r'], " "), file.upstream.frequency_hz);
        self.line(&format!("! {title}, exported from Gridtwin\nClear\nSet DefaultBaseFrequency={hz}"));
    }

    /// The leading sources; the first is the circuit's.
    fn sources(&mut self) {
        let world = self.world;
        let flows = &world.electrical.results().sources;
        let sources = world.wiring.formers.iter().zip(&world.wiring.circuit.sources).zip(flows);
        let leading = sources.filter(|(_, flow)| flow.leads);
        for (i, ((former, source), flow)) in leading.enumerate() {
            let given = match former {
                Former::Grid => "grid",
                Former::Device(d) => world.scene.file.devices[d.index()].name.as_str(),
            };
            let name = self.name(given);
            let new = if i == 0 { format!("New Circuit.{name}") } else { format!("New Vsource.{name}") };
            let text = format!("{new} bus1={} {}", self.buses[source.bus], thevenin(source, flow.emf_scale));
            self.line(&text);
        }
        self.taken.clear();
    }

    fn lines(&mut self) {
        let world = self.world;
        for (i, line) in world.scene.file.lines.iter().enumerate() {
            let cable = &world.scene.file.cable_types[world.scene.line_cable[i]];
            let [a, b] = world.scene.line_bus[i].map(|b| b.index());
            let text = format!(
                "New Line.{} bus1={} bus2={} phases=3 r1={} x1={} r0={} x0={} c1={} c0={} units=km length={} normamps={}",
                self.name(&line.name),
                self.buses[a],
                self.buses[b],
                cable.r1,
                cable.x1,
                cable.r0,
                cable.x0,
                cable.c1_nf,
                cable.c0_nf,
                line.length_m / 1e3,
                cable.ampacity_a
            );
            self.line(&text);
        }
    }

    fn transformers(&mut self) {
        let world = self.world;
        for (t, given) in world.wiring.circuit.transformers.iter().zip(&world.scene.file.transformers) {
            let name = self.name(&given.name);
            for leg in 0..3 {
                let text = self.leg(t, &name, leg);
                self.line(&text);
            }
        }
    }

    /// One leg of a transformer as a single-phase unit.
    fn leg(&self, t: &Transformer, name: &str, leg: usize) -> String {
        let node = |end: Option<usize>| end.filter(|k| *k < 8 && k % 4 < 3).map_or(0, |k| k % 4 + 1);
        let ends = t.leg_terminals(leg).map(|(plus, minus)| (node(plus), node(minus)));
        let rated = |v: f64, w: Winding| if w == Winding::Delta { v } else { v / 3.0_f64.sqrt() } / 1e3;
        let bus = |bus: usize, (plus, minus): (usize, usize)| format!("{}.{plus}.{minus}", self.buses[bus]);
        let no_load = (t.i0_pu * t.i0_pu - t.p0_pu * t.p0_pu).max(0.0).sqrt();
        format!(
            "New Transformer.{name}_{} phases=1 windings=2 bank={name} xhl={} %rs=({r} {r}) %noloadloss={} %imag={}\n\
             ~ wdg=1 bus={} kv={} kva={kva} conn=wye\n~ wdg=2 bus={} kv={} kva={kva} conn=wye tap={}",
            ["a", "b", "c"][leg],
            100.0 * (t.uk_pu * t.uk_pu - t.ur_pu * t.ur_pu).max(0.0).sqrt(),
            100.0 * t.p0_pu,
            100.0 * no_load,
            bus(t.hv, ends[0]),
            rated(t.v_hv, t.hv_winding),
            bus(t.lv, ends[1]),
            rated(t.v_lv, t.lv_winding),
            t.tap[leg],
            r = 50.0 * t.ur_pu,
            kva = t.s_va / 3e3,
        )
    }

    fn switches(&mut self) {
        let world = self.world;
        let file = &world.scene.file;
        for ((switch, ends), closed) in
            file.switches.iter().zip(&world.scene.switch_bus).zip(&world.state.network.closed)
        {
            let [a, b] = ends.map(|e| e.index());
            let text = format!(
                "New Line.{} bus1={} bus2={} phases=3 switch=yes r1={JOINT_OHM} x1=0 r0={JOINT_OHM} x0=0 c1=0 c0=0 length=1{}",
                self.name(&switch.name),
                self.buses[a],
                self.buses[b],
                if *closed { "" } else { " enabled=no" }
            );
            self.line(&text);
        }
        self.taken.clear();
    }

    /// One load (or generator, where power flows in) a phase; one for all three where they are alike.
    fn powers(&mut self) {
        let world = self.world;
        let powers = &world.electrical.results().injection_powers;
        let all: Vec<_> = world.wiring.owners.iter().zip(&world.wiring.circuit.injections).zip(powers).collect();
        for wires in all.chunk_by(|a, b| a.0.0.0 == b.0.0.0 && a.0.1.bus == b.0.1.bus) {
            let ((owner, _), first) = wires[0].0;
            let given = match owner {
                Owner::Load(b) => &world.scene.file.buildings[b.index()].name,
                Owner::Device(d) => &world.scene.file.devices[d.index()].name,
                Owner::Miner(v) => &world.scene.file.validators[v.index()].name,
            };
            let alike = |a: Complex, b: Complex| (a - b).norm() <= 1e-9 * a.norm();
            if wires.len() == 3 && wires.iter().all(|w| alike(*w.1, *wires[0].1)) {
                let sum = wires.iter().fold(Complex::ZERO, |sum, w| sum + *w.1);
                let kv = first.v_nominal * 3.0_f64.sqrt() / 1e3;
                self.power(given, &self.buses[first.bus].clone(), 3, kv, sum);
                continue;
            }
            for ((_, injection), s) in wires {
                let bus = format!("{}.{}", self.buses[injection.bus], injection.from.index() + 1);
                self.power(given, &bus, 1, injection.v_nominal / 1e3, **s);
            }
        }
    }

    fn power(&mut self, given: &str, bus: &str, phases: u8, kv: f64, s: Complex) {
        if s.is_zero() {
            return;
        }
        let name = self.name(given);
        let (class, sign) = if s.re > 0.0 { ("Generator", 1e-3) } else { ("Load", -1e-3) };
        let text = format!(
            "New {class}.{name} bus1={bus} phases={phases} conn=wye kv={kv} kw={} kvar={} model=1 vminpu=0.5 vmaxpu=1.5",
            s.re * sign,
            s.im * sign
        );
        self.line(&text);
    }

    fn tail(&mut self) {
        let mut bases: Vec<f64> = self.world.scene.file.buses.iter().map(|b| b.kv).collect();
        bases.sort_by(f64::total_cmp);
        bases.dedup();
        let bases: Vec<String> = bases.iter().map(ToString::to_string).collect();
        let at: Vec<String> = self
            .buses
            .iter()
            .zip(&self.world.scene.file.buses)
            .map(|(name, bus)| format!("SetBusXY bus={name} x={} y={}", bus.at.0, bus.at.1))
            .collect();
        self.line(&format!("Set VoltageBases=[{}]\nCalcVoltageBases\n{}", bases.join(" "), at.join("\n")));
        self.line("Set ControlMode=Off\nSolve");
    }
}

/// `basekv`, `pu`, `angle` and impedances of a source whose electromotive force has the factor `scale`.
fn thevenin(source: &Source, scale: f64) -> String {
    let emf = source.emf[0] * scale;
    let mut text =
        format!("phases=3 basekv={} pu=1 angle={}", emf.norm() * 3.0_f64.sqrt() / 1e3, emf.arg().to_degrees());
    // A source without a neutral carries no zero sequence.
    let z0 = source.z0.unwrap_or(Complex::new(1e9, 0.0));
    let z1 = if source.z1.is_zero() { Complex::new(0.0, JOINT_OHM) } else { source.z1 };
    let _ = write!(text, " r1={} x1={} r0={} x0={}", z1.re, z1.im, z0.re, z0.im);
    text
}

/// A name that the format can hold and nothing of its class has yet.
fn out_name(taken: &mut BTreeSet<String>, given: &str) -> String {
    let plain: String = given
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let plain = if plain.is_empty() { "_".to_owned() } else { plain };
    let free = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}_{n}"))).find(|n| !taken.contains(n));
    let name = free.unwrap_or(plain);
    taken.insert(name.clone());
    name
}

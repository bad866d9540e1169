//! Voltage sources.

use super::Builder;
use crate::complex::Complex;
use crate::network::Source;
use crate::network::elements::{Impedance, Thevenin, short_circuit_impedance};
use crate::network::import::opendss::store::{Object, Setting};

/// How a source's impedance is given.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Power,
    Current,
    Impedance,
    PerUnit,
    Ideal,
}

/// A source while its settings are replayed.
struct Draft {
    phases: usize,
    kv: f64,
    pu: f64,
    angle_deg: f64,
    by: By,
    mva: [f64; 2],
    isc: [f64; 2],
    x1r1: f64,
    x0r0: f64,
    /// Positive, negative and zero sequence.
    z: [Complex; 3],
    given: [bool; 3],
    pu_z: [Complex; 3],
    pu_given: [bool; 3],
    ideal: Complex,
    base_mva: f64,
}

impl Draft {
    /// At the end of a command impedances and currents follow from the short-circuit data: a later command that gives
    /// some of them keeps the others.
    fn follow(&mut self) {
        let root3 = 3.0_f64.sqrt();
        let factor = if self.phases == 1 { 1.0 } else { root3 };
        match self.by {
            By::Power => self.isc = [self.mva[0] * 1e3 / (root3 * self.kv), self.mva[1] * 1e3 / (factor * self.kv)],
            By::Current => self.mva = [root3 * self.kv * self.isc[0] / 1e3, factor * self.kv * self.isc[1] / 1e3],
            By::Impedance | By::PerUnit | By::Ideal => return,
        }
        let [three, one] = self.mva;
        if let Some(i) = short_circuit_impedance(self.phases, self.kv, three, one, self.x1r1, self.x0r0) {
            self.z = [i.z1, i.z2, i.z0];
        }
    }
}

impl Builder<'_> {
    pub(super) fn source(&mut self, object: &Object) {
        let mut d = Draft {
            phases: 3,
            kv: 115.0,
            pu: 1.0,
            angle_deg: 0.0,
            by: By::Power,
            mva: [2000.0, 2100.0],
            isc: [10_000.0, 10_540.0],
            x1r1: 4.0,
            x0r0: 3.0,
            z: [Complex::ZERO; 3],
            given: [false; 3],
            pu_z: [Complex::ZERO; 3],
            pu_given: [false; 3],
            ideal: Complex::new(1e-6, 0.001),
            base_mva: 100.0,
        };
        d.follow();
        for (property, setting) in object.replay() {
            self.source_property(&mut d, property, setting);
        }
        let in_service = self.notes.enabled(object) && object.open.is_empty();
        let default = Setting { property: 0, quoted: false, text: "sourcebus".into(), at: object.at };
        let is_circuit = object.name == "source";
        let bus = object.last("bus1").or_else(|| is_circuit.then_some(&default));
        let Some(terminal) = self.terminal_of(object, bus, "bus1", d.phases, d.phases) else { return };
        let thevenin = impedance(&d).map(|impedance| Thevenin {
            phases: d.phases,
            kv: d.kv,
            pu: d.pu,
            angle_deg: d.angle_deg,
            impedance,
        });
        let Some((thevenin, y)) = thevenin.and_then(|t| t.admittance().map(|y| (t, y))) else {
            let name = object.full_name();
            self.notes.fault(
                object.at,
                format!("{name}: no impedance fits its short-circuit data; expected numbers above 0"),
            );
            return;
        };
        self.known_volts.push((terminal.bus, thevenin.volts()));
        let source = Source { name: object.full_name(), bus: terminal.bus, emf: thevenin.emf(), y, in_service };
        self.sources.push((terminal, source));
    }

    fn source_property(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let notes = &mut *self.notes;
        match property {
            "basekv" => notes.set_positive(setting, "a base voltage", &mut d.kv),
            "pu" => notes.set(setting, &mut d.pu),
            "angle" => notes.set(setting, &mut d.angle_deg),
            "phases" => d.phases = notes.count(setting, 1, super::MOST_NODES).unwrap_or(d.phases),
            "mvasc3" | "mvasc1" => {
                notes.set_positive(setting, "a short-circuit power", &mut d.mva[usize::from(property == "mvasc1")]);
                d.by = By::Power;
            }
            "isc3" | "isc1" => {
                notes.set_positive(setting, "a short-circuit current", &mut d.isc[usize::from(property == "isc1")]);
                d.by = By::Current;
            }
            "x1r1" => notes.set_positive(setting, "a ratio", &mut d.x1r1),
            "x0r0" => notes.set(setting, &mut d.x0r0),
            "r1" => {
                notes.set(setting, &mut d.z[0].re);
                d.z[1].re = d.z[0].re;
                d.by = By::Impedance;
            }
            "x1" => {
                notes.set(setting, &mut d.z[0].im);
                d.z[1].im = d.z[0].im;
                d.by = By::Impedance;
            }
            "r0" | "x0" => {
                let z0 = &mut d.z[2];
                notes.set(setting, if property == "r0" { &mut z0.re } else { &mut z0.im });
                d.by = By::Impedance;
            }
            "frequency" => {
                let frequency = self.frequency;
                if self.notes.number(setting).is_some_and(|f| f != frequency) {
                    let message = format!("a source of another frequency than the circuit's {frequency} Hz");
                    self.notes.fault(setting.at, message);
                }
            }
            "" => d.follow(),
            "bus2" => {
                let mut nodes = setting.text.split('.').skip(1).peekable();
                if nodes.peek().is_none() || nodes.any(|n| n.trim() != "0") {
                    self.notes.fault(setting.at, "a source between two buses is not modelled; leave bus2 out");
                }
            }
            "model" if setting.text.trim_start().to_ascii_lowercase().starts_with('i') => d.by = By::Ideal,
            "puzideal" => d.ideal = self.pair(setting).unwrap_or(d.ideal),
            "basemva" => self.notes.set_positive(setting, "a base power", &mut d.base_mva),
            "sequence" | "scantype" if !setting.text.trim_start().to_ascii_lowercase().starts_with('p') => {
                self.notes
                    .fault(setting.at, format!("{property}: expected positive; other sequences are not modelled"));
            }
            "yearly" | "daily" | "duty" if !setting.text.is_empty() => {
                self.notes.leave_out(setting.at, format!("{property}: the source's voltage stays as it is"));
            }
            _ => self.source_pairs(d, property, setting),
        }
    }

    /// Impedances as pairs. The positive sequence stands for those that are not given.
    fn source_pairs(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let Some(k) = ["z1", "z2", "z0", "puz1", "puz2", "puz0"].iter().position(|p| *p == property) else { return };
        let Some(z) = self.pair(setting) else { return };
        let (list, given) = if k < 3 { (&mut d.z, &mut d.given) } else { (&mut d.pu_z, &mut d.pu_given) };
        let k = k % 3;
        list[k] = z;
        given[k] = true;
        if k == 0 {
            (1..3).filter(|j| !given[*j]).for_each(|j| list[j] = z);
        }
        d.by = if property.starts_with("pu") { By::PerUnit } else { By::Impedance };
    }
}

fn impedance(d: &Draft) -> Option<Impedance> {
    let factor = if d.phases == 1 { 1.0 } else { 3.0_f64.sqrt() };
    let by_power = |mva: [f64; 2]| {
        let z = short_circuit_impedance(d.phases, d.kv, mva[0], mva[1], d.x1r1, d.x0r0)?;
        // A single phase is a phase of three: it sees the loop of all sequences.
        let own = (z.z1 * 2.0 + z.z0) * (1.0 / 3.0);
        Some(if d.phases == 1 { Impedance { z1: own, z2: own, z0: own } } else { z })
    };
    let of = |z: [Complex; 3]| Some(Impedance { z1: z[0], z2: z[1], z0: z[2] });
    let base = d.kv * d.kv / d.base_mva;
    match d.by {
        By::Power => by_power(d.mva),
        By::Current => by_power([3.0_f64.sqrt() * d.kv * d.isc[0] / 1e3, factor * d.kv * d.isc[1] / 1e3]),
        By::Impedance => of(d.z),
        By::PerUnit => of(d.pu_z.map(|z| z * base)),
        By::Ideal => of([d.ideal * base; 3]),
    }
}

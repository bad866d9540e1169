//! Loads and generators: powers between pairs of conductors.
//!
//! # What OpenDSS does
//! In a wye each phase lies between its conductor and the neutral, in a delta between its conductor and the next. The
//! nominal voltage is `kv` between the conductors of a delta or a single phase, `kv / sqrt 3` in a wye of two or three.
//!
//! A load's power is what the last of `kw`, `kvar`, `kva` says together with the power factor when the command ends;
//! one allocated from a transformer's rating or from energy is computed at once, with the power factor so far. A
//! generator's `kw`, `pf` and `kvar` each act on the others at once. Generators of constant power are impedances outside
//! their band, which `vlow_pu = 0` gives exactly. Where the reactive power is that of an impedance whatever the voltage
//! (load model 7, generator model 5) it is an injection of its own.

use super::Builder;
use super::shapes::LoadShapes;
use crate::complex::Complex;
use crate::network::import::opendss::store::{END, Object, Setting};
use crate::network::import::opendss::value;
use crate::network::{Injection, Load, Terminal, VoltageModel};

/// How a power is given.
#[derive(Clone, Copy, PartialEq)]
enum By {
    ActiveAndFactor,
    ActiveAndReactive,
    ApparentAndFactor,
    Allocated,
    Energy,
}

/// A load or generator while its settings are replayed.
struct Draft {
    phases: usize,
    delta: bool,
    kv: f64,
    by: By,
    kw: f64,
    kvar: f64,
    pf: f64,
    /// The power factor was given since the last command ended.
    pf_changed: bool,
    pf_given: bool,
    kva: f64,
    transformer_kva: f64,
    allocation: f64,
    kwh: f64,
    days: f64,
    energy_factor: f64,
    model: usize,
    cvr: [f64; 2],
    zip: Option<[f64; 7]>,
    band: [f64; 3],
    fixed: bool,
    neutral: Option<Setting>,
    shapes: LoadShapes,
}

impl Draft {
    fn load() -> Self {
        Self {
            phases: 3,
            delta: false,
            kv: 12.47,
            by: By::ActiveAndFactor,
            kw: 10.0,
            kvar: 5.0,
            pf: 0.88,
            pf_changed: false,
            pf_given: false,
            kva: 0.0,
            transformer_kva: 0.0,
            allocation: 0.5,
            kwh: 0.0,
            days: 30.0,
            energy_factor: 4.0,
            model: 1,
            cvr: [1.0, 2.0],
            zip: None,
            band: [0.95, 1.05, 0.5],
            fixed: false,
            neutral: None,
            shapes: LoadShapes::default(),
        }
    }

    fn generator() -> Self {
        Self { by: By::ActiveAndReactive, kw: 1000.0, kvar: 60.0, band: [0.9, 1.1, 0.0], ..Self::load() }
    }

    /// Conductors of its terminal.
    fn conductors(&self) -> usize {
        match (self.delta, self.phases) {
            (true, n) if n >= 3 => n,
            (_, n) => n + 1,
        }
    }

    /// Nominal voltage between the two conductors of a phase in V.
    fn volts(&self) -> f64 {
        let to_neutral = !self.delta && (self.phases == 2 || self.phases == 3);
        if to_neutral { self.kv * 1e3 / 3.0_f64.sqrt() } else { self.kv * 1e3 }
    }

    /// Reactive power by the power factor, of the other sign than the active one where that is negative.
    fn by_factor(&self) -> f64 {
        let size = self.kw * (1.0 / (self.pf * self.pf) - 1.0).max(0.0).sqrt();
        if self.pf < 0.0 { -size } else { size }
    }

    /// The power factor of the active and reactive power.
    fn take_factor(&mut self) {
        let kva = Complex::new(self.kw, self.kvar).norm();
        if kva > 0.0 && self.kw != 0.0 {
            self.pf = (self.kw / kva).abs() * if self.kvar < 0.0 { -1.0 } else { 1.0 };
        }
    }

    /// A power by a transformer's rating or by energy.
    fn allocate(&mut self) {
        match self.by {
            By::Allocated if self.transformer_kva > 0.0 => {
                self.kw = self.transformer_kva * self.allocation * self.pf.abs();
            }
            By::Energy => self.kw = self.kwh / (self.days * 24.0) * self.energy_factor,
            _ => return,
        }
        self.kvar = self.by_factor();
    }

    /// The end of a load's command: what was not given follows from what was.
    fn settle(&mut self) {
        match self.by {
            By::ActiveAndFactor => self.kvar = self.by_factor(),
            By::ActiveAndReactive => self.take_factor(),
            By::ApparentAndFactor => {
                self.kw = self.kva * self.pf.abs();
                self.kvar = self.by_factor();
            }
            By::Allocated | By::Energy if self.pf_changed => self.kvar = self.by_factor(),
            By::Allocated | By::Energy => {}
        }
        self.pf_changed = false;
    }

    fn model(&self) -> Result<VoltageModel, String> {
        Ok(match self.model {
            1 | 6 | 7 => VoltageModel::Power,
            2 => VoltageModel::Impedance,
            3 => VoltageModel::Exponents { p: 0.0, q: 2.0 },
            4 => VoltageModel::Exponents { p: self.cvr[0], q: self.cvr[1] },
            5 => VoltageModel::Current,
            8 => match self.zip {
                Some([a, b, c, d, e, f, cut_off]) => VoltageModel::Zip { p: [a, b, c], q: [d, e, f], cut_off },
                None => return Err("model=8 needs zipv with seven numbers".to_owned()),
            },
            other => return Err(format!("load model {other}; expected 1 to 8")),
        })
    }
}

impl Builder<'_> {
    pub(super) fn load(&mut self, object: &Object) {
        let mut draft = Draft::load();
        let model_at = self.replay_power(object, &mut draft);
        let model = draft.model();
        if let Some(model) = self.checked(object, model_at, model) {
            let factor = if draft.fixed { 1.0 } else { self.options.settings.load_mult };
            self.add_power(object, draft, model, -factor);
        }
    }

    pub(super) fn generator(&mut self, object: &Object) {
        let mut draft = Draft::generator();
        let model_at = self.replay_power(object, &mut draft);
        let model = match draft.model {
            1 | 4 | 5 => Ok(VoltageModel::Power),
            2 => Ok(VoltageModel::Impedance),
            3 => {
                Err("a generator that holds a voltage is not modelled by phases; use model=1 with its power".to_owned())
            }
            other => Err(format!("generator model {other} is not modelled; use model=1")),
        };
        if let Some(model) = self.checked(object, model_at, model) {
            self.add_power(object, draft, model, 1.0);
        }
    }

    /// The model, or a fault where it is set; nothing is said of an object that is disabled.
    fn checked(
        &mut self,
        object: &Object,
        at: Option<Setting>,
        model: Result<VoltageModel, String>,
    ) -> Option<VoltageModel> {
        match model {
            Ok(model) => Some(model),
            Err(message) => {
                if self.notes.enabled(object) {
                    self.notes.fault(at.map_or(object.at, |s| s.at), format!("{}: {message}", object.full_name()));
                }
                None
            }
        }
    }

    /// Replays the settings; gives the one of the model.
    fn replay_power(&mut self, object: &Object, d: &mut Draft) -> Option<Setting> {
        let generator = object.class().name == "Generator";
        let mut model_at = None;
        if !generator {
            d.settle();
        }
        for (property, setting) in object.replay() {
            if setting.property == END {
                if !generator {
                    d.settle();
                }
                continue;
            }
            match property {
                "phases" => d.phases = self.notes.count(setting, 1, 3).unwrap_or(d.phases),
                "conn" => d.delta = self.notes.take(setting, value::is_delta(&setting.text)).unwrap_or(d.delta),
                "kv" => self.notes.set_positive(setting, "a rated voltage", &mut d.kv),
                "model" => {
                    d.model = self.notes.count(setting, 1, 8).unwrap_or(d.model);
                    model_at = Some(setting.clone());
                }
                "vminpu" => self.voltage(setting, &mut d.band[0]),
                "vmaxpu" => self.notes.set_positive(setting, "a voltage", &mut d.band[1]),
                "vlowpu" => self.voltage(setting, &mut d.band[2]),
                "cvrwatts" => self.notes.set(setting, &mut d.cvr[0]),
                "cvrvars" => self.notes.set(setting, &mut d.cvr[1]),
                "zipv" => {
                    let list = self.notes.list(setting).unwrap_or_default();
                    d.zip = list.as_slice().try_into().ok();
                    if d.zip.is_none() {
                        let found = list.len();
                        self.notes.fault(
                            setting.at,
                            format!("zipv with {found} numbers; expected seven: z i p, z i p, cut-off"),
                        );
                    }
                }
                "status" => d.fixed = setting.text.trim_start().to_ascii_lowercase().starts_with(['f', 'e']),
                "rneut" | "xneut" => d.neutral = Some(setting.clone()),
                "yearly" | "daily" | "duty" => self.shape_of(d, property, setting),
                "%seriesrl" | "cvrcurve" => {}
                _ if generator => self.generator_power(d, property, setting),
                _ => self.load_power(d, property, setting),
            }
        }
        model_at
    }

    /// Properties that give a load's power.
    fn load_power(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let (target, by) = match property {
            "kw" => (&mut d.kw, By::ActiveAndFactor),
            "kvar" => (&mut d.kvar, By::ActiveAndReactive),
            "kva" => (&mut d.kva, By::ApparentAndFactor),
            "xfkva" => (&mut d.transformer_kva, By::Allocated),
            "allocationfactor" => (&mut d.allocation, By::Allocated),
            "kwh" => (&mut d.kwh, By::Energy),
            "kwhdays" => return self.energy_days(d, setting),
            "cfactor" => (&mut d.energy_factor, By::Energy),
            "pf" => {
                self.power_factor(d, setting);
                (d.pf_changed, d.pf_given) = (true, true);
                return;
            }
            _ => return,
        };
        self.notes.set(setting, target);
        d.pf_given &= by != By::ActiveAndReactive;
        d.by = by;
        d.allocate();
    }

    fn energy_days(&mut self, d: &mut Draft, setting: &Setting) {
        self.notes.set_positive(setting, "a number of days", &mut d.days);
        d.by = By::Energy;
        d.allocate();
    }

    /// Properties that give a generator's power.
    fn generator_power(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        match property {
            "kw" => {
                self.notes.set(setting, &mut d.kw);
                d.kvar = d.by_factor();
            }
            "pf" => {
                self.power_factor(d, setting);
                d.kvar = d.by_factor();
            }
            "kvar" => {
                self.notes.set(setting, &mut d.kvar);
                d.take_factor();
            }
            _ => {}
        }
    }

    fn power_factor(&mut self, d: &mut Draft, setting: &Setting) {
        match self.notes.number(setting) {
            Some(pf) if pf == 0.0 || pf.abs() > 1.0 => {
                self.notes.fault(setting.at, format!("a power factor of {pf}; expected a number from -1 to 1, not 0"));
            }
            pf => d.pf = pf.unwrap_or(d.pf),
        }
    }

    /// A border of a band: 0 is none.
    fn voltage(&mut self, setting: &Setting, target: &mut f64) {
        match self.notes.number(setting) {
            Some(v) if v < 0.0 => {
                self.notes.fault(setting.at, format!("a voltage of {v} per unit; expected a number from 0 on"));
            }
            v => *target = v.unwrap_or(*target),
        }
    }

    fn shape_of(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let text = setting.text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("none") {
            return;
        }
        let Some(index) = self.named("LoadShape", setting) else { return };
        let shape = self.shape(index);
        match property {
            "daily" => d.shapes.daily = shape,
            "yearly" => d.shapes.yearly = shape,
            _ => d.shapes.duty = shape,
        }
        // A shape in kW brings its largest values as the load's power.
        if let Some(shape) = shape.and_then(|k| self.shapes.list.get(k)).filter(|s| s.actual) {
            (d.kw, d.kvar) = shape.largest();
            d.by = if d.pf_given { By::ActiveAndFactor } else { By::ActiveAndReactive };
        }
    }

    fn add_power(&mut self, object: &Object, d: Draft, model: VoltageModel, factor: f64) {
        let name = object.full_name();
        let Some(terminal) = self.terminal_of(object, object.last("bus1"), "bus1", d.phases, d.conductors()) else {
            return;
        };
        if d.band[0] > d.band[1] {
            let [low, high, _] = d.band;
            self.notes.fault(object.at, format!("{name}: vminpu {low} lies above vmaxpu {high}"));
            return;
        }
        if let Some(setting) = &d.neutral
            && !d.delta
            && terminal.conductors().last() != Some(&0)
        {
            self.notes
                .leave_out(setting.at, format!("{name}: the impedance of its neutral to earth; write it as a Reactor"));
        }
        let s = Complex::new(d.kw, d.kvar) * (factor * 1e3 / d.phases as f64);
        if !(s.is_finite() && (s * 1e6).is_finite()) {
            self.notes.fault(object.at, format!("{name}: its power is too large to compute with"));
            return;
        }
        let generator = object.class().name == "Generator";
        let fixed = d.model == if generator { 4 } else { 6 };
        if fixed {
            let what = format!("{name}: outside its band of voltage its reactive power goes with the active one");
            self.notes.leave_out(object.at, what);
        }
        // Reactive power as an impedance; the active one is one outside its band, at once.
        let apart = d.model == if generator { 5 } else { 7 };
        let low = if apart || fixed { 0.0 } else { d.band[2] };
        let load = self.net.loads.len() as u32;
        let in_service = self.notes.enabled(object) && object.open.is_empty();
        self.net.loads.push(Load { name, in_service });
        self.load_shapes.push(d.shapes);
        for phase in 0..d.phases {
            let [plus, minus] = ends(&terminal, &d, phase);
            // A phase between earth and a conductor is one the other way round; between one and the same it is nothing.
            let (plus, minus) = if plus == 0 { (minus, plus) } else { (plus, minus) };
            if plus == minus {
                continue;
            }
            let whole = Injection {
                load,
                bus: terminal.bus,
                plus,
                minus,
                s,
                model,
                v_nominal: d.volts(),
                // Below vlow the power is that of an admittance, wherever the band begins.
                vmin_pu: d.band[0].max(low),
                vmax_pu: d.band[1],
                vlow_pu: low,
            };
            if apart {
                let reactive = Injection { s: Complex::new(0.0, s.im), model: VoltageModel::Impedance, ..whole };
                self.net.injections.extend([Injection { s: Complex::new(s.re, 0.0), ..whole }, reactive]);
            } else {
                self.net.injections.push(whole);
            }
        }
    }
}

/// Nodes of the two conductors of a phase.
fn ends(terminal: &Terminal, d: &Draft, phase: usize) -> [u8; 2] {
    let nodes = terminal.conductors();
    let next = if d.delta { (phase + 1) % nodes.len() } else { nodes.len() - 1 };
    [nodes[phase], nodes[next]]
}

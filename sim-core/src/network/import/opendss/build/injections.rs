//! Loads and generators: powers between pairs of conductors.
//!
//! # What OpenDSS does
//! In a wye each phase lies between its conductor and the neutral, in a delta between its conductor and the next. The
//! nominal voltage is `kv` between the conductors of a delta or a single phase, `kv / sqrt 3` in a wye of two or three.
//! The power is what the last of `kw`, `kvar`, `kva`, `xfkva` says together with the power factor; a command's settings
//! count together. Generators of constant power are impedances outside their band, which `vlow_pu = 0` gives exactly.

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
            by: By::ActiveAndReactive,
            kw: 10.0,
            kvar: 5.0,
            pf: 0.88,
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
        Self { kw: 1000.0, kvar: 60.0, pf: 0.88, band: [0.9, 1.1, 0.0], ..Self::load() }
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

    /// What a command's settings say together.
    fn settle(&mut self) {
        let reactive = |kw: f64, pf: f64| {
            let size = kw * (1.0 / (pf * pf) - 1.0).max(0.0).sqrt();
            if pf < 0.0 { -size } else { size }
        };
        match self.by {
            By::ActiveAndReactive => {
                let kva = Complex::new(self.kw, self.kvar).norm();
                if kva > 0.0 {
                    let pf = self.kw / kva;
                    self.pf = if self.kvar != 0.0 { pf.copysign(self.kw * self.kvar) } else { pf };
                }
                return;
            }
            By::ActiveAndFactor => {}
            By::ApparentAndFactor => self.kw = self.kva * self.pf.abs(),
            By::Allocated => self.kw = self.transformer_kva * self.allocation * self.pf.abs(),
            By::Energy => self.kw = self.kwh / (self.days * 24.0) * self.energy_factor,
        }
        self.kvar = if self.pf == 0.0 { 0.0 } else { reactive(self.kw, self.pf) };
    }

    fn model(&self) -> Result<VoltageModel, String> {
        Ok(match self.model {
            1 | 6 => VoltageModel::Power,
            2 => VoltageModel::Impedance,
            3 | 7 => VoltageModel::Exponents { p: 0.0, q: 2.0 },
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
        for (property, setting) in object.replay() {
            if setting.property == END {
                d.settle();
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
                "vminpu" => self.notes.set_positive(setting, "a voltage", &mut d.band[0]),
                "vmaxpu" => self.notes.set_positive(setting, "a voltage", &mut d.band[1]),
                "vlowpu" => self.notes.set_positive(setting, "a voltage", &mut d.band[2]),
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
                _ => self.power_property(d, property, setting, generator),
            }
        }
        model_at
    }

    fn power_property(&mut self, d: &mut Draft, property: &str, setting: &Setting, generator: bool) {
        let (target, by) = match property {
            "kw" => (&mut d.kw, Some(By::ActiveAndFactor)),
            "kvar" => (&mut d.kvar, Some(By::ActiveAndReactive)),
            "pf" => (&mut d.pf, generator.then_some(By::ActiveAndFactor)),
            // Of a generator the rating of the machine, of a load its power.
            "kva" if !generator => (&mut d.kva, Some(By::ApparentAndFactor)),
            "xfkva" => (&mut d.transformer_kva, Some(By::Allocated)),
            "allocationfactor" => (&mut d.allocation, Some(By::Allocated)),
            "kwh" => (&mut d.kwh, Some(By::Energy)),
            "kwhdays" => (&mut d.days, Some(By::Energy)),
            "cfactor" => (&mut d.energy_factor, Some(By::Energy)),
            _ => return,
        };
        self.notes.set(setting, target);
        if property == "pf" && d.by == By::ActiveAndReactive {
            d.by = By::ActiveAndFactor;
        }
        d.by = by.unwrap_or(d.by);
        if property == "pf" && d.pf.abs() > 1.0 {
            self.notes.fault(setting.at, format!("a power factor of {}; expected a number from -1 to 1", d.pf));
        }
        if property == "kwhdays" && d.days <= 0.0 {
            self.notes.fault(setting.at, "kwhdays: expected a number above 0");
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
    }

    fn add_power(&mut self, object: &Object, mut d: Draft, model: VoltageModel, factor: f64) {
        d.settle();
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
            self.net.injections.push(Injection {
                load,
                bus: terminal.bus,
                plus,
                minus,
                s,
                model,
                v_nominal: d.volts(),
                vmin_pu: d.band[0],
                vmax_pu: d.band[1],
                vlow_pu: d.band[2].min(d.band[0]),
            });
        }
    }
}

/// Nodes of the two conductors of a phase.
fn ends(terminal: &Terminal, d: &Draft, phase: usize) -> [u8; 2] {
    let nodes = terminal.conductors();
    let next = if d.delta { (phase + 1) % nodes.len() } else { nodes.len() - 1 };
    [nodes[phase], nodes[next]]
}

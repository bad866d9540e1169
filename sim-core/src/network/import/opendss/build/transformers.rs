//! Transformers and the codes they share.
//!
//! # What OpenDSS does
//! `wdg=n` chooses the winding that `bus`, `conn`, `kv`, `kva`, `tap`, `%r` and the like then mean; a list chooses the last. The rating of winding
//! 1 is that of all until they say otherwise; of two windings both have the one given last. `%loadloss` is shared by the
//! first two windings' resistances. `windings=n` starts all windings anew. `like` takes all over but the buses, the chosen
//! winding, `%imag`, `ppm_antifloat` and `leadlag`.

use super::Builder;
use crate::complex::Complex;
use crate::network::control::TappedTransformer;
use crate::network::elements::{Connection, Transformer, Winding};
use crate::network::import::opendss::store::{Object, Setting};
use crate::network::import::opendss::token::Tokens;
use crate::network::import::opendss::value;
use crate::network::{Element, ElementKind, Input, Terminal};

/// Windings of a transformer at most.
const MOST_WINDINGS: usize = 12;

/// A transformer or a code while its settings are replayed; buses by their texts.
#[derive(Clone)]
struct Draft {
    data: Transformer,
    buses: Vec<Option<Setting>>,
    neutral: Vec<(f64, f64)>,
    active: usize,
    /// Reactances between windings 1-2, 1-3, 2-3 as named properties give them.
    named_x: [f64; 3],
    rated_kva: Option<f64>,
}

fn new_winding() -> Winding {
    Winding {
        terminal: Terminal::new(0, &[]),
        connection: Connection::Wye,
        kv: 12.47,
        kva: 1000.0,
        r_pct: 0.2,
        tap: 1.0,
        min_tap: 0.9,
        max_tap: 1.1,
        num_taps: 32,
        neutral_ohm: None,
    }
}

impl Draft {
    fn new() -> Self {
        Self {
            data: Transformer {
                phases: 3,
                windings: vec![new_winding(), new_winding()],
                x_pct: vec![7.0],
                no_load_pct: 0.0,
                imag_pct: 0.0,
                antifloat_ppm: 1.0,
                lv_leads: false,
            },
            buses: vec![None; 2],
            neutral: vec![(-1.0, 0.0); 2],
            active: 0,
            named_x: [7.0, 35.0, 30.0],
            rated_kva: None,
        }
    }

    fn set_windings(&mut self, n: usize) {
        self.data.windings = vec![new_winding(); n];
        self.data.x_pct.resize(n * (n - 1) / 2, 30.0);
        self.buses.resize(n, None);
        self.neutral = vec![(-1.0, 0.0); n];
        self.active = self.active.min(n - 1);
    }

    /// Takes back what `like` leaves an object.
    fn keep(&mut self, own: Self) {
        self.data.imag_pct = own.data.imag_pct;
        self.data.antifloat_ppm = own.data.antifloat_ppm;
        self.keep_connections(own);
    }

    /// Takes back what neither `like` nor a code changes.
    fn keep_connections(&mut self, own: Self) {
        self.data.lv_leads = own.data.lv_leads;
        self.buses = own.buses;
        self.buses.resize(self.data.windings.len(), None);
        self.active = own.active.min(self.data.windings.len() - 1);
    }

    fn winding(&mut self) -> &mut Winding {
        &mut self.data.windings[self.active]
    }
}

impl Builder<'_> {
    pub(super) fn transformer(&mut self, index: usize, object: &Object) {
        let Some(mut draft) = self.transformer_draft(object) else { return };
        let in_service = self.notes.enabled(object);
        let before = self.notes.clean();
        let phases = draft.data.phases;
        for k in 0..draft.data.windings.len() {
            let bus = draft.buses[k].clone();
            let what = format!("bus of winding {}", k + 1);
            let Some(terminal) = self.terminal_of(object, bus.as_ref(), &what, phases, phases + 1) else { return };
            draft.data.windings[k].terminal = terminal;
            draft.data.windings[k].neutral_ohm = match draft.neutral[k] {
                (r, _) if r < 0.0 => None,
                (r, x) => Some(Complex::new(r, x)),
            };
        }
        self.check_windings(object, &draft);
        if before && !self.notes.clean() {
            return;
        }
        let Some(y) = draft.data.admittance() else {
            let name = object.full_name();
            self.notes
                .fault(object.at, format!("{name}: its reactances and resistances are zero or contradict each other"));
            return;
        };
        self.tie_windings(&draft.data);
        let element = Element {
            name: object.full_name(),
            kind: ElementKind::Transformer,
            terminals: draft.data.windings.iter().map(|w| w.terminal).collect(),
            y,
            in_service,
            rating: rating(&draft),
            inputs: inputs(&draft.data),
        };
        if object.open.is_empty() {
            let element = self.net.elements.len() as u32;
            self.net.transformers.push(TappedTransformer { element, data: draft.data });
        }
        self.add(index, object, element);
    }

    fn check_windings(&mut self, object: &Object, draft: &Draft) {
        let windings = &draft.data.windings;
        for (k, a) in windings.iter().enumerate() {
            let same = windings[..k].iter().position(|b| b.terminal == a.terminal);
            if let (Some(other), Some(setting)) = (same, &draft.buses[k]) {
                let bus = &self.net.buses[a.terminal.bus as usize].name;
                let message = format!(
                    "{}: windings {} and {} are both at the same nodes of bus '{bus}'; give them different buses",
                    object.full_name(),
                    other + 1,
                    k + 1
                );
                self.notes.fault(setting.at, message);
            }
        }
    }

    /// Base voltages follow the turns.
    fn tie_windings(&mut self, t: &Transformer) {
        let volts = |w: &Winding| {
            let across = t.phases == 1 && w.terminal.conductors().iter().all(|n| *n != 0);
            let to_neutral = w.connection == Connection::Wye && t.phases > 1;
            let delta = w.connection == Connection::Delta && t.phases > 1;
            if across || to_neutral || delta { w.kv / 3.0_f64.sqrt() } else { w.kv }
        };
        if let Some(first) = t.windings.first() {
            for w in &t.windings[1..] {
                self.ties.push((first.terminal.bus, w.terminal.bus, volts(w) / volts(first)));
            }
        }
    }

    /// Replays a transformer's or a code's settings.
    fn transformer_draft(&mut self, object: &Object) -> Option<Draft> {
        let mut d = Draft::new();
        // What `like` interrupts.
        let mut own: Vec<Draft> = Vec::new();
        for (property, setting) in object.replay() {
            match property {
                "like" if !setting.text.is_empty() => own.push(std::mem::replace(&mut d, Draft::new())),
                "like" => d.keep(own.pop()?),
                "phases" => d.data.phases = self.notes.count(setting, 1, 3)?,
                "windings" => d.set_windings(self.notes.count(setting, 2, MOST_WINDINGS)?),
                "wdg" => {
                    let count = d.data.windings.len();
                    d.active = self.notes.count(setting, 1, count)? - 1;
                }
                "xfmrcode" => {
                    let code = self.named("XfmrCode", setting)?;
                    let code = &self.store.objects[code];
                    let own = std::mem::replace(&mut d, self.transformer_draft(code)?);
                    d.keep_connections(own);
                }
                _ => {
                    self.winding_property(&mut d, property, setting);
                    self.winding_lists(&mut d, property, setting);
                    self.transformer_property(&mut d, property, setting);
                }
            }
        }
        Some(d)
    }

    /// Properties of the winding that `wdg` chose.
    fn winding_property(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let k = d.active;
        match property {
            "bus" => d.buses[k] = Some(setting.clone()),
            "conn" => {
                if let Some(delta) = self.notes.take(setting, value::is_delta(&setting.text)) {
                    d.winding().connection = connection(delta);
                }
            }
            "kv" => self.notes.set_positive(setting, "a rated voltage", &mut d.winding().kv),
            "kva" => {
                self.notes.set_positive(setting, "a rated power", &mut d.winding().kva);
                let kva = d.winding().kva;
                if k == 0 {
                    d.data.windings.iter_mut().for_each(|w| w.kva = kva);
                } else if d.data.windings.len() == 2 {
                    d.data.windings[0].kva = kva;
                }
            }
            "tap" => self.notes.set_positive(setting, "a tap", &mut d.winding().tap),
            "%r" => self.notes.set(setting, &mut d.winding().r_pct),
            "rneut" => self.notes.set(setting, &mut d.neutral[k].0),
            "xneut" => self.notes.set(setting, &mut d.neutral[k].1),
            "maxtap" => self.notes.set(setting, &mut d.winding().max_tap),
            "mintap" => self.notes.set(setting, &mut d.winding().min_tap),
            "numtaps" => {
                if let Some(n) = self.notes.count(setting, 0, 100_000) {
                    d.winding().num_taps = n as u32;
                }
            }
            _ => {}
        }
    }

    /// Properties of all windings in one list; the last winding is then the chosen one.
    fn winding_lists(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        if matches!(property, "buses" | "conns" | "kvs" | "kvas" | "taps" | "%rs") {
            d.active = d.data.windings.len() - 1;
        }
        match property {
            "buses" => {
                for (bus, token) in d.buses.iter_mut().zip(Tokens::list(&setting.text)) {
                    *bus = Some(Setting { text: token.value.into(), ..setting.clone() });
                }
            }
            "conns" => {
                for (w, word) in d.data.windings.iter_mut().zip(value::words(&setting.text)) {
                    if let Some(delta) = self.notes.take(setting, value::is_delta(word)) {
                        w.connection = connection(delta);
                    }
                }
            }
            "kvs" | "kvas" | "taps" | "%rs" => {
                let list = self.notes.list(setting).unwrap_or_default();
                if list.len() > d.data.windings.len() {
                    let (have, want) = (list.len(), d.data.windings.len());
                    self.notes.fault(setting.at, format!("{have} numbers for {want} windings; give 'windings' before"));
                }
                if property != "%rs" && list.iter().any(|x| *x <= 0.0) {
                    self.notes.fault(setting.at, format!("{property}: expected numbers above 0"));
                    return;
                }
                for (w, x) in d.data.windings.iter_mut().zip(list) {
                    match property {
                        "kvs" => w.kv = x,
                        "kvas" => w.kva = x,
                        "taps" => w.tap = x,
                        _ => w.r_pct = x,
                    }
                }
            }
            _ => {}
        }
    }

    /// Properties of the whole.
    fn transformer_property(&mut self, d: &mut Draft, property: &str, setting: &Setting) {
        let named = match property {
            "xhl" | "x12" => Some(0),
            "xht" | "x13" => Some(1),
            "xlt" | "x23" => Some(2),
            _ => None,
        };
        if let Some(k) = named {
            self.notes.set(setting, &mut d.named_x[k]);
            if d.named_x[k] == 0.0 {
                self.notes
                    .fault(setting.at, format!("{property} of 0; a reactance of 0 cannot be solved, give a small one"));
            }
            // Naming one of them sets all three, of transformers with two or three windings.
            if d.data.windings.len() <= 3 {
                for (x, named) in d.data.x_pct.iter_mut().zip(d.named_x) {
                    *x = named;
                }
            }
            return;
        }
        match property {
            "xscarray" => {
                for (x, value) in d.data.x_pct.iter_mut().zip(self.notes.list(setting).unwrap_or_default()) {
                    *x = value;
                }
            }
            "%loadloss" => {
                if let Some(loss) = self.notes.number(setting) {
                    d.data.windings.iter_mut().take(2).for_each(|w| w.r_pct = loss / 2.0);
                }
            }
            "%noloadloss" => self.notes.set(setting, &mut d.data.no_load_pct),
            "%imag" => self.notes.set(setting, &mut d.data.imag_pct),
            "ppm_antifloat" => self.notes.set(setting, &mut d.data.antifloat_ppm),
            "normhkva" => d.rated_kva = self.notes.number(setting),
            "leadlag" => {
                let text = setting.text.trim().to_ascii_lowercase();
                d.data.lv_leads = text.starts_with("le") || text.starts_with('e');
            }
            _ => {}
        }
    }
}

fn connection(delta: bool) -> Connection {
    if delta { Connection::Delta } else { Connection::Wye }
}

/// Rated current of the first winding in A.
fn rating(d: &Draft) -> f64 {
    /// A transformer may carry this share of its rating for good, if the file does not say.
    const LASTING: f64 = 1.1;
    let first = &d.data.windings[0];
    let kva = d.rated_kva.unwrap_or(first.kva * LASTING);
    let volts = match (first.connection, d.data.phases) {
        (Connection::Delta, 2 | 3) => first.volts(d.data.phases) / 3.0_f64.sqrt(),
        _ => first.volts(d.data.phases),
    };
    (kva * 1e3 / d.data.phases as f64 / volts).max(0.0)
}

/// What the inspector shows of a transformer.
fn inputs(t: &Transformer) -> Vec<Input> {
    let mut out = vec![Input { name: "kva", value: t.windings[0].kva, unit: "kVA" }];
    for (w, [kv, tap]) in t.windings.iter().zip([["kv_1", "tap_1"], ["kv_2", "tap_2"], ["kv_3", "tap_3"]]) {
        out.push(Input { name: kv, value: w.kv, unit: "kV" });
        out.push(Input { name: tap, value: w.tap, unit: "" });
    }
    let r = t.windings[0].r_pct + t.windings[1].r_pct;
    out.push(Input { name: "%r_12", value: r, unit: "%" });
    out.push(Input { name: "%x_12", value: t.x_pct[0], unit: "%" });
    if t.no_load_pct != 0.0 {
        out.push(Input { name: "%noloadloss", value: t.no_load_pct, unit: "%" });
    }
    if t.imag_pct != 0.0 {
        out.push(Input { name: "%imag", value: t.imag_pct, unit: "%" });
    }
    out
}

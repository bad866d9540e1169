//! What `set` says: how to solve, and the defaults of what is made afterwards.

use super::store::{Notes, Place};
use super::token::Token;
use super::value::{self, short};
use crate::network::elements::EarthModel;

/// Which controls act while solving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Controls {
    /// None: taps and capacitor states are as given.
    Off,
    /// Until no one wants to act, in the order of their delays.
    #[default]
    Static,
    /// By an event queue, in order.
    Event,
    /// In simulated time.
    Time,
}

/// What a solve runs over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One state.
    #[default]
    Snapshot,
    /// The loads' daily shapes.
    Daily,
    /// The loads' yearly shapes.
    Yearly,
    /// The loads' duty shapes.
    Duty,
}

/// How the script wants to be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Tolerance of the voltages, per unit, as OpenDSS takes it.
    pub tolerance: f64,
    /// Iterations at most.
    pub max_iterations: u32,
    /// Which controls act.
    pub controls: Controls,
    /// Rounds of controls at most.
    pub max_control_iterations: u32,
    /// What it runs over.
    pub mode: Mode,
    /// Number of steps.
    pub steps: u32,
    /// Length of a step in s, if the script says.
    pub step_s: Option<f64>,
    /// Start in s after midnight of the first day.
    pub start_s: f64,
    /// Factor on the loads, already in the network's injections.
    pub load_mult: f64,
    /// Base voltages line to line in kV.
    pub voltage_bases: Vec<f64>,
    /// Least voltage that counts as normal, per unit.
    pub norm_vmin_pu: f64,
    /// Largest voltage that counts as normal, per unit.
    pub norm_vmax_pu: f64,
    /// The script solves at least once.
    pub solves: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tolerance: 1e-4,
            max_iterations: 15,
            controls: Controls::Static,
            max_control_iterations: 10,
            mode: Mode::Snapshot,
            steps: 1,
            step_s: None,
            start_s: 0.0,
            load_mult: 1.0,
            voltage_bases: vec![0.208, 0.480, 12.47, 24.9, 34.5, 115.0, 230.0],
            norm_vmin_pu: 0.95,
            norm_vmax_pu: 1.05,
            solves: false,
        }
    }
}

/// Settings and the defaults of new objects.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) settings: Settings,
    /// Frequency of circuits made from here on, in Hz.
    pub(super) base_frequency: f64,
    /// Model of the earth for overhead lines.
    pub(super) earth: EarthModel,
}

impl Default for Options {
    fn default() -> Self {
        Self { settings: Settings::default(), base_frequency: 60.0, earth: EarthModel::default() }
    }
}

/// Most steps of a time series.
const MOST_STEPS: f64 = 10_000_000.0;

/// Options of OpenDSS, in the order that decides what a shortened name means.
const NAMES: &str = "type element hour sec year frequency stepsize mode random number time class object circuit editor \
    tolerance maxiterations h loadmodel loadmult normvminpu normvmaxpu emergvminpu emergvmaxpu %mean %stddev ldcurve \
    %growth genkw genpf capkvar addtype allowduplicates zonelock ueweight lossweight ueregs lossregs voltagebases \
    algorithm trapezoidal autobuslist controlmode tracecontrol genmult defaultdaily defaultyearly allocationfactors \
    cktmodel pricesignal pricecurve terminal basefrequency harmonics maxcontroliter bus datapath keeplist reduceoption \
    demandinterval %normal diverbose casename markercode nodewidth log recorder overloadreport voltexceptionreport \
    cfactors showexport numallociterations defaultbasefrequency markswitches switchmarkercode daisysize \
    marktransformers transmarkercode transmarkersize loadshapeclass earthmodel querylog markcapacitors markregulators \
    markpvsystems markstorage capmarkercode regmarkercode pvmarkercode storemarkercode capmarkersize regmarkersize \
    pvmarkersize storemarkersize neglectloady markfuses fusemarkercode fusemarkersize markreclosers \
    reclosermarkercode reclosermarkersize registryupdate markrelays relaymarkercode relaymarkersize processtime \
    totaltime steptime sampleenergymeters miniterations dssvisualizationtool keepload zmag seasonrating seasonsignal \
    linetypes eventlogdefault longlinecorrection showreports numcpus numcores numactors activeactor cpu actorprogress \
    parallel concatenatereports numanodes";

/// Options that bear on pictures, reports, meters and studies, not on the power flow.
const WITHOUT_EFFECT: &str = "type element random class object circuit editor emergvminpu emergvmaxpu %mean %stddev \
    genkw genpf capkvar addtype allowduplicates zonelock ueweight lossweight ueregs lossregs algorithm trapezoidal \
    autobuslist tracecontrol defaultdaily defaultyearly pricesignal pricecurve terminal harmonics bus keeplist \
    reduceoption demandinterval %normal diverbose casename log recorder overloadreport voltexceptionreport showexport \
    numallociterations querylog registryupdate processtime totaltime steptime sampleenergymeters miniterations \
    dssvisualizationtool seasonrating seasonsignal eventlogdefault showreports numcpus numcores numactors activeactor \
    cpu actorprogress parallel concatenatereports nodewidth markercode daisysize";

/// The full name of an option.
pub(super) fn option_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut all = NAMES.split_ascii_whitespace();
    all.clone().find(|n| *n == name).or_else(|| all.find(|n| !name.is_empty() && n.starts_with(name.as_str())))
}

impl Options {
    /// Takes one `name=value`.
    pub(super) fn set(&mut self, name: &'static str, token: &Token<'_>, at: Place, notes: &mut Notes) {
        let number = value::number(token.value, token.quoted);
        let s = &mut self.settings;
        let done = match name {
            "tolerance" => positive(number).map(|x| s.tolerance = x),
            "maxiterations" => whole(number).map(|x| s.max_iterations = x),
            "maxcontroliter" => whole(number).map(|x| s.max_control_iterations = x),
            "number" => whole(number).map(|x| s.steps = x),
            "loadmult" => number.map(|x| s.load_mult = x),
            "normvminpu" => positive(number).map(|x| s.norm_vmin_pu = x),
            "normvmaxpu" => positive(number).map(|x| s.norm_vmax_pu = x),
            "voltagebases" => bases(token.value).map(|list| s.voltage_bases = list),
            "stepsize" | "h" => seconds(token.value).map(|x| s.step_s = Some(x)),
            "hour" => number.map(|x| s.start_s = x * 3600.0 + s.start_s % 3600.0),
            "sec" => number.map(|x| s.start_s = (s.start_s / 3600.0).floor() * 3600.0 + x),
            "time" => time(token.value).map(|x| s.start_s = x),
            "mode" => mode(token.value).map(|mode| set_mode(s, mode)),
            "controlmode" => controls(token.value).map(|x| s.controls = x),
            "defaultbasefrequency" | "basefrequency" => positive(number).map(|x| self.base_frequency = x),
            "earthmodel" => earth(token.value).map(|x| self.earth = x),
            "frequency" => number.and_then(|x| same(x == self.base_frequency, "another frequency than the base one")),
            "loadmodel" => same(begins(token.value, "p"), "loads as admittances"),
            "cktmodel" => same(begins(token.value, "m"), "a positive-sequence circuit"),
            "longlinecorrection" => value::flag(token.value).and_then(|x| same(!x, "the long-line correction")),
            "genmult" => number.and_then(|x| same(x == 1.0, "a factor on all generators")),
            "%growth" | "year" => {
                notes.leave_out(at, format!("set {name}: loads do not grow here"));
                Ok(())
            }
            other if WITHOUT_EFFECT.split_ascii_whitespace().any(|n| n == other) || other.contains("mark") => Ok(()),
            other => {
                notes.leave_out(at, format!("set {other}: it has no counterpart here"));
                Ok(())
            }
        };
        if let Err(message) = done {
            notes.fault(at, format!("{name}: {message}"));
        }
    }
}

fn same(same: bool, what: &str) -> Result<(), String> {
    if same { Ok(()) } else { Err(format!("{what} cannot be solved here; leave it at its default")) }
}

fn begins(text: &str, with: &str) -> bool {
    text.trim().to_ascii_lowercase().starts_with(with)
}

fn positive(x: Result<f64, String>) -> Result<f64, String> {
    x.and_then(|x| if x > 0.0 { Ok(x) } else { Err(format!("{x}; expected a number above 0")) })
}

fn whole(x: Result<f64, String>) -> Result<u32, String> {
    x.and_then(|x| {
        let fits = (0.0..=MOST_STEPS).contains(&x);
        if fits { Ok(x as u32) } else { Err(format!("{x}; expected a whole number from 0 to {MOST_STEPS}")) }
    })
}

fn bases(text: &str) -> Result<Vec<f64>, String> {
    let list = value::list(text)?;
    match list.iter().find(|x| **x <= 0.0) {
        Some(x) => Err(format!("a base voltage of {x} kV; expected numbers above 0")),
        None => Ok(list),
    }
}

/// A length of time: seconds, or with `m` minutes or `h` hours.
fn seconds(text: &str) -> Result<f64, String> {
    let text = text.trim().to_ascii_lowercase();
    let scale = match text.chars().last() {
        Some('h') => 3600.0,
        Some('m') => 60.0,
        _ => 1.0,
    };
    positive(value::number(text.trim_end_matches(['h', 'm', 's']), false)).map(|x| x * scale)
}

/// Hour and second.
fn time(text: &str) -> Result<f64, String> {
    match value::list(text)?.as_slice() {
        [hour] => Ok(hour * 3600.0),
        [hour, second] => Ok(hour * 3600.0 + second),
        _ => Err("expected (hour, second)".to_owned()),
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        t if t.starts_with("sn") => Ok(Mode::Snapshot),
        t if t.starts_with("da") => Ok(Mode::Daily),
        t if t.starts_with('y') => Ok(Mode::Yearly),
        t if t.starts_with("du") => Ok(Mode::Duty),
        _ => Err(format!("'{}'; expected snapshot, daily, yearly or dutycycle", short(&text))),
    }
}

/// A mode brings its own number of steps; `number` after it changes that.
fn set_mode(s: &mut Settings, mode: Mode) {
    s.mode = mode;
    (s.steps, s.step_s) = match mode {
        Mode::Snapshot => (1, s.step_s),
        Mode::Daily => (24, s.step_s),
        Mode::Yearly => (8760, s.step_s),
        Mode::Duty => (100, s.step_s),
    };
}

fn controls(text: &str) -> Result<Controls, String> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "-1" => Ok(Controls::Off),
        t if t.starts_with('o') => Ok(Controls::Off),
        t if t.starts_with('s') => Ok(Controls::Static),
        t if t.starts_with('e') => Ok(Controls::Event),
        t if t.starts_with('t') => Ok(Controls::Time),
        _ => Err(format!("'{}'; expected off, static, event or time", short(&text))),
    }
}

fn earth(text: &str) -> Result<EarthModel, String> {
    let text = text.trim().to_ascii_lowercase();
    match text.chars().next() {
        Some('c') => Ok(EarthModel::Carson),
        Some('f') => Ok(EarthModel::FullCarson),
        Some('d') => Ok(EarthModel::Deri),
        _ => Err(format!("'{}'; expected carson, fullcarson or deri", short(&text))),
    }
}

/// The earth model of a line.
pub(super) fn earth_model(text: &str) -> Result<EarthModel, String> {
    earth(text)
}

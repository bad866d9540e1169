//! From the objects of a script to a [`Network`]: each object's settings are replayed from the defaults of its class.
//!
//! While elements are built, terminals hold the file's node numbers (0 is earth); when all nodes of every bus are known,
//! [`finish`] puts positions within the bus in their place.

mod bases;
mod controls;
mod finish;
mod geometry;
mod injections;
mod line_code;
mod lines;
mod shapes;
mod shunts;
mod sources;
mod transformers;

pub use shapes::{LoadShapes, Shape};

use super::class::{Role, known};
use super::options::{Options, Settings};
use super::store::{Notes, Object, Place, Setting, Store};
use super::value::{number, short};
use crate::complex::Complex;
use crate::network::{Bus, Element, Network, Representation, Source, Terminal};
use std::collections::BTreeMap;

/// Conductors of a terminal, and nodes of a bus, at most.
const MOST_NODES: usize = 4;

/// A case while it is built.
pub(super) struct Builder<'s> {
    store: &'s Store,
    notes: &'s mut Notes,
    options: &'s Options,
    frequency: f64,
    net: Network,
    /// Bus of a name in small letters.
    buses: BTreeMap<String, u32>,
    /// Element of an object.
    elements: BTreeMap<usize, u32>,
    /// Sources with their conductors' nodes.
    sources: Vec<(Terminal, Source)>,
    /// Ties of buses for the base voltages: two buses and the ratio of the second's voltage to the first's.
    ties: Vec<(u32, u32, f64)>,
    /// Nominal voltage to neutral of the sources' buses.
    known_volts: Vec<(u32, f64)>,
    codes: BTreeMap<usize, line_code::LineCode>,
    shapes: shapes::Shapes,
    load_shapes: Vec<LoadShapes>,
}

/// What the objects make together.
pub(super) struct Built {
    pub(super) network: Network,
    pub(super) settings: Settings,
    pub(super) shapes: Vec<Shape>,
    pub(super) load_shapes: Vec<LoadShapes>,
}

/// Builds the network; problems are in `notes` afterwards.
pub(super) fn build(
    store: &Store,
    notes: &mut Notes,
    options: &Options,
    circuit: &(String, Place, f64),
    coordinates: &[(String, [f64; 2])],
) -> Built {
    let mut net = Network::balanced(&circuit.0, circuit.2, 1.0);
    net.representation = Representation::Phases;
    let mut builder = Builder {
        store,
        notes,
        options,
        frequency: circuit.2,
        net,
        buses: BTreeMap::new(),
        elements: BTreeMap::new(),
        sources: Vec::new(),
        ties: Vec::new(),
        known_volts: Vec::new(),
        codes: BTreeMap::new(),
        shapes: shapes::Shapes::default(),
        load_shapes: Vec::new(),
    };
    builder.objects();
    builder.controls();
    builder.finish(coordinates);
    Built {
        network: builder.net,
        settings: options.settings.clone(),
        shapes: builder.shapes.list,
        load_shapes: builder.load_shapes,
    }
}

impl Builder<'_> {
    fn objects(&mut self) {
        let store = self.store;
        for (k, object) in store.objects.iter().enumerate() {
            if self.notes.full() {
                return;
            }
            match object.class().name {
                "Vsource" => self.source(object),
                "Line" => self.line(k, object),
                "LineCode" => _ = self.line_code(k),
                "Transformer" => self.transformer(k, object),
                "Capacitor" => self.capacitor(k, object),
                "Reactor" => self.reactor(k, object),
                "Fault" => self.fault(k, object),
                "Load" => self.load(object),
                "Generator" => self.generator(object),
                name if object.class().role == Role::Refused => {
                    if self.notes.enabled(object) {
                        let message = format!(
                            "a {name} carries power and there is no model of it; disable it or write its power as a Load"
                        );
                        self.notes.fault(object.at, message);
                    } else {
                        self.notes.leave_out(object.at, format!("{}: disabled", object.full_name()));
                    }
                }
                _ => {}
            }
        }
    }

    /// The object of a class that a setting names, or a fault.
    fn named(&mut self, class: &'static str, setting: &Setting) -> Option<usize> {
        self.named_text(class, &setting.text, setting.at)
    }

    fn named_text(&mut self, class: &'static str, name: &str, at: Place) -> Option<usize> {
        let id = known(class);
        let found = self.store.find(id, name);
        if found.is_none() {
            let message = self.store.missing(id, name);
            self.notes.fault(at, message);
        }
        found
    }

    /// Bus and nodes of a text such as `bus.1.2`, with the nodes 1, 2, ... and then earth where it gives none.
    fn terminal(&mut self, text: &str, at: Place, phases: usize, conductors: usize) -> Option<Terminal> {
        if conductors > MOST_NODES {
            self.notes.fault(at, format!("{conductors} conductors at one end; at most {MOST_NODES} are modelled"));
            return None;
        }
        let mut parts = text.trim().split('.');
        let name = parts.next().unwrap_or("");
        if name.is_empty() {
            self.notes.fault(at, "the name of a bus is missing");
            return None;
        }
        let mut nodes: Vec<u8> = (0..conductors).map(|k| if k < phases { k as u8 + 1 } else { 0 }).collect();
        for (k, part) in parts.enumerate() {
            match number(part, false).ok().filter(|x| (0.0..=200.0).contains(x) && x.fract() == 0.0) {
                Some(x) if k < nodes.len() => nodes[k] = x as u8,
                Some(_) => {}
                None => {
                    self.notes.fault(at, format!("'{}' in '{}' is no node number", short(part), short(text)));
                    return None;
                }
            }
        }
        let bus = self.bus(name);
        let known = &mut self.net.buses[bus as usize].nodes;
        for &node in nodes.iter().filter(|n| **n != 0) {
            if let Err(place) = known.binary_search(&node) {
                known.insert(place, node);
            }
        }
        if known.len() > MOST_NODES {
            let listed: Vec<String> = known.iter().map(ToString::to_string).collect();
            let listed = listed.join(", ");
            self.notes
                .fault(at, format!("bus '{}' has the nodes {listed}; at most {MOST_NODES} are modelled", short(name)));
            return None;
        }
        Some(Terminal::new(bus, &nodes))
    }

    /// The terminal of a setting; a fault if it is missing.
    fn terminal_of(
        &mut self,
        object: &Object,
        setting: Option<&Setting>,
        what: &str,
        phases: usize,
        conductors: usize,
    ) -> Option<Terminal> {
        let Some(setting) = setting else {
            let name = object.full_name();
            self.notes.fault(object.at, format!("{name} has no {what}; say which bus it is at"));
            return None;
        };
        self.terminal(&setting.text, setting.at, phases, conductors)
    }

    fn bus(&mut self, name: &str) -> u32 {
        let next = self.net.buses.len() as u32;
        let bus = *self.buses.entry(name.to_lowercase()).or_insert(next);
        if bus == next {
            self.net.buses.push(Bus { name: name.to_owned(), nodes: Vec::new(), v_base: 0.0, kv: 0.0, xy: None });
        }
        bus
    }

    /// Adds an element, without the conductors that are open.
    fn add(&mut self, object_index: usize, object: &Object, element: Element) {
        let element = if object.open.is_empty() { element } else { opened(element, &object.open) };
        if !element.y.iter().all(|y| y.is_finite()) {
            let name = object.full_name();
            self.notes
                .fault(object.at, format!("{name}: its impedances are too small, too large or contradict each other"));
            return;
        }
        let index = self.net.elements.len() as u32;
        self.elements.insert(object_index, index);
        self.net.elements.push(element);
    }
}

/// An element whose conductors in `open` are cut off at its end: they carry no current, so they are eliminated, and the
/// others keep what couples through them.
fn opened(mut element: Element, open: &[(usize, Option<usize>)]) -> Element {
    let is_open = |t: usize, c: usize| open.iter().any(|o| o.0 == t && o.1.is_none_or(|k| k == c));
    let rows: Vec<(usize, usize)> = (0..element.terminals.len())
        .flat_map(|t| (0..element.terminals[t].conductors().len()).map(move |c| (t, c)))
        .collect();
    let mut n = rows.len();
    for (k, _) in rows.iter().enumerate().rev().filter(|(_, (t, c))| is_open(*t, *c)) {
        element.y = eliminated(&element.y, n, k);
        n -= 1;
    }
    let old = std::mem::take(&mut element.terminals);
    for (t, terminal) in old.iter().enumerate() {
        let left: Vec<u8> =
            terminal.conductors().iter().enumerate().filter(|(c, _)| !is_open(t, *c)).map(|(_, n)| *n).collect();
        if !left.is_empty() {
            element.terminals.push(Terminal::new(terminal.bus, &left));
        }
    }
    if element.terminals.is_empty() {
        element.terminals = old;
        let n = rows.len();
        element.y = vec![Complex::ZERO; n * n];
        element.in_service = false;
    }
    element
}

/// The matrix without conductor `k`, which carries no current: `y_rc - y_rk y_kc / y_kk`.
fn eliminated(y: &[Complex], n: usize, k: usize) -> Vec<Complex> {
    let pivot = y[k * n + k];
    let inverse = if pivot.is_zero() { Complex::ZERO } else { pivot.inv() };
    let kept: Vec<usize> = (0..n).filter(|r| *r != k).collect();
    let entry = |r: usize, c: usize| y[r * n + c] - y[r * n + k] * y[k * n + c] * inverse;
    kept.iter().flat_map(|r| kept.iter().map(|c| entry(*r, *c)).collect::<Vec<_>>()).collect()
}

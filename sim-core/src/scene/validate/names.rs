//! Names and references: all names different, every reference to something of the right kind.

use crate::ids::Subject;
use crate::scene::named;
use crate::scene::report::{Report, nearest};
use crate::scene::schema::SceneFile;
use std::collections::BTreeMap;

/// Kinds that references point at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bus,
    Building,
    Gateway,
}

fn word(subject: Subject) -> &'static str {
    match subject {
        Subject::Bus(_) => "bus",
        Subject::Line(_) => "line",
        Subject::Transformer(_) => "transformer",
        Subject::Switch(_) => "switch",
        Subject::Building(_) => "building",
        Subject::Device(_) => "device",
        Subject::Gateway(_) => "gateway",
        Subject::Validator(_) => "validator",
        _ => "thing",
    }
}

fn section(subject: Subject) -> String {
    match subject {
        Subject::Bus(i) => format!("buses[{}]", i.0),
        Subject::Line(i) => format!("lines[{}]", i.0),
        Subject::Transformer(i) => format!("transformers[{}]", i.0),
        Subject::Switch(i) => format!("switches[{}]", i.0),
        Subject::Building(i) => format!("buildings[{}]", i.0),
        Subject::Device(i) => format!("devices[{}]", i.0),
        Subject::Gateway(i) => format!("gateways[{}]", i.0),
        Subject::Validator(i) => format!("validators[{}]", i.0),
        _ => String::new(),
    }
}

/// Names that stand for something without an entry of its own.
const RESERVED: [&str; 6] = ["community", "grid", "market", "chain", "weather", "losses"];

struct Names<'a, 'r> {
    all: BTreeMap<&'a str, Subject>,
    report: &'r mut Report,
}

/// Checks names and references.
pub(super) fn check(file: &SceneFile, report: &mut Report) {
    let mut names = Names { all: BTreeMap::new(), report };
    for (name, subject) in named(file) {
        names.define(name, subject);
    }
    names.cable_types(file);
    names.refer("upstream.bus", Kind::Bus, &file.upstream.bus);
    for (i, line) in file.lines.iter().enumerate() {
        names.ends(&format!("lines[{i}]"), &line.from, &line.to);
    }
    for (i, t) in file.transformers.iter().enumerate() {
        names.ends(&format!("transformers[{i}]"), &t.from, &t.to);
    }
    for (i, s) in file.switches.iter().enumerate() {
        names.ends(&format!("switches[{i}]"), &s.from, &s.to);
        if let Some(g) = &s.gateway {
            names.refer(&format!("switches[{i}].gateway"), Kind::Gateway, g);
        }
    }
    for (i, b) in file.buildings.iter().enumerate() {
        names.refer(&format!("buildings[{i}].bus"), Kind::Bus, &b.bus);
    }
    for (i, d) in file.devices.iter().enumerate() {
        let path = format!("devices[{i}]");
        match (&d.building, &d.bus) {
            (Some(b), None) => names.refer(&format!("{path}.building"), Kind::Building, b),
            (None, Some(b)) => names.refer(&format!("{path}.bus"), Kind::Bus, b),
            (Some(_), Some(_)) => {
                let what = format!("`{}` has both a building and a bus: keep one (a building has its own bus)", d.name);
                names.report.add(&format!("{path}.bus"), what);
            }
            (None, None) => {
                let what = format!("`{}` has neither a building nor a bus: add `building:` or `bus:`", d.name);
                names.report.add(&path, what);
            }
        }
    }
    let mut served: BTreeMap<&str, &str> = BTreeMap::new();
    for (i, g) in file.gateways.iter().enumerate() {
        names.refer(&format!("gateways[{i}].bus"), Kind::Bus, &g.bus);
        for (k, bus) in g.serves.iter().enumerate() {
            let path = format!("gateways[{i}].serves[{k}]");
            names.refer(&path, Kind::Bus, bus);
            if let Some(other) = served.insert(bus, &g.name) {
                names.report.add(&path, format!("bus `{bus}` is served by `{other}` already: name it once"));
            }
        }
    }
    for (i, v) in file.validators.iter().enumerate() {
        names.refer(&format!("validators[{i}].bus"), Kind::Bus, &v.bus);
    }
}

impl<'a> Names<'a, '_> {
    fn define(&mut self, name: &'a str, subject: Subject) {
        let path = section(subject) + ".name";
        let kind = word(subject);
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() {
            self.report.add(&path, format!("a {kind} without a name: give it one"));
            return;
        }
        if name.chars().count() > 60 || !name.chars().all(plain) {
            let what = format!("`{name}` cannot be a name: letters, digits, `-`, `_` and `.`, 60 at most");
            self.report.add(&path, what);
        }
        if RESERVED.contains(&name) {
            self.report.add(&path, format!("the name `{name}` is taken by the program: choose another"));
        }
        if let Some(first) = self.all.insert(name, subject) {
            let place = self.report.outline.find(&(section(first) + ".name"));
            let (line, _) = self.report.outline.line_column(&self.report.text, place);
            let what = format!("the name `{name}` is taken by the {} in line {line}: choose another", word(first));
            self.report.add(&path, what);
        }
    }

    fn cable_types(&mut self, file: &SceneFile) {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, c) in file.cable_types.iter().enumerate() {
            if known.insert(&c.name, i).is_some() {
                let what = format!("the cable type `{}` is defined twice: choose another name", c.name);
                self.report.add(&format!("cable_types[{i}].name"), what);
            }
        }
        for (i, l) in file.lines.iter().enumerate() {
            if !known.contains_key(l.cable.as_str()) && !self.report.blanked.contains(&l.cable) {
                let near = if self.report.is_full() { None } else { nearest(&l.cable, known.keys().copied()) };
                let what = format!("there is no cable type `{}`: use one of `cable_types` or add it there", l.cable);
                self.report.add_near(&format!("lines[{i}].cable"), what, near);
            }
        }
    }

    fn ends(&mut self, path: &str, from: &str, to: &str) {
        self.refer(&format!("{path}.from"), Kind::Bus, from);
        self.refer(&format!("{path}.to"), Kind::Bus, to);
        if from == to {
            self.report.add(&format!("{path}.to"), format!("both ends are at bus `{to}`: expected two buses"));
        }
    }

    fn refer(&mut self, path: &str, kind: Kind, name: &str) {
        let is_kind = |s: &Subject| match kind {
            Kind::Bus => matches!(s, Subject::Bus(_)),
            Kind::Building => matches!(s, Subject::Building(_)),
            Kind::Gateway => matches!(s, Subject::Gateway(_)),
        };
        let wanted = match kind {
            Kind::Bus => "bus",
            Kind::Building => "building",
            Kind::Gateway => "gateway",
        };
        let found = self.all.get(name).copied();
        if found.as_ref().is_some_and(is_kind) || self.report.blanked.contains(name) {
            return;
        }
        // A section that could not be read at all was stood in for by nothing.
        if name.is_empty() && !self.report.complete {
            return;
        }
        let what = match found {
            Some(other) => format!("`{name}` is a {}, expected a {wanted}", word(other)),
            None => format!("there is no {wanted} `{name}`"),
        };
        let known = self.all.iter().filter(|(_, s)| is_kind(s)).map(|(n, _)| *n);
        let near = if self.report.is_full() { None } else { nearest(name, known) };
        self.report.add_near(path, what, near);
    }
}

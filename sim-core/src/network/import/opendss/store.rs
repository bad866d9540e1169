//! The objects of a script, each with the settings it was given, in their order.
//!
//! Nothing is interpreted here: what a setting means can depend on the ones before it (`wdg=2`, `switch=yes`), so the
//! builders replay an object's settings from its defaults. `like` and `batchedit` only copy settings.

use super::super::problem::{ImportError, Problem, nearest};
use super::class::{CLASSES, Class, ClassId};
use super::value;
use crate::network::Dropped;
use std::collections::BTreeMap;

/// Settings that `like` and `batchedit` may copy; beyond it the script is refused (a short one could fill the memory).
const MOST_COPIES: usize = 2_000_000;
/// Problems that are kept.
const MOST_PROBLEMS: usize = 200;
/// Names that one which is not there is held against.
const MOST_NAMES: usize = 500;

/// A place in one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the file.
    pub(super) file: u32,
    /// Line, from 1.
    pub(super) line: u32,
    /// Column, from 1.
    pub(super) column: u32,
}

/// A property with the text it was given.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Index of the property; [`END`] marks the end of a command.
    pub(super) property: u8,
    /// The text had quotes or brackets.
    pub(super) quoted: bool,
    /// The text.
    pub(super) text: Box<str>,
    /// Where the text stands.
    pub(super) at: Place,
}

/// The end of a command, where OpenDSS computes what follows from its settings together.
pub(super) const END: u8 = u8::MAX;

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Its class.
    pub(super) class: ClassId,
    /// Its name as it is spelled where it was made.
    pub(super) name: String,
    /// Where it was made.
    pub(super) at: Place,
    /// What it was given.
    pub(super) settings: Vec<Setting>,
    /// Conductors that are open: terminal and conductor, from 0; all of a terminal without the latter.
    pub(super) open: Vec<(usize, Option<usize>)>,
}

impl Object {
    /// Class and name, as results call it.
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", CLASSES[self.class].name, self.name)
    }

    /// Its class.
    pub(super) fn class(&self) -> &'static Class {
        &CLASSES[self.class]
    }

    /// Its settings with the names of their properties (empty at the end of a command).
    pub(super) fn replay(&self) -> impl DoubleEndedIterator<Item = (&'static str, &Setting)> {
        let properties = self.class().properties;
        self.settings.iter().map(move |s| (properties.get(usize::from(s.property)).copied().unwrap_or(""), s))
    }

    /// The last text of a property.
    pub(super) fn last(&self, property: &str) -> Option<&Setting> {
        self.replay().rev().find(|(p, _)| *p == property).map(|(_, s)| s)
    }
}

/// All objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    /// In the order they were made.
    pub(super) objects: Vec<Object>,
    by_name: BTreeMap<(ClassId, String), usize>,
    copies: usize,
}

impl Store {
    /// The object of a class with a name, in any case.
    pub(super) fn find(&self, class: ClassId, name: &str) -> Option<usize> {
        self.by_name.get(&(class, name.to_lowercase())).copied()
    }

    /// What to say of an object that is not there.
    pub(super) fn missing(&self, class: ClassId, name: &str) -> String {
        let names = self.of(class).map(|(_, o)| o.name.as_str()).take(MOST_NAMES);
        let near = nearest(name, names).map_or(String::new(), |n| format!("; did you mean '{n}'?"));
        format!("there is no {} '{}'{near}", CLASSES[class].name, value::short(name))
    }

    /// Objects of a class with their indices.
    pub(super) fn of(&self, class: ClassId) -> impl Iterator<Item = (usize, &Object)> {
        self.objects.iter().enumerate().filter(move |(_, o)| o.class == class)
    }

    /// Adds an object.
    pub(super) fn add(&mut self, class: ClassId, name: &str, at: Place) -> usize {
        let index = self.objects.len();
        self.by_name.insert((class, name.to_lowercase()), index);
        self.objects.push(Object { class, name: name.to_owned(), at, settings: Vec::new(), open: Vec::new() });
        index
    }

    /// Appends what `like` copies from one object to another; false if that is too much. The `setting` itself stands
    /// before it with the other's name and after it without, for classes of which something stays the object's own.
    pub(super) fn copy(&mut self, from: usize, to: usize, setting: Setting) -> bool {
        let properties = self.objects[from].class().properties;
        let own = |s: &Setting| {
            let name = properties.get(usize::from(s.property));
            matches!(name, Some(&("bus" | "bus1" | "bus2" | "buses" | "enabled")))
        };
        let copied: Vec<Setting> = self.objects[from].settings.iter().filter(|s| !own(s)).cloned().collect();
        let may = self.may_copy(copied.len());
        if may {
            let end = Setting { text: "".into(), ..setting.clone() };
            self.objects[to].settings.extend(std::iter::once(setting).chain(copied).chain([end]));
        }
        may
    }

    /// Counts settings that are copied rather than written.
    pub(super) fn may_copy(&mut self, count: usize) -> bool {
        self.copies += count;
        self.copies <= MOST_COPIES
    }
}

/// What there is to say about the files.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// Names of the files.
    pub(super) files: Vec<String>,
    problems: Vec<(Place, String)>,
    dropped: Vec<(Place, String)>,
}

impl Notes {
    /// Something is wrong.
    pub(super) fn fault(&mut self, at: Place, message: impl Into<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push((at, message.into()));
        }
    }

    /// Something is left out.
    pub(super) fn leave_out(&mut self, at: Place, what: impl Into<String>) {
        self.dropped.push((at, what.into()));
    }

    /// True if nothing is wrong so far.
    pub(super) fn clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Nothing more is worth saying.
    pub(super) fn full(&self) -> bool {
        self.problems.len() >= MOST_PROBLEMS
    }

    fn file(&self, at: Place) -> String {
        self.files.get(at.file as usize).cloned().unwrap_or_default()
    }

    /// All that is wrong.
    pub(super) fn error(&self, file: &str) -> ImportError {
        let problem = |(at, message): &(Place, String)| Problem {
            file: self.file(*at),
            line: at.line.max(1),
            column: at.column.max(1),
            message: message.clone(),
        };
        ImportError::new(file, self.problems.iter().map(problem).collect())
    }

    /// All that was left out, in the order of the script.
    pub(super) fn into_dropped(self) -> Vec<Dropped> {
        let entry = |(at, what): &(Place, String)| Dropped { file: self.file(*at), line: at.line, what: what.clone() };
        self.dropped.iter().map(entry).collect()
    }

    /// The value of a setting, or a fault at its place.
    pub(super) fn take<T>(&mut self, setting: &Setting, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.fault(setting.at, message)).ok()
    }

    /// The number of a setting.
    pub(super) fn number(&mut self, setting: &Setting) -> Option<f64> {
        self.take(setting, value::number(&setting.text, setting.quoted))
    }

    /// Puts the number of a setting into `target`.
    pub(super) fn set(&mut self, setting: &Setting, target: &mut f64) {
        if let Some(x) = self.number(setting) {
            *target = x;
        }
    }

    /// A number above 0.
    pub(super) fn set_positive(&mut self, setting: &Setting, what: &str, target: &mut f64) {
        if let Some(x) = self.number(setting) {
            if x > 0.0 {
                *target = x;
            } else {
                self.fault(setting.at, format!("{what} of {x}; expected a number above 0"));
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn count(&mut self, setting: &Setting, least: usize, most: usize) -> Option<usize> {
        let x = self.number(setting)?.round();
        if x >= least as f64 && x <= most as f64 {
            return Some(x as usize);
        }
        self.fault(setting.at, format!("'{}'; expected a whole number from {least} to {most}", setting.text));
        None
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, setting: &Setting) -> Option<bool> {
        self.take(setting, value::flag(&setting.text))
    }

    /// A list of numbers.
    pub(super) fn list(&mut self, setting: &Setting) -> Option<Vec<f64>> {
        self.take(setting, value::list(&setting.text))
    }

    /// The last of `enabled`; true without.
    pub(super) fn enabled(&mut self, object: &Object) -> bool {
        let setting = object.last("enabled").cloned();
        setting.and_then(|s| self.flag(&s)).unwrap_or(true)
    }
}

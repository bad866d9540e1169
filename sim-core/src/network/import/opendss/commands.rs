//! The commands of a script besides those that make and edit objects: what is set, read from other files, switched.

use super::class::{CLASSES, known};
use super::folder::resolve;
use super::options::{Options, Settings, option_name};
use super::pattern::Pattern;
use super::script::{DEEPEST, MAX_BYTES, MOST_FILES, MOST_VISITS, Script, place};
use super::store::{Place, Store};
use super::token::{Token, Tokens};
use super::value::{self, short};

impl Script<'_> {
    pub(super) fn solve(&mut self, here: Place) {
        if let Some(before) = self.solved.replace(here) {
            self.notes.leave_out(before, "a solve before the last one: taps and banks are not moved by it");
        }
        self.options.settings.solves = true;
    }

    pub(super) fn set(&mut self, line: &str, at: Place, tokens: Tokens<'_>) {
        for token in tokens {
            if self.notes.full() {
                return;
            }
            let here = place(line, at, token.at);
            let Some(name) = token.name else {
                self.notes.fault(here, format!("'{}'; expected name=value", short(token.value)));
                continue;
            };
            match option_name(name) {
                Some("datapath") => {
                    self.notes.leave_out(here, "set datapath: files are found from the script's folder")
                }
                Some("allocationfactors") => self.allocation_factors(&token, place(line, at, token.value_at)),
                Some(name) => self.options.set(name, &token, here, &mut self.notes),
                None => self.notes.leave_out(here, format!("set {}: no such option is known", short(name))),
            }
        }
    }

    /// One allocation factor for all loads that are given by their transformer's rating.
    pub(super) fn allocation_factors(&mut self, token: &Token<'_>, here: Place) {
        let class = known("Load");
        let Some(property) = CLASSES[class].property("allocationfactor") else { return };
        self.visits += self.store.objects.len();
        if self.visits > MOST_VISITS {
            return self.notes.fault(here, "allocationfactors: too many objects are looked at");
        }
        let loads: Vec<usize> =
            self.store.of(class).filter(|(_, o)| o.last("xfkva").is_some()).map(|(k, _)| k).collect();
        if !self.store.may_copy(loads.len()) {
            self.notes.fault(here, "allocationfactors: too many copied properties");
            return;
        }
        for load in loads {
            self.give(load, property, token, here);
        }
    }

    pub(super) fn clear(&mut self) {
        let kept = Options { settings: Settings::default(), ..self.options };
        self.options = kept;
        self.store = Store::default();
        self.circuit = None;
        self.active = None;
        self.solved = None;
        self.coordinates.clear();
    }

    pub(super) fn redirect(&mut self, compile: bool, line: &str, at: Place, mut tokens: Tokens<'_>) {
        let Some(token) = tokens.next() else {
            self.notes.fault(at, "the name of a file is missing");
            return;
        };
        let here = place(line, at, token.value_at);
        if self.reading.len() >= DEEPEST {
            self.notes.fault(here, format!("more than {DEEPEST} files within each other"));
            return;
        }
        let before = self.here.clone();
        let Some((path, text)) = self.file(token.value, here) else { return };
        let file = (self.notes.files.len() - 1) as u32;
        self.reading.push(path.join("/").to_lowercase());
        self.here = path[..path.len().saturating_sub(1)].to_vec();
        let inside = self.here.clone();
        self.lines(file, &text);
        self.reading.pop();
        self.here = if compile { inside } else { before };
    }

    /// Path and text of a file; a fault if there is none, or if it is being read already.
    pub(super) fn file(&mut self, name: &str, here: Place) -> Option<(Vec<String>, String)> {
        let path = resolve(&self.here, name).map_err(|message| self.notes.fault(here, message)).ok()?;
        let joined = path.join("/");
        if self.reading.contains(&joined.to_lowercase()) {
            let loop_ = self.reading.join(" -> ");
            self.notes.fault(here, format!("'{joined}' refers back to itself: {loop_} -> {joined}; break the loop"));
            return None;
        }
        if self.notes.files.len() >= MOST_FILES {
            self.notes.fault(here, format!("more than {MOST_FILES} files"));
            return None;
        }
        match self.folder.read(&joined) {
            Ok(text) => {
                self.bytes += text.len();
                self.notes.files.push(format!("{}{joined}", self.prefix));
                if self.bytes > MAX_BYTES {
                    self.notes.fault(here, format!("the files have more than {MAX_BYTES} bytes in all"));
                    return None;
                }
                Some((path, text))
            }
            Err(why) => {
                self.notes.fault(here, format!("the file '{joined}' cannot be read: {why}"));
                None
            }
        }
    }

    pub(super) fn change_folder(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
        if let Some(token) = tokens.next() {
            match resolve(&self.here, token.value) {
                Ok(path) => self.here = path,
                Err(message) => self.notes.fault(place(line, at, token.value_at), message),
            }
        }
    }

    /// `batchedit class.pattern properties`.
    pub(super) fn batch_edit(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
        let Some(target) = tokens.next() else { return };
        let here = place(line, at, target.value_at);
        let Some((class_name, pattern)) = target.value.split_once('.') else {
            self.notes.fault(here, format!("'{}'; expected Class.pattern", short(target.value)));
            return;
        };
        let Some(class) = self.class_of(class_name, here) else { return };
        let pattern = match Pattern::new(pattern) {
            Ok(pattern) => pattern,
            Err(message) => return self.notes.fault(here, message),
        };
        self.visits += self.store.objects.len();
        if self.visits > MOST_VISITS {
            return self.notes.fault(here, "batchedit: too many objects are looked at");
        }
        let chosen: Vec<usize> = self.store.of(class).filter(|(_, o)| pattern.fits(&o.name)).map(|(k, _)| k).collect();
        if !self.store.may_copy(chosen.len() * tokens.count().max(1)) {
            return self.notes.fault(here, "batchedit: too many properties are set");
        }
        chosen.into_iter().for_each(|object| self.edit(object, line, at, tokens, None));
    }

    /// `open` or `close` of an element's terminal: all of its conductors or one.
    pub(super) fn switch(&mut self, open: bool, line: &str, at: Place, tokens: Tokens<'_>) {
        let (mut object, mut terminal, mut conductor) = (None, 1, 0);
        for (k, token) in tokens.enumerate() {
            let here = place(line, at, token.value_at);
            let name =
                token.name.map_or(["object", "term", "cond"].get(k).copied().unwrap_or(""), |n| n).to_ascii_lowercase();
            if name.starts_with('o') {
                let parts = token.value.split_once('.');
                object = parts.and_then(|(class, name)| self.existing(class, name, here));
                continue;
            }
            match value::number(token.value, token.quoted) {
                Ok(x) if (0.0..=9.0).contains(&x) && name.starts_with('t') => terminal = x as usize,
                Ok(x) if (0.0..=9.0).contains(&x) && name.starts_with('c') => conductor = x as usize,
                _ => self.notes.fault(here, format!("'{}'; expected a terminal and a conductor", short(token.value))),
            }
        }
        if let Some(object) = object {
            let place = (terminal.max(1) - 1, conductor.checked_sub(1));
            let list = &mut self.store.objects[object].open;
            list.retain(|o| o.0 != place.0 || (place.1.is_some() && o.1 != place.1));
            if open {
                list.push(place);
            }
        }
    }

    pub(super) fn enable(&mut self, on: bool, line: &str, at: Place, mut tokens: Tokens<'_>) {
        let Some(token) = tokens.next() else { return };
        let here = place(line, at, token.value_at);
        let Some((class_name, name)) = token.value.split_once('.') else {
            return self.notes.fault(here, format!("'{}'; expected Class.name", short(token.value)));
        };
        let Some(class) = self.class_of(class_name, here) else { return };
        self.visits += self.store.objects.len();
        let chosen: Vec<usize> = if name == "*" && self.visits <= MOST_VISITS {
            self.store.of(class).map(|(k, _)| k).collect()
        } else {
            self.existing(class_name, name, here).into_iter().collect()
        };
        if !self.store.may_copy(chosen.len()) {
            return self.notes.fault(here, "enable: too many objects are changed");
        }
        let text = if on { "enabled=yes" } else { "enabled=no" };
        chosen.into_iter().for_each(|object| self.edit(object, text, here, Tokens::new(text), None));
    }

    pub(super) fn bus_coordinates(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
        let Some(token) = tokens.next() else { return };
        let Some((_, text)) = self.file(token.value, place(line, at, token.value_at)) else { return };
        for row in text.lines() {
            let words = value::words(row);
            let number = |k: usize| words.get(k).and_then(|w| value::number(w, false).ok());
            if let (Some(name), Some(x), Some(y)) = (words.first(), number(1), number(2)) {
                self.coordinates.push(((*name).to_lowercase(), [x, y]));
            }
        }
    }

    /// `setbusxy bus=name x=.. y=..`.
    pub(super) fn set_bus_xy(&mut self, tokens: Tokens<'_>) {
        let (mut bus, mut xy) = (None, [None; 2]);
        for (k, token) in tokens.enumerate() {
            match token.name.map(str::to_ascii_lowercase).as_deref().or(["bus", "x", "y"].get(k).copied()) {
                Some("bus") => bus = Some(token.value.to_lowercase()),
                Some("x") => xy[0] = value::number(token.value, token.quoted).ok(),
                Some("y") => xy[1] = value::number(token.value, token.quoted).ok(),
                _ => {}
            }
        }
        if let (Some(bus), [Some(x), Some(y)]) = (bus, xy) {
            self.coordinates.push((bus, [x, y]));
        }
    }
}

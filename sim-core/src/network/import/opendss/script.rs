//! Runs a script: its commands make and edit objects; nothing is computed.
//!
//! A command may be shortened to its beginning. `~` and `more` go on with the last object. A line that begins with
//! `Class.name.property=` edits that object. Commands that only show, export or draw are passed over.

use super::super::problem::nearest;
use super::class::{CLASSES, ClassId, Role, class, known, nearest_class};
use super::folder::{Folder, resolve};
use super::options::{Options, option_name};
use super::pattern::Pattern;
use super::store::{END, Notes, Place, Setting, Store};
use super::token::{Token, Tokens};
use super::value::{self, short};

/// Text that is read in all, in bytes.
pub(super) const MAX_BYTES: usize = 200_000_000;
/// Files within files.
const DEEPEST: usize = 32;
/// Files in all.
const MOST_FILES: usize = 20_000;
/// Objects that patterns of `batchedit` are held against, in all.
const MOST_VISITS: usize = 20_000_000;

/// Commands, in the order that decides what a shortened one means.
const COMMANDS: &str = "new edit more m ~ select save show solve enable disable plot reset compile set dump open close \
    redirect help quit ? next panel sample clear about calcvoltagebases setkvbase buildy get init export fileedit \
    voltages currents powers seqvoltages seqcurrents seqpowers losses phaselosses cktlosses allocateloads formedit \
    totals capacity classes userclasses zsc zsc10 zscrefresh ysc puvoltages varvalues varnames buscoords makebuslist \
    makeposseq reduce interpolate alignfile top rotate vdiff summary distribute di_plot comparecases yearlycurves cd \
    visualize closedi doscmd estimate reconductor addbusmarker uuids setloadandgenkv cvrtloadshapes nodediff rephase \
    setbusxy updatestorage obfuscate latlongcoords batchedit pstcalc variable var cleanup finishtimestep nodelist \
    clearall wait solveall";

/// Commands that change the circuit in a way that is not modelled.
const REFUSED: &str = "allocateloads makeposseq reduce interpolate rotate distribute estimate reconductor \
    setloadandgenkv rephase variable var";

/// A script being run.
pub(super) struct Script<'f> {
    folder: &'f dyn Folder,
    pub(super) notes: Notes,
    pub(super) store: Store,
    pub(super) options: Options,
    /// Name of the circuit, its place and its frequency.
    pub(super) circuit: Option<(String, Place, f64)>,
    /// Places of buses in a drawing.
    pub(super) coordinates: Vec<(String, [f64; 2])>,
    active: Option<usize>,
    /// The folder that paths are seen from.
    here: Vec<String>,
    /// What stands before the path of a file in messages.
    prefix: String,
    /// Files being read, in small letters.
    reading: Vec<String>,
    bytes: usize,
    visits: usize,
    /// Place of the last `solve`, and whether anything came after it.
    solved: Option<Place>,
}

impl<'f> Script<'f> {
    pub(super) fn run(file: &str, text: &str, folder: &'f dyn Folder) -> Self {
        let split = file.rfind(['/', '\\']).map_or(0, |k| k + 1);
        let mut out = Self {
            folder,
            notes: Notes::default(),
            store: Store::default(),
            options: Options::default(),
            circuit: None,
            coordinates: Vec::new(),
            active: None,
            here: Vec::new(),
            prefix: file[..split].to_owned(),
            reading: vec![file[split..].to_lowercase()],
            bytes: text.len(),
            visits: 0,
            solved: None,
        };
        out.notes.files.push(file.to_owned());
        out.lines(0, text);
        out
    }

    fn lines(&mut self, file: u32, text: &str) {
        let mut comment = false;
        for (n, line) in text.split('\n').enumerate() {
            let at = Place { file, line: n as u32 + 1, column: 1 };
            let line = line.trim_end_matches('\r');
            let start = line.trim_start();
            if comment || start.starts_with("/*") {
                comment = !line.contains("*/");
                continue;
            }
            if !start.is_empty() && self.line(line, at).is_none() || self.notes.full() {
                return;
            }
        }
    }

    /// Runs a line; `None` where the script ends.
    fn line(&mut self, line: &str, at: Place) -> Option<()> {
        let mut tokens = Tokens::new(line);
        let start = tokens;
        let Some(first) = tokens.next() else { return Some(()) };
        let here = place(line, at, first.at);
        if let Some(name) = first.name {
            self.named(name, line, here, start);
            return Some(());
        }
        if first.value.len() > 1 && first.value.starts_with('~') {
            // A tilde without a blank after it.
            let rest = line.replacen('~', " ", 1);
            self.more(&rest, at, Tokens::new(&rest));
            return Some(());
        }
        if first.value.is_empty() {
            return Some(());
        }
        let word = first.value.to_ascii_lowercase();
        let mut all = COMMANDS.split_ascii_whitespace();
        let Some(command) = all.clone().find(|c| *c == word).or_else(|| all.find(|c| c.starts_with(word.as_str())))
        else {
            let near = nearest(&word, COMMANDS.split_ascii_whitespace());
            let near = near.map_or(String::new(), |n| format!("; did you mean '{n}'?"));
            self.notes.fault(here, format!("'{}' is no command{near}", short(first.value)));
            return Some(());
        };
        match command {
            "new" | "edit" | "select" => self.object_command(command, line, at, tokens),
            "more" | "m" | "~" => self.more(line, at, tokens),
            "set" => self.set(line, at, tokens),
            "solve" | "solveall" => {
                self.solve(here);
                self.set(line, at, tokens);
            }
            "redirect" | "compile" => self.redirect(command == "compile", line, at, tokens),
            "clear" | "clearall" => self.clear(),
            "batchedit" => self.batch_edit(line, at, tokens),
            "open" | "close" => self.switch(command == "open", line, at, tokens),
            "enable" | "disable" => self.enable(command == "enable", line, at, tokens),
            "buscoords" => self.bus_coordinates(line, at, tokens),
            "setbusxy" => self.set_bus_xy(tokens),
            "cd" => self.change_folder(line, at, tokens),
            "quit" => return None,
            refused if REFUSED.split_ascii_whitespace().any(|c| c == refused) => {
                self.notes
                    .fault(here, format!("the command '{refused}' is not supported; write its result into the file"));
            }
            "latlongcoords" | "setkvbase" => {
                self.notes.leave_out(here, format!("{command}: it bears on drawings and bases only"));
            }
            _ => {}
        }
        Some(())
    }

    /// A line that begins with `name=value`: a property of an object, or of the last one.
    fn named(&mut self, name: &str, line: &str, here: Place, tokens: Tokens<'_>) {
        let parts = name.split_once('.').and_then(|(class, rest)| rest.rsplit_once('.').map(|(n, p)| (class, n, p)));
        let Some((class_name, object, property)) = parts else {
            if name.contains('.') {
                self.notes.fault(here, format!("'{}'; expected Class.name.property=value", short(name)));
            } else {
                self.more(line, here, tokens);
            }
            return;
        };
        if let Some(object) = self.existing(class_name, object, here) {
            self.active = Some(object);
            self.edit(object, line, here, tokens, Some(property));
        }
    }

    /// An object that must be there.
    fn existing(&mut self, class_name: &str, name: &str, here: Place) -> Option<usize> {
        let class = self.class_of(class_name, here)?;
        let found = self.store.find(class, name);
        if found.is_none() {
            let message = self.store.missing(class, name);
            self.notes.fault(here, message);
        }
        found
    }

    fn class_of(&mut self, name: &str, here: Place) -> Option<ClassId> {
        let found = class(name).or_else(|| name.eq_ignore_ascii_case("circuit").then(|| known("Vsource")));
        if found.is_none() {
            let near = nearest_class(name).map_or(String::new(), |n| format!("; did you mean '{n}'?"));
            self.notes.fault(here, format!("there is no class '{}'{near}", short(name)));
        }
        found
    }

    /// `new`, `edit` or `select` with `Class.name` and properties.
    fn object_command(&mut self, command: &str, line: &str, at: Place, mut tokens: Tokens<'_>) {
        let Some(target) = tokens.next() else {
            self.notes.fault(at, format!("{command}: expected Class.name"));
            return;
        };
        let here = place(line, at, target.value_at);
        let Some((class_name, name)) = target.value.split_once('.').filter(|(_, n)| !n.is_empty()) else {
            self.notes.fault(here, format!("'{}'; expected Class.name", short(target.value)));
            return;
        };
        let object = if command != "new" {
            self.existing(class_name, name, here)
        } else if class_name.eq_ignore_ascii_case("circuit") {
            self.new_circuit(name, here)
        } else {
            self.new_object(class_name, name, here)
        };
        self.active = object.or(self.active);
        if let Some(object) = object {
            self.edit(object, line, at, tokens, None);
        }
    }

    fn new_circuit(&mut self, name: &str, here: Place) -> Option<usize> {
        if self.circuit.is_some() {
            self.notes.fault(here, "a second circuit; write 'clear' before it or leave it out");
            return None;
        }
        self.circuit = Some((name.to_owned(), here, self.options.base_frequency));
        Some(self.store.add(known("Vsource"), "source", here))
    }

    fn new_object(&mut self, class_name: &str, name: &str, here: Place) -> Option<usize> {
        let class = self.class_of(class_name, here)?;
        if self.circuit.is_none() {
            self.notes.fault(here, "there is no circuit yet; begin with 'new circuit.name'");
            return None;
        }
        if let Some(known) = self.store.find(class, name) {
            let class = CLASSES[class].name;
            self.notes.leave_out(here, format!("a second {class}.{name}: taken as an edit of the first"));
            return Some(known);
        }
        if CLASSES[class].role == Role::Aside {
            let class = CLASSES[class].name;
            self.notes.leave_out(
                here,
                format!("{class}.{name}: it measures, protects or describes; the power flow is the same"),
            );
        }
        Some(self.store.add(class, name, here))
    }

    fn more(&mut self, line: &str, at: Place, tokens: Tokens<'_>) {
        match self.active {
            Some(object) => self.edit(object, line, at, tokens, None),
            None => {
                self.notes.fault(at, "there is no object to go on with; expected a command such as 'new Line.name'")
            }
        }
    }

    /// Gives an object the properties of a line; `first` names the first one's property.
    fn edit(&mut self, object: usize, line: &str, at: Place, tokens: Tokens<'_>, first: Option<&str>) {
        let class = *self.store.objects[object].class();
        if class.role == Role::Aside {
            return;
        }
        let mut next = 0;
        for (k, token) in tokens.enumerate() {
            if self.notes.full() {
                return;
            }
            let here = place(line, at, token.at);
            let name = if k == 0 { first.or(token.name) } else { token.name };
            if class.role == Role::Refused && !name.is_some_and(|n| n.eq_ignore_ascii_case("enabled")) {
                continue;
            }
            let property = name.map_or(Some(next).filter(|n| *n < class.properties.len()), |n| class.property(n));
            let Some(property) = property else {
                self.unknown_property(&class, name, &token, here);
                continue;
            };
            next = property + 1;
            if token.unclosed {
                self.notes.fault(here, "a quote or bracket is not closed on its line");
            }
            self.give(object, property, &token, place(line, at, token.value_at));
        }
        if class.role == Role::Read {
            let end = Setting { property: END, quoted: false, text: "".into(), at };
            self.store.objects[object].settings.push(end);
        }
    }

    fn unknown_property(&mut self, class: &super::class::Class, name: Option<&str>, token: &Token<'_>, here: Place) {
        let message = match name {
            Some(name) => {
                let near = nearest(name, class.properties.iter().copied());
                let near = near.map_or(String::new(), |n| format!("; did you mean '{n}'?"));
                format!("a {} has no property '{}'{near}", class.name, short(name))
            }
            None => {
                format!("'{}' has no name and there is no further property of a {}", short(token.value), class.name)
            }
        };
        self.notes.fault(here, message);
    }

    /// Gives an object one property.
    fn give(&mut self, object: usize, property: usize, token: &Token<'_>, here: Place) {
        let properties = self.store.objects[object].class().properties;
        if token.value.starts_with('@') {
            self.notes.fault(here, "variables (@name) are not supported; write the value");
        }
        if properties[property] == "like" {
            let class = self.store.objects[object].class;
            if let Some(from) = self.existing(CLASSES[class].name, token.value, here)
                && from != object
                && !self.store.copy(from, object)
            {
                self.notes.fault(here, "like: too many copied properties");
            }
            return;
        }
        let mut text: Box<str> = token.value.into();
        if self.store.objects[object].class == known("LoadShape") {
            match self.shape_values(properties[property], token.value, here) {
                Some(read) => text = read.into(),
                None => return,
            }
        }
        self.store.objects[object].settings.push(Setting {
            property: property as u8,
            quoted: token.quoted,
            text,
            at: here,
        });
    }

    /// The text of a load shape's property, from its file if it names one; `None` if that cannot be read.
    fn shape_values(&mut self, property: &str, text: &str, here: Place) -> Option<String> {
        let listed = matches!(property, "mult" | "pmult" | "qmult" | "hour");
        let is_file = text.trim_start().get(..4).is_some_and(|t| t.eq_ignore_ascii_case("file"));
        if listed && is_file {
            let (mut path, mut column, mut header) = ("", 1.0, false);
            for token in Tokens::list(text) {
                match token.name.map(str::to_ascii_lowercase).as_deref() {
                    Some("file") => path = token.value,
                    Some(n) if n.starts_with("col") => column = value::number(token.value, false).unwrap_or(1.0),
                    Some(n) if n.starts_with("head") => header = value::flag(token.value).unwrap_or(false),
                    _ => {}
                }
            }
            let (_, content) = self.file(path, here)?;
            let column = (column.max(1.0) as usize) - 1;
            let rows = content.lines().skip(usize::from(header)).filter_map(|l| Tokens::list(l).nth(column));
            return Some(rows.map(|t| t.value).collect::<Vec<_>>().join(" "));
        }
        match property {
            "csvfile" | "pqcsvfile" => self.file(text, here).map(|(_, content)| content),
            "sngfile" | "dblfile" => {
                self.notes.fault(here, "binary load shapes cannot be read; give a text file");
                None
            }
            _ => Some(text.to_owned()),
        }
    }

    fn solve(&mut self, here: Place) {
        if let Some(before) = self.solved.replace(here) {
            self.notes.leave_out(before, "a solve before the last one: taps and banks are not moved by it");
        }
        self.options.settings.solves = true;
    }

    fn set(&mut self, line: &str, at: Place, tokens: Tokens<'_>) {
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
    fn allocation_factors(&mut self, token: &Token<'_>, here: Place) {
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

    fn clear(&mut self) {
        let kept = Options { settings: super::options::Settings::default(), ..self.options };
        self.options = kept;
        self.store = Store::default();
        self.circuit = None;
        self.active = None;
        self.solved = None;
        self.coordinates.clear();
    }

    fn redirect(&mut self, compile: bool, line: &str, at: Place, mut tokens: Tokens<'_>) {
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
    fn file(&mut self, name: &str, here: Place) -> Option<(Vec<String>, String)> {
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

    fn change_folder(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
        if let Some(token) = tokens.next() {
            match resolve(&self.here, token.value) {
                Ok(path) => self.here = path,
                Err(message) => self.notes.fault(place(line, at, token.value_at), message),
            }
        }
    }

    /// `batchedit class.pattern properties`.
    fn batch_edit(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
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
    fn switch(&mut self, open: bool, line: &str, at: Place, tokens: Tokens<'_>) {
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

    fn enable(&mut self, on: bool, line: &str, at: Place, mut tokens: Tokens<'_>) {
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

    fn bus_coordinates(&mut self, line: &str, at: Place, mut tokens: Tokens<'_>) {
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
    fn set_bus_xy(&mut self, tokens: Tokens<'_>) {
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

/// The place of a byte of a line.
fn place(line: &str, at: Place, offset: usize) -> Place {
    // Far out in a very long line bytes are counted instead of characters: the whole must not take the square of its
    // length.
    const FAR: usize = 1000;
    let before = if offset < FAR { line.get(..offset) } else { None };
    let column = before.map_or(offset, |before| before.chars().count()) as u32 + 1;
    Place { column, ..at }
}

//! Runs a script: its commands make and edit objects; nothing is computed.
//!
//! A command may be shortened to its beginning. `~` and `more` go on with the last object, in OpenDSS after `like` the
//! one that it names. A line that begins with `Class.name.property=` edits that object. Commands that only show, export
//! or draw are passed over.

use super::super::problem::nearest;
use super::class::{CLASSES, ClassId, Role, class, known, nearest_class};
use super::folder::Folder;
use super::options::Options;
use super::store::{END, Notes, Place, Setting, Store};
use super::token::{Token, Tokens};
use super::value::{self, short};

/// Text that is read in all, in bytes.
pub(super) const MAX_BYTES: usize = 200_000_000;
/// Files within files.
pub(super) const DEEPEST: usize = 32;
/// Files in all.
pub(super) const MOST_FILES: usize = 20_000;
/// Objects that patterns of `batchedit` are held against, in all.
pub(super) const MOST_VISITS: usize = 20_000_000;

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
    pub(super) folder: &'f dyn Folder,
    pub(super) notes: Notes,
    pub(super) store: Store,
    pub(super) options: Options,
    /// Name of the circuit, its place and its frequency.
    pub(super) circuit: Option<(String, Place, f64)>,
    /// Places of buses in a drawing.
    pub(super) coordinates: Vec<(String, [f64; 2])>,
    pub(super) active: Option<usize>,
    /// The folder that paths are seen from.
    pub(super) here: Vec<String>,
    /// What stands before the path of a file in messages.
    pub(super) prefix: String,
    /// Files being read, in small letters.
    pub(super) reading: Vec<String>,
    pub(super) bytes: usize,
    pub(super) visits: usize,
    /// Place of the last `solve`, and whether anything came after it.
    pub(super) solved: Option<Place>,
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

    pub(super) fn lines(&mut self, file: u32, text: &str) {
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
    pub(super) fn existing(&mut self, class_name: &str, name: &str, here: Place) -> Option<usize> {
        let class = self.class_of(class_name, here)?;
        let found = self.store.find(class, name);
        if found.is_none() {
            let message = self.store.missing(class, name);
            self.notes.fault(here, message);
        }
        found
    }

    pub(super) fn class_of(&mut self, name: &str, here: Place) -> Option<ClassId> {
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
    pub(super) fn edit(&mut self, object: usize, line: &str, at: Place, tokens: Tokens<'_>, first: Option<&str>) {
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
    pub(super) fn give(&mut self, object: usize, property: usize, token: &Token<'_>, here: Place) {
        let properties = self.store.objects[object].class().properties;
        if token.value.starts_with('@') {
            self.notes.fault(here, "variables (@name) are not supported; write the value");
        }
        let mut setting =
            Setting { property: property as u8, quoted: token.quoted, text: token.value.into(), at: here };
        if properties[property] == "like" {
            let class = self.store.objects[object].class;
            let Some(from) = self.existing(CLASSES[class].name, token.value, here) else { return };
            self.active = Some(from);
            if from != object && !self.store.copy(from, object, setting) {
                self.notes.fault(here, "like: too many copied properties");
            }
            return;
        }
        if self.store.objects[object].class == known("LoadShape") {
            match self.shape_values(properties[property], token.value, here) {
                Some(read) => setting.text = read.into(),
                None => return,
            }
        }
        self.store.objects[object].settings.push(setting);
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
}

/// The place of a byte of a line.
pub(super) fn place(line: &str, at: Place, offset: usize) -> Place {
    // Far out in a very long line bytes are counted instead of characters: the whole must not take the square of its
    // length.
    const FAR: usize = 1000;
    let before = if offset < FAR { line.get(..offset) } else { None };
    let column = before.map_or(offset, |before| before.chars().count()) as u32 + 1;
    Place { column, ..at }
}

//! The sandbox: the worked example step by step, and calls by hand; the text in the editor is what runs.

use super::form::{Form, complain};
use super::{Text, scene};
use crate::locale::Language;
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::{theme, widgets};
use bevy_egui::egui::{Align, Button, Label, Layout, RichText, ScrollArea, Sense, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ledger::contract::library::LibraryContract;
use sim_core::ledger::contract::limits::DEFAULT_GAS;
use sim_core::ledger::contract::sandbox::{Request, Sandbox, Step};
use sim_core::ledger::contract::{Code, FailureKind, Party, Receipt, parse_argument};
use sim_core::quantity::Money;

/// The sandbox with what has been done in it.
pub(super) struct Play {
    name: &'static str,
    sandbox: Sandbox,
    steps: Vec<Step>,
    next: usize,
    told: Vec<Told>,
    form: Form,
}

/// Money that went from one to another, by their places in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub from: usize,
    pub to: usize,
    pub amount: i64,
}

/// What has been done and what came of it.
struct Told {
    what: What,
    outcome: Outcome,
    /// Gas used, where something ran.
    gas: Option<u64>,
    events: Vec<(String, String)>,
    moves: Vec<Move>,
}

enum What {
    /// A step of the example.
    Step(usize),
    /// A call by hand: who, and what.
    Hand(String, String),
}

enum Outcome {
    /// With what it gave back.
    Done(Option<String>),
    /// It was refused; whether the example says that it must be.
    Refused { kind: FailureKind, words: String, foreseen: bool },
    /// It is not what the example says, or cannot be.
    Wrong(String),
}

impl Play {
    pub(super) fn of(contract: &LibraryContract) -> Self {
        let steps = serde_json::from_str(contract.example).unwrap_or_default();
        let (sandbox, told) = (Sandbox::default(), Vec::new());
        Self { name: contract.name, sandbox, steps, next: 0, told, form: Form::default() }
    }

    /// Plays the next step of the example.
    pub(super) fn step(&mut self, text: &mut Text) {
        let Some(step) = self.steps.get(self.next) else { return };
        let code = Code::Text(text.source.clone());
        text.failed = None;
        let told = match self.sandbox.process_step(self.name, &code, step) {
            Ok(receipt) => self.tell(What::Step(self.next), receipt.as_ref(), step.refused.is_some(), text),
            Err(wrong) => {
                text.failed = find_line(&wrong);
                let (gas, events, moves) = (None, Vec::new(), Vec::new());
                Told { what: What::Step(self.next), outcome: Outcome::Wrong(wrong), gas, events, moves }
            }
        };
        self.told.push(told);
        self.next += 1;
    }

    fn tell(&self, what: What, receipt: Option<&Receipt>, foreseen: bool, text: &mut Text) -> Told {
        let Some(receipt) = receipt else {
            return Told { what, outcome: Outcome::Done(None), gas: None, events: Vec::new(), moves: Vec::new() };
        };
        let outcome = match &receipt.status {
            Ok(value) => Outcome::Done(value.as_ref().map(|v| v.to_json().to_string())),
            Err(failure) => {
                text.failed = failure.line;
                Outcome::Refused { kind: failure.kind, words: failure.to_string(), foreseen }
            }
        };
        let contract = self.sandbox.get_accounts().len();
        let place = |party: Party| match party {
            Party::Account(account) => account as usize,
            Party::Contract(_) => contract,
        };
        let one = |t: &sim_core::ledger::contract::Transfer| Move {
            from: place(t.from),
            to: place(t.to),
            amount: t.amount.0,
        };
        Told {
            what,
            outcome,
            gas: Some(receipt.gas_used),
            events: receipt.events.iter().map(|e| (e.name.clone(), e.fields.to_json().to_string())).collect(),
            moves: receipt.transfers.iter().map(one).collect(),
        }
    }

    /// Deploys or calls as the form says.
    fn by_hand(&mut self, text: &mut Text, parameters: usize) {
        let deployed = self.sandbox.names.get(self.name).copied();
        let (who, attach) = (u32::try_from(self.form.who).unwrap_or(0), money(self.form.attach));
        let name = self.sandbox.get_accounts().get(self.form.who).map_or_else(String::new, |a| a.name.clone());
        let function = if deployed.is_some() { self.form.function.clone() } else { "init".to_owned() };
        let call = format!("{function}({})", self.form.args.join(", "));
        let args = self.form.args.iter().take(parameters);
        let args: Result<Vec<_>, String> =
            args.map(|text| parse_argument(text, |name| self.sandbox.find_account(name))).collect();
        text.failed = None;
        let told = match args {
            Ok(args) => {
                let request = Request { sender: who, args: &args, attached: attach, gas_limit: DEFAULT_GAS };
                let receipt = match deployed {
                    Some(id) => self.sandbox.process_call(id, &function, &request),
                    None => self.sandbox.process_deploy(self.name, &Code::Text(text.source.clone()), &request),
                };
                self.tell(What::Hand(name, call), Some(&receipt), false, text)
            }
            Err(wrong) => {
                let (gas, events, moves) = (None, Vec::new(), Vec::new());
                Told { what: What::Hand(name, call), outcome: Outcome::Wrong(wrong), gas, events, moves }
            }
        };
        self.told.push(told);
    }

    /// Everybody's money, the contract's at the end.
    fn people(&self, data: &PanelData<'_>) -> Vec<(String, i64)> {
        let mut people: Vec<(String, i64)> =
            self.sandbox.get_accounts().iter().map(|a| (a.name.clone(), a.balance.0)).collect();
        let held = self.sandbox.names.get(self.name).and_then(|id| self.sandbox.contracts.get(id));
        people.push((data.t("editor-itself"), held.map_or(0, |c| c.balance.0)));
        people
    }
}

/// The sandbox's part of the sheet.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, play: &mut Play, text: &mut Text) {
    let people = play.people(data);
    let moves = play.told.last().map_or(&[][..], |t| &t.moves);
    scene::show(ui, data, &people, moves);
    controls(ui, data, play, text);
    ScrollArea::vertical().id_salt("told").auto_shrink([false, false]).show(ui, |ui| {
        if play.told.is_empty() {
            ui.add(Label::new(RichText::new(data.t("editor-try-hint")).weak()).wrap());
        }
        for (i, told) in play.told.iter().enumerate().rev() {
            let newest = i + 1 == play.told.len();
            tell(ui, data, &play.steps, told, newest);
            if newest {
                ui.add_space(4.0);
                ui.separator();
            }
        }
        ui.add_space(theme::GRID);
        hand(ui, data, play, text);
    });
}

fn controls(ui: &mut Ui, data: &PanelData<'_>, play: &mut Play, text: &mut Text) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let ready = play.next < play.steps.len() && text.diagnostics.is_empty();
        ui.add_enabled_ui(ready, |ui| {
            if ui.add(Button::new(format!("{} {}", icons::PLAY, data.t("editor-next")))).clicked() {
                play.step(text);
            }
            if ui.add(Button::new(data.t("editor-all"))).clicked() {
                while play.next < play.steps.len() {
                    play.step(text);
                }
            }
        });
        let again = widgets::icon(ui, icons::ARROW_COUNTER_CLOCKWISE, &data.t("editor-again"), None, false);
        if again.clicked() {
            let steps = std::mem::take(&mut play.steps);
            let (sandbox, told, form) = (Sandbox::default(), Vec::new(), play.form.clone());
            *play = Play { name: play.name, sandbox, steps, next: 0, told, form };
            text.failed = None;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(format!("{} / {}", play.next, play.steps.len())).weak());
        });
    });
}

/// What was done: of the newest everything, of those before only what and whether.
fn tell(ui: &mut Ui, data: &PanelData<'_>, steps: &[Step], told: &Told, newest: bool) {
    let words = match &told.what {
        What::Step(i) => {
            let step = steps.get(*i);
            let chinese = data.locale.language() == Language::Zh;
            let say = step.map_or("", |s| if chinese && !s.zh.is_empty() { &s.zh } else { &s.say });
            format!("{}. {say}", i + 1)
        }
        What::Hand(who, call) => format!("{who}{}{call}", data.t("explorer-colon")),
    };
    let healthy = theme::ink(ui, palette::HEALTHY);
    let (icon, colour) = match &told.outcome {
        Outcome::Done(_) => (icons::CHECK, healthy),
        Outcome::Refused { foreseen: true, .. } => (icons::PROHIBIT, ui.visuals().text_color()),
        _ => (icons::WARNING, theme::fault(ui)),
    };
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(icon).color(colour));
        let text = RichText::new(words);
        ui.add(Label::new(if newest { text.strong() } else { text.weak() }).wrap());
    });
    if !newest {
        return;
    }
    match &told.outcome {
        Outcome::Done(Some(value)) => {
            ui.label(data.locale.t_args("editor-gives", &[("value", value.clone().into())]));
        }
        Outcome::Done(None) => {}
        Outcome::Refused { kind, words, foreseen } => {
            let key = if *foreseen { "editor-refused-rightly" } else { "editor-refused" };
            let head = data.locale.t_args(key, &[("why", data.t(failure_key(*kind)).into())]);
            ui.add(Label::new(head).wrap());
            ui.add(Label::new(RichText::new(words).monospace().size(12.0)).wrap());
        }
        Outcome::Wrong(words) => complain(ui, words),
    }
    if let Some(gas) = told.gas {
        gas_bar(ui, data, gas);
    }
    for (name, fields) in &told.events {
        ui.add(Label::new(RichText::new(format!("{} {name} {fields}", icons::MEGAPHONE)).weak()).wrap());
    }
    if told.moves.len() > scene::SHOWN {
        let more = told.moves.len() - scene::SHOWN;
        ui.label(RichText::new(data.locale.t_args("editor-more-moves", &[("n", more.into())])).weak());
    }
}

/// Gas used, against the most that may be used.
fn gas_bar(ui: &mut Ui, data: &PanelData<'_>, gas: u64) {
    ui.horizontal(|ui| {
        let args = [("gas", gas.into()), ("most", DEFAULT_GAS.into())];
        let (rect, _) = ui.allocate_exact_size(vec2(112.0, 10.0), Sense::hover());
        let share = (gas as f32 / DEFAULT_GAS as f32).clamp(0.0, 1.0);
        let colour = if share >= 0.8 { theme::rgb(palette::HEAVY) } else { theme::chain(ui) };
        ui.painter().rect_filled(rect, 4.0, ui.visuals().widgets.inactive.bg_fill);
        ui.painter().rect_filled(rect.with_max_x(rect.left() + rect.width() * share.max(0.01)), 4.0, colour);
        ui.label(data.locale.t_args("editor-gas", &args)).on_hover_text(data.t("term-editor-gas"));
    });
}

/// Calls by hand.
fn hand(ui: &mut Ui, data: &PanelData<'_>, play: &mut Play, text: &mut Text) {
    widgets::title(ui, data.t("editor-by-hand"));
    let names: Vec<String> = play.sandbox.get_accounts().iter().map(|a| a.name.clone()).collect();
    let deployed = play.sandbox.names.contains_key(play.name);
    ui.horizontal_wrapped(|ui| {
        play.form.who(ui, data, "sandbox", &names);
        if deployed {
            play.form.function(ui, data, "sandbox", &text.functions);
        }
    });
    let function = if deployed { play.form.function.as_str() } else { "init" };
    let parameters = text.function(function).map_or_else(Vec::new, |f| f.parameters.clone());
    play.form.arguments(ui, data, &parameters);
    ui.horizontal_wrapped(|ui| {
        play.form.money(ui, data);
        let key = if deployed { "editor-call" } else { "editor-deploy-here" };
        if ui.add_enabled(text.diagnostics.is_empty(), Button::new(data.t(key))).clicked() {
            play.by_hand(text, parameters.len());
        }
    });
}

/// The kinds of failure in words.
fn failure_key(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Refused => "failure-refused",
        FailureKind::OutOfGas => "failure-gas",
        FailureKind::Arithmetic => "failure-arithmetic",
        FailureKind::TooLarge | FailureKind::TooDeep => "failure-size",
        FailureKind::Funds => "failure-funds",
        FailureKind::Value => "failure-value",
        FailureKind::Program | FailureKind::Interpreter => "failure-program",
        FailureKind::Source => "failure-source",
        FailureKind::Unknown => "failure-unknown",
    }
}

/// The line that a message names.
fn find_line(words: &str) -> Option<u32> {
    let rest = words.split_once("line ")?.1;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Currency to millionths.
#[expect(clippy::cast_possible_truncation, reason = "within what the field takes")]
fn money(currency: f64) -> Money {
    Money((currency * 1e6).round() as i64)
}

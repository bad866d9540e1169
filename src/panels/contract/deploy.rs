//! The way to the chain: an account of the community deploys the text and calls what stands there, for a fee.

use super::Text;
use super::form::{Form, complain};
use crate::palette;
use crate::panels::data::{PanelData, Reply};
use crate::panels::explorer::Page;
use crate::panels::names::name;
use crate::panels::words::describe;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Button, Label, RichText, ScrollArea, Slider, TextEdit, Ui};
use egui_phosphor::regular as icons;
use sim_core::command::{CONTRACT_FEE, Command};
use sim_core::event::{Event, EventKind};
use sim_core::ids::{EventId, Subject};
use sim_core::ledger::contract::{FunctionInfo, get_functions};
use sim_core::ledger::types::Parameters;
use sim_core::scene::Participant;
use sim_core::snapshot::ContractView;
use std::collections::BTreeMap;

/// Outcomes that are listed.
const LISTED: usize = 6;

/// State of the two parts about the chain.
pub(super) struct State {
    name: String,
    form: Form,
    /// The most that a transaction may cost, currency.
    fee: f64,
    /// The contract that is open, and the form for calling it.
    open: Option<String>,
    call: Form,
    /// Functions by contract, read once.
    functions: BTreeMap<String, Vec<FunctionInfo>>,
    /// Events looked through, and those about contracts.
    seen: usize,
    told: Vec<EventId>,
    orders: Vec<EventId>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            name: super::FIRST.to_owned(),
            form: Form::default(),
            fee: CONTRACT_FEE,
            open: None,
            call: Form::default(),
            functions: BTreeMap::new(),
            seen: 0,
            told: Vec::new(),
            orders: Vec::new(),
        }
    }
}

impl State {
    /// Another contract is about to be put on the chain.
    pub(super) fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.form.args.clear();
    }

    /// Opens a contract that stands on the chain.
    pub(super) fn stand_at(&mut self, name: &str) {
        self.open = Some(name.to_owned());
        self.call = Form::default();
    }

    /// Looks through the events that have come since.
    pub(super) fn follow(&mut self, data: &PanelData<'_>) {
        let events = data.past.events();
        if events.len() < self.seen {
            (self.seen, self.told, self.orders) = (0, Vec::new(), Vec::new());
        }
        for event in &events[self.seen..] {
            let ordered = |id: &EventId| event.cause == Some(*id);
            match &event.kind {
                EventKind::CommandGiven { command } if is_about_contracts(command) => self.orders.push(event.id),
                EventKind::ContractDeployed { .. }
                | EventKind::DividendsPaid { .. }
                | EventKind::ContractCalled { .. }
                | EventKind::ContractFailed { .. } => self.told.push(event.id),
                EventKind::CommandRefused { .. } | EventKind::TransactionRefused { .. }
                    if self.orders.iter().any(ordered) =>
                {
                    self.told.push(event.id);
                }
                _ => {}
            }
        }
        self.seen = events.len();
    }

    /// Orders that nothing has come of yet.
    fn waiting(&self, data: &PanelData<'_>) -> usize {
        let answered =
            |order: &EventId| self.told.iter().any(|t| data.past.event(*t).is_some_and(|e| e.cause == Some(*order)));
        self.orders.iter().rev().take(LISTED).filter(|o| !answered(o)).count()
    }
}

fn is_about_contracts(command: &Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::DeployContract { .. } | C::CallContract { .. } | C::FoundBusiness { .. } | C::TransferShares { .. }
    )
}

/// Those who can send: buildings and devices, by name in the scene and for people.
fn senders(data: &PanelData<'_>) -> Vec<(String, String)> {
    let sender = |p: &Participant| {
        let subject = match p {
            Participant::Building(b) => Subject::Building(*b),
            Participant::Device(d) => Subject::Device(*d),
            Participant::Grid | Participant::Losses => return None,
        };
        Some((data.scene.name(subject).to_owned(), name(data.scene, subject, data.locale)))
    };
    data.scene.participants.iter().filter_map(sender).collect()
}

/// Puts the text on the chain.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, text: &Text, reply: &mut Reply) {
    let senders = senders(data);
    let names: Vec<String> = senders.iter().map(|s| s.1.clone()).collect();
    ui.add(Label::new(RichText::new(data.t("editor-deploy-hint")).weak()).wrap());
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        state.form.who(ui, data, "deploy", &names);
        ui.label(RichText::new(data.t("editor-name")).weak());
        let response = ui.add(TextEdit::singleline(&mut state.name).desired_width(112.0));
        let label = data.t("editor-name");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, &label));
    });
    let parameters = text.function("init").map_or_else(Vec::new, |f| f.parameters.clone());
    state.form.arguments(ui, data, &parameters);
    ui.horizontal_wrapped(|ui| state.form.money(ui, data));
    fee(ui, data, &mut state.fee);
    ui.add_space(theme::GRID);
    let ready = text.diagnostics.is_empty() && !state.name.trim().is_empty();
    ui.horizontal(|ui| {
        let button = Button::new(format!("{} {}", icons::ROCKET_LAUNCH, data.t("editor-deploy")));
        let response = ui.add_enabled(ready, button);
        let label = data.t("editor-deploy-now");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, ready, &label));
        if response.clicked()
            && let Some((by, _)) = senders.get(state.form.who)
        {
            reply.command(Command::DeployContract {
                by: by.clone(),
                name: state.name.trim().to_owned(),
                source: text.source.clone(),
                args: state.form.args.clone(),
                attach: state.form.attach,
                fee: state.fee,
            });
        }
    });
    if !text.diagnostics.is_empty() {
        complain(ui, &data.t("editor-not-yet"));
    }
    ui.add_space(theme::GRID);
    outcomes(ui, data, state);
}

/// The most that it may cost, and the gas that this buys.
fn fee(ui: &mut Ui, data: &PanelData<'_>, fee: &mut f64) {
    let rules = Parameters::default();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(data.t("editor-fee")).weak()).on_hover_text(data.t("term-editor-fee"));
        let suffix = format!(" {}", data.scene.file.site.currency);
        ui.add(Slider::new(fee, 0.002..=0.05).fixed_decimals(3).suffix(suffix));
        let rest = (*fee * 1e6 - rules.least_fee.0 as f64).max(0.0);
        let gas = numbers::number((rest * 1e3 / rules.gas_price.0.max(1) as f64).min(500_000.0), 0);
        ui.label(RichText::new(data.locale.t_args("editor-fee-gas", &[("gas", gas.into())])).weak());
    });
}

/// What came of the orders, the newest on top.
fn outcomes(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    widgets::title(ui, data.t("editor-outcomes")).on_hover_text(data.t("term-editor-outcomes"));
    let waiting = state.waiting(data);
    if waiting > 0 {
        let words = data.locale.t_args("editor-waiting", &[("n", waiting.into())]);
        ui.label(format!("{} {words}", icons::HOURGLASS));
    }
    if state.told.is_empty() && waiting == 0 {
        ui.add(Label::new(RichText::new(data.t("editor-outcomes-none")).weak()).wrap());
    }
    ScrollArea::vertical().id_salt("outcomes").auto_shrink([false, false]).show(ui, |ui| {
        for event in state.told.iter().rev().take(LISTED).filter_map(|id| data.past.event(*id)) {
            outcome(ui, data, event);
        }
    });
}

fn outcome(ui: &mut Ui, data: &PanelData<'_>, event: &Event) {
    let good = !matches!(
        event.kind,
        EventKind::ContractFailed { .. } | EventKind::CommandRefused { .. } | EventKind::TransactionRefused { .. }
    );
    let (icon, colour) =
        if good { (icons::CHECK, theme::ink(ui, palette::HEALTHY)) } else { (icons::WARNING, theme::fault(ui)) };
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(icon).color(colour));
        let time = numbers::clock(sim_core::time::SimTime(event.time_us));
        let words = format!("{time}  {}", describe(event, data.scene, data.locale));
        ui.add(Label::new(words).wrap());
    });
}

/// What stands on the chain, and calls of it.
pub(super) fn chain(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let contracts = &data.now.chain.contracts;
    if contracts.is_empty() {
        let (what, hint) = (data.t("editor-none"), data.t("editor-none-hint"));
        return widgets::empty(ui, icons::FILE_DASHED, &what, &hint);
    }
    let open = state.open.clone().filter(|o| contracts.iter().any(|c| c.name == *o));
    let open = open.unwrap_or_else(|| contracts[0].name.clone());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for contract in contracts {
            let response = ui.add(Button::selectable(contract.name == open, &contract.name));
            if response.clicked() {
                state.open = Some(contract.name.clone());
                state.call = Form::default();
            }
        }
    });
    let Some(contract) = contracts.iter().find(|c| c.name == open) else { return };
    ui.add_space(4.0);
    ScrollArea::vertical().id_salt("standing").auto_shrink([false, false]).show(ui, |ui| {
        standing(ui, data, contract, reply);
        ui.add_space(theme::GRID);
        call(ui, data, state, contract, reply);
        ui.add_space(theme::GRID);
        outcomes(ui, data, state);
    });
}

/// A contract's money and what it keeps.
fn standing(ui: &mut Ui, data: &PanelData<'_>, contract: &ContractView, reply: &mut Reply) {
    let currency = &data.scene.file.site.currency;
    let deployer = data.scene.participants.get(contract.deployer as usize);
    let who = match deployer {
        Some(Participant::Building(b)) => name(data.scene, Subject::Building(*b), data.locale),
        Some(Participant::Device(d)) => name(data.scene, Subject::Device(*d), data.locale),
        _ => data.t("participant-operator"),
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(data.t("editor-by")).weak());
        if ui.link(who).clicked() {
            reply.page = Some(Page::Account(contract.deployer as usize));
        }
        ui.label(RichText::new(data.t("editor-holds")).weak());
        ui.label(RichText::new(numbers::money(contract.balance, currency)).strong());
        ui.label(RichText::new(data.locale.t_args("editor-bytes", &[("n", contract.bytes.into())])).weak())
            .on_hover_text(&contract.id);
    });
    if contract.storage.is_empty() {
        ui.label(RichText::new(data.t("editor-keeps-nothing")).weak());
    }
    for (key, value) in &contract.storage {
        ui.horizontal(|ui| {
            ui.label(RichText::new(key).monospace().size(12.0).color(theme::chain(ui)));
            ui.add(Label::new(RichText::new(value).monospace().size(12.0)).truncate()).on_hover_text(value);
        });
    }
}

/// A call of what stands on the chain.
fn call(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, contract: &ContractView, reply: &mut Reply) {
    widgets::title(ui, data.t("editor-call-title"));
    let known = state.functions.entry(contract.id.clone());
    let functions = known.or_insert_with(|| get_functions(&contract.source).unwrap_or_default());
    let senders = senders(data);
    let names: Vec<String> = senders.iter().map(|s| s.1.clone()).collect();
    ui.horizontal_wrapped(|ui| {
        state.call.who(ui, data, "call", &names);
        state.call.function(ui, data, "call", functions);
    });
    let function = functions.iter().find(|f| f.name == state.call.function);
    let parameters = function.map_or_else(Vec::new, |f| f.parameters.clone());
    state.call.arguments(ui, data, &parameters);
    ui.horizontal_wrapped(|ui| {
        state.call.money(ui, data);
        let label = data.t("editor-call-now");
        let response = ui.add(Button::new(format!("{} {label}", icons::PAPER_PLANE_TILT)));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &label));
        if response.clicked()
            && let Some((by, _)) = senders.get(state.call.who)
        {
            reply.command(Command::CallContract {
                by: by.clone(),
                contract: contract.name.clone(),
                function: state.call.function.clone(),
                args: state.call.args.clone(),
                attach: state.call.attach,
                fee: state.fee,
            });
        }
    });
}

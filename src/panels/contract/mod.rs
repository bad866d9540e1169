//! The contract editor: our library, a text with what is wrong in it, a sandbox to try it in, and the way to the chain.

mod deploy;
mod form;
mod play;
mod scene;
mod source;
pub(crate) mod words;

use super::data::{PanelData, Reply};
use super::{theme, widgets};
use bevy_egui::egui::{self, Align, Button, Layout, RichText, ScrollArea, Ui, vec2};
use sim_core::ledger::contract::library::LibraryContract;
use sim_core::ledger::contract::{Diagnostic, FunctionInfo, check, get_functions, get_library};

/// Our contracts in the user's language: name and sentence, in the library's order.
const WORDS: [(&str, &str, &str); 12] = [
    ("p2p-settlement", "editor-p2p", "editor-p2p-about"),
    ("demand-response", "editor-response", "editor-response-about"),
    ("storage-lease", "editor-lease", "editor-lease-about"),
    ("certificate-registry", "editor-registry", "editor-registry-about"),
    ("dividend", "editor-dividend", "editor-dividend-about"),
    ("escrow", "editor-escrow", "editor-escrow-about"),
    ("hash-time-lock", "editor-lock", "editor-lock-about"),
    ("energy-service", "editor-service", "editor-service-about"),
    ("shared-ownership", "editor-shared", "editor-shared-about"),
    ("mixed-ownership", "editor-mixed", "editor-mixed-about"),
    ("tokenised-field", "editor-tokens", "editor-tokens-about"),
    ("energy-service-plant", "editor-plant", "editor-plant-about"),
];
/// The one that is open at first: the easiest to read.
const FIRST: &str = "escrow";

/// What is done with the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    /// Played in the sandbox.
    #[default]
    Try,
    /// Put on the chain.
    Deploy,
    /// What stands on the chain.
    Chain,
}

/// State of the sheet.
pub(crate) struct State {
    chosen: &'static LibraryContract,
    text: Text,
    side: Side,
    play: play::Play,
    deploy: deploy::State,
}

/// The text with what is known of it; looked at anew whenever it changes.
struct Text {
    source: String,
    diagnostics: Vec<Diagnostic>,
    functions: Vec<FunctionInfo>,
    /// A line that failed while it ran.
    failed: Option<u32>,
}

impl Text {
    fn of(source: &str) -> Self {
        let mut text = Self { source: source.to_owned(), diagnostics: Vec::new(), functions: Vec::new(), failed: None };
        text.look();
        text
    }

    fn look(&mut self) {
        self.failed = None;
        self.diagnostics = check(&self.source);
        // Of a text that cannot be read, the functions that it had before are still told.
        if let Ok(functions) = get_functions(&self.source) {
            self.functions = functions;
        }
    }

    fn function(&self, name: &str) -> Option<&FunctionInfo> {
        self.functions.iter().find(|f| f.name == name)
    }
}

impl Default for State {
    fn default() -> Self {
        let library = get_library();
        Self::of(library.iter().find(|c| c.name == FIRST).unwrap_or(&library[0]))
    }
}

impl State {
    fn of(chosen: &'static LibraryContract) -> Self {
        Self {
            chosen,
            text: Text::of(chosen.source),
            side: Side::default(),
            play: play::Play::of(chosen),
            deploy: deploy::State::default(),
        }
    }

    /// Plays so many steps of the example, as a picture wants it; a mistake is written into the text where asked for.
    pub(crate) fn present(&mut self, steps: usize, mistake: bool) {
        *self = Self::default();
        if mistake {
            self.text.source = self.text.source.replacen("emit(\"Opened\"", "emitt(\"Opened\"", 1);
            self.text.look();
        }
        for _ in 0..steps {
            self.play.step(&mut self.text);
        }
    }

    /// Opens what stands on the chain at a contract.
    pub(crate) fn stand_at(&mut self, name: &str) {
        self.side = Side::Chain;
        self.deploy.stand_at(name);
    }

    /// The part that puts a contract on the chain, for pictures and tests.
    #[cfg(test)]
    pub(super) fn turn_to_chain(&mut self, deploy: bool) {
        self.side = if deploy { Side::Deploy } else { Side::Chain };
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    state.deploy.follow(data);
    let wide = ui.available_width() > 1100.0;
    let widths = if wide { [184.0, 0.0, 408.0] } else { [136.0, 0.0, 336.0] };
    widgets::columns(ui, &widths, |i, ui| match i {
        0 => library(ui, data, state),
        1 => source::show(ui, data, state.chosen, &mut state.text),
        _ => side(ui, data, state, reply),
    });
}

/// A contract's name and what it is for.
fn words(data: &PanelData<'_>, contract: &LibraryContract) -> (String, String) {
    let known = WORDS.iter().find(|w| w.0 == contract.name);
    known.map_or_else(
        || (contract.name.to_owned(), contract.summary.to_owned()),
        |(_, name, about)| (data.t(name), data.t(about)),
    )
}

/// Our contracts, each with a sentence.
fn library(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    widgets::title(ui, data.t("editor-library")).on_hover_text(data.t("term-editor-library"));
    ScrollArea::vertical().id_salt("library").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for contract in get_library() {
            let (name, about) = words(data, contract);
            let open = state.chosen.name == contract.name;
            let wide = vec2(ui.available_width(), 24.0);
            let left = Layout::left_to_right(Align::Center).with_main_justify(true).with_main_align(Align::Min);
            let button = Button::selectable(open, RichText::new(&name).strong()).truncate().min_size(wide);
            let response = ui.allocate_ui_with_layout(wide, left, |ui| ui.add(button)).inner;
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &name));
            ui.add(egui::Label::new(RichText::new(&about).weak()).wrap());
            ui.add_space(theme::GRID);
            if response.on_hover_text(&about).clicked() && !open {
                let deploy = std::mem::take(&mut state.deploy);
                let side = state.side;
                *state = State { deploy, side, ..State::of(contract) };
                state.deploy.begin(contract.name);
            }
        }
    });
}

/// What is done with the text: try it, put it on the chain, or see what stands there.
fn side(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let on_chain = data.locale.t_args("editor-on-chain", &[("n", data.now.chain.contracts.len().into())]);
        for (side, name, hover) in [
            (Side::Try, data.t("editor-try"), "term-editor-try"),
            (Side::Deploy, data.t("editor-deploy"), "term-editor-deploy"),
            (Side::Chain, on_chain, "term-editor-on-chain"),
        ] {
            let open = state.side == side;
            let response = ui.add(Button::selectable(open, &name));
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &name));
            if response.on_hover_text(data.t(hover)).clicked() {
                state.side = side;
            }
        }
    });
    ui.add_space(4.0);
    match state.side {
        Side::Try => play::show(ui, data, &mut state.play, &mut state.text),
        Side::Deploy => deploy::show(ui, data, &mut state.deploy, &state.text, reply),
        Side::Chain => deploy::chain(ui, data, &mut state.deploy, reply),
    }
}

//! A sheet: one thing looked at closely, over the whole room below the time bar, until it is closed.

use super::data::{PanelData, Reply};
use super::{
    attacks, business, contract, curve, explorer, lab, limits, neighbours, privacy, pulse, storage, tally, theme,
    trace, widgets,
};
use bevy_egui::egui::{self, Align, Frame, Id, Key, Layout, Modifiers, Order, Rect, RichText, Stroke, Ui};
use egui_phosphor::regular as icons;

/// Room between a sheet and the edges of the window, and within it, points.
const OUTSIDE: f32 = 8.0;
const INSIDE: f32 = 16.0;
/// A sheet is not wider or higher than reads well.
const LARGEST: egui::Vec2 = egui::vec2(1280.0, 800.0);

/// Steps of the example that a picture shows: up to the payment.
const PLAYED: usize = 2;

/// What is looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// Blocks, transactions, accounts.
    Explorer,
    /// Who voted.
    Votes,
    /// How fast it decides, and what waits.
    Pulse,
    /// The order book as it came to its price.
    Curve,
    /// Contracts written, tried and put on the chain.
    Contract,
    /// The ways of certificates.
    Trace,
    /// Two mechanisms under the same trouble.
    Lab,
    /// What a chain can carry.
    Limits,
    /// Readings that stay at home.
    Privacy,
    /// What one can try against the chain, and what is found out.
    Attacks,
    /// A battery that many share.
    Storage,
    /// Who owns a plant, and what that comes to.
    Business,
    /// Two communities and the line between them.
    Neighbours,
}

/// What a sheet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Chain,
    Market,
    Laboratory,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Chain => "sheet-group-chain",
            Self::Market => "sheet-group-market",
            Self::Laboratory => "sheet-group-laboratory",
        }
    }
}

impl Sheet {
    fn group(self) -> Group {
        match self {
            Self::Explorer | Self::Votes | Self::Pulse | Self::Contract => Group::Chain,
            Self::Curve | Self::Trace | Self::Storage | Self::Business => Group::Market,
            Self::Attacks | Self::Lab | Self::Limits | Self::Privacy | Self::Neighbours => Group::Laboratory,
        }
    }
}

/// Sheets with their keys, signs, names, and what each is about.
pub(crate) const SHEETS: [(Sheet, Key, &str, &str, &str); 13] = [
    (Sheet::Explorer, Key::E, icons::STACK, "sheet-explorer", "sheet-explorer-about"),
    (Sheet::Votes, Key::Y, icons::GRID_NINE, "sheet-votes", "sheet-votes-about"),
    (Sheet::Pulse, Key::F2, icons::HEARTBEAT, "sheet-pulse", "sheet-pulse-about"),
    (Sheet::Curve, Key::U, icons::CHART_LINE, "sheet-curve", "sheet-curve-about"),
    (Sheet::Contract, Key::K, icons::FILE_CODE, "sheet-contract", "sheet-contract-about"),
    (Sheet::Trace, Key::J, icons::CERTIFICATE, "sheet-trace", "sheet-trace-about"),
    (Sheet::Lab, Key::Z, icons::FLASK, "sheet-lab", "sheet-lab-about"),
    (Sheet::Limits, Key::Num9, icons::GAUGE, "sheet-limits", "sheet-limits-about"),
    (Sheet::Privacy, Key::O, icons::EYE_SLASH, "sheet-privacy", "sheet-privacy-about"),
    (Sheet::Attacks, Key::F5, icons::SHIELD_WARNING, "sheet-attacks", "sheet-attacks-about"),
    (Sheet::Storage, Key::F3, icons::BATTERY_CHARGING, "sheet-storage", "sheet-storage-about"),
    (Sheet::Business, Key::F4, icons::COINS, "sheet-business", "sheet-business-about"),
    (Sheet::Neighbours, Key::F6, icons::HANDSHAKE, "sheet-neighbours", "sheet-neighbours-about"),
];

/// State of all sheets.
#[derive(Default)]
pub(crate) struct State {
    /// The one that is open.
    pub open: Option<Sheet>,
    pub explorer: explorer::State,
    pub tally: tally::State,
    pub curve: curve::State,
    pub contract: contract::State,
    pub trace: trace::State,
    pub lab: lab::State,
    pub limits: limits::State,
    pub privacy: privacy::State,
    pub attacks: attacks::State,
    pub storage: storage::State,
    pub business: business::State,
    pub neighbours: neighbours::State,
    /// Show the street with its cheat once the sheet is drawn.
    pub privacy_wanted: bool,
}

/// Where a picture of the walk stands: among the votes.
const WALKED: usize = 20;

impl State {
    /// Opens the chain at a page.
    pub(crate) fn read(&mut self, page: explorer::Page) {
        self.open = Some(Sheet::Explorer);
        self.explorer.open(page);
    }

    /// Opens what a search has found.
    fn follow(&mut self, hit: explorer::Hit) {
        match hit {
            explorer::Hit::Page(page) => self.read(page),
            explorer::Hit::Certificate(id) => {
                self.open = Some(Sheet::Trace);
                self.trace.find(id);
            }
            explorer::Hit::Evidence(event) => {
                self.open = Some(Sheet::Attacks);
                self.attacks.open_evidence(event);
            }
        }
    }

    /// One page back within a sheet; whether there was one.
    fn back(&mut self, sheet: Sheet) -> bool {
        match sheet {
            Sheet::Explorer => self.explorer.back(),
            Sheet::Attacks => self.attacks.back(),
            _ => false,
        }
    }

    /// Opens a sheet as a picture wants it: by the names of `shots`.
    pub(crate) fn show(&mut self, name: &str) {
        let stop = match name {
            "leaf" => Some(explorer::Stop::Leaf),
            "path" | "path changed" => Some(explorer::Stop::Path),
            "header" => Some(explorer::Stop::Header),
            "next" => Some(explorer::Stop::Next),
            "signatures" => Some(explorer::Stop::Votes),
            _ => None,
        };
        self.open = match name {
            "" => None,
            "votes" | "vote-steps" => Some(Sheet::Votes),
            "pulse" => Some(Sheet::Pulse),
            "curve" => Some(Sheet::Curve),
            "contract" | "contract mistake" => Some(Sheet::Contract),
            "trace" => Some(Sheet::Trace),
            "two-mechanisms" | "partition" | "two-liars" | "two-sealers" => Some(Sheet::Lab),
            "limits" => Some(Sheet::Limits),
            "attacks" | "attacks race" => Some(Sheet::Attacks),
            "shared-battery" | "shared-battery home" => Some(Sheet::Storage),
            "business" | "business-chain" => Some(Sheet::Business),
            "privacy" | "meter" | "regulator" => Some(Sheet::Privacy),
            "two-communities" | "neighbour" => Some(Sheet::Neighbours),
            _ => Some(Sheet::Explorer),
        };
        match self.open {
            // As far as the example's buyer has paid, so that money is seen to move.
            Some(Sheet::Contract) => self.contract.present(PLAYED, name == "contract mistake"),
            Some(Sheet::Trace) => self.trace.present(),
            Some(Sheet::Attacks) => self.attacks.present(name == "attacks race"),
            Some(Sheet::Storage) => self.storage.present(name == "shared-battery home"),
            Some(Sheet::Business) => self.business.present(name == "business-chain"),
            Some(Sheet::Neighbours) => self.neighbours.present(name != "neighbour"),
            Some(Sheet::Votes) if name == "vote-steps" => self.tally.present(WALKED),
            _ => {}
        }
        if self.open == Some(Sheet::Explorer) {
            // The way with a byte changed is what a picture of it is for; a block and the bare path are as they are.
            self.explorer.present(stop, stop.is_some() && name != "path");
        }
        if self.open == Some(Sheet::Lab) {
            self.lab.present(name);
        }
        self.privacy.part = match name {
            "meter" => privacy::Part::Meter,
            "regulator" => privacy::Part::Desk,
            _ => privacy::Part::Street,
        };
        self.privacy_wanted = self.open == Some(Sheet::Privacy) && self.privacy.part == privacy::Part::Street;
    }
}

/// The open sheet, if any, in what the bar leaves of the window.
pub(crate) fn show(ui: &Ui, data: &PanelData<'_>, state: &mut State, room: Rect, reply: &mut Reply) {
    for (sheet, key, ..) in SHEETS {
        if data.study.is_none() && widgets::pressed(ui, Modifiers::NONE, key) {
            state.open = if state.open == Some(sheet) { None } else { Some(sheet) };
        }
    }
    let Some(sheet) = state.open.filter(|_| data.study.is_none()) else {
        state.open = None;
        return;
    };
    let size = (room.size() - egui::Vec2::splat(2.0 * OUTSIDE)).min(LARGEST);
    let mut rect = Rect::from_center_size(room.center(), size);
    // A line of the dock that shows below would look like one of the sheet.
    if size.y < LARGEST.y {
        rect.max.y = room.bottom();
    }
    let size = rect.size();
    let area = egui::Area::new(Id::new("sheet")).order(Order::Middle).fixed_pos(rect.min).default_size(size);
    area.show(ui.ctx(), |ui| {
        let frame = Frame::new()
            .fill(ui.visuals().window_fill)
            .stroke(Stroke::new(1.0, ui.visuals().window_stroke.color))
            .corner_radius(8)
            .inner_margin(INSIDE)
            .shadow(ui.visuals().window_shadow);
        frame.show(ui, |ui| {
            let inner = size - egui::Vec2::splat(2.0 * INSIDE);
            ui.set_min_size(inner);
            ui.set_max_size(inner);
            if head(ui, data, state, sheet) {
                state.open = None;
            }
            ui.add_space(theme::GRID);
            match sheet {
                Sheet::Explorer => {
                    if let Some(hit) = explorer::show(ui, data, &mut state.explorer, reply) {
                        state.follow(hit);
                    }
                }
                Sheet::Votes => tally::show(ui, data, &mut state.tally, reply),
                Sheet::Pulse => pulse::show(ui, data),
                Sheet::Curve => curve::show(ui, data, &mut state.curve),
                Sheet::Contract => contract::show(ui, data, &mut state.contract, reply),
                Sheet::Trace => trace::show(ui, data, &mut state.trace, reply),
                Sheet::Lab => lab::show(ui, data, &mut state.lab),
                Sheet::Limits => limits::show(ui, data, &mut state.limits),
                Sheet::Storage => storage::show(ui, data, &mut state.storage, reply),
                Sheet::Business => {
                    if let Some(name) = business::show(ui, data, &mut state.business, reply) {
                        state.contract.stand_at(&name);
                        state.open = Some(Sheet::Contract);
                    }
                }
                Sheet::Neighbours => neighbours::show(ui, data, &mut state.neighbours, reply),
                Sheet::Privacy => {
                    if std::mem::take(&mut state.privacy_wanted) {
                        state.privacy.present(data);
                    }
                    privacy::show(ui, data, &mut state.privacy, reply);
                }
                Sheet::Attacks => match attacks::show(ui, data, &mut state.attacks, reply) {
                    Some(attacks::Asked::Lesson) => {
                        state.explorer.present(Some(explorer::Stop::Leaf), true);
                        state.open = Some(Sheet::Explorer);
                    }
                    Some(attacks::Asked::Block(height)) => state.read(explorer::Page::Block(Some(height))),
                    None => {}
                },
            }
        });
    });
    // A step back first, where there is one.
    if widgets::pressed(ui, Modifiers::NONE, Key::Escape) && !state.back(sheet) {
        state.open = None;
    }
    if reply.event.is_some() {
        state.open = None;
    }
}

/// Which sheet it is, in a word, with the others to choose from, and the way out; whether it is taken.
fn head(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, open: Sheet) -> bool {
    let mut close = false;
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        choice(ui, data, state, open);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            close = widgets::icon(ui, icons::X, &data.t("sheet-close"), Some("Esc"), false).clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some((.., about)) = SHEETS.into_iter().find(|s| s.0 == open) {
                    ui.add(egui::Label::new(RichText::new(data.t(about)).weak()).truncate());
                }
            });
        });
    });
    close
}

/// The open sheet's name; pressed, it shows all by what they are about.
fn choice(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, open: Sheet) {
    let Some((_, _, icon, name, _)) = SHEETS.into_iter().find(|s| s.0 == open) else { return };
    let name = data.t(name);
    let text = RichText::new(format!("{icon} {name} {}", icons::CARET_DOWN)).size(theme::HEADING);
    let button = egui::Button::new(text).min_size(egui::vec2(28.0, 28.0));
    let response = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(208.0);
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
        for group in [Group::Chain, Group::Market, Group::Laboratory] {
            widgets::title(ui, data.t(group.name()));
            for (sheet, key, icon, name, _) in SHEETS.into_iter().filter(|s| s.0.group() == group) {
                let entry = egui::Button::selectable(sheet == open, format!("{icon} {}", data.t(name)));
                if ui.add(entry.shortcut_text(key.name())).clicked() {
                    state.open = Some(sheet);
                    ui.close();
                }
            }
            ui.add_space(theme::GRID / 2.0);
        }
    });
    response.0.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    response.0.on_hover_text(data.t("sheet-choose"));
}

/// A button that opens a sheet.
pub(crate) fn button(ui: &mut Ui, data: &PanelData<'_>, sheet: Sheet, reply: &mut Reply) {
    let Some((_, key, icon, name, _)) = SHEETS.into_iter().find(|s| s.0 == sheet) else { return };
    let name = data.t(name);
    let response = ui.add(egui::Button::new(format!("{icon} {name}")));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    if response.on_hover_text(widgets::tip(&name, Some(key.name()))).clicked() {
        reply.sheet = Some(sheet);
    }
}

/// The same as a small button that shows its icon alone.
pub(crate) fn icon(ui: &mut Ui, data: &PanelData<'_>, sheet: Sheet, reply: &mut Reply) {
    let Some((_, key, icon, name, _)) = SHEETS.into_iter().find(|s| s.0 == sheet) else { return };
    if widgets::icon(ui, icon, &data.t(name), Some(key.name()), false).clicked() {
        reply.sheet = Some(sheet);
    }
}

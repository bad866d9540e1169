//! The chain opened: any block down to the bytes of a transaction and up its tree, and every account.

mod account;
mod accounts;
mod archive;
mod block;
mod bytes;
mod contract;
mod lesson;
mod links;
mod money;
mod path;
mod risk;
mod say;
mod search;

use super::data::{PanelData, Reply};
use super::{theme, widgets};
use archive::Archive;
use bevy_egui::egui::{self, RichText, Ui};
use egui_phosphor::regular as icons;

pub(crate) use lesson::Stop;
pub(crate) use say::{sender, transaction, validator};
pub(crate) use search::{Hit, spell};

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// A block by its height, or the newest.
    Block(Option<u64>),
    /// A transaction by its block's height and its place.
    Transaction(u64, usize),
    /// An account by its place in the genesis.
    Account(usize),
    /// All accounts.
    Accounts,
    /// A contract by its place among those that stand on the chain.
    Contract(usize),
}

/// State of the explorer.
pub(crate) struct State {
    page: Page,
    before: Vec<Page>,
    archive: Archive,
    money: money::Money,
    field: search::Field,
    list: accounts::List,
    lesson: lesson::Lesson,
    /// Open a transaction that shows the most, at this stop, with a byte changed or not.
    wanted: Option<(Option<Stop>, bool)>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            page: Page::Block(None),
            before: Vec::new(),
            archive: Archive::default(),
            money: money::Money::default(),
            field: search::Field::default(),
            list: accounts::List::default(),
            lesson: lesson::Lesson::default(),
            wanted: None,
        }
    }
}

impl State {
    /// Opens a page; the one that was open is found again by going back.
    pub(crate) fn open(&mut self, page: Page) {
        if page != self.page {
            self.before.push(self.page);
            self.turn(page);
        }
    }

    fn turn(&mut self, page: Page) {
        self.page = page;
        self.lesson = lesson::Lesson::default();
    }

    /// One page back; whether there was one.
    pub(crate) fn back(&mut self) -> bool {
        let before = self.before.pop();
        if let Some(page) = before {
            self.turn(page);
        }
        before.is_some()
    }

    /// Opens a telling transaction at a stop of its way, or the block it stands in.
    pub(crate) fn present(&mut self, stop: Option<Stop>, changed: bool) {
        self.wanted = Some((stop, changed));
    }
}

/// The explorer in its sheet; what was searched for and found.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) -> Option<Hit> {
    if archive::height(data) == 0 {
        widgets::empty(ui, icons::CUBE, &data.t("chain-no-blocks"), &data.t("chain-no-blocks-hint"));
        return None;
    }
    if let Some((stop, changed)) = state.wanted.take() {
        lesson::present(data, state, stop, changed);
    }
    let genesis = state.archive.genesis(data)?;
    let hit = crumbs(ui, data, state, &genesis.1);
    match state.page {
        Page::Block(height) => block::show(ui, data, state, &genesis.1, height),
        Page::Transaction(height, index) => lesson::show(ui, data, state, &genesis, height, index),
        Page::Account(index) => account::show(ui, data, state, &genesis.1, index, reply),
        Page::Accounts => accounts::show(ui, data, state, &genesis.1),
        Page::Contract(index) => contract::show(ui, data, state, &genesis.1, index),
    }
    hit
}

/// Where one is, and the way back; at the right the search.
fn crumbs(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    genesis: &sim_core::ledger::genesis::Genesis,
) -> Option<Hit> {
    let mut hit = None;
    let block = |h: u64| data.locale.t_args("chain-block-name", &[("height", h.into())]);
    ui.horizontal(|ui| {
        ui.set_height(24.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        if !state.before.is_empty()
            && widgets::icon(ui, icons::ARROW_LEFT, &data.t("explorer-back"), Some("Esc"), false).clicked()
        {
            state.back();
        }
        match state.page {
            Page::Block(height) => {
                let height = height.unwrap_or_else(|| archive::height(data));
                ui.label(RichText::new(block(height)).size(theme::BIG).strong());
                let newest = archive::height(data);
                for (icon, key, to) in [
                    (icons::CARET_LEFT, "explorer-older", height.saturating_sub(1).max(1)),
                    (icons::CARET_RIGHT, "explorer-newer", (height + 1).min(newest)),
                ] {
                    ui.add_enabled_ui(to != height, |ui| {
                        if widgets::icon(ui, icon, &data.t(key), None, false).clicked() {
                            state.turn(Page::Block(Some(to)));
                        }
                    });
                }
            }
            Page::Transaction(height, index) => {
                if ui.link(block(height)).clicked() {
                    state.open(Page::Block(Some(height)));
                }
                ui.label(RichText::new(icons::CARET_RIGHT).weak());
                let title = data.locale.t_args("explorer-transaction", &[("n", (index + 1).into())]);
                ui.label(RichText::new(title).size(theme::HEADING).strong());
            }
            Page::Accounts => {
                ui.label(RichText::new(data.t("accounts-title")).size(theme::BIG).strong());
            }
            Page::Contract(index) => {
                let name = data.now.chain.contracts.get(index).map_or("", |c| c.name.as_str());
                ui.label(RichText::new(format!("{} {name}", icons::FILE_CODE)).size(theme::BIG).strong());
            }
            Page::Account(index) => {
                ui.label(RichText::new(say::account(data, genesis, index)).size(theme::BIG).strong());
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            hit = search::search(ui, data, state);
            let words = data.t("accounts-title");
            let response =
                ui.add(egui::Button::selectable(state.page == Page::Accounts, format!("{} {words}", icons::USERS)));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
            if response.on_hover_text(data.t("accounts-hint")).clicked() {
                state.open(Page::Accounts);
            }
        });
    });
    hit
}

//! All accounts in a list that can be sorted and narrowed: whose they are, what they have, how much speaks against them.

use super::{Page, State, risk, say};
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{self, Align, Button, Label, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ledger::genesis::Genesis;

/// Height of a row, points.
const ROW: f32 = 24.0;

/// What the list goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// The most that speaks against one first.
    #[default]
    Risk,
    Name,
    Money,
    Transactions,
}

/// State of the list.
#[derive(Default)]
pub(super) struct List {
    order: Order,
    /// The other way round.
    turned: bool,
    filter: String,
}

/// Columns with their words and shares of the width.
const COLUMNS: [(Order, &str, f32); 4] = [
    (Order::Name, "accounts-name", 0.34),
    (Order::Risk, "accounts-risk", 0.3),
    (Order::Money, "accounts-money", 0.2),
    (Order::Transactions, "accounts-transactions", 0.16),
];

/// The list.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, genesis: &Genesis) {
    let names: Vec<String> = (0..genesis.accounts.len()).map(|i| say::account(data, genesis, i)).collect();
    ui.horizontal(|ui| {
        let label = data.t("accounts-filter");
        let hint = format!("{} {label}", icons::MAGNIFYING_GLASS);
        let response = ui.add(TextEdit::singleline(&mut state.list.filter).hint_text(hint).desired_width(200.0));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, &label));
        ui.add(Label::new(RichText::new(data.t("accounts-hint")).weak()).truncate());
    });
    let needle = state.list.filter.trim().to_lowercase();
    let mut shown: Vec<usize> = (0..names.len()).filter(|i| names[*i].to_lowercase().contains(&needle)).collect();
    let chain = &data.now.chain;
    let score = |i: usize| chain.risks.get(i).map_or(0, |r| r.score);
    let money = |i: usize| chain.accounts.get(i).map_or(0, |a| a.money);
    let nonce = |i: usize| chain.accounts.get(i).map_or(0, |a| a.nonce);
    match state.list.order {
        Order::Risk => shown.sort_by_key(|i| std::cmp::Reverse(score(*i))),
        // As the genesis has them: homes by their numbers.
        Order::Name => {}
        Order::Money => shown.sort_by_key(|i| std::cmp::Reverse(money(*i))),
        Order::Transactions => shown.sort_by_key(|i| std::cmp::Reverse(nonce(*i))),
    }
    if state.list.turned {
        shown.reverse();
    }
    let whole = ui.available_width() - 12.0;
    head(ui, data, state, whole);
    if shown.is_empty() {
        ui.label(RichText::new(data.t("accounts-none")).weak());
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut open = None;
    ScrollArea::vertical().id_salt("accounts").auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        shown.len(),
        |ui, range| {
            for i in shown[range].iter().copied() {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    cell(ui, whole * COLUMNS[0].2, Align::Min, |ui| {
                        let button = Button::new(&names[i]).truncate().frame_when_inactive(false);
                        let response = ui.add(button);
                        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &names[i]));
                        if response.clicked() {
                            open = Some(i);
                        }
                    });
                    cell(ui, whole * COLUMNS[1].2, Align::Min, |ui| {
                        let (_, mark, colour) = risk::level(ui, score(i));
                        risk::bar(ui, score(i), 72.0);
                        ui.add_space(theme::GRID);
                        let words = risk::say(data, ui, score(i));
                        ui.add(Label::new(RichText::new(format!("{mark}{words}")).color(colour)).truncate());
                    });
                    let currency = &data.scene.file.site.currency;
                    for (column, text) in [(2, numbers::money(money(i), currency)), (3, nonce(i).to_string())] {
                        cell(ui, whole * COLUMNS[column].2, Align::Max, |ui| {
                            ui.label(text);
                        });
                    }
                });
            }
        },
    );
    if let Some(account) = open {
        state.open(Page::Account(account));
    }
}

/// Names of the columns; a click sorts by one, a second click the other way round.
fn head(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, whole: f32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for (order, key, share) in COLUMNS {
            let chosen = state.list.order == order;
            let align = if matches!(order, Order::Money | Order::Transactions) { Align::Max } else { Align::Min };
            cell(ui, whole * share, align, |ui| {
                let name = data.t(key);
                let arrow = match (chosen, state.list.turned) {
                    (false, _) => "",
                    (true, false) => icons::CARET_DOWN,
                    (true, true) => icons::CARET_UP,
                };
                let text = RichText::new(format!("{name} {arrow}")).strong();
                let response = ui.add(Button::new(text).frame_when_inactive(false));
                response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, chosen, &name));
                if response.on_hover_text(data.t("accounts-sort")).clicked() {
                    state.list.turned = chosen && !state.list.turned;
                    state.list.order = order;
                }
            });
        }
    });
}

fn cell(ui: &mut Ui, width: f32, align: Align, add: impl FnOnce(&mut Ui)) {
    let layout = match align {
        Align::Max => Layout::right_to_left(Align::Center),
        _ => Layout::left_to_right(Align::Center),
    };
    ui.allocate_ui_with_layout(vec2(width, ROW), layout, |ui| {
        ui.set_width(width);
        add(ui);
    });
}

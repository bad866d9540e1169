//! An account: whose it is, what it has, its money and what it sent last, and how much speaks against it.

use super::{Page, State, block, money, risk, say};
use crate::panels::data::{PanelData, Reply};
use crate::panels::footprint::grams;
use crate::panels::widgets::{Row, row};
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{Label, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use sim_core::digest::hex;
use sim_core::ledger::certificate::Credits;
use sim_core::ledger::genesis::Genesis;

/// An account's page.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    genesis: &Genesis,
    index: usize,
    reply: &mut Reply,
) {
    let Some(account) = genesis.accounts.get(index) else { return };
    ui.add_space(theme::GRID);
    widgets::columns(ui, &[272.0, 0.0, 248.0], |i, ui| match i {
        2 => {
            ScrollArea::vertical().id_salt("risk").auto_shrink([false, false]).show(ui, |ui| {
                risk::show(ui, data, index, reply);
            });
        }
        0 => {
            ui.add(Label::new(say::role(data, account.role)).wrap());
            ui.add_space(theme::GRID);
            widgets::rows(ui, data, &figures(data, index));
            ui.add_space(theme::GRID);
            ui.label(RichText::new(data.t("explorer-key")).weak()).on_hover_text(data.t("term-explorer-key"));
            let key = hex(&account.key.0);
            for half in [&key[..32], &key[32..]] {
                ui.label(RichText::new(half).monospace().color(theme::chain(ui)));
            }
            ui.add_space(theme::GRID);
            if let Some(subject) = say::subject(data, index) {
                let text = format!("{} {}", icons::MAP_PIN, data.t("explorer-in-the-world"));
                if ui.button(text).clicked() {
                    reply.select(subject);
                }
            }
        }
        _ => {
            ui.horizontal(|ui| {
                for (key, sent) in [("money-title", false), ("explorer-sent", true)] {
                    let chosen = ui.selectable_label(state.money.sent == sent, data.t(key));
                    if chosen.on_hover_text(data.t(&format!("term-{key}"))).clicked() {
                        state.money.sent = sent;
                    }
                }
            });
            if !state.money.sent {
                return money::show(ui, data, state, genesis, index);
            }
            let sent = state.archive.sent(data, index);
            if sent.is_empty() {
                ui.add(Label::new(RichText::new(data.t("explorer-sent-nothing")).weak()).wrap());
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, 24.0, sent.len(), |ui, range| {
                for (height, place) in sent[range].iter().copied() {
                    let Some(opened) = state.archive.block(data, height) else { continue };
                    let Some((_, tx)) = opened.transactions.get(place) else { continue };
                    if block::entry(ui, data, genesis, tx) {
                        state.open(Page::Transaction(height, place));
                    }
                }
            });
        }
    });
}

/// What an account has after the last block.
fn figures(data: &PanelData<'_>, index: usize) -> Vec<Row> {
    let Some(a) = data.now.chain.accounts.get(index) else { return Vec::new() };
    let mut rows = vec![
        row("account-money", numbers::money(a.money, &data.scene.file.site.currency)),
        row("account-imported", numbers::wh(a.imported_wh)),
        row("account-exported", numbers::wh(a.exported_wh)),
        row("account-nonce", a.nonce.to_string()),
    ];
    let credits = data.now.chain.certificates.credits.get(index).copied().unwrap_or_default();
    if credits != Credits::default() {
        rows.push(row("emitted-held", grams(credits.held_mg)));
        rows.push(row("emitted-retired", grams(credits.retired_mg)));
    }
    rows
}

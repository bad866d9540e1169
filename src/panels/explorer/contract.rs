//! A contract on the chain: whose it is, what it has, what it keeps, and its text.

use super::{Page, State, say};
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{Label, RichText, ScrollArea, Ui};
use sim_core::ledger::genesis::Genesis;

/// A contract's page.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, genesis: &Genesis, index: usize) {
    let Some(contract) = data.now.chain.contracts.get(index) else {
        ui.label(RichText::new(data.t("deployed-gone")).weak());
        return;
    };
    ui.add_space(theme::GRID);
    widgets::columns(ui, &[272.0, 0.0], |i, ui| match i {
        0 => {
            let who = say::account(data, genesis, contract.deployer as usize);
            ui.label(RichText::new(data.t("deployed-by")).weak());
            if ui.link(who).clicked() {
                state.open(Page::Account(contract.deployer as usize));
            }
            ui.add_space(4.0);
            let money = numbers::money(contract.balance, &data.scene.file.site.currency);
            ui.label(data.locale.t_args("deployed-has", &[("money", money.into()), ("bytes", contract.bytes.into())]));
            ui.add_space(4.0);
            ui.label(RichText::new(data.t("deployed-id")).weak());
            for part in contract.id.as_bytes().chunks(32) {
                let text = String::from_utf8_lossy(part).into_owned();
                ui.label(RichText::new(text).monospace().color(theme::chain(ui)));
            }
            ui.add_space(theme::GRID);
            widgets::title(ui, data.t("deployed-keeps"));
            ScrollArea::vertical().id_salt("storage").auto_shrink([false, false]).show(ui, |ui| {
                for (key, value) in &contract.storage {
                    ui.add(Label::new(RichText::new(format!("{key} = {value}")).monospace()).truncate());
                }
            });
        }
        _ => {
            ScrollArea::both().id_salt("source").auto_shrink([false, false]).show(ui, |ui| {
                ui.add(Label::new(RichText::new(&contract.source).monospace()).extend());
            });
        }
    });
}

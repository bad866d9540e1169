//! The shared storage in the inspector: of the battery what is let, of a home what is its own.

use crate::panels::data::{PanelData, Reply};
use crate::panels::sheet::{self, Sheet};
use crate::panels::widgets::{self, row};
use crate::panels::{numbers, theme};
use bevy_egui::egui::Ui;
use sim_core::ids::Subject;

/// What concerns the thing, if anything does.
pub(in crate::panels) fn show(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    let Some(view) = &data.now.market.storage else { return };
    let currency = &data.scene.file.site.currency;
    let rows = match subject {
        Subject::Device(d) if d == view.device => {
            let sum = |part: fn(&sim_core::snapshot::StorageRowView) -> i64| view.rows.iter().map(part).sum::<i64>();
            vec![
                row("lent-leased", numbers::wh(sum(|r| r.capacity_wh))),
                row("lent-theirs", numbers::wh(sum(|r| r.content_wh))),
                row("lent-own", numbers::wh(view.owner_wh)),
                row("lent-rents", numbers::money(view.income, currency)),
            ]
        }
        Subject::Building(b) => {
            let Some(r) = view.rows.iter().find(|r| r.building == b) else { return };
            vec![
                row("lent-leased", numbers::wh(r.capacity_wh)),
                row("lent-content", numbers::wh(r.content_wh)),
                row("lent-stored", numbers::wh(r.stored_wh)),
                row("lent-taken", numbers::wh(r.taken_wh)),
            ]
        }
        _ => return,
    };
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("sharing-section")).on_hover_text(data.t("term-sharing-section"));
        sheet::icon(ui, data, Sheet::Storage, reply);
    });
    widgets::rows(ui, data, &rows);
    ui.add_space(theme::GRID);
}

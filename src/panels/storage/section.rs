//! Shared storages in the inspector: of a battery what is let, of a home what is its own elsewhere and what its battery earns.

use crate::panels::data::{PanelData, Reply};
use crate::panels::sheet::{self, Sheet};
use crate::panels::widgets::{self, Row, row};
use crate::panels::{numbers, theme};
use bevy_egui::egui::Ui;
use sim_core::ids::Subject;
use sim_core::snapshot::{StorageRowView, StorageView};

/// What concerns the thing, if anything does.
pub(in crate::panels) fn show(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    let all = data.now.market.storages.iter().filter(|v| v.share > 0.0 || !v.rows.is_empty());
    let mut rows = Vec::new();
    for view in all.clone() {
        if view.belongs_to(subject) {
            rows.extend(let_rows(data, view));
        }
    }
    if let Subject::Building(b) = subject {
        let own: Vec<&StorageRowView> = all.flat_map(|v| &v.rows).filter(|r| r.building == b).collect();
        let sum = |part: fn(&StorageRowView) -> i64| numbers::wh(own.iter().map(|r| part(r)).sum::<i64>());
        if !own.is_empty() {
            rows.extend([
                row("lent-leased", sum(|r| r.capacity_wh)),
                row("lent-content", sum(|r| r.content_wh)),
                row("lent-stored", sum(|r| r.stored_wh)),
                row("lent-taken", sum(|r| r.taken_wh)),
            ]);
        }
    }
    if rows.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("sharing-section")).on_hover_text(data.t("term-sharing-section"));
        sheet::icon(ui, data, Sheet::Storage, reply);
    });
    widgets::rows(ui, data, &rows);
    ui.add_space(theme::GRID);
}

/// Of a battery that is let: how much, whose, and what it brought.
fn let_rows(data: &PanelData<'_>, view: &StorageView) -> [Row; 5] {
    let currency = &data.scene.file.site.currency;
    let sum = |part: fn(&StorageRowView) -> i64| view.rows.iter().map(part).sum::<i64>();
    [
        row("lent-offered", numbers::percent(view.share)),
        row("lent-let", numbers::wh(sum(|r| r.capacity_wh))),
        row("lent-theirs", numbers::wh(sum(|r| r.content_wh))),
        row("lent-own", numbers::wh(view.owner_wh)),
        row("lent-rents", numbers::money(view.income, currency)),
    ]
}

//! Why a bill's lines of shared storages are what they are: rents, what was paid back, what was lost on the way.

use crate::panels::data::PanelData;
use crate::panels::names::name;
use crate::panels::numbers;
use sim_core::ids::Subject;

/// Of a lessee: with each provider, what it put in, lost, took out and paid. Empty where it leases nothing.
pub(in crate::panels) fn storing(data: &PanelData<'_>, subject: Subject) -> String {
    let Subject::Building(b) = subject else { return String::new() };
    let currency = &data.scene.file.site.currency;
    let rows = data.now.market.storages.iter().flat_map(|v| v.rows.iter().map(move |r| (v, r)));
    let line = |(view, r): (&sim_core::snapshot::StorageView, &sim_core::snapshot::StorageRowView)| {
        let args = [
            ("who", name(data.scene, Subject::Device(view.device), data.locale).into()),
            ("stored", numbers::wh(r.stored_wh).into()),
            ("lost", numbers::wh(r.lost_wh).into()),
            ("taken", numbers::wh(r.taken_wh).into()),
            ("rent", numbers::money(r.rent, currency).into()),
            ("back", numbers::money(r.money.saturating_add(r.rent), currency).into()),
        ];
        data.locale.t_args("bill-why-storage", &args)
    };
    rows.filter(|(_, r)| r.building == b).map(line).collect::<Vec<_>>().join("\n")
}

/// Of a provider: the rents of its lessees, and what it paid back to them. Empty where it lets nothing.
pub(in crate::panels) fn letting(data: &PanelData<'_>, subject: Subject) -> String {
    let Some(view) = data.now.market.storages.iter().find(|v| v.belongs_to(subject)) else { return String::new() };
    let currency = &data.scene.file.site.currency;
    let args = [
        ("n", view.rows.len().into()),
        ("rents", numbers::money(view.rents, currency).into()),
        ("back", numbers::money(view.rents.saturating_sub(view.income), currency).into()),
    ];
    data.locale.t_args("bill-why-letting", &args)
}

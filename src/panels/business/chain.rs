//! The plant of this community as a business: founded by a press, then what each has been paid, beside what the projection
//! of the same model says for the same energy.

use super::{MODELS, State as Sheet, line, moved, party};
use crate::panels::contract::words::model_key;
use crate::panels::data::{PanelData, Reply};
use crate::panels::explorer::Page;
use crate::panels::oversight::{account, called};
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Button, ComboBox, DragValue, Label, RichText, Ui};
use egui_phosphor::regular as icons;
use sim_core::business::{Ownership, Projection};
use sim_core::command::{BusinessModel, Command};
use sim_core::event::EventKind;
use sim_core::ids::EventId;
use sim_core::ledger::contract::plant::Plant;
use sim_core::scene::Participant;
use sim_core::snapshot::ContractView;
use sim_core::time::{MINUTE_US, SimTime};

/// The plant that is founded, by its name in the scene.
const PLANT: &str = "solar-field";
/// Who stands for the example's parties in this community.
const ROLES: [(&str, &str); 9] = [
    ("bakery", "workshop"),
    ("clinic", "clinic"),
    ("lin", "home-01"),
    ("moser", "home-02"),
    ("flat-3", "apartments-1"),
    ("sunco", "hall"),
    ("utility", "operator"),
    ("ledger-house", "operator"),
    ("outside", "ev-hub"),
];
/// Hours of a company's term.
const TERM_H: f64 = 6.0;
/// An order that nothing has come of after so long is taken for lost.
const PATIENCE_US: u64 = 3 * MINUTE_US;
/// Events that are looked through for the latest payment: more than an hour of any run.
const LOOKED: usize = 20_000;

/// State of the part.
#[derive(Default)]
pub(super) struct State {
    /// When the founding was ordered.
    ordered: Option<SimTime>,
    from: u32,
    to: usize,
    shares: i64,
}

/// The latest payment of a plant's contract.
pub(crate) fn last_payment(data: &PanelData<'_>, plant: &str) -> Option<EventId> {
    let is_it = |kind: &EventKind| matches!(kind, EventKind::DividendsPaid { contract, .. } if contract == plant);
    data.past.events().iter().rev().take(LOOKED).find(|e| is_it(&e.kind)).map(|e| e.id)
}

/// The part; the name of the contract where it is to be opened in the editor.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    sheet: &mut Sheet,
    projection: &Projection,
    reply: &mut Reply,
) -> Option<String> {
    let contracts = data.now.chain.contracts.iter().enumerate();
    let standing = contracts.filter_map(|(i, c)| Some((i, c, c.business.as_ref()?))).next();
    match standing {
        Some((place, contract, plant)) => live(ui, data, sheet, projection, (place, contract, plant), reply),
        None => {
            found(ui, data, sheet, reply);
            None
        }
    }
}

/// What a press would put on the chain.
fn founding(sheet: &Sheet) -> Option<(Vec<(String, String, u32)>, Command)> {
    let (case, levers) = (sheet.case.as_ref()?, sheet.levers.as_ref()?);
    let (case, model) = moved(case, sheet.model, levers)?;
    let role = |name: &str| ROLES.iter().find(|r| r.0 == name).map_or_else(String::new, |r| r.1.to_owned());
    let terms = model.ownership.get_terms(&case);
    let owners = terms.owners.iter().map(|(name, n)| (name.clone(), role(name), u32::try_from(*n).unwrap_or_default()));
    let owners: Vec<(String, String, u32)> = owners.collect();
    let (model, manager, fee, term_h) = match &model.ownership {
        Ownership::EnergyService { provider, .. } => (BusinessModel::EnergyService, role(provider), 0.0, TERM_H),
        Ownership::Shared { .. } => (BusinessModel::SharedOwnership, String::new(), 0.0, 0.0),
        Ownership::Mixed { operator, fee, .. } => {
            (BusinessModel::MixedOwnership, role(operator), *fee as f64 / 1e6, 0.0)
        }
        Ownership::Tokenised { platform, fee, .. } => {
            (BusinessModel::TokenisedField, role(platform), *fee as f64 / 1e6, 0.0)
        }
    };
    let stakes = owners.iter().map(|(_, who, shares)| (who.clone(), *shares)).collect();
    Some((owners, Command::FoundBusiness { plant: PLANT.into(), model, stakes, manager, fee, term_h }))
}

/// Nothing stands yet: who would be who, and the button.
fn found(ui: &mut Ui, data: &PanelData<'_>, sheet: &mut Sheet, reply: &mut Reply) {
    let Some((owners, command)) = founding(sheet) else { return };
    ui.add(Label::new(data.t("business-found-words")).wrap());
    if matches!(command, Command::FoundBusiness { model: BusinessModel::EnergyService, .. }) {
        ui.add(Label::new(RichText::new(data.t("business-found-term")).weak()).wrap());
    }
    let now = data.now.time;
    let waits = sheet.chain.ordered.is_some_and(|at| at <= now && now.since(at) < PATIENCE_US);
    let can = data.scene.find(PLANT).is_some() && !waits;
    ui.horizontal(|ui| {
        let label = data.t("business-found");
        let response = ui.add_enabled(can, Button::new(format!("{} {label}", icons::ROCKET_LAUNCH)));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, can, &label));
        if response.clicked() {
            sheet.chain.ordered = Some(now);
            reply.command(command);
        }
        if waits {
            ui.label(RichText::new(data.t("business-found-waiting")).weak());
        }
    });
    let total: u32 = owners.iter().map(|o| o.2).sum();
    ui.spacing_mut().item_spacing.y = 2.0;
    for (role, who, shares) in owners {
        let args = [
            ("role", party(data, &role).into()),
            ("who", called(&who, data.scene, data.locale).into()),
            ("share", numbers::percent(f64::from(shares) / f64::from(total.max(1))).into()),
        ];
        ui.add(Label::new(RichText::new(data.locale.t_args("business-found-as", &args)).weak()).wrap());
    }
}

/// What an account would have by the projection for the energy that was metered: the first year's amounts by their energy.
fn expected(plant: &Plant, who: u32, sheet: &Sheet, projection: &Projection) -> Option<i64> {
    let year = projection.plant.get(1)?;
    let energy = sheet.case.as_ref()?.energy.0.max(1);
    let for_energy = |money: i64| i128::from(money) * i128::from(plant.energy) / i128::from(energy);
    let of_fee = if plant.manager == Some(who) { for_energy(year.fee.0) } else { 0 };
    let of_rest = match plant.company {
        Some(company) => {
            if company == who {
                for_energy(year.dividend.0)
            } else {
                0
            }
        }
        None => {
            let total = i128::from(plant.compute_total().max(1));
            for_energy(year.dividend.0) * i128::from(plant.get_shares(who)) / total
        }
    };
    i64::try_from(of_fee + of_rest).ok()
}

/// It stands: what came in, and each one's share, payments and projection.
fn live(
    ui: &mut Ui,
    data: &PanelData<'_>,
    sheet: &mut Sheet,
    projection: &Projection,
    (place, contract, plant): (usize, &ContractView, &Plant),
    reply: &mut Reply,
) -> Option<String> {
    let currency = &data.scene.file.site.currency;
    let model = model_key(plant.get_model());
    let args = [
        ("model", data.t(model).into()),
        ("energy", numbers::wh(plant.energy).into()),
        ("income", numbers::money(plant.income, currency).into()),
    ];
    ui.add(Label::new(data.locale.t_args("business-live", &args)).wrap());
    let mut editor = None;
    ui.horizontal_wrapped(|ui| {
        if ui.button(data.t("business-live-editor")).clicked() {
            editor = Some(contract.name.clone());
        }
        if ui.button(data.t("business-live-explorer")).clicked() {
            reply.page = Some(Page::Contract(place));
        }
        let why = last_payment(data, &contract.name);
        if ui.add_enabled(why.is_some(), Button::new(data.t("business-live-why"))).clicked() {
            reply.event = why;
        }
    });
    if plant.carry < 0 {
        let args = [("owed", numbers::money(-plant.carry, currency).into())];
        ui.add(Label::new(RichText::new(data.locale.t_args("business-live-owed", &args)).weak()).wrap());
    }
    if plant.paid.is_empty() {
        ui.add(Label::new(RichText::new(data.t("business-live-none")).weak()).wrap());
    }
    let same = MODELS.get(sheet.model) == Some(&model);
    table(ui, data, sheet, projection, plant, same);
    gift(ui, data, &mut sheet.chain, contract, plant, reply);
    editor
}

fn table(ui: &mut Ui, data: &PanelData<'_>, sheet: &Sheet, projection: &Projection, plant: &Plant, same: bool) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let weak = |key: &str, width: f32| (width, RichText::new(data.t(key)).weak());
    let heads =
        [weak("business-live-share", 64.0), weak("business-live-paid", 92.0), weak("business-live-expected", 92.0)];
    let first = (ui.available_width() - 284.0).clamp(96.0, 200.0);
    line(ui, first, RichText::new(data.t("business-column-party")).weak(), heads.into_iter());
    let mut all: Vec<u32> = plant.owners.iter().map(|o| o.0).collect();
    all.extend(plant.manager.into_iter().chain(plant.company).chain(plant.paid.keys().copied()));
    all.sort_unstable();
    all.dedup();
    let total = plant.compute_total().max(1) as f64;
    for who in all {
        let shares = plant.get_shares(who);
        let share = if shares > 0 { numbers::percent(shares as f64 / total) } else { "–".to_owned() };
        let paid = plant.paid.get(&who).copied().unwrap_or_default();
        let projected = expected(plant, who, sheet, projection).filter(|_| same);
        let projected = projected.map_or_else(|| "–".to_owned(), |micro| numbers::number(micro as f64 / 1e6, 2));
        let cells = [
            (64.0, RichText::new(share)),
            (92.0, RichText::new(numbers::number(paid as f64 / 1e6, 2)).strong()),
            (92.0, RichText::new(projected)),
        ];
        line(ui, first, RichText::new(account(data, who)), cells.into_iter());
    }
    ui.add(Label::new(RichText::new(data.t("term-business-live-expected")).weak()).wrap());
}

/// An owner gives shares away.
fn gift(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    contract: &ContractView,
    plant: &Plant,
    reply: &mut Reply,
) {
    widgets::title(ui, data.t("business-give-title")).on_hover_text(data.t("term-business-give"));
    let named = |p: &Participant| match p {
        Participant::Building(b) => data.scene.file.buildings.get(b.index()).map(|b| b.name.clone()),
        Participant::Device(d) => data.scene.file.devices.get(d.index()).map(|d| d.name.clone()),
        Participant::Grid | Participant::Losses => None,
    };
    let name_of = |who: u32| data.scene.participants.get(who as usize).and_then(named);
    let givers: Vec<u32> = plant.owners.iter().map(|o| o.0).filter(|who| name_of(*who).is_some()).collect();
    if !givers.contains(&state.from) {
        state.from = givers.first().copied().unwrap_or_default();
    }
    let takers: Vec<String> = data.scene.participants.iter().filter_map(named).collect();
    state.to = state.to.min(takers.len().saturating_sub(1));
    // Nobody gives to itself.
    if takers.get(state.to) == name_of(state.from).as_ref() {
        state.to = (state.to + 1) % takers.len().max(1);
    }
    let most = plant.get_shares(state.from).max(1);
    state.shares = state.shares.clamp(1, most);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(data.t("business-give-from")).weak());
        let from = account(data, state.from);
        let combo = ComboBox::from_id_salt("give from").selected_text(from).width(104.0).show_ui(ui, |ui| {
            for who in &givers {
                ui.selectable_value(&mut state.from, *who, account(data, *who));
            }
        });
        combo
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, data.t("business-give-from")));
        ui.label(RichText::new(data.t("business-give-to")).weak());
        let called = |name: &String| called(name, data.scene, data.locale);
        let to = takers.get(state.to).map(called).unwrap_or_default();
        let combo = ComboBox::from_id_salt("give to").selected_text(to).width(104.0).show_ui(ui, |ui| {
            for (i, name) in takers.iter().enumerate() {
                ui.selectable_value(&mut state.to, i, called(name));
            }
        });
        combo
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, data.t("business-give-to")));
        ui.add(DragValue::new(&mut state.shares).range(1..=most));
        ui.label(RichText::new(data.t("business-give-shares")).weak());
        let ready = !givers.is_empty();
        let response = ui.add_enabled(ready, Button::new(data.t("business-give")));
        if response.clicked()
            && let (Some(by), Some(to)) = (name_of(state.from), takers.get(state.to))
        {
            let shares = u32::try_from(state.shares).unwrap_or_default();
            reply.command(Command::TransferShares { plant: contract.name.clone(), by, to: to.clone(), shares });
        }
    });
    ui.add_space(theme::GRID);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each model's founding is a command that the scene accepts, with shares of all owners.
    #[test]
    fn every_model_can_be_founded_in_the_default_scene() {
        let scene = crate::panels::testing::scene();
        for (model, name) in MODELS.iter().enumerate() {
            let mut sheet = Sheet { model, ..Sheet::default() };
            sheet.project().expect("a projection");
            let (owners, command) = founding(&sheet).expect("a founding");
            assert!(owners.len() >= 3);
            sim_core::script::check(&command, &scene).unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }
}

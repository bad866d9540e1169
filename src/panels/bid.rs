//! A household's own bid instead of its agent's.

use super::data::{PanelData, Reply};
use super::names::preference_key;
use super::{theme, widgets};
use bevy_egui::egui::{Button, DragValue, Ui};
use sim_core::command::{BidSide, Command, Preference};
use sim_core::ids::{BuildingId, Subject};

/// What the user is about to bid.
#[derive(Clone, Debug)]
pub(crate) struct State {
    buy: bool,
    price: f64,
    kwh: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { buy: true, price: 0.20, kwh: 1.0 }
    }
}

/// The bid of a building: the user's own, or the way to one.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, id: BuildingId, state: &mut State, reply: &mut Reply) {
    let building = data.scene.name(Subject::Building(id)).to_owned();
    ui.add_space(theme::GRID);
    show_preference(ui, data, id, &building, reply);
    widgets::title(ui, data.t("bid")).on_hover_text(data.t("term-bid"));
    if data.now.market.overridden.contains(&id) {
        ui.label(data.t("bid-own"));
        if ui.button(data.t("bid-withdraw")).clicked() {
            reply.command(Command::WithdrawBid { building });
        }
        return;
    }
    let currency = &data.scene.file.site.currency;
    ui.horizontal_wrapped(|ui| {
        for (buy, key) in [(true, "bid-buy"), (false, "bid-sell")] {
            if ui.add(Button::selectable(state.buy == buy, data.t(key))).clicked() {
                state.buy = buy;
            }
        }
        ui.add(DragValue::new(&mut state.kwh).range(0.1..=50.0).speed(0.05).fixed_decimals(1).suffix(" kWh"));
        let suffix = format!(" {currency}/kWh");
        ui.add(DragValue::new(&mut state.price).range(0.0..=2.0).speed(0.005).fixed_decimals(3).suffix(suffix));
        if ui.button(data.t("bid-place")).on_hover_text(data.t("term-bid")).clicked() {
            let side = if state.buy { BidSide::Buy } else { BidSide::Sell };
            reply.command(Command::Bid { building, side, price: state.price, kwh: state.kwh });
        }
    });
}

/// Whom it prefers to trade with, and the choice.
fn show_preference(ui: &mut Ui, data: &PanelData<'_>, id: BuildingId, building: &str, reply: &mut Reply) {
    let Some(now) = data.now.market.preferences.get(id.index()).copied() else { return };
    widgets::title(ui, data.t("preference")).on_hover_text(data.t("term-preference"));
    ui.horizontal_wrapped(|ui| {
        for partner in [Preference::Price, Preference::Neighbour, Preference::Green] {
            let key = preference_key(partner);
            let button = ui.add(Button::selectable(now == partner, data.t(key)));
            if button.on_hover_text(data.t(&format!("term-{key}"))).clicked() && now != partner {
                reply.command(Command::Prefer { building: building.to_owned(), partner });
            }
        }
    });
    ui.add_space(theme::GRID);
}

//! The bill of a household or device: what it bought, sold and owed since the start, and its last slot line by line.

use super::data::{PanelData, Reply};
use super::names::name;
use super::numbers::{clock, money, number, wh};
use super::words::describe;
use super::{footprint, storage, theme, widgets};
use bevy_egui::egui::{self, Align, Layout, RichText, Ui};
use sim_core::command::Mechanism;
use sim_core::event::EventKind;
use sim_core::ids::{ParticipantId, Subject};
use sim_core::quantity::{Money, Price, Wh};
use sim_core::scene::Participant;
use sim_core::snapshot::{Item, LastSlot, NetTrade};
use sim_core::time::SimTime;

/// The bill of what is selected, if it has a meter of its own.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, subject: Subject, reply: &mut Reply) {
    let Some(who) = account(data, subject) else { return };
    let Some(bill) = data.now.market.bills.get(who.index()) else { return };
    widgets::title(ui, data.t("bill")).on_hover_text(data.t("term-bill"));
    if bill.last.is_none() {
        ui.label(RichText::new(data.t("bill-empty")).weak());
        dividends(ui, data, who, reply);
        ui.add_space(theme::GRID);
        return;
    }
    let items =
        [("bill-bought", bill.bought), ("bill-sold", bill.sold), ("bill-short", bill.short), ("bill-long", bill.long)];
    let charges = [("bill-fee", bill.fee), ("bill-tax", bill.tax), ("bill-subsidy", bill.subsidy)];
    let network = [("bill-losses", bill.losses), ("bill-congestion", bill.congestion)];
    let storages = [("bill-storage", bill.storage), ("bill-letting", bill.letting)];
    let items = items.into_iter().chain(charges).chain(network).chain(storages);
    for (key, item) in items.filter(|(_, item)| item.energy != Wh::ZERO || item.money != Money::ZERO) {
        let why = match key {
            "bill-storage" => storage::why_storing(data, subject),
            "bill-letting" => storage::why_letting(data, subject),
            _ => String::new(),
        };
        let what = data.t(&format!("term-{key}"));
        let said = if why.is_empty() { what } else { format!("{what}\n{why}") };
        line(ui, data, key, item).on_hover_text(said);
    }
    let shared = dividends(ui, data, who, reply);
    let sum = money(bill.total().0.saturating_add(shared), &data.scene.file.site.currency);
    entry(ui, &data.t("bill-total"), &sum, true).on_hover_text(data.t("term-bill-total"));
    for (what, how_much, why) in footprint::today(data, subject).into_iter().flatten() {
        entry(ui, &what, &how_much, false).on_hover_text(why);
    }
    ui.add_space(theme::GRID);
    if let Some(last) = &bill.last {
        slot(ui, data, last, reply);
    }
    ui.add_space(theme::GRID);
}

/// What plants that are businesses have paid out to an account, and what it has paid in for its own plant; pressed, a line
/// asks for the causes of the latest payment. Gives back what it comes to.
fn dividends(ui: &mut Ui, data: &PanelData<'_>, who: ParticipantId, reply: &mut Reply) -> i64 {
    let currency = &data.scene.file.site.currency;
    let mut sum = 0_i64;
    for contract in &data.now.chain.contracts {
        let Some(plant) = &contract.business else { continue };
        let called = super::oversight::called(&contract.name, data.scene, data.locale);
        let paid = plant.paid.get(&who.0).copied().unwrap_or_default();
        let own = if plant.plant == who.0 { plant.income.saturating_neg() } else { 0 };
        for (key, amount) in [("bill-dividend", paid), ("bill-paid-in", own)].into_iter().filter(|(_, m)| *m != 0) {
            let text = data.locale.t_args(key, &[("plant", called.clone().into())]);
            let shares = number(plant.get_shares(who.0) as f64, 0);
            let why = [
                ("energy", wh(plant.energy).into()),
                ("income", money(plant.income, currency).into()),
                ("shares", shares.into()),
                ("total", number(plant.compute_total() as f64, 0).into()),
            ];
            let response = entry(ui, &text, &money(amount, currency), false);
            let response = response.on_hover_text(data.locale.t_args(&format!("term-{key}"), &why));
            if response.interact(egui::Sense::click()).clicked() {
                reply.event = super::business::last_payment(data, &contract.name);
            }
            sum = sum.saturating_add(amount);
        }
    }
    sum
}

pub(super) fn account(data: &PanelData<'_>, subject: Subject) -> Option<ParticipantId> {
    let is_it = |p: &Participant| match (p, subject) {
        (Participant::Building(b), Subject::Building(i)) => *b == i,
        (Participant::Device(d), Subject::Device(i)) => *d == i,
        (Participant::Grid, Subject::Grid) => true,
        _ => false,
    };
    data.scene.participants.iter().position(is_it).map(ParticipantId::new)
}

fn line(ui: &mut Ui, data: &PanelData<'_>, key: &str, item: Item) -> egui::Response {
    let text = data.locale.t_args(key, &[("energy", wh(item.energy.0).into())]);
    let sum = money(item.money.0, &data.scene.file.site.currency);
    entry(ui, &text, &sum, false)
}

/// The last slot: each trade and the imbalance with its price; hovering tells how the figure comes about.
fn slot(ui: &mut Ui, data: &PanelData<'_>, last: &LastSlot, reply: &mut Reply) {
    let market = &data.now.market;
    let length = market.slot_end.since(market.slot_start);
    let from = clock(SimTime(last.slot.saturating_mul(length)));
    ui.label(RichText::new(data.locale.t_args("bill-slot", &[("time", from.into())])).weak());
    for trade in &last.row.net_trades() {
        traded(ui, data, last, trade);
        taken_back(ui, data, last.slot, trade, reply);
    }
    imbalance(ui, data, last);
    charges(ui, data, last);
    network(ui, data, last);
    let sum = money(last.row.total.0, &data.scene.file.site.currency);
    entry(ui, &data.t("bill-slot-total"), &sum, true);
}

/// What stood of a trade in the end.
fn traded(ui: &mut Ui, data: &PanelData<'_>, last: &LastSlot, trade: &NetTrade) {
    if trade.sold == Wh::ZERO {
        return;
    }
    let key = match (trade.handed, trade.is_sale) {
        (true, true) => "bill-line-given-over",
        (true, false) => "bill-line-taken-over",
        (false, true) => "bill-line-sold",
        (false, false) => "bill-line-bought",
    };
    let how = data.t(&format!("term-{key}"));
    let why = price_key(last, trade).map(|key| format!("\n{}", data.t(key))).unwrap_or_default();
    priced(ui, data, key, trade.sold, trade.price, trade.money).on_hover_text(format!("{how}{why}"));
}

/// What the price of a trade is under the mechanism that made it.
fn price_key(last: &LastSlot, trade: &NetTrade) -> Option<&'static str> {
    if trade.handed {
        return None;
    }
    if trade.direct {
        return Some("bill-price-direct");
    }
    let tariff = if trade.is_sale { last.terms.feed_in } else { last.terms.import };
    Some(match (last.rules.get(&trade.clearing)?, trade.is_sale) {
        (Mechanism::UniformPrice, _) => "bill-price-uniform",
        (Mechanism::PayAsBid, true) => "bill-price-ask",
        (Mechanism::PayAsBid, false) => "bill-price-bid",
        (Mechanism::PeerToPeer, _) => "bill-price-peers",
        (Mechanism::MidMarket | Mechanism::Community, true) if trade.price == tariff => "bill-price-feed-in",
        (Mechanism::MidMarket | Mechanism::Community, false) if trade.price == tariff => "bill-price-import",
        (Mechanism::MidMarket | Mechanism::Community, _) => "bill-price-middle",
    })
}

/// Events that are searched for a clearing; a slot has some hundreds.
const SEARCHED: usize = 4_000;

/// What was taken back of a trade because the slot cleared anew; pressed, it asks for the causes.
fn taken_back(ui: &mut Ui, data: &PanelData<'_>, of: u64, trade: &NetTrade, reply: &mut Reply) {
    let Some(number) = trade.anew else { return };
    let is_it = |kind: &EventKind| matches!(kind, EventKind::SlotCleared { slot, clearing, .. } if (*slot, *clearing) == (of, number));
    let event = data.past.events().iter().rev().take(SEARCHED).find(|e| is_it(&e.kind));
    let cause = event.and_then(|e| data.past.event(e.cause?));
    let said = cause.map_or_else(|| data.t("why-gone"), |e| describe(e, data.scene, data.locale));
    let text = data.locale.t_args("bill-line-back", &[("energy", wh(trade.back.0).into())]);
    let why = [
        ("first", wh(trade.sold.0.saturating_abs().saturating_add(trade.back.0)).into()),
        ("back", wh(trade.back.0).into()),
        ("price", each(trade.price).into()),
        ("cause", said.into()),
    ];
    let response = entry(ui, &text, "", false).on_hover_text(data.locale.t_args("term-bill-line-back", &why));
    if response.interact(egui::Sense::click()).clicked() {
        reply.event = event.map(|e| e.id);
    }
}

/// What the meter counted beyond the trades, with its price; the grid's account is the other side of everybody's.
fn imbalance(ui: &mut Ui, data: &PanelData<'_>, last: &LastSlot) {
    let (row, terms) = (&last.row, &last.terms);
    if data.scene.participants.get(row.account.index()) == Some(&Participant::Grid) {
        let sum = money(row.imbalance_money.0, &data.scene.file.site.currency);
        entry(ui, &data.t("bill-line-counterpart"), &sum, false).on_hover_text(data.t("term-bill-line-counterpart"));
        return;
    }
    if row.imbalance == Wh::ZERO {
        return;
    }
    let (key, price, tariff, factor) = match row.imbalance < Wh::ZERO {
        true => ("bill-line-short", terms.short_price(), terms.import, terms.short_thousandths),
        false => ("bill-line-long", terms.long_price(), terms.feed_in, terms.long_thousandths),
    };
    let how = [
        ("factor", number(factor as f64 / 1000.0, 2).into()),
        ("tariff", each(tariff).into()),
        ("price", each(price).into()),
    ];
    let why = [("metered", wh(row.delivered.0).into()), ("traded", wh(row.traded.0).into())];
    let how = data.locale.t_args(&format!("term-{key}"), &how);
    let why = data.locale.t_args("bill-why-imbalance", &why);
    priced(ui, data, key, row.imbalance, price, row.imbalance_money).on_hover_text(format!("{how}\n{why}"));
}

/// A price per kilowatt-hour without its currency.
fn each(price: Price) -> String {
    number(price.0 as f64 / 1000.0, 3)
}

/// Grid fee, tax and subsidy of the slot, each with how it comes about.
fn charges(ui: &mut Ui, data: &PanelData<'_>, last: &LastSlot) {
    let (row, rules, currency) = (&last.row, &last.terms.charges, &data.scene.file.site.currency);
    if row.fee_money != Money::ZERO {
        let text = data.locale.t_args("bill-line-fee", &[("energy", wh(row.import.0).into())]);
        let why = [
            ("remote", wh(row.import.0 - row.local_import.0).into()),
            ("fee", each(rules.grid_fee).into()),
            ("local", wh(row.local_import.0).into()),
            ("reduced", each(rules.local_fee()).into()),
        ];
        entry(ui, &text, &money(row.fee_money.0, currency), false)
            .on_hover_text(data.locale.t_args("bill-why-fee", &why));
    }
    if row.tax_money != Money::ZERO {
        let paid = row.trade_money.0.saturating_add(row.imbalance_money.0).saturating_add(row.fee_money.0);
        let rate = number(rules.tax_thousandths as f64 / 10.0, 1);
        let text = data.locale.t_args("bill-line-tax", &[("rate", rate.into())]);
        let why = data.locale.t_args("bill-why-tax", &[("cost", money(-paid, currency).into())]);
        entry(ui, &text, &money(row.tax_money.0, currency), false).on_hover_text(why);
    }
    if row.subsidy_money != Money::ZERO {
        let args = [("energy", wh(row.local_export.0).into()), ("price", each(rules.subsidy).into())];
        let text = data.locale.t_args("bill-line-subsidy", &args);
        entry(ui, &text, &money(row.subsidy_money.0, currency), false).on_hover_text(data.t("term-bill-subsidy"));
    }
}

/// Losses and full elements in the slot, each with how it comes about.
fn network(ui: &mut Ui, data: &PanelData<'_>, last: &LastSlot) {
    let (row, currency) = (&last.row, &data.scene.file.site.currency);
    if row.loss_money != Money::ZERO {
        let traded: i64 = row.trades.iter().map(|t| t.sold.0.abs()).sum();
        let added: i64 = row.trades.iter().map(|t| t.sold.0.saturating_mul(t.loss)).sum();
        let per_cent = if traded > 0 { added as f64 / traded as f64 / 1e4 } else { 0.0 };
        let key = if added < 0 { "bill-why-losses-against" } else { "bill-why-losses" };
        let why = [
            ("rate", number(per_cent.abs(), 2).into()),
            ("flow", money(row.loss_flow_money.0, currency).into()),
            ("base", money(row.loss_money.0.saturating_sub(row.loss_flow_money.0), currency).into()),
        ];
        entry(ui, &data.t("bill-line-losses"), &money(row.loss_money.0, currency), false)
            .on_hover_text(data.locale.t_args(key, &why));
    }
    if row.congestion_money != Money::ZERO {
        let full: Vec<String> = last.binding.iter().map(|b| name(data.scene, b.element, data.locale)).collect();
        let text = data.locale.t_args("bill-line-congestion", &[("element", full.join(", ").into())]);
        let key = if row.congestion_money < Money::ZERO { "bill-why-congestion" } else { "bill-why-relief" };
        entry(ui, &text, &money(row.congestion_money.0, currency), false).on_hover_text(data.t(key));
    }
}

fn priced(ui: &mut Ui, data: &PanelData<'_>, key: &str, energy: Wh, price: Price, sum: Money) -> egui::Response {
    let currency = &data.scene.file.site.currency;
    let text = data.locale.t_args(key, &[("energy", wh(energy.0.abs()).into()), ("price", each(price).into())]);
    entry(ui, &text, &money(sum.0, currency), false)
}

/// What on the left, how much on the right.
fn entry(ui: &mut Ui, what: &str, sum: &str, strong: bool) -> egui::Response {
    let sum = if strong { RichText::new(sum).strong() } else { RichText::new(sum) };
    let row = ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        ui.label(sum.family(egui::FontFamily::Proportional));
        ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
            let text = if strong { RichText::new(what).strong() } else { RichText::new(what).weak() };
            ui.add(egui::Label::new(text).wrap())
        })
        .inner
    });
    row.inner
}

//! Commands that move the market: tariffs, levers, mechanism, bidding, a price shock and its end, the network check.
//!
//! Each notes what went from what to what and has the rest of the slot cleared anew.

use super::World;
use super::trading::{levers, price};
use crate::event::EventKind;
use crate::ids::{DeviceId, EventId, ParticipantId, Subject};
use crate::ledger::state::MAX_PRICE;
use crate::ledger::types::Tariffs;
use crate::market::{
    BiddingStrategy, Lever, Levers, MOST_TARIFF, Mechanism, Preference, Standing, Tariff, TariffShape, Terms,
};
use crate::scene::schema::DeviceKind;
use crate::scene::{Participant, Scene};
use crate::time::{MINUTE_US, SimTime};

const _: () = assert!(2 * MOST_TARIFF.0 <= MAX_PRICE.0, "the chain would refuse a trade at the grid's highest price");

impl World {
    pub(super) fn set_tariff(
        &mut self,
        import: Option<f64>,
        feed_in: Option<f64>,
        carbon: Option<f64>,
        event: EventId,
    ) -> Result<(), String> {
        let old = self.state.market.levers();
        let (was_import, was_feed_in, was_carbon) =
            (old.import_tariff.0 as f64 / 1e3, old.feed_in_tariff.0 as f64 / 1e3, old.carbon_price.0 as f64 / 1e6);
        let new = levers(import.unwrap_or(was_import), feed_in.unwrap_or(was_feed_in), carbon.unwrap_or(was_carbon));
        let (import_tariff, feed_in_tariff) = (new.import_tariff, new.feed_in_tariff);
        let new = Levers { import_tariff, feed_in_tariff, carbon_price: new.carbon_price, ..old };
        self.state.market.set_levers(new).map_err(|e| e.to_string())?;
        for (name, from, to) in [
            ("import tariff", was_import, import),
            ("feed-in tariff", was_feed_in, feed_in),
            ("carbon price", was_carbon, carbon),
        ] {
            if let Some(to) = to {
                let noted = self.note_lever(name, from, to, event);
                self.state.trading.disturbed.get_or_insert((self.state.now, noted));
            }
        }
        Ok(())
    }

    pub(super) fn set_tariff_shape(&mut self, tariff: Tariff, to: TariffShape, event: EventId) -> Result<(), String> {
        let old = self.state.market.levers();
        let from = old.shape_of(tariff);
        if from == to {
            return Err("that tariff varies that way already".into());
        }
        self.state.market.set_levers(old.with_shape(tariff, to)).map_err(|e| e.to_string())?;
        self.note_rule(EventKind::TariffShapeSet { tariff, from, to }, event);
        Ok(())
    }

    pub(super) fn set_strategy(&mut self, to: BiddingStrategy, event: EventId) -> Result<(), String> {
        let from = self.state.market.strategy();
        if from == to {
            return Err("households bid that way already".into());
        }
        self.state.market.set_strategy(to);
        self.note_rule(EventKind::AgentsSet { from, to }, event);
        Ok(())
    }

    pub(super) fn set_mechanism(&mut self, to: Mechanism, event: EventId) -> Result<(), String> {
        let from = self.state.market.mechanism();
        if from == to {
            return Err("the market trades that way already".into());
        }
        if to == Mechanism::Community && self.is_capped() {
            return Err("sharing after the meters goes by the tariffs; lift the regulator's cap first".into());
        }
        self.state.market.set_mechanism(to);
        self.note_rule(EventKind::MechanismSet { from, to }, event);
        Ok(())
    }

    pub(super) fn set_preference(&mut self, building: &str, to: Preference, event: EventId) -> Result<(), String> {
        let Some(Subject::Building(b)) = self.scene.find(building) else {
            return Err(format!("there is no building '{building}'"));
        };
        let from = self.state.market.set_preference(ParticipantId::new(b.index()), to);
        if from == to {
            return Err(format!("{building} prefers that already"));
        }
        let kind = EventKind::PreferenceSet { from, to };
        self.state.journal.note(self.state.now, Subject::Building(b), kind, event);
        Ok(())
    }

    /// A rule of the market changed: the rest of the slot clears anew because of it.
    fn note_rule(&mut self, kind: EventKind, cause: EventId) {
        let noted = self.state.journal.note(self.state.now, Subject::Market, kind, cause);
        self.state.trading.disturbed.get_or_insert((self.state.now, noted));
    }

    pub(super) fn note_lever(&mut self, lever: &str, from: f64, to: f64, cause: EventId) -> EventId {
        let kind = EventKind::LeverSet { lever: lever.into(), from, to };
        self.state.journal.note(self.state.now, Subject::Market, kind, cause)
    }

    pub(super) fn set_lever(&mut self, lever: Lever, to: f64, event: EventId) -> Result<(), String> {
        let old = self.state.market.levers();
        self.state.market.set_levers(lever.set(old, to)).map_err(|e| e.to_string())?;
        let noted = self.note_lever(lever.name(), lever.get(&old), to, event);
        match lever {
            Lever::CreditShare => {}
            _ => {
                self.state.trading.disturbed.get_or_insert((self.state.now, noted));
            }
        }
        Ok(())
    }

    /// Begins a price shock, changes the one that is on, or ends it (a factor of 1 or no time).
    pub(super) fn shock(&mut self, factor: f64, minutes: f64, event: EventId) -> Result<(), String> {
        let thousandths = price(factor).0;
        let ends = thousandths == 1_000 || minutes <= 0.0;
        if ends && self.state.trading.shock.is_none() {
            return Err("no price shock is under way".into());
        }
        let noted = self.turn_shock((!ends).then_some(thousandths), event)?;
        let end = SimTime(self.state.now.0.saturating_add(minutes_us(minutes)));
        self.state.trading.shock = (!ends).then_some((end, noted));
        Ok(())
    }

    /// A price shock whose time is over ends.
    pub(super) fn end_shock(&mut self) {
        let Some((_, begun)) = self.state.trading.shock.filter(|(end, _)| self.state.now >= *end) else { return };
        // Tariffs are checked without the shock, too, so it can always end.
        let _ = self.turn_shock(None, begun);
        self.state.trading.shock = None;
    }

    fn turn_shock(&mut self, to: Option<i64>, cause: EventId) -> Result<EventId, String> {
        let old = self.state.market.levers();
        self.state.market.set_levers(Levers { shock: to, ..old }).map_err(|e| e.to_string())?;
        let factor = |thousandths: Option<i64>| thousandths.unwrap_or(1_000) as f64 / 1e3;
        let noted = self.note_lever("price shock", factor(old.shock), factor(to), cause);
        self.state.trading.disturbed.get_or_insert((self.state.now, noted));
        Ok(noted)
    }

    pub(super) fn set_network_check(&mut self, enabled: bool, event: EventId) -> Result<(), String> {
        let on = |b: bool| if b { 1.0 } else { 0.0 };
        let was = std::mem::replace(&mut self.state.trading.network_check, enabled);
        if was == enabled {
            return Err(format!("the check is {} already", if enabled { "on" } else { "off" }));
        }
        let noted = self.note_lever("network check", on(was), on(enabled), event);
        self.state.trading.disturbed.get_or_insert((self.state.now, noted));
        Ok(())
    }
}

/// A time in minutes as microseconds; a command bounds it to a day.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a day")]
fn minutes_us(minutes: f64) -> u64 {
    libm::round(minutes.max(0.0) * MINUTE_US as f64) as u64
}

/// The levers as a scene sets them.
pub(super) fn scene_levers(scene: &Scene) -> Levers {
    let m = &scene.file.market;
    let tariffs = levers(m.import_tariff, m.feed_in_tariff, m.carbon_price);
    let fees = [(Lever::GridFee, m.grid_fee), (Lever::LocalDiscount, m.local_discount), (Lever::Tax, m.tax)];
    let network = [(Lever::LossCharge, m.loss_charge), (Lever::CongestionCharge, m.congestion_charge)];
    let credits = [(Lever::CreditShare, m.credit_share)];
    fees.into_iter().chain(network).chain(credits).fold(tariffs, |levers, (lever, value)| lever.set(levers, value))
}

/// The terms of a slot as the chain has them; what is in thousandths lies between 0 and 1000 by the levers' check.
pub(super) fn tariffs_of(terms: &Terms) -> Tariffs {
    let charges = &terms.charges;
    Tariffs {
        import: terms.import,
        feed_in: terms.feed_in,
        grid_fee: charges.grid_fee,
        local_fee: charges.local_fee(),
        tax: u32::try_from(charges.tax_thousandths).unwrap_or_default(),
        subsidy: charges.subsidy,
        loss_share: u32::try_from(charges.loss_thousandths).unwrap_or_default(),
    }
}

/// Whom the charges treat otherwise: stores and the line to a neighbour pass energy on and pay neither fee nor tax; the subsidy is for sun and wind.
pub(super) fn standing(scene: &Scene) -> Standing {
    let kind = |d: &DeviceId| &scene.file.devices[d.index()].kind;
    let is_store =
        |d: &DeviceId| matches!(kind(d), DeviceKind::Battery(_) | DeviceKind::Flywheel(_) | DeviceKind::Tie(_));
    let is_green = |d: &DeviceId| matches!(kind(d), DeviceKind::Solar(_) | DeviceKind::Wind(_));
    let all = |is: &dyn Fn(&Participant) -> bool| {
        let members = scene.participants.iter().enumerate().filter(|(_, who)| is(who));
        members.map(|(p, _)| ParticipantId::new(p)).collect()
    };
    Standing {
        exempt: all(&|who| matches!(who, Participant::Device(d) if is_store(d))),
        green: all(&|who| match who {
            Participant::Building(b) => scene.building_devices[b.index()].iter().any(is_green),
            Participant::Device(d) => is_green(d),
            Participant::Grid | Participant::Losses => false,
        }),
    }
}

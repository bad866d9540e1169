//! Storage sharing for the picture and for `summary.json`.

use super::World;
use super::storage_stage::{Sharing, Totals};
use crate::ids::{BuildingId, ParticipantId};
use crate::market::storage_sharing::Lease;
use crate::quantity::Wh;
use crate::snapshot::{StorageRowView, StorageView};
use serde_json::{Value, json};

impl World {
    /// For `summary.json`: all storages that are let, and their sum.
    #[must_use]
    pub fn shared_storage_json(&self) -> Value {
        let kwh = |wh: i64| wh as f64 / 1e3;
        let one = |views: &[StorageView]| {
            let all = |part: fn(&StorageView) -> i64| views.iter().map(part).sum::<i64>();
            let rows = |part: fn(&StorageRowView) -> i64| views.iter().flat_map(|v| &v.rows).map(part).sum::<i64>();
            json!({
                "leases": views.iter().map(|v| v.rows.len()).sum::<usize>(), "physical_kwh": kwh(all(|v| v.physical_wh)),
                "owner_kwh": kwh(all(|v| v.owner_wh)), "lessees_kwh": kwh(rows(|r| r.content_wh)),
                "stored_kwh": kwh(rows(|r| r.stored_wh)), "taken_kwh": kwh(rows(|r| r.taken_wh)),
                "lost_kwh": kwh(rows(|r| r.lost_wh)), "rent": rows(|r| r.rent) as f64 / 1e6,
                "income": all(|v| v.income) as f64 / 1e6,
            })
        };
        let mut views = self.view_storages();
        views.retain(|v| v.share > 0.0 || !v.rows.is_empty());
        if views.is_empty() {
            return Value::Null;
        }
        let mut all = one(&views);
        let provider = |v: &StorageView| {
            let mut own = one(std::slice::from_ref(v));
            own["device"] = self.scene.file.devices[v.device.index()].name.clone().into();
            own["share"] = v.share.into();
            own
        };
        all["providers"] = views.iter().map(provider).collect::<Vec<_>>().into();
        all
    }

    /// For the picture: every battery of which a part can be let.
    pub(super) fn view_storages(&self) -> Vec<StorageView> {
        let slot = u32::try_from(self.state.market.slot_at(self.state.now)).unwrap_or_default();
        self.state.trading.sharing.iter().map(|sharing| self.view_storage(sharing, slot)).collect()
    }

    fn view_storage(&self, sharing: &Sharing, slot: u32) -> StorageView {
        let (book, terms) = (&sharing.book, sharing.book.get_terms());
        let price = sharing.prices.get(&slot).copied().unwrap_or_default();
        let known = self.state.ledger.get_state().get_storage_contents(sharing.owner.0);
        let homes = (0..self.scene.file.buildings.len()).map(BuildingId::new);
        let rows = homes.filter(|b| ParticipantId::new(b.index()) != sharing.owner).filter_map(|b| {
            let account = ParticipantId::new(b.index());
            let (lease, content) = (book.get_lease(slot, account), book.get_content(account));
            let total = sharing.totals.get(&account).copied().unwrap_or_default();
            let is_there = lease != Lease::default() || content > Wh::ZERO || total != Totals::default();
            is_there.then_some(StorageRowView {
                building: b,
                capacity_wh: lease.capacity.0,
                power_wh: lease.power.0,
                content_wh: content.0,
                chain_wh: known.and_then(|k| k.contents.get(&account.0)).map_or(0, |c| c.0),
                stored_wh: total.stored,
                taken_wh: total.taken,
                lost_wh: total.lost,
                rent: total.rent,
                money: total.money,
            })
        });
        let own = sharing.totals.get(&sharing.owner).copied().unwrap_or_default();
        StorageView {
            device: sharing.device,
            building: self.scene.device_building[sharing.device.index()],
            share: sharing.share as f64 / 1e3,
            capacity_wh: terms.capacity.0,
            power_wh: terms.power.0,
            efficiency: f64::from(terms.efficiency) / 1e3,
            physical_wh: book.get_physical().0,
            owner_wh: book.get_content(sharing.owner).0,
            throughput_wh: book.get_throughput().0,
            capacity_rent: price.0.map(|r| r.0),
            power_rent: price.1.map(|r| r.0),
            ageing_capacity_rent: terms.ageing.compute_capacity_rent().0,
            ageing_power_rent: terms.ageing.compute_power_rent().0,
            rents: own.rent,
            income: own.money,
            rows: rows.collect(),
        }
    }
}

//! A made-up shared storage and carbon of the real scene, and the kinds of events that belong to them.

use sim_core::event::{EventKind, Schedule};
use sim_core::ids::{BuildingId, DeviceId, Subject};
use sim_core::quantity::Wh;
use sim_core::snapshot::{CarbonRow, MarketView, StorageRowView, StorageView};

/// Every kind of event of the shared storage, of businesses and of carbon credits.
pub(crate) fn kinds() -> Vec<EventKind> {
    vec![
        EventKind::ScheduleDue { what: Schedule::Storage },
        EventKind::DividendsPaid {
            contract: "solar-field".into(),
            first: 33,
            last: 35,
            income: 4_211_000,
            management: 252_660,
            dividend: 3_958_340,
            missed: 0,
            gas: 6_120,
            fee: 1_612,
        },
        EventKind::CreditsIssued { accounts: 4, mg: 1_204_000 },
        EventKind::CreditsTransferred { to: "home-03".into(), mg: 204_000 },
        EventKind::CreditsRetired { mg: 1_000_000 },
        EventKind::StorageLet { lessees: 14, capacity_wh: 61_300, power_wh: 9_400, rent: 3_420_000 },
        EventKind::StorageRun { slot: 37, into_wh: 4_200, out_wh: 0, rent: 81_250 },
    ]
}

/// A third of the battery let to nine homes, who have put some of their sun in.
pub(crate) fn with_storage(market: MarketView) -> MarketView {
    let scene = super::testing::scene();
    let battery = match scene.find("battery") {
        Some(Subject::Device(d)) => d,
        _ => DeviceId(0),
    };
    let row = |n: u32| {
        let wh = i64::from(n);
        StorageRowView {
            building: BuildingId(4 + 3 * n),
            capacity_wh: 5_400 + 700 * wh,
            power_wh: 420 + 60 * wh,
            content_wh: 900 + 650 * wh,
            chain_wh: 900 + 650 * wh,
            stored_wh: 2_300 + 810 * wh,
            taken_wh: 600 + 120 * wh,
            rent: 94_000 + 21_000 * wh,
            money: -(94_000 + 21_000 * wh),
        }
    };
    let rows: Vec<StorageRowView> = (0..9).map(row).collect();
    let theirs: i64 = rows.iter().map(|r| r.content_wh).sum();
    let storage = StorageView {
        device: battery,
        share: 0.33,
        capacity_wh: 289_500,
        power_wh: 37_500,
        efficiency: 0.931,
        physical_wh: 176_400,
        owner_wh: 176_400 - theirs,
        throughput_wh: 41_200,
        capacity_rent: Some(624),
        power_rent: Some(16_667),
        ageing_capacity_rent: 381,
        ageing_power_rent: 16_667,
        income: rows.iter().map(|r| r.rent).sum(),
        rows,
        ..StorageView::default()
    };
    let carbon = CarbonRow {
        location_mg: 612_000,
        slot_mg: 14_200,
        energy: Wh(9_800),
        hours_location_mg: 540_000,
        market_mg: 131_000,
        hours_energy: Wh(8_900),
        covered: Wh(6_700),
        ..CarbonRow::default()
    };
    let buildings = scene.file.buildings.len();
    MarketView { storage: Some(storage), carbon: vec![carbon; buildings], ..market }
}

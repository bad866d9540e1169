//! A made-up shared storage and carbon of the real scene, and the kinds of events that belong to them.

use sim_core::event::{EventKind, Schedule};
use sim_core::ids::{BuildingId, DeviceId, Subject};
use sim_core::quantity::Wh;
use sim_core::snapshot::{CarbonRow, MarketView, StorageRowView, StorageView, Today};

/// Every kind of event of the shared storage.
pub(crate) fn kinds() -> Vec<EventKind> {
    vec![
        EventKind::ScheduleDue { what: Schedule::Storage },
        EventKind::LeverSet { lever: "storage share".into(), from: 0.3, to: 0.4 },
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
            lost_wh: 160 + 60 * wh,
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
        rents: rows.iter().map(|r| r.rent).sum(),
        income: rows.iter().map(|r| r.rent).sum(),
        rows,
        ..StorageView::default()
    };
    let private = home_battery(row(1));
    let carbon = CarbonRow {
        location_mg: 612_000,
        slot_mg: 14_200,
        energy: Wh(9_800),
        hours_location_mg: 540_000,
        market_mg: 131_000,
        hours_energy: Wh(8_900),
        covered: Wh(6_700),
        today: Today { day: 0, location_mg: 612_000, hours_location_mg: 540_000, market_mg: 131_000, hours: 9 },
        ..CarbonRow::default()
    };
    let buildings = scene.file.buildings.len();
    MarketView { storages: vec![storage, private], carbon: vec![carbon; buildings], ..market }
}

/// The battery of home 8, a part of which one neighbour leases.
fn home_battery(lessee: StorageRowView) -> StorageView {
    let scene = super::testing::scene();
    let (Some(Subject::Device(device)), Some(Subject::Building(home))) =
        (scene.find("battery-home-08"), scene.find("home-08"))
    else {
        return StorageView::default();
    };
    let lessee = StorageRowView { capacity_wh: 2_400, content_wh: 1_150, chain_wh: 1_150, ..lessee };
    StorageView {
        device,
        building: Some(home),
        share: 0.3,
        capacity_wh: 9_600,
        power_wh: 1_150,
        efficiency: 0.921,
        physical_wh: 5_300,
        owner_wh: 5_300 - lessee.content_wh,
        throughput_wh: 3_110,
        capacity_rent: Some(381),
        power_rent: Some(16_667),
        ageing_capacity_rent: 381,
        ageing_power_rent: 16_667,
        rents: lessee.rent,
        income: lessee.rent - 4_000,
        rows: vec![lessee],
    }
}

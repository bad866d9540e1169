//! A made-up shared storage and carbon of the real scene, and the kinds of events that belong to them.

use sim_core::event::{EventKind, Schedule};
use sim_core::ids::{BuildingId, DeviceId, ParticipantId, Subject};
use sim_core::quantity::Wh;
use sim_core::snapshot::{
    CarbonRow, MarketView, NeighbourHelpView, NeighbourTradeView, NeighbourView, StorageRowView, StorageView, Today,
};

/// Every kind of event of the shared storage, of the neighbour, of businesses and of carbon credits.
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
        EventKind::LeverSet { lever: "storage share".into(), from: 0.3, to: 0.4 },
        EventKind::StorageLet { lessees: 14, capacity_wh: 61_300, power_wh: 9_400, rent: 3_420_000 },
        EventKind::TieSet { closed: false, capacity_kw: 60.0 },
        EventKind::TieSet { closed: true, capacity_kw: 40.0 },
        EventKind::TieFull { slot: 37, asked_wh: 20_619, left_wh: 7_500 },
        agreed(true),
        agreed(false),
        EventKind::NeighbourSettled {
            slot: 37,
            into_wh: 3_960,
            out_wh: 0,
            agreed_wh: 3_970,
            money: 655_050,
            wheeling: 81_860,
            passed_on: -3_970,
        },
        EventKind::HelpStarted { kw: 29.1, left_kwh: 58.2 },
        EventKind::HelpEnded { kwh: 12.4, is_spent: false },
        EventKind::HelpEnded { kwh: 58.2, is_spent: true },
        EventKind::StorageRun { slot: 37, into_wh: 4_200, out_wh: 0, rent: 81_250 },
    ]
}

fn agreed(buys: bool) -> EventKind {
    let (account, first, last) = (ParticipantId(6), 38, 41);
    EventKind::NeighbourTradeAgreed { account, buys, first, last, sent_wh: 1_547, received_wh: 1_500, price_milli: 166 }
}

/// The neighbour in the morning, with help ready and two trades in the slot.
pub(crate) fn neighbour() -> NeighbourView {
    let scene = super::testing::scene();
    let trade =
        |building, near_wh, lost_wh, price_milli| NeighbourTradeView { building, near_wh, lost_wh, price_milli };
    NeighbourView {
        device: scene.tie.unwrap_or(DeviceId(0)),
        closed: true,
        ready: true,
        on_grid: true,
        sun_kw: 31.4,
        river_kw: 26.0,
        homes_kw: 28.7,
        near_kw: 15.88,
        far_kw: 16.37,
        scheduled_kw: 15.88,
        capacity_wh: 15_000,
        capacity_kw: 60.0,
        loss_per_mille: 30,
        fee_milli: 20,
        free_in_wh: 3_407,
        free_out_wh: 19_093,
        trades: vec![trade(None, 2_470, 77, 165), trade(Some(BuildingId(6)), 1_500, 47, 140)],
        slots_to_come: 3,
        help: Some(NeighbourHelpView {
            kw: 30.0,
            promised_kwh: 60.0,
            left_kwh: 58.2,
            price_milli: 300,
            ..NeighbourHelpView::default()
        }),
        height: 55,
        block_time: super::testing::NOW,
        block_transactions: 4,
        block_hash: "a1b2c3d4e5f60718".into(),
        near_money: 4_317_727,
        far_money: -3_665_140,
        homes_money: 3_665_140,
        wheeling: 637_780,
        kept: 652_587,
        passed_on: -1_593,
        into_wh: 24_040,
        out_wh: 999,
        ..NeighbourView::default()
    }
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

//! What every generated village has alike: relay settings, transformer, batteries, and the frame of the file.

use super::{HEAD, LV, MV};
use crate::scene::schema::{
    Battery, CableType, Device, DeviceKind, FORMAT, Forming, Healing, Ledger, Market, Phases, Place, Point, Relay,
    RelayGroup, SceneFile, Site, Transformer, Upstream, Wear, Words,
};

/// Settings: `(pickup A, delay ms)` of the phase and the earth stage with the grid; in an island the phase and earth
/// pickups, the current of the undervoltage stage, and the delay of all three. The coupling point keeps one group.
pub(super) fn relay([phase, earth]: [(f64, f64); 2], island: Option<(f64, f64, f64, f64)>) -> Relay {
    let grid = RelayGroup {
        phase_a: phase.0,
        phase_ms: phase.1,
        earth_a: earth.0,
        earth_ms: earth.1,
        under_voltage_pu: None,
        restrained_a: 0.0,
        under_voltage_ms: 0.0,
    };
    let island = island.map(|(phase_a, earth_a, restrained_a, ms)| RelayGroup {
        phase_a,
        phase_ms: ms,
        earth_a,
        earth_ms: ms,
        under_voltage_pu: Some(0.7),
        restrained_a,
        under_voltage_ms: ms,
    });
    Relay { island: island.unwrap_or_else(|| grid.clone()), grid }
}

pub(super) fn battery(kwh: f64, kw: f64, initial_soc: f64, forming: Option<Forming>) -> Battery {
    let (shares, wear) = (0.0, Wear::default());
    Battery {
        kwh,
        kw,
        efficiency: 0.96,
        initial_soc,
        reserve_soc: 0.1,
        self_discharge_per_day: 0.001,
        forming,
        shares,
        wear,
    }
}

/// 3 kW and 6 kWh a home, at least 20 kW.
pub(super) fn community_battery(village: u32, bus: &str, homes: f64, at: Point) -> Device {
    let kw = (3.0 * homes).max(20.0);
    let forming = Forming {
        neutral: true,
        z1_pu: (0.01, 0.1),
        z0_pu: (0.02, 0.08),
        current_limit_pu: 1.2,
        droop_pu: 0.02,
        filter_s: 0.16,
        rank: village - 1,
    };
    let kind = DeviceKind::Battery(battery(2.0 * kw, kw, 0.6, Some(forming)));
    let name = format!("battery-v{village}");
    let (bus, at) = (Some(bus.into()), Some(at));
    Device { name, title: None, building: None, bus, phases: Phases::ABC, at, heading_deg: 90.0, kind }
}

pub(super) fn transformer(village: u32, mv: &str, busbar: &str, at: Point) -> Transformer {
    Transformer {
        name: format!("t{village}"),
        from: mv.into(),
        to: busbar.into(),
        kva: 630.0,
        clock: 5,
        hv_kv: 20.0,
        lv_kv: 0.4,
        uk_pct: 4.0,
        ur_pct: 1.03,
        no_load_kw: 0.6,
        no_load_current_pct: 0.3,
        at,
    }
}

/// All but the network and what hangs on it.
pub(super) fn frame(homes: u32) -> SceneFile {
    let cable = |name: &str, [r1, x1, r0, x0]: [f64; 4], [c1_nf, c0_nf]: [f64; 2], ampacity_a, source: &str| {
        let (name, source) = (name.into(), source.into());
        CableType { name, r1, x1, r0, x0, c1_nf, c0_nf, ampacity_a, overhead: false, source }
    };
    SceneFile {
        format: FORMAT,
        title: Words { en: format!("{homes} homes"), zh: format!("{homes} 户") },
        site: Site {
            latitude_deg: 48.1,
            longitude_deg: 11.3,
            altitude_m: 520.0,
            utc_offset_h: 1.0,
            start: "2050-06-21T08:00:00".into(),
            linke_turbidity: 3.5,
            mean_cloud: 0.35,
            mean_wind_ms: 4.5,
            mean_temperature_c: 18.5,
            temperature_swing_k: 6.5,
            currency: "EUR".into(),
        },
        upstream: Upstream {
            bus: "upstream".into(),
            short_circuit_mva: 250.0,
            r_over_x: 0.1,
            voltage_pu: 1.0,
            frequency_hz: 50.0,
            co2_g_per_kwh: 120.0,
        },
        buses: vec![],
        transformers: vec![],
        cable_types: vec![
            cable(HEAD, [0.125, 0.080, 0.50, 0.32], [280.0, 190.0], 364.0, "DIN VDE 0276-603"),
            cable(LV, [0.207, 0.080, 0.83, 0.32], [261.0, 180.0], 270.0, "DIN VDE 0276-603"),
            cable(MV, [0.206, 0.116, 0.95, 0.55], [250.0, 250.0], 319.0, "DIN VDE 0276-620"),
        ],
        lines: vec![],
        switches: vec![],
        buildings: vec![],
        devices: vec![],
        gateways: vec![],
        validators: vec![],
        healing: Healing::default(),
        market: Market::default(),
        ledger: Ledger::default(),
        neighbour: None,
        place: Place { roads: vec![], woods: vec![], chain_at: (-70.0, -20.0), chain_heading_deg: 0.0 },
    }
}

//! Values: finite, of the right sign, within what the models are made for.

use crate::scene::date::parse_start;
use crate::scene::report::Report;
use crate::scene::schema::{Battery, Device, DeviceKind, EvCharger, Flywheel, Genset, Relay, RelayGroup, SceneFile};

/// Largest number that makes sense anywhere in a scene.
const HUGE: f64 = 1e9;
/// Half the width of the largest plan, m.
const PLAN_M: f64 = 50_000.0;

/// Checks of single values, each with its path.
struct Values<'r> {
    report: &'r mut Report,
    base: String,
}

impl Values<'_> {
    fn fail(&mut self, field: &str, what: impl Into<String>) {
        let path = if field.is_empty() { self.base.clone() } else { format!("{}.{field}", self.base) };
        self.report.add(&path, what);
    }
    fn within(&mut self, field: &str, value: f64, low: f64, high: f64) {
        if !(low..=high).contains(&value) {
            self.fail(field, format!("`{field}` is {value}, expected a number from {low} to {high}"));
        }
    }
    fn share(&mut self, field: &str, value: f64) {
        self.within(field, value, 0.0, 1.0);
    }
    fn positive(&mut self, field: &str, value: f64) {
        if !(value > 0.0 && value <= HUGE) {
            self.fail(field, format!("`{field}` is {value}, expected a number above zero"));
        }
    }
    fn not_negative(&mut self, field: &str, value: f64) {
        if !(0.0..=HUGE).contains(&value) {
            self.fail(field, format!("`{field}` is {value}, expected zero or more"));
        }
    }
    fn efficiency(&mut self, value: f64) {
        if !(value > 0.0 && value <= 1.0) {
            self.fail("efficiency", format!("`efficiency` is {value}, expected above 0 and at most 1"));
        }
    }
    fn point(&mut self, field: &str, at: (f64, f64)) {
        let inside = |v: f64| (-PLAN_M..=PLAN_M).contains(&v);
        if !inside(at.0) || !inside(at.1) {
            let what = format!("`{field}` is ({}, {}), expected metres within {PLAN_M} of the middle", at.0, at.1);
            self.fail(field, what);
        }
    }
    fn no_more(&mut self, field: &str, value: f64, than: &str, limit: f64) {
        if value > limit {
            self.fail(field, format!("`{field}` is {value}, more than `{than}` ({limit}): lower it"));
        }
    }
    fn not_empty<T>(&mut self, section: &str, list: &[T], thing: &str) {
        if list.is_empty() && self.report.complete {
            self.report.add(section, format!("`{section}` is empty: a scene needs at least one {thing}"));
        }
    }
}

/// Checks all values.
pub(super) fn check(file: &SceneFile, report: &mut Report) {
    let mut v = Values { report, base: String::new() };
    v.not_empty("buses", &file.buses, "bus");
    v.not_empty("cable_types", &file.cable_types, "cable type");
    v.not_empty("lines", &file.lines, "line");
    v.not_empty("buildings", &file.buildings, "building");
    v.not_empty("validators", &file.validators, "validator");
    site(file, &mut v);
    network(file, &mut v);
    for (i, b) in file.buildings.iter().enumerate() {
        v.base = format!("buildings[{i}]");
        v.point("at", b.at);
        v.within("heading_deg", b.heading_deg, -360.0, 360.0);
        if !(b.size.0 > 0.0 && b.size.1 > 0.0 && b.size.0 <= 500.0 && b.size.1 <= 500.0) {
            let what =
                format!("`size` is ({}, {}), expected width and depth above zero, 500 m at most", b.size.0, b.size.1);
            v.fail("size", what);
        }
        v.within("storeys", f64::from(b.storeys), 1.0, 60.0);
        v.within("customers", f64::from(b.customers), 1.0, 1e5);
        v.not_negative("yearly_kwh", b.yearly_kwh);
        v.within("priority", f64::from(b.priority), 0.0, 9.0);
    }
    for (i, d) in file.devices.iter().enumerate() {
        v.base = format!("devices[{i}]");
        device(d, &mut v);
    }
    for (i, g) in file.gateways.iter().enumerate() {
        v.base = format!("gateways[{i}]");
        v.not_negative("backup_h", g.backup_h);
        v.point("at", g.at);
    }
    for (i, x) in file.validators.iter().enumerate() {
        v.base = format!("validators[{i}]");
        v.point("at", x.at);
    }
    rules(file, &mut v);
}

fn site(file: &SceneFile, v: &mut Values) {
    let s = &file.site;
    v.base = "site".into();
    v.within("latitude_deg", s.latitude_deg, -90.0, 90.0);
    v.within("longitude_deg", s.longitude_deg, -180.0, 180.0);
    v.within("altitude_m", s.altitude_m, -450.0, 9000.0);
    v.within("utc_offset_h", s.utc_offset_h, -12.0, 14.0);
    if parse_start(&s.start).is_none() {
        let what = format!("`start` is \"{}\", expected a day and time such as \"2050-06-21T08:00:00\"", s.start);
        v.fail("start", what);
    }
    v.within("linke_turbidity", s.linke_turbidity, 1.0, 10.0);
    v.share("mean_cloud", s.mean_cloud);
    v.within("mean_wind_ms", s.mean_wind_ms, 0.0, 40.0);
    v.within("mean_temperature_c", s.mean_temperature_c, -60.0, 60.0);
    v.within("temperature_swing_k", s.temperature_swing_k, 0.0, 30.0);
    if s.currency.len() != 3 || !s.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        v.fail("currency", format!("`currency` is \"{}\", expected three capitals such as \"EUR\"", s.currency));
    }
    let u = &file.upstream;
    v.base = "upstream".into();
    v.positive("short_circuit_mva", u.short_circuit_mva);
    v.within("r_over_x", u.r_over_x, 0.0, 10.0);
    v.within("voltage_pu", u.voltage_pu, 0.8, 1.2);
    if u.frequency_hz != 50.0 && u.frequency_hz != 60.0 {
        v.fail("frequency_hz", format!("`frequency_hz` is {}, expected 50 or 60", u.frequency_hz));
    }
    v.not_negative("co2_g_per_kwh", u.co2_g_per_kwh);
}

fn network(file: &SceneFile, v: &mut Values) {
    for (i, b) in file.buses.iter().enumerate() {
        v.base = format!("buses[{i}]");
        v.positive("kv", b.kv);
        v.point("at", b.at);
    }
    for (i, t) in file.transformers.iter().enumerate() {
        v.base = format!("transformers[{i}]");
        [("kva", t.kva), ("hv_kv", t.hv_kv), ("lv_kv", t.lv_kv)].iter().for_each(|(n, x)| v.positive(n, *x));
        if ![1, 5, 11].contains(&t.clock) {
            v.fail("clock", format!("`clock` is {}, expected 1, 5 or 11 (Dyn1, Dyn5, Dyn11)", t.clock));
        }
        v.within("uk_pct", t.uk_pct, 0.1, 50.0);
        v.within("ur_pct", t.ur_pct, 0.0, 50.0);
        v.no_more("ur_pct", t.ur_pct, "uk_pct", t.uk_pct);
        v.not_negative("no_load_kw", t.no_load_kw);
        v.within("no_load_current_pct", t.no_load_current_pct, 0.0, 100.0);
        v.point("at", t.at);
    }
    for (i, c) in file.cable_types.iter().enumerate() {
        v.base = format!("cable_types[{i}]");
        let z = [("r1", c.r1), ("x1", c.x1), ("r0", c.r0), ("x0", c.x0), ("ampacity_a", c.ampacity_a)];
        z.iter().for_each(|(n, x)| v.positive(n, *x));
        v.not_negative("c1_nf", c.c1_nf);
        v.not_negative("c0_nf", c.c0_nf);
    }
    for (i, l) in file.lines.iter().enumerate() {
        v.base = format!("lines[{i}]");
        v.positive("length_m", l.length_m);
        l.route.iter().for_each(|p| v.point("route", *p));
    }
    for (i, s) in file.switches.iter().enumerate() {
        v.base = format!("switches[{i}]");
        v.within("opening_ms", s.opening_ms, 1.0, 10_000.0);
        if let Some(t) = s.reclose_after_s {
            v.within("reclose_after_s", t, 0.1, 300.0);
        }
        v.point("at", s.at);
        if let Some(r) = &s.relay {
            relay(r, i, v);
        }
    }
}

fn relay(r: &Relay, switch: usize, v: &mut Values) {
    let mut group = |name: &str, g: &RelayGroup| {
        v.base = format!("switches[{switch}].relay.{name}");
        v.positive("phase_a", g.phase_a);
        v.not_negative("phase_ms", g.phase_ms);
        v.positive("earth_a", g.earth_a);
        v.not_negative("earth_ms", g.earth_ms);
        if let Some(u) = g.under_voltage_pu {
            v.within("under_voltage_pu", u, 0.05, 0.95);
        }
        v.not_negative("restrained_a", g.restrained_a);
        v.not_negative("under_voltage_ms", g.under_voltage_ms);
    };
    group("grid", &r.grid);
    group("island", &r.island);
}

fn device(d: &Device, v: &mut Values) {
    if let Some(at) = d.at {
        v.point("at", at);
    }
    v.base += ".kind";
    match &d.kind {
        DeviceKind::Solar(s) => {
            v.positive("kwp", s.kwp);
            v.positive("inverter_kva", s.inverter_kva);
            v.within("tilt_deg", s.tilt_deg, 0.0, 90.0);
            v.within("azimuth_deg", s.azimuth_deg, -360.0, 360.0);
        }
        DeviceKind::Wind(w) => {
            v.positive("rated_kw", w.rated_kw);
            v.positive("hub_m", w.hub_m);
            v.positive("rotor_m", w.rotor_m);
            v.not_negative("cut_in_ms", w.cut_in_ms);
            if w.rated_ms <= w.cut_in_ms || w.cut_out_ms <= w.rated_ms || !w.cut_out_ms.is_finite() {
                let what = "expected `cut_in_ms` below `rated_ms` below `cut_out_ms`";
                v.fail("rated_ms", format!("{what}, found {}, {}, {}", w.cut_in_ms, w.rated_ms, w.cut_out_ms));
            }
        }
        DeviceKind::FuelCell(f) => {
            v.positive("rated_kw", f.rated_kw);
            v.not_negative("min_kw", f.min_kw);
            v.no_more("min_kw", f.min_kw, "rated_kw", f.rated_kw);
            v.positive("ramp_kw_s", f.ramp_kw_s);
            v.efficiency(f.efficiency);
            v.positive("tank_kwh", f.tank_kwh);
            v.share("initial_fill", f.initial_fill);
            v.not_negative("fuel_cost", f.fuel_cost);
        }
        DeviceKind::Genset(g) => genset(g, v),
        DeviceKind::Battery(b) => battery(b, v),
        DeviceKind::Flywheel(f) => flywheel(f, v),
        DeviceKind::EvCharger(e) => charger(e, v),
        // Checked with the neighbour.
        DeviceKind::Tie(_) => {}
    }
}

fn genset(g: &Genset, v: &mut Values) {
    v.positive("rated_kw", g.rated_kw);
    v.not_negative("min_kw", g.min_kw);
    v.no_more("min_kw", g.min_kw, "rated_kw", g.rated_kw);
    v.not_negative("start_s", g.start_s);
    v.positive("ramp_kw_s", g.ramp_kw_s);
    v.efficiency(g.efficiency);
    v.positive("inertia_s", g.inertia_s);
    v.within("droop_pu", g.droop_pu, 0.001, 0.2);
    v.within("xd2_pu", g.xd2_pu, 0.01, 1.0);
    v.not_negative("fuel_cost", g.fuel_cost);
    v.not_negative("co2_g_per_kwh", g.co2_g_per_kwh);
}

fn battery(b: &Battery, v: &mut Values) {
    v.positive("kwh", b.kwh);
    v.positive("kw", b.kw);
    v.efficiency(b.efficiency);
    v.share("initial_soc", b.initial_soc);
    v.share("reserve_soc", b.reserve_soc);
    v.share("self_discharge_per_day", b.self_discharge_per_day);
    v.share("shares", b.shares);
    v.within("wear.replacement", b.wear.replacement, 0.0, 1e5);
    v.within("wear.cycles", f64::from(b.wear.cycles), 1.0, 1e6);
    v.within("wear.years", f64::from(b.wear.years), 1.0, 100.0);
    let Some(f) = &b.forming else { return };
    v.base += ".forming";
    for (name, z) in [("z1_pu", f.z1_pu), ("z0_pu", f.z0_pu)] {
        // A resistance of zero is allowed, a reactance of zero is not: the current would have no limit.
        if !(z.0 >= 0.0 && z.1 > 0.0 && z.0 <= 10.0 && z.1 <= 10.0) {
            let what = format!(
                "`{name}` is ({}, {}), expected a resistance of zero or more and a reactance above zero",
                z.0, z.1
            );
            v.fail(name, what);
        }
    }
    v.within("current_limit_pu", f.current_limit_pu, 0.5, 10.0);
    v.within("droop_pu", f.droop_pu, 0.001, 0.2);
    v.within("filter_s", f.filter_s, 0.001, 10.0);
}

fn flywheel(f: &Flywheel, v: &mut Values) {
    v.positive("kwh", f.kwh);
    v.positive("kw", f.kw);
    v.efficiency(f.efficiency);
    v.not_negative("standing_kw", f.standing_kw);
    v.share("initial_soc", f.initial_soc);
    v.within("droop_pu", f.droop_pu, 0.001, 0.2);
    v.within("response_s", f.response_s, 0.001, 10.0);
}

fn charger(e: &EvCharger, v: &mut Values) {
    v.positive("kw", e.kw);
    v.positive("car_kwh", e.car_kwh);
    v.efficiency(e.efficiency);
    v.within("arrivals_per_day", e.arrivals_per_day, 0.0, 24.0);
}

fn rules(file: &SceneFile, v: &mut Values) {
    let h = &file.healing;
    v.base = "healing".into();
    let times = [
        ("locate_s", h.locate_s),
        ("switching_s", h.switching_s),
        ("cable_repair_min", h.cable_repair_min),
        ("overhead_repair_min", h.overhead_repair_min),
        ("device_repair_min", h.device_repair_min),
        ("grid_stable_s", h.grid_stable_s),
    ];
    times.iter().for_each(|(n, x)| v.within(n, *x, 0.0, 1e5));
    v.within("min_voltage_pu", h.min_voltage_pu, 0.5, 1.0);
    v.within("max_loading", h.max_loading, 0.1, 3.0);
    v.within("sync_voltage_pu", h.sync_voltage_pu, 0.001, 0.5);
    v.within("sync_frequency_hz", h.sync_frequency_hz, 0.001, 2.0);
    v.within("sync_angle_deg", h.sync_angle_deg, 0.1, 60.0);
    let m = &file.market;
    v.base = "market".into();
    if m.slot_min == 0 || !60_u32.is_multiple_of(m.slot_min) {
        let what = format!("`slot_min` is {}, expected a divisor of 60 such as 5, 15 or 30", m.slot_min);
        v.fail("slot_min", what);
    } else if m.gate_s >= m.slot_min * 60 {
        v.fail("gate_s", format!("`gate_s` is {}, expected less than a slot ({} s)", m.gate_s, m.slot_min * 60));
    }
    let prices = [
        ("import_tariff", m.import_tariff),
        ("feed_in_tariff", m.feed_in_tariff),
        ("carbon_price", m.carbon_price),
        ("imbalance_short", m.imbalance_short),
        ("imbalance_long", m.imbalance_long),
        ("price_cap", m.price_cap),
    ];
    prices.iter().for_each(|(n, x)| v.within(n, *x, 0.0, 1e5));
    v.within("grid_fee", m.grid_fee, 0.0, 10.0);
    v.within("loss_charge", m.loss_charge, 0.0, 1.0);
    v.within("congestion_charge", m.congestion_charge, 0.0, 1.0);
    v.within("credit_share", m.credit_share, 0.0, 1.0);
    v.share("local_discount", m.local_discount);
    v.share("tax", m.tax);
    v.no_more("feed_in_tariff", m.feed_in_tariff, "import_tariff", m.import_tariff);
    let l = &file.ledger;
    v.base = "ledger".into();
    v.within("block_s", l.block_s, 1.0, 3600.0);
    v.within("empty_block_s", l.empty_block_s, 1.0, 86_400.0);
    v.no_more("block_s", l.block_s, "empty_block_s", l.empty_block_s);
    v.within("latency_ms", l.latency_ms, 0.0, 60_000.0);
    v.within("jitter_ms", l.jitter_ms, 0.0, 60_000.0);
    v.share("loss", l.loss);
    v.within("bandwidth_kbit", l.bandwidth_kbit, 1.0, 1e8);
    v.within("miner_kw", l.miner_kw, 0.0, 1e3);
    v.base = "place".into();
    v.point("chain_at", file.place.chain_at);
    v.within("chain_heading_deg", file.place.chain_heading_deg, -360.0, 360.0);
    for (i, r) in file.place.roads.iter().enumerate() {
        v.base = format!("place.roads[{i}]");
        v.within("width_m", r.width_m, 0.1, 200.0);
        r.path.iter().for_each(|p| v.point("path", *p));
    }
    for (i, w) in file.place.woods.iter().enumerate() {
        v.base = format!("place.woods[{i}]");
        v.positive("radius_m", w.radius_m);
        v.within("trees", f64::from(w.trees), 0.0, 5000.0);
        v.point("at", w.at);
    }
}

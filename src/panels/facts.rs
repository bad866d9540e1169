//! Live numbers of a thing, each with its unit: what the inspector lists.

use super::data::PanelData;
use super::names::name;
use super::numbers::{kw, kwh, money, number, percent, price, wh, with};
use super::study_facts;
use super::widgets::{Row, Tone, row};
use crate::overlay::UNBALANCE_LIMIT;
use sim_core::ids::{BuildingId, BusId, DeviceId, LineId, Subject, SwitchId, TransformerId, ValidatorId};
use sim_core::scene::schema::DeviceKind;
use sim_core::snapshot::{DeviceStatus, LineView, PhaseView};

/// From this share of the rating on a line is heavily loaded.
const HEAVY: f64 = 0.8;
/// Voltages outside of this band are out of limits (EN 50160: 230 V plus or minus 10 %).
const VOLTAGE_BAND: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// Rows of a thing.
pub(crate) fn facts(data: &PanelData<'_>, subject: Subject) -> Vec<Row> {
    if let Some(study) = data.study {
        return study_facts::facts(data, study, subject);
    }
    match subject {
        Subject::Line(i) => line(data, i),
        Subject::Transformer(i) => transformer(data, i),
        Subject::Switch(i) => switch(data, i),
        Subject::Building(i) => building(data, i),
        Subject::Device(i) => device(data, i),
        Subject::Bus(i) => bus(data, i),
        Subject::Gateway(i) => {
            let works = data.now.gateways.get(i.index()).copied().unwrap_or(false);
            let serves = data.scene.file.gateways.get(i.index()).map_or(0, |g| g.serves.len());
            vec![yes_no(data, "working", works, true), row("serves", serves.to_string())]
        }
        Subject::Validator(i) => validator(data, i),
        Subject::Grid => grid(data),
        Subject::Market => market(data),
        Subject::Chain => chain(data),
        Subject::Weather => weather(data),
        Subject::Community => community(data),
    }
}

fn yes_no(data: &PanelData<'_>, what: &'static str, value: bool, good: bool) -> Row {
    let text = data.t(if value { "yes" } else { "no" });
    Row { what, value: text, tone: if value == good { Tone::Plain } else { Tone::Bad }, detail: false }
}

pub(super) fn line_rows(data: &PanelData<'_>, view: &LineView) -> Vec<Row> {
    let state = if view.fault_at.is_some() {
        ("state-fault", Tone::Bad)
    } else if view.broken {
        ("state-broken", Tone::Bad)
    } else if view.isolated {
        ("state-isolated", Tone::Warn)
    } else if view.live {
        ("state-live", Tone::Plain)
    } else {
        ("state-dead", Tone::Bad)
    };
    let loading = match view.loading {
        x if x > 1.0 => Tone::Bad,
        x if x >= HEAVY => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        row("state", data.t(state.0)).tone(state.1),
        row("power", kw(view.kw)),
        row("loading", percent(view.loading)).tone(loading),
        row("current", with(view.current_a, 1, "A")),
        row("reactive", with(view.kvar, 1, "kvar")).detail(),
        row("loss", with(view.loss_kw, 2, "kW")).detail(),
    ]
}

/// What each phase carries at the start; nothing for phases that are not there.
fn phase_rows(view: &LineView) -> Vec<Row> {
    let rows = [row("phase-a", ""), row("phase-b", ""), row("phase-c", "")];
    let carried = rows.into_iter().zip(&view.phases).filter(|(_, p)| p.current_a != 0.0 || p.kw != 0.0);
    let text = |p: &PhaseView| format!("{} · {} · {}", kw(p.kw), with(p.kvar, 1, "kvar"), with(p.current_a, 1, "A"));
    carried.map(|(row, p)| Row { value: text(p), ..row }).collect()
}

/// Resistance and reactance as they stand in the equations.
fn impedance(row: Row, r: f64, x: f64, unit: &str) -> Row {
    Row { value: format!("{} + j {} {unit}", number(r, 3), number(x, 3)), ..row }.detail()
}

fn line(data: &PanelData<'_>, id: LineId) -> Vec<Row> {
    let Some(view) = data.now.lines.get(id.index()) else { return Vec::new() };
    let mut rows = line_rows(data, view);
    if let Some(at) = view.fault_at {
        rows.insert(1, row("struck-at", percent(at)).tone(Tone::Bad));
    }
    if let (Some(line), Some(ends)) = (data.scene.file.lines.get(id.index()), data.scene.line_bus.get(id.index())) {
        let end = |bus: BusId| data.scene.name(Subject::Bus(bus)).to_owned();
        let (from, to) = if view.kw < 0.0 { (ends[1], ends[0]) } else { (ends[0], ends[1]) };
        let after = rows.iter().position(|r| r.what == "power").map_or(rows.len(), |i| i + 1);
        rows.insert(after, row("direction", format!("{} → {}", end(from), end(to))));
        rows.extend(phase_rows(view));
        rows.push(row("length", with(line.length_m, 0, "m")).detail());
        let cable = data.scene.line_cable.get(id.index()).and_then(|c| data.scene.file.cable_types.get(*c));
        if let Some(cable) = cable {
            rows.push(row("rating", with(cable.ampacity_a, 0, "A")).detail());
            rows.push(row("cable", cable.name.clone()).detail());
            rows.push(impedance(row("z1", ""), cable.r1, cable.x1, "Ω/km"));
            rows.push(impedance(row("z0", ""), cable.r0, cable.x0, "Ω/km"));
            rows.push(row("c1", with(cable.c1_nf, 0, "nF/km")).detail());
        }
    }
    rows
}

fn transformer(data: &PanelData<'_>, id: TransformerId) -> Vec<Row> {
    let Some(view) = data.now.transformers.get(id.index()) else { return Vec::new() };
    let mut rows = line_rows(data, view);
    rows.extend(phase_rows(view));
    if let Some(t) = data.scene.file.transformers.get(id.index()) {
        rows.push(row("rated-power", with(t.kva, 0, "kVA")).detail());
        rows.push(row("ratio", format!("{} / {} kV", number(t.hv_kv, 1), number(t.lv_kv, 1))).detail());
        rows.push(row("vector-group", format!("Dyn{}", t.clock)).detail());
        rows.push(row("uk", with(t.uk_pct, 2, "%")).detail());
        rows.push(row("ur", with(t.ur_pct, 2, "%")).detail());
        rows.push(row("idle-loss", with(t.no_load_kw, 2, "kW")).detail());
    }
    rows
}

fn switch(data: &PanelData<'_>, id: SwitchId) -> Vec<Row> {
    let Some(view) = data.now.switches.get(id.index()) else { return Vec::new() };
    let position = data.t(if view.closed { "state-closed" } else { "state-open" });
    let mut rows = vec![row("position", position), row("current", with(view.current_a, 1, "A"))];
    let file = data.scene.file.switches.get(id.index());
    if let Some(relay) = file.and_then(|s| s.relay.as_ref()) {
        let setting = format!("{} A / {} ms", number(relay.grid.phase_a, 0), number(relay.grid.phase_ms, 0));
        rows.push(row("relay-setting", setting));
        rows.push(yes_no(data, "picked-up", view.picked_up, false));
    }
    rows.push(yes_no(data, "passage", view.passage, false));
    if view.locked {
        rows.push(yes_no(data, "locked", true, false));
    }
    if view.jammed {
        rows.push(yes_no(data, "jammed", true, false));
    }
    let gateway = data.scene.switch_gateway.get(id.index()).copied().flatten();
    let gateway =
        gateway.map_or_else(|| data.t("remote-by-hand"), |g| name(data.scene, Subject::Gateway(g), data.locale));
    rows.push(row("remote", gateway).detail());
    rows
}

fn building(data: &PanelData<'_>, id: BuildingId) -> Vec<Row> {
    let Some(view) = data.now.buildings.get(id.index()) else { return Vec::new() };
    let currency = &data.scene.file.site.currency;
    let state = match (view.live, view.shed) {
        (_, true) => ("state-shed", Tone::Warn),
        (true, _) => ("state-supplied", Tone::Plain),
        (false, _) => ("state-dark", Tone::Bad),
    };
    let mut rows = vec![
        row("state", data.t(state.0)).tone(state.1),
        row("load", kw(view.load_kw)),
        row("own-generation", kw(view.generation_kw)),
        row("net", kw(view.net_kw)),
        row("imported", wh(view.imported_wh)),
        row("exported", wh(view.exported_wh)),
        row("account", money(view.money, currency)),
        row("dark", with(view.dark_min, 0, "min")).tone(if view.dark_min > 0.0 { Tone::Warn } else { Tone::Plain }),
    ];
    if let Some(b) = data.scene.file.buildings.get(id.index()) {
        rows.push(row("customers", b.customers.to_string()).detail());
        rows.push(row("priority", b.priority.to_string()).detail());
    }
    rows
}

fn device(data: &PanelData<'_>, id: DeviceId) -> Vec<Row> {
    let Some(view) = data.now.devices.get(id.index()) else { return Vec::new() };
    let state = match view.status {
        DeviceStatus::Off => ("status-off", Tone::Plain),
        DeviceStatus::Starting => ("status-starting", Tone::Warn),
        DeviceStatus::On => ("status-on", Tone::Plain),
        DeviceStatus::Forming => ("status-forming", Tone::Good),
        DeviceStatus::Tripped => ("status-tripped", Tone::Bad),
        DeviceStatus::Failed => ("status-failed", Tone::Bad),
    };
    let mut rows = vec![row("state", data.t(state.0)).tone(state.1), row("power", kw(view.kw))];
    let kind = data.scene.file.devices.get(id.index()).map(|d| &d.kind);
    match kind {
        Some(DeviceKind::Solar(s)) => {
            rows.push(row("available", kw(view.available_kw)));
            rows.push(row("rated-power", with(s.kwp, 1, "kWp")));
        }
        Some(DeviceKind::Wind(w)) => {
            rows.push(row("available", kw(view.available_kw)));
            rows.push(row("rated-power", kw(w.rated_kw)));
        }
        Some(DeviceKind::Battery(b)) => rows.push(row("capacity", kwh(b.kwh))),
        Some(DeviceKind::Flywheel(f)) => rows.push(row("capacity", kwh(f.kwh))),
        Some(DeviceKind::FuelCell(f)) => rows.push(row("rated-power", kw(f.rated_kw))),
        Some(DeviceKind::Tie(t)) => rows.push(row("rated-power", kw(t.capacity_kw))),
        Some(DeviceKind::Genset(g)) => rows.push(row("rated-power", kw(g.rated_kw))),
        Some(DeviceKind::EvCharger(e)) => {
            rows.push(row("car", data.t(if view.car { "yes" } else { "no" })));
            rows.push(row("rated-power", kw(e.kw)));
        }
        None => {}
    }
    if let Some(soc) = view.soc {
        let tone = if soc < 0.1 { Tone::Warn } else { Tone::Plain };
        rows.insert(2, row("charge", percent(soc)).tone(tone));
    }
    rows.push(row("reactive", with(view.kvar, 1, "kvar")).detail());
    rows
}

pub(super) fn bus(data: &PanelData<'_>, id: BusId) -> Vec<Row> {
    let Some(view) = data.now.buses.get(id.index()) else { return Vec::new() };
    let Some(bus) = data.scene.file.buses.get(id.index()) else { return Vec::new() };
    let state = if view.live { ("state-live", Tone::Plain) } else { ("state-dead", Tone::Bad) };
    let mut rows = vec![row("state", data.t(state.0)).tone(state.1)];
    let phases = [row("voltage-a", ""), row("voltage-b", ""), row("voltage-c", "")];
    for (phase, pu) in phases.into_iter().zip(view.voltage_pu) {
        let volts = pu * bus.kv * 1000.0 / 3.0_f64.sqrt();
        let bad = view.live && !VOLTAGE_BAND.contains(&pu);
        let value = format!("{} V ({})", number(volts, 1), percent(pu));
        rows.push(Row { value, tone: if bad { Tone::Bad } else { Tone::Plain }, ..phase });
    }
    let tone = if view.unbalance > UNBALANCE_LIMIT { Tone::Bad } else { Tone::Plain };
    rows.push(row("unbalance", with(view.unbalance * 100.0, 2, "%")).tone(tone));
    rows
}

fn validator(data: &PanelData<'_>, id: ValidatorId) -> Vec<Row> {
    let Some(v) = data.now.validators.get(id.index()) else { return Vec::new() };
    vec![
        yes_no(data, "powered", v.powered, true),
        yes_no(data, "connected", v.connected && !v.apart, true),
        row("height", v.height.to_string()),
        row("prevote", data.t(if v.prevoted { "yes" } else { "no" })),
        row("precommit", data.t(if v.precommitted { "yes" } else { "no" })),
    ]
}

fn grid(data: &PanelData<'_>) -> Vec<Row> {
    let (m, currency) = (&data.now.market, &data.scene.file.site.currency);
    vec![
        yes_no(data, "grid-alive", data.now.grid_alive, true),
        row("import", kw(data.now.balance.grid)),
        row("import-tariff", price(m.import_milli, currency)),
        row("feed-in-tariff", price(m.feed_in_milli, currency)),
        row("import-now", price(m.grid_milli.0, currency)),
        row("feed-in-now", price(m.grid_milli.1, currency)),
        row("carbon-grid", with(data.scene.file.upstream.co2_g_per_kwh, 0, "g/kWh")),
    ]
}

fn market(data: &PanelData<'_>) -> Vec<Row> {
    let (m, currency) = (&data.now.market, &data.scene.file.site.currency);
    let mut rows = vec![row("price", price(m.price_milli, currency))];
    if let Some(next) = m.next_price_milli {
        rows.push(row("next-price", price(next, currency)));
    }
    rows.extend([
        row("slot", m.slot.to_string()),
        row("clearing", m.clearing.to_string()),
        row("volume", wh(m.volume_wh)),
        row("import-tariff", price(m.import_milli, currency)),
        row("feed-in-tariff", price(m.feed_in_milli, currency)),
        row("import-now", price(m.grid_milli.0, currency)),
        row("feed-in-now", price(m.grid_milli.1, currency)),
        row("carbon-price", with(m.carbon_price, 0, &format!("{currency}/t"))),
    ]);
    rows
}

fn chain(data: &PanelData<'_>) -> Vec<Row> {
    let c = &data.now.chain;
    vec![
        row("height", c.height.to_string()),
        row("round", c.round.to_string()),
        row("voting", format!("{} / {}", c.voting, data.now.validators.len())).tone(if c.stalled {
            Tone::Bad
        } else {
            Tone::Plain
        }),
        row("waiting", c.waiting.to_string()),
        row("transactions", c.transactions.to_string()),
    ]
}

fn weather(data: &PanelData<'_>) -> Vec<Row> {
    let w = &data.now.weather;
    vec![
        row("sun-height", with(w.sun_elevation_deg, 1, "°")),
        row("irradiance", with(w.ghi_w_m2, 0, "W/m²")),
        row("cloud", percent(w.cloud)),
        row("wind", with(w.wind_ms, 1, "m/s")),
        row("temperature", with(w.temperature_c, 1, "°C")),
    ]
}

fn community(data: &PanelData<'_>) -> Vec<Row> {
    let (b, t) = (&data.now.balance, &data.now.totals);
    vec![
        row("load", kw(b.load + b.ev)),
        row("import", kw(b.grid)),
        row("self-sufficiency", percent(t.self_sufficiency)),
        row("solar-total", kwh(t.solar_kwh)),
        row("import-total", kwh(t.import_kwh)),
        row("export-total", kwh(t.export_kwh)),
        row("co2", with(t.co2_kg, 1, "kg")),
        row("ens", with(t.ens_kwh, 2, "kWh")),
        row("saidi", with(t.saidi_min, 1, "min")),
    ]
}

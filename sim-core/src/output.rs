//! What a run leaves: series, events, chain and summary as text. Numbers use a point whatever the machine's locale.

use crate::digest::hex;
use crate::event::{Event, EventKind};
use crate::explain::sentence;
use crate::ids::{DeviceId, LineId, Subject, SwitchId};
use crate::ledger::watch::evidence_file::encode_evidence;
use crate::recorder::{COMMUNITY, Channel, Recorder};
use crate::scene::Scene;
use crate::time::SimTime;
use crate::world::{Stage, World};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// `series.csv`: a row a minute; means of the community's channels, of each building, each device, each line's loading
/// and each bus's lowest voltage.
#[must_use]
pub fn series_csv(scene: &Scene, recorder: &Recorder) -> String {
    let f = &scene.file;
    let mut columns: Vec<(String, Channel)> = COMMUNITY.iter().map(|c| (community_name(*c).to_owned(), *c)).collect();
    let each = |names: Vec<&str>, unit: &str, channel: fn(u32) -> Channel| {
        let name = |(i, n): (usize, &str)| (format!("{n}{unit}"), channel(i as u32));
        names.into_iter().enumerate().map(name).collect::<Vec<_>>()
    };
    columns.extend(each(f.buildings.iter().map(|b| b.name.as_str()).collect(), "_kw", Channel::Building));
    columns.extend(each(f.devices.iter().map(|b| b.name.as_str()).collect(), "_kw", Channel::Device));
    columns.extend(each(f.devices.iter().map(|b| b.name.as_str()).collect(), "_soc", Channel::Charge));
    columns.extend(each(f.lines.iter().map(|b| b.name.as_str()).collect(), "_loading", Channel::Line));
    columns.extend(each(f.buses.iter().map(|b| b.name.as_str()).collect(), "_v_pu", Channel::Bus));
    let mut text = String::from("time,time_us");
    for (name, _) in &columns {
        text.push(',');
        text.push_str(name);
    }
    text.push('\n');
    let (from, to) = (SimTime(0), SimTime(u64::MAX));
    let series: Vec<_> = columns.iter().map(|(_, c)| recorder.series(scene, *c, from, to)).collect();
    for (i, minute) in recorder.minutes().iter().enumerate() {
        let _ = write!(text, "{},{}", minute.clock(), minute.0);
        for s in &series {
            let _ = write!(text, ",{}", s.get(i).map_or(0.0, |m| m.mean));
        }
        text.push('\n');
    }
    text
}

fn community_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Solar => "solar_kw",
        Channel::Wind => "wind_kw",
        Channel::FuelCell => "fuel_cell_kw",
        Channel::Gas => "gas_kw",
        Channel::Diesel => "diesel_kw",
        Channel::Storage => "storage_kw",
        Channel::Grid => "grid_kw",
        Channel::Load => "load_kw",
        Channel::Loss => "loss_kw",
        Channel::Price => "price_milli_per_kwh",
        Channel::Frequency => "frequency_hz",
        Channel::Building(_) | Channel::Device(_) | Channel::Charge(_) | Channel::Line(_) | Channel::Bus(_) => "",
    }
}

/// `events.jsonl`: one event a line.
#[must_use]
pub fn events_jsonl(scene: &Scene, events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        text.push_str(&event_json(scene, event).to_string());
        text.push('\n');
    }
    text
}

/// An event as JSON: its numbers, its causes, its subject's name, its kind with data, and the sentence that says it.
#[must_use]
pub fn event_json(scene: &Scene, event: &Event) -> Value {
    let (kind, data) = match serde_json::to_value(&event.kind) {
        Ok(Value::Object(map)) => map.into_iter().next().unwrap_or_default(),
        Ok(Value::String(name)) => (name, Value::Object(Map::new())),
        _ => Default::default(),
    };
    let also: Vec<u64> = event.also.iter().map(|e| e.0).collect();
    json!({
        "id": event.id.0,
        "time_us": event.time_us,
        "cause": event.cause.map(|c| c.0),
        "also": also,
        "subject": scene.name(event.subject),
        "kind": kind,
        "data": named_data(scene, &event.kind, data),
        "text": sentence(scene, event),
    })
}

/// Ids inside an event's data become names.
fn named_data(scene: &Scene, kind: &EventKind, mut data: Value) -> Value {
    let mut put = |key: &str, value: Value| data[key] = value;
    let switches = |list: &[SwitchId]| list.iter().map(|s| scene.name(Subject::Switch(*s))).collect::<Vec<_>>();
    let switch = |id: &SwitchId| json!(scene.name(Subject::Switch(*id)));
    let line = |id: &LineId| json!(scene.name(Subject::Line(*id)));
    let device = |id: &DeviceId| json!(scene.name(Subject::Device(*id)));
    match kind {
        EventKind::IslandFormed { former, .. } => put("former", device(former)),
        EventKind::FaultLocated { line: id, seen_by, not_by } => {
            put("line", line(id));
            put("seen_by", json!(switches(seen_by)));
            put("not_by", json!(switches(not_by)));
        }
        EventKind::SectionIsolated { open } => put("open", json!(switches(open))),
        EventKind::RestorationPlanned { switch: id, .. } | EventKind::RestorationRefused { switch: id, .. } => {
            put("switch", switch(id));
        }
        _ => {}
    }
    data
}

/// `chain.jsonl`: one block a line, the genesis first.
#[must_use]
pub fn chain_jsonl(recorder: &Recorder) -> String {
    let mut text = recorder.chain().join("\n");
    text.push('\n');
    text
}

/// `neighbour-chain.jsonl`: the blocks of the neighbour's chain; `None` without a neighbour.
#[must_use]
pub fn far_chain_jsonl(recorder: &Recorder) -> Option<String> {
    let lines = recorder.far_chain();
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

/// `evidence.jsonl`: what was proven about attacks, at most the last 64 findings; none where nothing was.
#[must_use]
pub fn evidence_jsonl(world: &World) -> Option<String> {
    let chain = world.chain_hash();
    let lines: Vec<String> =
        world.findings().filter_map(|f| f.evidence.as_ref()).map(|e| encode_evidence(chain, e)).collect();
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

/// `summary.json`. `step_ms` is what the caller measured of each stage, milliseconds per simulated second.
#[must_use]
pub fn summary_json(world: &World, recorder: &Recorder, step_ms: Vec<(Stage, f64)>) -> String {
    let t = world.totals();
    let step_ms: Map<String, Value> =
        step_ms.into_iter().map(|(s, ms)| (format!("{s:?}").to_lowercase(), json!(ms))).collect();
    let value = json!({
        "scene": world.scene().file.title.en,
        "seed": world.seed(),
        "from": world.scene().start.clock(),
        "to": world.now().clock(),
        "digest": hex(&world.compute_digest()),
        "energy_kwh": {
            "solar": t.solar_kwh, "wind": t.wind_kwh, "fuel_cell": t.fuel_cell_kwh, "gas": t.gas_kwh,
            "diesel": t.diesel_kwh, "storage_in": t.storage_in_kwh, "storage_out": t.storage_out_kwh,
            "load": t.load_kwh, "ev": t.ev_kwh, "import": t.import_kwh, "export": t.export_kwh,
            "from_neighbour": t.neighbour_in_kwh, "to_neighbour": t.neighbour_out_kwh,
            "loss": t.loss_kwh, "curtailed": t.curtailed_kwh,
        },
        "cost": t.cost_money as f64 / 1e6,
        "co2_kg": t.co2_kg,
        "footprints": world.footprints_json(),
        "shared_storage": world.shared_storage_json(),
        "neighbour": world.neighbour_json(),
        "self_sufficiency": t.self_sufficiency(),
        "ens_kwh": t.ens_kwh,
        "saidi_min": t.saidi_min(),
        "customers_out_max": t.customers_out_max,
        "blocks": recorder.chain().len().saturating_sub(1),
        "trades": t.trades,
        "settled_slots": t.settled_slots,
        "imbalance_wh": t.imbalance_wh,
        "events": recorder.events().len(),
        "step_ms": step_ms,
        "max_kcl_residual_pu": t.max_kcl_residual_pu,
    });
    format!("{value:#}\n")
}

//! A week of a small community on nothing but its meters: prices follow the sun, the battery earns, all adds up.

use super::*;
use crate::rng::Stream;

const HOMES: u32 = 40;
const FIELD: u32 = 41;
const BATTERY: u32 = 42;

/// Net export in Wh of home `n` in a slot: evening load, half of the homes with a roof.
fn draw_home(stream: &mut Stream, n: u32, quarter: u64, clearness: f64) -> i64 {
    let evening = if (68..88).contains(&quarter) { 350.0 } else { 120.0 };
    let roof = if n.is_multiple_of(2) { 700.0 * sun(quarter) * clearness } else { 0.0 };
    (roof - evening * stream.between(0.6, 1.4)) as i64
}

/// A half sine from 07:00 to 19:00.
fn sun(quarter: u64) -> f64 {
    if (28..76).contains(&quarter) { libm::sin(std::f64::consts::PI * (quarter as f64 - 28.0) / 48.0) } else { 0.0 }
}

fn registers(net: i64) -> Registers {
    Registers { import: Wh((-net).max(0)), export: Wh(net.max(0)) }
}

#[derive(Default)]
struct Tally {
    noon: Vec<i64>,
    evening: Vec<i64>,
    between: usize,
    noon_battery: i64,
    evening_battery: i64,
    battery_money: i64,
    volume: i64,
    imbalance: i64,
}

fn run_slot(m: &mut Market, stream: &mut Stream, stored: &mut i64, slot: u64, tally: Option<&mut Tally>) {
    let quarter = slot % 96;
    let mut situations: Vec<_> =
        (0..=FIELD).map(|n| Situation { forecast: m.forecast(slot, ParticipantId(n)), ..household(n, 0) }).collect();
    situations.push(battery(BATTERY, *stored));
    let now = SimTime((slot * SLOT).saturating_sub(MINUTE_US));
    let report = m.clear_slot(now, slot, &situations, true).expect("clears");
    // A clearness of the day, the same for all, and passing clouds.
    let day = Stream::new(5, "day", slot / 96).between(0.5, 0.9);
    let clearness = day + stream.between(-0.1, 0.1);
    let mut nets: Vec<i64> = (0..HOMES).map(|n| draw_home(stream, n, quarter, clearness)).collect();
    nets.push(0);
    nets.push((20_000.0 * sun(quarter) * clearness) as i64);
    let dispatched = m.position(slot, ParticipantId(BATTERY)).0;
    nets.push(dispatched);
    *stored += if dispatched > 0 { -dispatched * 1_000 / 960 } else { -dispatched * 960 / 1_000 };
    assert!((59_999..=300_000).contains(stored), "{stored} Wh in slot {slot}");
    let metered: Vec<_> = nets
        .iter()
        .zip(0..)
        .map(|(&net, n)| Metered { account: ParticipantId(n), registers: registers(net) })
        .collect();
    let losses = 40;
    let statement = m.settle(slot, &metered, registers(losses - nets.iter().sum::<i64>()).swapped(), Wh(losses));
    let statement = statement.expect("balanced");
    m.record_metered(slot, &metered);
    let (Some(t), Some(price)) = (tally, report.summary.price) else { return };
    t.between += usize::from(price > Price(80) && price < Price(320));
    match quarter {
        48..60 => {
            t.noon.push(price.0);
            t.noon_battery += dispatched;
        }
        72..88 => {
            t.evening.push(price.0);
            t.evening_battery += dispatched;
        }
        _ => {}
    }
    let row = |n: u32| statement.rows.iter().find(|r| r.account == ParticipantId(n)).expect("a row");
    t.battery_money += row(BATTERY).total.0;
    t.volume += report.summary.volume.0;
    t.imbalance += (0..=FIELD).map(|n| row(n).imbalance.0.abs()).sum::<i64>();
}

impl Registers {
    /// What one side takes the other gives.
    fn swapped(self) -> Self {
        Self { import: self.export, export: self.import }
    }
}

#[test]
fn a_week_on_its_own_meters() {
    let mut m = market();
    let mut stream = Stream::new(3, "week", 0);
    let (mut stored, mut tally) = (150_000, Tally::default());
    for slot in 0..7 * 96 {
        // The first two days are for learning.
        let counted = (slot >= 2 * 96).then_some(&mut tally);
        run_slot(&mut m, &mut stream, &mut stored, slot, counted);
    }
    let mean = |prices: &[i64]| prices.iter().sum::<i64>() / prices.len() as i64;
    let (noon, evening) = (mean(&tally.noon), mean(&tally.evening));
    println!(
        "noon {noon}, evening {evening}, between the tariffs {} of 480 slots, battery {:.2} a day, imbalance {:.1} % of \
         volume, state {} bytes",
        tally.between,
        tally.battery_money as f64 / 5e6,
        100.0 * tally.imbalance as f64 / tally.volume as f64,
        postcard::to_allocvec(&m).expect("serialises").len(),
    );
    assert!(noon + 60 < evening, "sun makes cheap, dusk dear: {noon}, {evening}");
    assert!(tally.between > 30, "the community also makes prices of its own: {}", tally.between);
    assert!(tally.noon_battery < 0 && tally.evening_battery > 0, "charges at noon, gives in the evening");
    assert!(tally.battery_money > 0, "arbitrage earns: {}", tally.battery_money);
    assert!(tally.imbalance * 2 < tally.volume, "forecasts carry most of it");
}

//! Steps of load against closed forms, matrix exponentials and the droop-filter equivalence.

use super::super::unit::Model;
use super::*;

const RATED_KW: f64 = 100.0;

fn refs(name: &str) -> Option<String> {
    let path = format!("{}/../../shared/refs/frequency/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("left out: reference {name} is not here");
    }
    text
}

fn unit(id: u32, share: f64, model: Model) -> UnitSpec {
    UnitSpec {
        device: DeviceId(id),
        rated_kw: RATED_KW * share,
        model,
        reference_kw: 0.0,
        min_kw: -RATED_KW * share * 9.0,
        max_kw: RATED_KW * share * 9.0,
        secondary: false,
    }
}

fn engine(inertia_s: f64, droop_pu: f64, governor_s: f64) -> Model {
    Model::Genset { inertia_s, droop_pu, governor_s, lead_s: 0.0, lag_s: 0.0, damping_pu: 0.0 }
}

fn island(units: &[UnitSpec], f0: f64, damping: f64) -> IslandFrequency {
    let mut island = IslandFrequency::new(units, f0, f0);
    island.set_damping(damping);
    island.set_secondary(None);
    island
}

/// Steps by milliseconds to `t_s` after the load step and gives the deviation, Hz.
fn run_to(island: &mut IslandFrequency, done_ms: &mut u32, t_s: f64, load_pu: f64) -> f64 {
    while f64::from(*done_ms) < t_s * 1000.0 - 0.5 {
        island.step(0.001, load_pu * RATED_KW, 50.0);
        *done_ms += 1;
    }
    island.frequency_hz() - island.nominal_hz
}

/// Grainger and Stevenson style textbook case: H = 5 s, D = 1, R = 5 %, T = 0.5 s, 0.1 pu step at 50 Hz.
#[test]
fn a_textbook_step_settles_where_the_droop_says() {
    let mut island = island(&[unit(0, 1.0, engine(5.0, 0.05, 0.5))], 50.0, 1.0);
    let mut ms = 0;
    island.step(0.001, 10.0, 50.0);
    assert!((island.slope_hz_s() + 0.5).abs() < 0.0025, "{}", island.slope_hz_s());
    let df = run_to(&mut island, &mut ms, 30.0, 0.1);
    assert!((df + 50.0 * 0.1 / 21.0).abs() < 1e-4, "{df}");
    let total: f64 = island.powers_kw().map(|(_, kw)| kw).sum();
    assert!((total - 10.0 - RATED_KW * df / 50.0).abs() < 1e-6, "powers meet the load and its damping: {total}");
}

#[test]
fn closed_form_steps_agree_within_a_millihertz() {
    let Some(text) = refs("swing_droop_table.csv") else { return };
    let number = |s: &str| s.parse::<f64>().ok();
    let mut worst = 0.0_f64;
    for line in text.lines().skip(1) {
        let c: Vec<_> = line.split(',').map(number).collect();
        let v = |i: usize| c[i].expect("a number");
        let mut island = island(&[unit(0, 1.0, engine(v(0), v(2), v(3)))], v(5), v(1));
        let (mut ms, mut nadir) = (0, (0.0_f64, 0.0));
        for (column, t) in [(14, 0.1), (15, 0.25), (16, 0.5), (17, 1.0), (18, 2.0), (19, 5.0), (20, 10.0)] {
            while f64::from(ms) < t * 1000.0 - 0.5 {
                let next_s = f64::from(ms + 1) / 1000.0;
                let df = run_to(&mut island, &mut ms, next_s, v(4));
                if df.abs() > nadir.0.abs() {
                    nadir = (df, f64::from(ms) / 1000.0);
                }
            }
            let df = island.frequency_hz() - island.nominal_hz;
            worst = worst.max((df - v(column)).abs());
        }
        if let (Some(t), Some(df)) = (c[12], c[13])
            && t < 10.0
        {
            assert!((nadir.0 - df).abs() < 0.001 && (nadir.1 - t).abs() < 0.005, "{line}: {nadir:?}");
        }
    }
    assert!(worst < 0.001, "worst {worst} Hz");
}

#[test]
fn several_governors_agree_with_the_matrix_exponential() {
    let engine2 = |inertia_s, droop_pu, governor_s, lead_s, lag_s, damping_pu| Model::Genset {
        inertia_s,
        droop_pu,
        governor_s,
        lead_s,
        lag_s,
        damping_pu,
    };
    let fast = |droop_pu, response_s| Model::Droop { droop_pu, response_s };
    let cases = [
        (
            "mg_diesel_gfm.csv",
            50.0,
            1.0,
            0.2,
            vec![unit(0, 0.6, engine(2.5, 0.04, 0.4)), unit(1, 0.4, fast(0.03, 0.03))],
        ),
        (
            "mg_two_tgov1.csv",
            60.0,
            1.0,
            0.1,
            vec![
                unit(0, 0.7, engine2(3.5, 0.05, 0.49, 2.1, 7.0, 0.0)),
                unit(1, 0.3, engine2(3.5, 0.04, 0.2, 0.0, 0.5, 0.1)),
            ],
        ),
        (
            "mg_lost_pv_export.csv",
            50.0,
            1.2,
            -0.3,
            vec![unit(0, 0.5, engine(0.8, 0.05, 0.8)), unit(1, 0.1, fast(0.01, 0.05)), unit(2, 0.4, fast(0.02, 0.02))],
        ),
    ];
    for (name, f0, damping, step, units) in cases {
        let Some(text) = refs(name) else { return };
        let (mut island, mut ms, mut worst) = (island(&units, f0, damping), 0, 0.0_f64);
        for line in text.lines().skip(1) {
            let v: Vec<f64> = line.split(',').map(|s| s.parse().expect("a number")).collect();
            if v[0] > 1.0 {
                let df = run_to(&mut island, &mut ms, v[0] - 1.0, step);
                worst = worst.max((f0 + df - v[1]).abs());
            }
        }
        assert!(worst < 0.001, "{name}: worst {worst} Hz");
    }
}

/// Droop with a power filter is a swing equation: `H = T/(2m)`, `D = 1/m` (three cases of gfm_droop_lpf.json).
#[test]
fn a_power_filter_is_virtual_inertia() {
    let cases = [
        (0.02, 0.03, 0.5, 50.0, -16.666_666_67, -0.5, -0.316_060_279_4),
        (0.05, 0.1, 0.3, 60.0, -9.0, -0.9, -0.568_908_502_9),
        (0.01, 0.016, -0.4, 50.0, 12.5, 0.2, 0.126_424_111_6),
    ];
    for (droop_pu, filter_s, step, f0, rocof, steady, at_filter) in cases {
        let mut island = island(&[unit(0, 1.0, Model::Forming { droop_pu, filter_s })], f0, 0.0);
        let mut first = island.clone();
        first.step(1e-6, step * RATED_KW, f0);
        assert!((first.slope_hz_s() / rocof - 1.0).abs() < 0.005);
        let mut ms = 0;
        assert!((run_to(&mut island, &mut ms, filter_s, step) - at_filter).abs() < 0.001);
        assert!((run_to(&mut island, &mut ms, 3.0, step) - steady).abs() < 0.001);
    }
}

#[test]
fn secondary_control_returns_to_nominal_and_an_overload_does_not() {
    let mut forming = unit(0, 1.0, Model::Forming { droop_pu: 0.02, filter_s: 0.03 });
    (forming.secondary, forming.min_kw, forming.max_kw) = (true, -120.0, 120.0);
    let mut island = IslandFrequency::new(&[forming], 50.0, 50.0);
    for _ in 0..60 {
        island.step(1.0, 80.0, 50.0);
    }
    assert!((island.frequency_hz() - 50.0).abs() < 0.001, "{}", island.frequency_hz());
    assert!((island.power_kw(DeviceId(0)).expect("there") - 80.0).abs() < 0.01);
    let mut ms = 0;
    run_to(&mut island, &mut ms, 0.2, 1.5);
    assert!(island.frequency_hz() < 48.0, "30 % beyond the limit: {}", island.frequency_hz());
}

#[test]
fn the_angle_runs_with_the_difference_and_stays_in_one_turn() {
    let mut forming = unit(0, 1.0, Model::Forming { droop_pu: 0.02, filter_s: 0.03 });
    forming.secondary = true;
    let mut island = IslandFrequency::new(&[forming], 50.0, 50.1);
    island.set_damping(0.0);
    island.set_target_hz(50.1);
    island.set_reference_kw(DeviceId(0), 0.1 * RATED_KW);
    for _ in 0..70 {
        island.step(0.1, 0.0, 50.0);
    }
    // 0.1 Hz for 7 s is 0.7 of a turn: 252 degrees, that is -108.
    assert!((island.angle_deg() + 108.0).abs() < 0.5, "{}", island.angle_deg());
}

#[test]
fn generators_yield_above_the_threshold() {
    assert!((over_frequency_share(50.1, 50.0) - 1.0).abs() < 1e-12);
    assert!((over_frequency_share(50.7, 50.0) - 0.8).abs() < 1e-9);
    assert!(over_frequency_share(53.0, 50.0) < 1e-12);
}

/// Islanding of a microgrid with two gensets in ANDES 2.0.0 (full network, classical machines): with the electrical
/// power that its network gives, the centre of inertia moves as ours within 25 mHz of a dip of 1,170 mHz. The rest is
/// the one frequency of our island: its two machines swing against one another by up to 50 mHz, and with each
/// governor on its own machine's frequency the same equations agree within 0.5 mHz.
#[test]
fn an_islanding_in_andes_agrees_within_two_percent_of_its_dip() {
    let Some(text) = refs("andes_mg_islanding.csv") else { return };
    let machine = |id, rated_kw, reference_kw, inertia_s, droop_pu, governor_s, lead_s, lag_s, damping_pu| UnitSpec {
        device: DeviceId(id),
        rated_kw,
        model: Model::Genset { inertia_s, droop_pu, governor_s, lead_s, lag_s, damping_pu },
        reference_kw,
        min_kw: -9e3,
        max_kw: 9e3,
        secondary: false,
    };
    let units = [
        machine(0, 600.0, 350.0, 1.2, 0.04, 0.25, 0.0, 0.15, 0.0),
        machine(1, 400.0, 200.0, 1.6, 0.05, 0.4, 0.3, 1.2, 0.02),
    ];
    let mut island = island(&units, 50.0, 0.6 * 1.0 + 0.4 * 0.8);
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|s| s.parse().expect("a number")).collect()).collect();
    let (mut worst, mut lowest, mut before) = (0.0_f64, 50.0_f64, None);
    for v in rows.iter().filter(|v| v[0] > 1.001) {
        let load_kw = 1000.0 * (v[8] + v[9]);
        let f = island.step(0.01, 0.5 * (load_kw + before.unwrap_or(load_kw)), 50.0);
        before = Some(load_kw);
        worst = worst.max((f - (1.44 * v[5] + 1.28 * v[6]) / 2.72).abs());
        lowest = lowest.min(f);
    }
    assert!(worst < 0.025, "worst {worst} Hz");
    assert!((lowest - 48.826_5).abs() < 0.01, "nadir {lowest} Hz");
}

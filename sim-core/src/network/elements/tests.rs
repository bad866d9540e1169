//! The element library against numbers worked by hand and against published ones.

use super::*;
use crate::network::Terminal;

fn c(re: f64, im: f64) -> Complex {
    Complex::new(re, im)
}

fn near(got: Complex, want: Complex, relative: f64) {
    assert!((got - want).norm() <= relative * want.norm().max(1e-300), "{got:?}, expected {want:?}");
}

fn winding(connection: Connection, kv: f64, kva: f64, r_pct: f64) -> Winding {
    Winding {
        terminal: Terminal::new(0, &[0, 1, 2, 3]),
        connection,
        kv,
        kva,
        r_pct,
        tap: 1.0,
        min_tap: 0.9,
        max_tap: 1.1,
        num_taps: 32,
        neutral_ohm: None,
    }
}

fn transformer(phases: usize, windings: Vec<Winding>, x_pct: &[f64]) -> Transformer {
    let x_pct = x_pct.to_vec();
    Transformer { phases, windings, x_pct, no_load_pct: 0.0, imag_pct: 0.0, antifloat_ppm: 0.0, lv_leads: false }
}

#[test]
fn two_windings_of_one_phase_are_their_short_circuit_impedance() {
    // 50 kVA, 7200/240 V, 1 + 2 % resistance, 3 % reactance: on 240 V the base is 1.152 ohm.
    let w = [winding(Connection::Wye, 7.2, 50.0, 1.0), winding(Connection::Wye, 0.24, 50.0, 2.0)];
    let y = transformer(1, w.to_vec(), &[3.0]).admittance().expect("a matrix");
    let want = (c(0.03, 0.03) * 1.152).inv();
    near(y[2 * 4 + 2], want, 1e-12);
    near(y[2 * 4 + 3], -want, 1e-12);
    near(y[2 * 4], -want * (1.0 / 30.0), 1e-12);
    near(y[0], want * (1.0 / 900.0), 1e-12);
}

#[test]
fn the_core_stands_at_the_second_winding_and_taps_scale_their_side() {
    let w = [winding(Connection::Wye, 2.4, 100.0, 0.0), winding(Connection::Wye, 0.24, 100.0, 0.0)];
    let mut t = transformer(1, w.to_vec(), &[4.0]);
    t.no_load_pct = 0.5;
    t.imag_pct = 2.0;
    t.windings[1].tap = 1.05;
    let y = t.admittance().expect("a matrix");
    let base = 100e3 / (240.0 * 1.05) / (240.0 * 1.05);
    near(y[2 * 4 + 2], (c(0.0, 0.04).inv() + c(0.005, -0.02)) * base, 1e-12);
    near(y[0], c(0.0, 0.04).inv() * (100e3 / 2400.0 / 2400.0), 1e-12);
}

/// Open-circuit voltages of winding 2 for balanced ones at winding 1.
fn no_load(t: &Transformer) -> Vec<Complex> {
    let y = t.admittance().expect("a matrix");
    let n = 2 * (t.phases + 1);
    let (from, to): (Vec<usize>, Vec<usize>) = ((0..3).collect(), (4..7).collect());
    let v1 = [Complex::ONE, Complex::A2, Complex::A].map(|a| a * (12470.0 / 3.0_f64.sqrt()));
    let inner: Vec<Complex> = to.iter().flat_map(|r| to.iter().map(|k| y[r * n + k]).collect::<Vec<_>>()).collect();
    let inner = inverse(3, &inner).expect("held to earth");
    let pull: Vec<Complex> =
        to.iter().map(|r| from.iter().zip(v1).fold(Complex::ZERO, |s, (k, v)| s - y[r * n + k] * v)).collect();
    (0..3).map(|r| (0..3).fold(Complex::ZERO, |s, k| s + inner[r * 3 + k] * pull[k])).collect()
}

#[test]
fn the_low_side_lags_by_thirty_degrees_unless_it_is_told_to_lead() {
    use Connection::{Delta, Wye};
    for (a, b, leads, want) in [
        (Delta, Wye, false, -30.0),
        (Delta, Wye, true, 30.0),
        (Wye, Delta, false, -30.0),
        (Wye, Delta, true, 30.0),
        (Wye, Wye, false, 0.0),
        (Delta, Delta, false, 0.0),
    ] {
        let w = vec![winding(a, 12.47, 500.0, 0.5), winding(b, 4.16, 500.0, 0.5)];
        let mut t = transformer(3, w, &[6.0]);
        t.antifloat_ppm = 1.0;
        t.lv_leads = leads;
        let v = no_load(&t);
        let angle = v[0].arg().to_degrees();
        assert!((angle - want).abs() < 1e-3, "{a:?}-{b:?}: {angle} degrees, expected {want}");
        assert!((v[0].norm() - 4160.0 / 3.0_f64.sqrt()).abs() < 0.1, "{a:?}-{b:?}: {}", v[0].norm());
    }
}

#[test]
fn three_windings_share_by_the_star_of_their_reactances() {
    // Reactances 4, 6, 5 % of three equal windings: a star of 2.5, 1.5 and 3.5 %.
    let w: Vec<Winding> = (0..3).map(|_| winding(Connection::Wye, 1.0, 1000.0, 0.0)).collect();
    let y = transformer(1, w, &[4.0, 6.0, 5.0]).admittance().expect("a matrix");
    // Windings 2 and 3 short-circuited, 1 fed: 2.5 % and then 1.5 beside 3.5 %.
    let z = 0.025 + 0.015 * 0.035 / (0.015 + 0.035);
    near(y[0], c(0.0, z).inv(), 1e-12);
}

#[test]
fn capacitors_and_reactors_by_their_ratings() {
    let bank = |phases, delta, kv| Capacitor {
        phases,
        delta,
        kv,
        kvar: vec![300.0, 300.0],
        r_ohm: Vec::new(),
        x_ohm: Vec::new(),
        closed: vec![true, false],
    };
    // 100 kvar a phase at 2400 V: 100e3 / 2400^2 S.
    let b = 100e3 / (2400.0 * 2400.0);
    near(bank(3, false, 2.4 * 3.0_f64.sqrt()).admittance()[0], c(0.0, b), 1e-12);
    near(bank(3, true, 2.4).admittance()[0], c(0.0, 2.0 * b), 1e-12);
    near(bank(1, false, 2.4).admittance()[0], c(0.0, 3.0 * b), 1e-12);
    assert_eq!(Reactor::rated_x_ohm(3, true, 300.0, 2.4), 57.6);
    let r = Reactor { phases: 1, delta: false, r_ohm: 3.0, x_ohm: 4.0, parallel: false, rp_ohm: 10.0 };
    near(r.admittance().expect("a matrix")[0], c(0.12 + 0.1, -0.16), 1e-12);
    let none = Reactor { phases: 1, delta: false, r_ohm: 0.0, x_ohm: 0.0, parallel: false, rp_ohm: 0.0 };
    assert_eq!(none.admittance(), None);
}

#[test]
fn a_source_by_its_short_circuit_powers() {
    // The values OpenDSS reports for its default source at 12.47 kV.
    let z = short_circuit_impedance(3, 12.47, 2000.0, 2100.0, 4.0, 3.0).expect("an impedance");
    near(z.z1, c(0.018_857_254_0, 0.075_429_016_0), 1e-8);
    near(z.z0, c(0.021_117_972_6, 0.063_353_917_9), 1e-8);
    let s = Thevenin { phases: 3, kv: 12.47, pu: 1.0, angle_deg: 30.0, impedance: z };
    near(s.emf()[1], c(0.0, -12470.0 / 3.0_f64.sqrt()), 1e-12);
    // The row sum of the admittance is that of the zero sequence.
    let y = s.admittance().expect("a matrix");
    near(y[0] + y[1] + y[2], z.z0.inv(), 1e-12);
    let turned = Thevenin { impedance: Impedance { z2: z.z1 * 2.0, ..z }, ..s };
    let y = turned.admittance().expect("a matrix");
    near(y[0] + y[1] * Complex::A2 + y[2] * Complex::A, z.z1.inv(), 1e-12);
    near(y[0] + y[1] * Complex::A + y[2] * Complex::A2, (z.z1 * 2.0).inv(), 1e-12);
}

#[test]
fn the_overhead_line_of_the_four_node_feeder_has_its_published_impedance() {
    // IEEE 4-node feeder: phases 336,400 26/7, neutral 4/0 6/1; the published matrix in ohm per mile.
    let ft = 0.3048;
    let wire = |x: f64, h: f64, r: f64, gmr: f64, d: f64| Wire {
        x: x * ft,
        height: h * ft,
        rac: r / 1609.344,
        rdc: r / 1.02 / 1609.344,
        gmr: gmr * ft,
        radius: d / 2.0 * 0.0254,
        cap_radius: d / 2.0 * 0.0254,
    };
    let phase = |x| wire(x, 28.0, 0.306, 0.0244, 0.721);
    let wires = vec![phase(-4.0), phase(-1.5), phase(3.0), wire(0.0, 24.0, 0.592, 0.008_14, 0.563)];
    for (earth, close) in [(EarthModel::Carson, 1e-3), (EarthModel::FullCarson, 2e-2), (EarthModel::Deri, 2e-2)] {
        let (z, y) = Overhead { wires: wires.clone(), earth, rho: 100.0 }.per_metre(60.0, 3).expect("a matrix");
        for (k, want) in
            [(0, c(0.4576, 1.0780)), (1, c(0.1559, 0.5017)), (4, c(0.4666, 1.0482)), (5, c(0.1580, 0.4236))]
        {
            near(z[k] * 1609.344, want, close);
        }
        assert!(y[0].im > 0.0 && y[1].im < 0.0);
    }
}

#[test]
fn sequence_data_and_their_matrix_agree() {
    let (z1, z0) = (c(0.1, 0.2), c(0.3, 0.5));
    let line =
        Line { phases: 3, z_ohm: sequence_matrix(3, z1, z0), shunt_s: sequence_matrix(3, c(0.0, 6e-6), c(0.0, 3e-6)) };
    let y = line.admittance().expect("a matrix");
    let at = |r: usize, k: usize| y[r * 6 + k];
    near(at(0, 0) + at(0, 1) + at(0, 2), z0.inv() + c(0.0, 1.5e-6), 1e-12);
    near(at(0, 3) - at(0, 4), -z1.inv(), 1e-12);
    assert_eq!(sequence_matrix(1, z1, z0), vec![z1]);
}

//! Synthetic meshed networks: a ring of cables that chords close into ten loops, the same for everyone.
//!
//! Bus 0 is the slack (1 per unit, 20 kV, base 1 MVA). Bus `i` is joined to bus `i + 1`, the last one to bus 0, by
//! `r = 0.05 (1 + (7 i mod 11) / 11)` ohm, `x = 0.8 r`; chord `k` of [`CHORDS`] joins bus `k n / 20` to the bus opposite,
//! `k n / 20 + n / 2`, by `r = 0.2`, `x = 0.16` ohm. Every bus but the slack draws
//! `p = 20 kW (1 + (5 i mod 13) / 13)`, `q = 0.3287 p`.

use super::{Bus, Element, ElementKind, Network, Source, Terminal, branch_matrix};
use crate::complex::Complex;

/// Chords; with the ring itself they make ten loops.
pub const CHORDS: usize = 9;
/// Nominal voltage in kV.
const KV: f64 = 20.0;

/// The ring of `buses` buses (at least 40), balanced, per unit on 1 MVA.
#[must_use]
pub fn ring(buses: usize) -> Network {
    let n = buses.max(40);
    let mut net = Network::balanced(&format!("ring:{n}"), 50.0, 1e6);
    let bus = |i: usize| Bus { name: (i + 1).to_string(), nodes: vec![1], v_base: 1.0, kv: KV, xy: None };
    net.buses = (0..n).map(bus).collect();
    let (name, emf) = ("slack".to_owned(), vec![Complex::ONE]);
    net.sources.push(Source { name, bus: 0, emf, y: Vec::new(), in_service: true });
    let z_base = KV * KV;
    let mut join = |a: usize, b: usize, r: f64| {
        net.elements.push(Element {
            name: format!("{}-{}", a + 1, b + 1),
            kind: ElementKind::Line,
            terminals: vec![Terminal::new(a as u32, &[0]), Terminal::new(b as u32, &[0])],
            y: branch_matrix(r / z_base, 0.8 * r / z_base, 0.0, 0.0, 0.0),
            in_service: true,
            rating: 0.0,
            inputs: Vec::new(),
        });
    };
    (0..n).for_each(|i| join(i, (i + 1) % n, 0.05 * (1.0 + (7 * i % 11) as f64 / 11.0)));
    (1..=CHORDS).for_each(|k| join(k * n / 20, k * n / 20 + n / 2, 0.2));
    for i in 1..n {
        let p = 0.02 * (1.0 + (5 * i % 13) as f64 / 13.0);
        net.add_power(i as u32, format!("load {}", i + 1), Complex::new(-p, -0.3287 * p), true);
    }
    net
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powerflow::engine::{Engine, Options};

    #[test]
    fn it_has_ten_loops_and_a_solution() {
        let net = ring(150);
        assert_eq!(net.elements.len() - (net.buses.len() - 1), 10);
        let solution = Engine::new(&net).expect("valid").solve(&Options::default());
        let least = solution.voltages.iter().map(|v| v.norm()).fold(1.0, f64::min);
        assert!(solution.converged() && least > 0.9 && least < 0.999, "{least}");
    }
}

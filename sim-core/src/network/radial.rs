//! Synthetic radial networks of any size, the same for everyone who draws them by this rule.
//!
//! Random numbers `u = s / 2^32` with `s <- (1664525 s + 1013904223) mod 2^32` from `s = 12345`. Bus 0 is the slack
//! (1 per unit, 12.66 kV, base 1 MVA); the others form feeders of at most [`FEEDER`] buses. Bus `i` of the feeder that
//! starts at `a` draws `u1..u4`: its parent is 0 if `i = a`, else `i - 1` if `u1 < 0.7`, else
//! `max(a, i - 1 - floor(30 u2))`; `r = 0.02 + 0.03 u3` ohm, `x = 0.6 r`; `p = 2 kW (0.5 + u4)`, `q = 0.3287 p`.

use super::{Bus, Element, ElementKind, Network, Source, Terminal, branch_matrix};
use crate::complex::Complex;

/// Buses of a feeder, at most.
pub const FEEDER: usize = 999;
/// Nominal voltage in kV.
const KV: f64 = 12.66;

/// The radial network of `buses` buses (at least 2), balanced, per unit on 1 MVA.
#[must_use]
pub fn radial(buses: usize) -> Network {
    let mut state: u64 = 12345;
    let mut draw = || {
        state = (1_664_525 * state + 1_013_904_223) & 0xffff_ffff;
        state as f64 / 4_294_967_296.0
    };
    let mut net = Network::balanced(&format!("radial:{buses}"), 50.0, 1e6);
    let bus = |i: usize| Bus { name: (i + 1).to_string(), nodes: vec![1], v_base: 1.0, kv: KV, xy: None };
    net.buses = (0..buses.max(2)).map(bus).collect();
    let (name, emf) = ("slack".to_owned(), vec![Complex::ONE]);
    net.sources.push(Source { name, bus: 0, emf, y: Vec::new(), in_service: true });
    let z_base = KV * KV;
    let mut start = 1;
    for i in 1..net.buses.len() {
        let u: [f64; 4] = std::array::from_fn(|_| draw());
        if (i - 1) % FEEDER == 0 {
            start = i;
        }
        let parent = match i {
            _ if i == start => 0,
            _ if u[0] < 0.7 => i - 1,
            _ => (i - 1).saturating_sub((u[1] * 30.0) as usize).max(start),
        };
        let r = 0.02 + 0.03 * u[2];
        net.elements.push(Element {
            name: format!("{}-{}", parent + 1, i + 1),
            kind: ElementKind::Line,
            terminals: vec![Terminal::new(parent as u32, &[0]), Terminal::new(i as u32, &[0])],
            y: branch_matrix(r / z_base, 0.6 * r / z_base, 0.0, 0.0, 0.0),
            in_service: true,
            rating: 0.0,
            inputs: Vec::new(),
        });
        let p = (0.5 + u[3]) * 2e-3;
        net.add_power(i as u32, format!("load {}", i + 1), Complex::new(-p, -0.3287 * p), true);
    }
    net
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_buses_are_those_of_the_rule() {
        // By hand: s1 = (1664525 * 12345 + 1013904223) mod 2^32 = 87628868 and so on.
        let net = radial(2000);
        let y = net.elements[0].y[0];
        let mut s: u64 = 12345;
        let mut u = [0.0; 4];
        for x in &mut u {
            s = (1_664_525 * s + 1_013_904_223) % (1 << 32);
            *x = s as f64 / 4_294_967_296.0;
        }
        let r = (0.02 + 0.03 * u[2]) / (12.66 * 12.66);
        assert!((Complex::ONE / y - Complex::new(r, 0.6 * r)).norm() < 1e-15);
        assert_eq!((net.elements[0].terminals[0].bus, net.elements[999].terminals[0].bus), (0, 0));
        assert!(net.elements.iter().all(|e| e.terminals[0].bus < e.terminals[1].bus));
    }
}

//! How voltages answer to a load: one solve with the Jacobian at the present state.

use super::Engine;
use super::block::Lane;
use super::parts::constant_power;
use super::pattern::EARTH;
use super::sweep::{State, linear_answer};
use crate::complex::Complex;

/// Change of each node's voltage magnitude, per unit of its bus, for one unit of power more at an injection
/// (injection positive, the network's own unit).
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// By node, for active power.
    pub to_p: Vec<f64>,
    /// By node, for reactive power.
    pub to_q: Vec<f64>,
}

impl Engine {
    /// The voltages' sensitivity to the power of an injection at the state of the last solve; `None` if there is no
    /// such injection or it is without voltage.
    pub fn sensitivity(&mut self, injection: usize) -> Option<Sensitivity> {
        let place = *self.parts.injections.place.get(injection)? as usize;
        let plus = *self.parts.injections.plus.get(place)? as usize;
        let minus = self.parts.injections.minus(place);
        let state = std::mem::take(&mut self.state);
        self.prepare();
        self.linearise(&state);
        let u = state.across(&self.parts, place).get(0);
        let answer = |unit: Complex| {
            let small = self.linear(&state, &[(plus, minus, constant_power(unit, u))]);
            let of = |&k: &u32| {
                let (v, dv) = (state.v[k as usize].get(0), small.v[k as usize].get(0));
                let size = v.norm();
                if size > 0.0 { (v.conj() * dv).re / size } else { 0.0 }
            };
            self.pattern.position.iter().map(of).collect()
        };
        let out = Sensitivity { to_p: answer(Complex::ONE), to_q: answer(Complex::J) };
        self.state = state;
        (!u.is_zero()).then_some(out)
    }

    /// The change of all voltages (V, by node) for small changes of power at injections, with the Jacobian in hand.
    pub(in super::super) fn answer(&self, powers: &[(usize, Complex)]) -> Vec<Complex> {
        let list = &self.parts.injections;
        let current = |&(injection, s): &(usize, Complex)| {
            let place = *list.place.get(injection)? as usize;
            let plus = *list.plus.get(place)? as usize;
            let u = self.state.across(&self.parts, place).get(0);
            let i = match place.checked_sub(list.free).and_then(|ruled| list.rules.get(ruled)) {
                Some(rule) if !rule.alive => Complex::ZERO,
                Some(rule) => rule.current(s, u),
                None => constant_power(s, u),
            };
            Some((plus, list.minus(place), i))
        };
        let currents: Vec<_> = powers.iter().filter_map(current).collect();
        let small = self.linear(&self.state, &currents);
        let volts = |&k: &u32| small.v[k as usize].get(0) * self.parts.base[k as usize];
        self.pattern.position.iter().map(volts).collect()
    }

    /// The change of the state for currents into rows (and out of others), with the Jacobian in hand.
    fn linear(&self, state: &State<1>, currents: &[(usize, u32, Complex)]) -> State<1> {
        let zero = vec![Lane::ZERO; state.v.len()];
        let mut small: State<1> = State { v: zero.clone(), b: zero, ..State::default() };
        for &(plus, minus, i) in currents {
            small.b[plus].add(&Lane::all(i));
            if minus != EARTH {
                small.b[minus as usize].add_scaled(&Lane::all(i), -1.0);
            }
        }
        linear_answer(&mut small, &self.route, &self.pattern, &self.factor, &self.rows);
        small
    }
}

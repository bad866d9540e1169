//! Solves that depend on the state alone: island by island, with Jacobians that a fixed rule names.
//!
//! A simulation that is saved, loaded and continued has to give the bits of one that ran through, and factors are not
//! saved. So no solve may begin with a Jacobian that an earlier one left over. The rule is this.
//! - First the network without loads: its factors depend on switches alone and stay as they are. The fixed point on it
//!   contracts by about `|z_thevenin| |s| / |v|^2`, a tenth in a healthy network.
//! - Where that does not settle (a house behind a broken neutral sees tens of ohms, an overloaded line), or conductors
//!   hang on loads alone, each consuming injection becomes the admittance `y = -i(u) / u` that it is at present, made
//!   anew every few iterations. With `x = r p / v^2` that contracts by `2 x / (1 + x)`, below 1 up to the largest power
//!   the network can carry, and no border of a band or limit of a current turns it back as it does Newton's step.
//!
//! Networks without generators that hold their voltage.

use super::block::{self, Lane};
use super::factor::Factor;
use super::pattern::EARTH;
use super::rows::Kind;
use super::sweep::{Route, fill, iterate};
use super::{Engine, EngineError};
use crate::complex::Complex;
use crate::network::Network;

/// Largest change of a voltage, per unit of nominal, at which the fixed point has settled.
pub(in super::super) const TOLERANCE_PU: f64 = 1e-8;
/// Iterations without loads before they join the matrix.
const PLAIN_LIMIT: u32 = 40;
/// In so many of them the changes must fall to half, or the limit would not be kept.
const PATIENCE: u32 = 8;
/// Iterations with loads in the matrix before an island counts as unsolvable.
const LOADED_LIMIT: u32 = 160;
/// From here on they go half the way: what swings between two sides of a load's band comes to rest.
const DAMPED_FROM: u32 = 60;
/// Iterations between two linearisations of the loads.
const RELINEARISE: u32 = 4;
/// A change beyond this (per unit) will not come back.
const HOPELESS_PU: f64 = 1e4;
/// Below this share of its nominal voltage an injection is linearised at nominal voltage instead.
const NO_VOLTAGE_PU: f64 = 1e-3;

/// An engine that solves island by island.
#[derive(Clone, Debug)]
pub(in super::super) struct ByIsland {
    engine: Engine,
    /// The way through each island, and the epoch of the switches it was made for.
    routes: Vec<Route>,
    epoch: u64,
    /// Factors with loads in the matrix, for the switches' position or, if `stale`, an earlier one.
    loaded: Factor,
    stale: bool,
    /// Voltages before the last iteration.
    before: Vec<Lane<1>>,
}

/// How the iterations on an island ended.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Ended {
    pub(in super::super) iterations: u32,
    /// Largest change of a voltage in the last one, per unit, and its bus.
    pub(in super::super) change_pu: f64,
    pub(in super::super) bus: usize,
    pub(in super::super) end: End,
}

/// The end itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum End {
    Settled,
    Diverged,
    /// A conductor of the bus has no path to earth or to the reference.
    Singular,
}

impl ByIsland {
    /// Prepares `network`, whose injections and sources are set before each solve.
    pub(in super::super) fn new(network: &Network) -> Result<Self, EngineError> {
        let engine = Engine::new(network)?;
        let before = vec![Lane::ZERO; engine.pattern.len()];
        Ok(Self { engine, routes: Vec::new(), epoch: 0, loaded: Factor::default(), stale: true, before })
    }

    /// Goes to a position of the switches: joints closed, elements and sources in service, nodes alive (by number).
    pub(in super::super) fn switch(&mut self, joints: &[bool], elements: &[bool], sources: &[bool], alive: &[bool]) {
        let engine = &mut self.engine;
        engine.set_joints(joints);
        engine.set_elements_in_service(elements);
        engine.set_sources_in_service(sources);
        engine.switchable.told_alive = Some(engine.pattern.node.iter().map(|&n| alive[n as usize]).collect());
        engine.moved = true;
    }

    /// Sets a source's electromotive force.
    pub(in super::super) fn set_emf(&mut self, source: usize, emf: &[Complex]) {
        self.engine.set_emf(source, emf);
    }

    /// Sets the power of an injection.
    pub(in super::super) fn set_power(&mut self, injection: usize, s: Complex) {
        self.engine.set_power(injection, s);
    }

    /// The voltage of a node.
    pub(in super::super) fn voltage(&self, node: usize) -> Complex {
        let k = self.engine.pattern.position[node] as usize;
        self.engine.state.v[k].get(0) * self.engine.parts.base[k]
    }

    /// A copy of the engine with the Jacobian at the present state, for what small changes do.
    pub(in super::super) fn linearised(&self) -> Engine {
        let mut engine = self.engine.clone();
        let state = std::mem::take(&mut engine.state);
        engine.prepare();
        engine.linearise(&state);
        engine.state = state;
        engine
    }

    /// Sets the voltages to start from, by node.
    pub(in super::super) fn start(&mut self, voltages: impl Iterator<Item = Complex>) {
        self.prepare();
        let engine = &mut self.engine;
        for (&k, v) in engine.pattern.position.iter().zip(voltages) {
            let alive = engine.rows.kind[k as usize] != Kind::Dead;
            let v = if alive { v * (1.0 / engine.parts.base[k as usize]) } else { Complex::ZERO };
            engine.state.v[k as usize].set(0, v);
        }
        for island in 0..self.routes.len() {
            if self.lacks_voltage(island) {
                self.start_cold(island);
            }
        }
    }

    /// Takes an island's voltages away: the first iteration then gives those without loads.
    pub(in super::super) fn start_cold(&mut self, island: usize) {
        self.routes[island].positions(&self.engine.rows).for_each(|k| self.engine.state.v[k as usize] = Lane::ZERO);
    }

    /// True if an injection in the island has no voltage to start from.
    fn lacks_voltage(&self, island: usize) -> bool {
        let list = &self.engine.parts.injections;
        self.ruled(island).any(|i| {
            let cold = self.engine.state.v[list.plus[list.free + i] as usize] == Lane::ZERO;
            list.rules[i].alive && cold
        })
    }

    /// The injections of an island, by their rules.
    fn ruled(&self, island: usize) -> impl Iterator<Item = usize> {
        self.routes[island].ruled.iter().flat_map(|&(from, to)| from as usize..to as usize)
    }

    /// Brings rows, routes and the factors without loads up to date.
    fn prepare(&mut self) {
        self.engine.prepare();
        if std::mem::replace(&mut self.epoch, self.engine.epoch) == self.engine.epoch {
            return;
        }
        self.stale = true;
        let Engine { pattern, parts, rows, switchable, .. } = &self.engine;
        let of = |island: usize| {
            let inside = |k: usize| rows.island[switchable.bus_of(k)] as usize == island;
            Route::of(pattern, parts, rows, |k| rows.kind[k] != Kind::Dead && inside(k))
        };
        self.routes = (0..rows.led.len()).map(of).collect();
    }

    /// Sets an injection's slope and says so to the factors.
    fn set_slope(&mut self, i: usize, slope: block::Block) {
        let Engine { factor, parts, .. } = &mut self.engine;
        if std::mem::replace(&mut factor.ruled[i], slope) != slope {
            let place = parts.injections.free + i;
            let ends = [parts.injections.plus[place], parts.injections.minus(place)];
            ends.into_iter().filter(|k| *k != EARTH).for_each(|k| factor.touch(k as usize));
        }
    }

    /// Iterates on an island from the present voltages. `hanging`: some of its conductors hang on loads alone.
    pub(in super::super) fn settle(&mut self, island: usize, hanging: bool) -> Ended {
        let mut iterations = 0;
        if !hanging && self.singular(island).is_none() {
            let ended = self.iterate_plain(island);
            if ended.end == End::Settled {
                return ended;
            }
            iterations = ended.iterations;
            self.start_cold(island);
        }
        if std::mem::take(&mut self.stale) {
            self.loaded = self.engine.factor.clone();
        }
        std::mem::swap(&mut self.engine.factor, &mut self.loaded);
        let ended = self.iterate_loaded(island);
        std::mem::swap(&mut self.engine.factor, &mut self.loaded);
        Ended { iterations: iterations + ended.iterations, ..ended }
    }

    fn iterate_plain(&mut self, island: usize) -> Ended {
        let mut before = f64::MAX;
        let mut iterations = 0;
        loop {
            iterations += 1;
            let change_pu = self.iterate(island);
            if change_pu <= TOLERANCE_PU {
                return self.ended(island, iterations, change_pu, End::Settled);
            }
            let judged = iterations.is_multiple_of(PATIENCE);
            if change_pu > HOPELESS_PU || iterations == PLAIN_LIMIT || (judged && change_pu > 0.5 * before) {
                return self.ended(island, iterations, change_pu, End::Diverged);
            }
            before = if judged { change_pu } else { before };
        }
    }

    fn iterate_loaded(&mut self, island: usize) -> Ended {
        let mut change_pu = f64::MAX;
        for iteration in 0..LOADED_LIMIT {
            if iteration % RELINEARISE == 0 {
                self.load(island);
                self.make();
                if let Some(bus) = self.singular(island) {
                    return Ended { iterations: iteration, change_pu, bus, end: End::Singular };
                }
            }
            change_pu = self.iterate(island);
            if change_pu <= TOLERANCE_PU {
                return self.ended(island, iteration + 1, change_pu, End::Settled);
            }
            if change_pu > HOPELESS_PU {
                return self.ended(island, iteration + 1, change_pu, End::Diverged);
            }
            if iteration >= DAMPED_FROM {
                for k in self.routes[island].positions(&self.engine.rows) {
                    let (v, old) = (&mut self.engine.state.v[k as usize], self.before[k as usize].get(0));
                    v.set(0, old + (v.get(0) - old) * 0.5);
                }
            }
        }
        self.ended(island, LOADED_LIMIT, change_pu, End::Diverged)
    }

    /// Puts each consuming injection of an island, and no other, into the matrix as the admittance that it is at present.
    fn load(&mut self, island: usize) {
        let free = self.engine.parts.injections.free;
        for i in 0..self.engine.factor.ruled.len() {
            let parts = &self.engine.parts;
            let rule = &parts.injections.rules[i];
            let inside = self.engine.island_of(parts.injections.plus[free + i] as usize) == island;
            let mut slope = Complex::ZERO;
            if rule.alive && inside {
                let u = self.engine.state.across(parts, free + i).get(0);
                let nominal = rule.v_nominal();
                let u = if u.norm() > NO_VOLTAGE_PU * nominal { u } else { Complex::new(nominal, 0.0) };
                slope = rule.current(self.engine.state.s[free + i].get(0), u) / u;
            }
            self.set_slope(i, if slope.re < 0.0 { block::of_complex(slope) } else { block::ZERO });
        }
    }

    /// Makes the factors again where something was touched.
    fn make(&mut self) {
        let Engine { factor, pattern, parts, rows, edge_closed, .. } = &mut self.engine;
        factor.make(pattern, parts, rows, edge_closed);
    }

    /// A bus of the island whose potential nothing fixes.
    fn singular(&self, island: usize) -> Option<usize> {
        let at = self.engine.factor.singular.iter().filter(|k| self.engine.island_of(**k as usize) == island).min();
        at.map(|k| self.engine.switchable.bus_of(*k as usize))
    }

    /// One iteration; the largest change, per unit.
    fn iterate(&mut self, island: usize) -> f64 {
        self.before.copy_from_slice(&self.engine.state.v);
        let Engine { state, pattern, parts, factor, rows, .. } = &mut self.engine;
        let [square] = iterate(state, &self.routes[island], pattern, parts, factor, rows);
        square.sqrt()
    }

    fn ended(&mut self, island: usize, iterations: u32, change_pu: f64, end: End) -> Ended {
        let Engine { state, pattern, factor, rows, switchable, .. } = &mut self.engine;
        let change = |k: u32| state.v[k as usize].minus(&self.before[k as usize]).get(0).norm_sq();
        let worst = self.routes[island].positions(rows).map(|k| (k, change(k)));
        let worst = worst.fold((0, -1.0), |worst, at| if at.1 > worst.1 { at } else { worst });
        let bus = switchable.bus_of(worst.0 as usize);
        fill(state, pattern, factor);
        Ended { iterations, change_pu, bus, end }
    }
}

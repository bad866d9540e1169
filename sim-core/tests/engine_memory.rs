//! What the power-flow engine allocates: nothing inside a warm solve, and a bounded amount a bus in all.

#![expect(unsafe_code, reason = "an allocator that counts has no other form; it only forwards")]

use sim_core::complex::Complex;
use sim_core::network::radial::radial;
use sim_core::powerflow::engine::{Batch, Engine, Options};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Forwards to the system's allocator and counts, each thread for itself.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is forwarded unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|c| c.set(c.get() + 1));
        LIVE.with(|l| l.set(l.get() + layout.size() as isize));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.with(|l| l.set(l.get() - layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn warm<const L: usize>(engine: &mut Engine, powers: &[Complex]) {
    let mut batch: Batch<L> = engine.batch();
    let mut solve = |factor: f64| {
        for lane in 0..L {
            let factor = factor + 0.01 * lane as f64;
            powers.iter().enumerate().for_each(|(i, s)| batch.set_power(engine, lane, i, *s * factor));
        }
        engine.solve_batch(&mut batch, &Options::default())
    };
    solve(1.0);
    let before = CALLS.with(Cell::get);
    for k in 0..20 {
        let outcome = solve(0.85 + 0.01 * f64::from(k));
        assert_eq!(outcome.converged, [true; L]);
    }
    assert_eq!(CALLS.with(Cell::get), before, "{L} lanes: a warm solve allocated");
}

#[test]
fn a_warm_solve_allocates_nothing() {
    let network = radial(500);
    let powers: Vec<Complex> = network.injections.iter().map(|i| i.s).collect();
    let mut engine = Engine::new(&network).expect("valid");
    assert!(engine.solve(&Options::default()).converged());
    warm::<1>(&mut engine, &powers);
    warm::<8>(&mut engine, &powers);
}

#[test]
fn a_bus_costs_at_most_one_and_a_half_kilobytes() {
    const BUSES: usize = 20_000;
    let before = LIVE.with(Cell::get);
    let network = radial(BUSES);
    let model = LIVE.with(Cell::get);
    let mut engine = Engine::new(&network).expect("valid");
    assert!(engine.solve(&Options::default()).converged());
    let all = LIVE.with(Cell::get);
    let (of_model, of_engine) = ((model - before) as f64 / BUSES as f64, (all - model) as f64 / BUSES as f64);
    println!("a bus: {of_model:.0} bytes of model, {of_engine:.0} bytes of engine");
    assert!(of_model + of_engine <= 1500.0);
}

//! Gas: what a call costs, counted in operations of the interpreter.
//!
//! `used = base + operations + stated costs`, an integer that follows from the source, the arguments and the state
//! alone. The stated costs are for what is dearer than an operation: they are in proportion to bytes where the work is.
//! Validated by `tests/engine.rs` (pinned figures) and, for time, by `gridsim bench-contract`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Every call, whatever it does.
pub const CALL_BASE: u64 = 500;
/// Every deployment, besides its bytes and its `init`.
pub const DEPLOY_BASE: u64 = 2_000;
/// A byte of source: it is stored for ever and parsed by every validator.
pub const PER_SOURCE_BYTE: u64 = 2;
/// A byte of arguments.
pub const PER_ARGUMENT_BYTE: u64 = 1;
/// Reading an entry of the storage, besides its bytes.
pub const READ: u64 = 20;
/// Writing or removing one, besides its bytes.
pub const WRITE: u64 = 200;
/// A byte read.
pub const PER_READ_BYTE: u64 = 1;
/// A byte written.
pub const PER_WRITTEN_BYTE: u64 = 5;
/// A payment.
pub const TRANSFER: u64 = 300;
/// An event, besides its bytes.
pub const EVENT: u64 = 100;
/// A byte of an event.
pub const PER_EVENT_BYTE: u64 = 2;
/// A hash, besides its bytes.
pub const HASH: u64 = 50;
/// A byte hashed.
pub const PER_HASHED_BYTE: u64 = 1;
/// A look at the chain: an account, a reading.
pub const LOOK: u64 = 20;
/// A printed line, besides its bytes.
pub const PRINT: u64 = 20;
/// Items of a list or record, or bytes of a text, that one unit pays for where all of it is gone through: whenever the
/// variable of a list or record is used (it may be copied), and in functions that search.
pub const ITEMS_PER_UNIT: u64 = 8;

/// The meter of one call. The interpreter's own operations arrive through [`Gauge`].
#[derive(Clone, Debug)]
pub(super) struct Meter {
    gauge: Gauge,
}

/// The part of the meter that the interpreter's callback holds: it is read and written by one thread.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    limit: u64,
    operations: Arc<AtomicU64>,
    stated: Arc<AtomicU64>,
}

impl Gauge {
    /// Notes the count of operations so far; whether there is gas for them.
    pub(super) fn is_within(&self, operations: u64) -> bool {
        self.operations.store(operations, Relaxed);
        operations.saturating_add(self.stated.load(Relaxed)) <= self.limit
    }
    /// Adds a stated cost; whether there is gas for it.
    pub(super) fn process_cost(&self, cost: u64) -> bool {
        self.stated.store(self.stated.load(Relaxed).saturating_add(cost), Relaxed);
        self.is_within(self.operations.load(Relaxed))
    }
}

impl Meter {
    pub(super) fn new(limit: u64) -> Self {
        Self { gauge: Gauge { limit, operations: Arc::default(), stated: Arc::default() } }
    }
    pub(super) fn get_gauge(&self) -> Gauge {
        self.gauge.clone()
    }
    /// Adds a stated cost; whether there is gas for it.
    pub(super) fn process_cost(&mut self, cost: u64) -> bool {
        self.gauge.process_cost(cost)
    }
    /// Gas used so far, at most the limit.
    pub(super) fn get_used(&self) -> u64 {
        self.gauge.operations.load(Relaxed).saturating_add(self.gauge.stated.load(Relaxed)).min(self.gauge.limit)
    }
}

/// Cost of `base` and `per_byte` for each of `bytes`.
pub(super) fn compute_cost(base: u64, per_byte: u64, bytes: usize) -> u64 {
    base.saturating_add(per_byte.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX)))
}

/// Cost of going through `items`.
pub(super) fn compute_walk(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX) / ITEMS_PER_UNIT
}

//! The simulated network between validators: events in the order of (time, sequence).
//!
//! A copy of a message takes `latency + Exponential(jitter)` (a fixed path and an M/M/1-like queue); each try is lost
//! with probability `loss`, and sent again after `retransmit`. So a copy between two that can hear each other always
//! arrives, after a geometric number of tries. Assumption: no bandwidth limit and no duplicates.

use super::consensus::tendermint::Step;
use super::types::SignedTransaction;
use crate::rng::Stream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Latency and loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSettings {
    /// Least time of a message.
    pub latency_us: u64,
    /// Mean of what queues add.
    pub jitter_us: u64,
    /// Lost tries in a thousand, at most 900.
    pub loss_per_mille: u32,
    /// When a lost try is repeated.
    pub retransmit_us: u64,
}

impl Default for NetworkSettings {
    /// A neighbourhood mesh: 20 ms and 10 ms of queueing, 1 % loss, repeated after 200 ms (TCP's least timeout in
    /// common systems; RFC 6298 recommends 1 s).
    fn default() -> Self {
        Self { latency_us: 20_000, jitter_us: 10_000, loss_per_mille: 10, retransmit_us: 200_000 }
    }
}

/// What happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A copy of a message arrives.
    Deliver { message: u64, to: u32, sent_us: u64 },
    /// A timeout runs out.
    Timeout { node: u32, height: u64, step: Step, round: u32 },
    /// The next height may begin.
    Start { height: u64 },
    /// A transaction arrives.
    Transaction { transaction: Box<SignedTransaction>, origin: u32 },
    /// A validator asks for blocks it missed.
    Sync { node: u32 },
}

/// The queue and its dice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Network {
    settings: NetworkSettings,
    stream: Stream,
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
}

impl Network {
    pub(crate) fn new(settings: NetworkSettings, seed: u64) -> Self {
        let settings = NetworkSettings { loss_per_mille: settings.loss_per_mille.min(900), ..settings };
        Self { settings, stream: Stream::new(seed, "ledger-network", 0), queue: BTreeMap::new(), sequence: 0 }
    }

    /// Puts an event into the queue.
    pub(crate) fn schedule(&mut self, time_us: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((time_us, self.sequence), event);
    }

    /// How long one copy of a message takes.
    pub(crate) fn draw_delay(&mut self) -> u64 {
        let mut delay = self.settings.latency_us;
        while self.stream.below(1_000) < u64::from(self.settings.loss_per_mille) {
            delay += self.settings.retransmit_us;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an exponential of at most 37 means, not negative"
        )]
        let jitter = self.stream.exponential(self.settings.jitter_us as f64) as u64;
        delay + jitter
    }

    /// The next event up to `until_us`, with its time.
    pub(crate) fn pop(&mut self, until_us: u64) -> Option<(u64, Event)> {
        let entry = self.queue.first_entry().filter(|e| e.key().0 <= until_us)?;
        let ((time_us, _), event) = entry.remove_entry();
        Some((time_us, event))
    }
}

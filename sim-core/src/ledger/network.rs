//! The network between validators: the links of the communication gear, and events in the order of (time, sequence).
//!
//! Nodes are the validators, and after them the relays (gateways) that carry their messages. Each direction of a link has
//! latency, jitter, loss and bandwidth, and a queue ([`mesh`](super::lab::mesh)), so a message takes a time that grows
//! with its bytes and with what travels beside it. Messages to all are flooded: a node passes on once what it has not
//! seen, but not to those that the one it came from reaches itself (self-pruning, Lim and Kim 2001). Messages to one go
//! along the fewest links. A link is closed while one of its ends has no power or connection; what travels on it then is
//! lost, and those who find each other again repeat it.
//!
//! A transaction goes from its author's gateway to one validator over these links ([`arrival`](super::arrival)), and from
//! there to the others ([`gossip`](super::gossip)).

use super::lab::actor::Timer;
use super::lab::mesh::{LinkSettings, Mesh, Path};
use super::mempool::Waiting;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bits a second of a link: IEEE 802.15.4-2020, SUN OFDM option 1 at its highest rate (MCS6), as radio meshes of the
/// Wi-SUN Alliance's FAN 1.1 use it between a neighbourhood's meters and gateways.
pub const BITS_PER_S: u64 = 2_400_000;

/// Latency, loss and bandwidth of links that are all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSettings {
    /// Least time of a message.
    pub latency_us: u64,
    /// Mean of what queues of others add.
    pub jitter_us: u64,
    /// Lost tries in a thousand, at most 900.
    pub loss_per_mille: u32,
    /// When a lost try is repeated.
    pub retransmit_us: u64,
    /// Bits a second in each direction; 0 for no limit.
    pub bits_per_s: u64,
}

impl Default for NetworkSettings {
    /// A neighbourhood mesh: 20 ms and 10 ms of queueing, 1 % loss, repeated after 200 ms (TCP's least timeout in
    /// common systems; RFC 6298 recommends 1 s), at [`BITS_PER_S`].
    fn default() -> Self {
        Self {
            latency_us: 20_000,
            jitter_us: 10_000,
            loss_per_mille: 10,
            retransmit_us: 200_000,
            bits_per_s: BITS_PER_S,
        }
    }
}

impl From<NetworkSettings> for LinkSettings {
    fn from(s: NetworkSettings) -> Self {
        let NetworkSettings { latency_us, jitter_us, loss_per_mille, retransmit_us, bits_per_s } = s;
        Self { latency_us, jitter_us, loss_per_mille, retransmit_us, bits_per_s }
    }
}

/// Between a validator and the gateway in its street: Fast Ethernet (IEEE 802.3u), a millisecond, nothing lost.
const LOCAL: LinkSettings = LinkSettings {
    latency_us: 1_000,
    jitter_us: 0,
    loss_per_mille: 0,
    retransmit_us: 200_000,
    bits_per_s: 100_000_000,
};

/// What carries messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gear {
    /// Nodes that only pass on; they follow the validators.
    pub relays: u32,
    /// Links between nodes.
    pub links: Vec<(u32, u32, LinkSettings)>,
    /// By account, the node to which it hands its transactions; none for whoever takes the first that works.
    pub entries: Vec<Option<u32>>,
}

impl Gear {
    /// Each validator has a link to each other one.
    #[must_use]
    pub fn full(validators: u32, link: LinkSettings) -> Self {
        let links = (0..validators).flat_map(|a| (a + 1..validators).map(move |b| (a, b, link))).collect();
        Self { relays: 0, links, entries: Vec::new() }
    }

    /// Gateways that hear each other, and validators each at its own, or at all of them where it has none.
    #[must_use]
    pub fn of_gateways(
        served_by: &[Option<u32>],
        gateways: u32,
        backhaul: LinkSettings,
        entries: Vec<Option<u32>>,
    ) -> Self {
        let validators = u32::try_from(served_by.len()).unwrap_or(u32::MAX);
        let mut links = Vec::new();
        for a in 0..gateways {
            links.extend((a + 1..gateways).map(|b| (validators + a, validators + b, backhaul)));
        }
        for (v, gateway) in (0..).zip(served_by) {
            match gateway {
                Some(gateway) => links.push((v, validators + gateway, LOCAL)),
                None => {
                    links.extend((0..gateways).map(|g| (v, validators + g, backhaul)));
                    let alone = (v + 1..).zip(served_by.iter().skip(v as usize + 1)).filter(|(_, g)| g.is_none());
                    links.extend(alone.map(|(other, _)| (v, other, backhaul)));
                }
            }
        }
        Self { relays: gateways, links, entries }
    }
}

/// What happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Event {
    /// A copy of a message arrives at the end of a link; `to` is where it goes in the end, if not to all.
    Arrive { message: u64, from: u32, at: u32, to: Option<u32>, sent_us: u64 },
    /// A validator's timer runs out, unless it has lost its power since.
    Timer { node: u32, epoch: u32, timer: Timer },
    /// The next height may begin.
    Start { height: u64 },
    /// Who has not decided a height asks for it.
    Check,
    /// A transaction has come to a node on its way to a validator.
    Transaction { transaction: Box<Waiting>, way: (u32, u32) },
    /// A validator passes on the transactions that have come to it.
    Gossip { node: u32 },
    /// Has what one waits for still not come?
    Expire { sender: super::crypto::Address, nonce: u64, arrival: u64 },
}

/// The queue and the links.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Network {
    pub(super) mesh: Mesh,
    validators: u32,
    nodes: u32,
    entries: Vec<Option<u32>>,
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
}

impl Network {
    pub(super) fn new(gear: Gear, validators: u32, seed: u64) -> Self {
        let Gear { relays, links, entries } = gear;
        let nodes = validators + relays;
        let mesh = Mesh::with_links(nodes, &links, 0, seed);
        Self { mesh, validators, nodes, entries, queue: BTreeMap::new(), sequence: 0 }
    }

    /// Puts an event into the queue.
    pub(super) fn schedule(&mut self, time_us: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((time_us, self.sequence), event);
    }

    /// The next event up to `until_us`, with its time.
    pub(super) fn pop(&mut self, until_us: u64) -> Option<(u64, Event)> {
        let entry = self.queue.first_entry().filter(|e| e.key().0 <= until_us)?;
        let ((time_us, _), event) = entry.remove_entry();
        Some((time_us, event))
    }

    /// Whether a node only passes on.
    pub(super) fn is_relay(&self, node: u32) -> bool {
        node >= self.validators
    }

    /// The nodes that only pass on.
    pub(super) fn get_relays(&self) -> std::ops::Range<u32> {
        self.validators..self.nodes
    }

    /// The node at which an account hands in; none for whoever has none of its own.
    pub(super) fn get_entry(&self, account: u32) -> Option<u32> {
        self.entries.get(account as usize).copied().flatten()
    }

    /// Passes something on by one hop on its way; the node it comes to, and when. None where it can get no further.
    pub(super) fn pass_on(&mut self, now_us: u64, (at, to): (u32, u32), bytes: u64) -> Option<(u32, u64)> {
        let next = self.mesh.get_next_hop(at, to)?;
        let (arrives_us, _) = self.mesh.transmit(now_us, at, next, bytes, Path::default())?;
        Some((next, arrives_us))
    }
}

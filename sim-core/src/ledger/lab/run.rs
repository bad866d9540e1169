//! The loop of the laboratory: events in the order of (time, sequence), nodes that work, messages that travel.
//!
//! A node's processor takes messages first in, first out: checking a vote costs a signature, a block its proposer's
//! signature, a batch of its transactions' and their execution; a duplicate costs a look. What a node says leaves when
//! its processor has signed it. Raft checks transactions at the leader alone and signs nothing. Transactions reach all
//! nodes outside the links studied here (their pools are taken as one, as in the community's chain), so links carry
//! blocks and votes only; a proposer takes what has arrived and is not on its branch. Nodes that find each other again
//! after a fault repeat what the other has not seen, from one of them each, and one that is behind asks for decided
//! blocks. What was wanted and what came out: [`setup`](super::setup), [`outcome`](super::outcome); sending is in
//! `send`, faults in `fault`, what is noted on the way in `record`.

use super::actor::{Actor, Timer, Told, Wanted, World};
use super::mesh::{Mesh, Path, draw_us};
use super::message::{Body, Message};
use super::outcome::{FinalBlock, Outcome, Reorganisation};
use super::setup::{Behaviour, Fault, FaultKind, Load, Setup, SetupError};
use super::trace::{Kind, Trace};
use crate::digest::{Hash, compute_digest};
use crate::ledger::mechanism::Rules;
use crate::rng::Stream;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A block: the transactions `first..last` of all that are sent in, over its parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) height: u64,
    pub(super) parent: Hash,
    pub(super) author: u32,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) made_us: u64,
}

pub(super) struct Node {
    pub(super) actor: Actor,
    pub(super) behaviour: Behaviour,
    /// Grows when the node loses power, so that what it was about to do is void.
    pub(super) epoch: u32,
    pub(super) busy_ns: u64,
    pub(super) worked_ns: u64,
    /// Parcels that it has, and blocks whose transactions it has checked.
    pub(super) seen: BTreeSet<u32>,
    pub(super) checked: BTreeSet<Hash>,
    /// Height up to which blocks are final for it, and of its head.
    pub(super) settled: u64,
    pub(super) head_height: u64,
}

pub(super) struct Parcel {
    pub(super) message: Message,
    pub(super) bytes: u64,
    pub(super) is_to_all: bool,
}

pub(super) enum Event {
    /// A copy of a parcel arrives at a neighbour; `dest` is where it goes in the end, if not to all.
    Arrive {
        parcel: u32,
        from: u32,
        to: u32,
        dest: Option<u32>,
        path: Path,
    },
    /// A processor has finished with a parcel.
    Checked {
        node: u32,
        epoch: u32,
        parcel: u32,
        from: u32,
        path: Path,
    },
    Told {
        node: u32,
        epoch: u32,
        told: Told,
        path: Path,
    },
    /// A fault, by its place in the list, begins or ends.
    Change {
        fault: usize,
        begins: bool,
    },
}

/// When transactions are sent in; drawn as far as they are needed.
pub(super) struct Arrivals {
    load: Load,
    from_us: u64,
    times_us: Vec<u64>,
    dice: Stream,
}

impl Arrivals {
    fn draw(&mut self) -> u64 {
        let Load::Rate(rate) = self.load else { return 0 };
        let last = self.times_us.last().copied().unwrap_or(self.from_us);
        let next = last + draw_us(&mut self.dice, 1e6 / rate);
        self.times_us.push(next);
        next
    }
    /// When number `index` is sent in.
    pub(super) fn get_time(&mut self, index: u64) -> u64 {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        while self.times_us.len() <= index {
            self.draw();
        }
        self.times_us.get(index).copied().unwrap_or_default()
    }
    /// How many have been sent in.
    pub(super) fn count(&mut self, now_us: u64) -> u64 {
        while self.times_us.last().is_none_or(|last| *last <= now_us) {
            self.draw();
        }
        self.times_us.partition_point(|time| *time <= now_us) as u64
    }
}

/// A run in progress.
pub struct Lab {
    pub(super) setup: Setup,
    rules: Rules,
    pub(super) mesh: Mesh,
    pub(super) nodes: Vec<Node>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) blocks: BTreeMap<Hash, Content>,
    /// The two blocks of an equivocating proposer, each with the other.
    pub(super) twins: BTreeMap<Hash, Hash>,
    pub(super) queue: BTreeMap<(u64, u64), Event>,
    pub(super) sequence: u64,
    pub(super) now_us: u64,
    pub(super) dice: Stream,
    pub(super) arrivals: Arrivals,
    pub(super) finals: BTreeMap<u64, (Hash, FinalBlock, Path)>,
    /// Blocks that some honest node has decided, so that there are votes to show.
    pub(super) certified: BTreeSet<Hash>,
    pub(super) violations: BTreeSet<u64>,
    /// First time that a height was reached, for stalls.
    pub(super) growth: BTreeMap<u64, u64>,
    pub(super) seen_of_liars: BTreeMap<(u32, u32, u64, u32, Kind), Hash>,
    pub(super) equivocations: BTreeSet<(u32, u64, u32, Kind)>,
    pub(super) depths: BTreeMap<u64, u64>,
    pub(super) reorganisations: Vec<Reorganisation>,
    /// Blocks that a leader of Raft has on their way, by sender and receiver.
    pub(super) on_the_way: BTreeSet<(u32, u32, Hash)>,
    pub(super) duplicates: u64,
    pub(super) made: u64,
    pub(super) powered_us: u64,
    pub(super) trace: Trace,
}

/// Runs a setup to its end.
///
/// # Errors
/// When the setup is not one.
pub fn run(setup: &Setup) -> Result<Outcome, SetupError> {
    let mut lab = Lab::new(setup)?;
    while lab.step() {}
    Ok(lab.finish())
}

impl Lab {
    /// A run at its start; [`step`](Self::step) plays it event by event, for whoever wants to watch.
    ///
    /// # Errors
    /// When the setup is not one.
    pub fn new(setup: &Setup) -> Result<Self, SetupError> {
        setup.validate()?;
        let mut setup = setup.clone();
        for (node, behaviour) in (0..).zip(&setup.behaviours) {
            if let Behaviour::CrashesAt(from_us) = behaviour {
                let kind = FaultKind::Off(node);
                setup.faults.push(Fault { from_us: *from_us, to_us: u64::MAX, kind });
            }
        }
        let mesh = Mesh::new(&setup.topology, setup.nodes, setup.link, setup.interface_bits_per_s, setup.seed)?;
        let rules = setup.get_rules();
        let node = |i| Node {
            actor: Actor::new(&rules, i),
            behaviour: setup.get_behaviour(i),
            epoch: 0,
            busy_ns: 0,
            worked_ns: 0,
            seen: BTreeSet::new(),
            checked: BTreeSet::new(),
            settled: 0,
            head_height: 0,
        };
        let mut lab = Self {
            mesh,
            nodes: (0..setup.nodes).map(node).collect(),
            parcels: Vec::new(),
            blocks: BTreeMap::new(),
            twins: BTreeMap::new(),
            queue: BTreeMap::new(),
            sequence: 0,
            now_us: 0,
            dice: Stream::new(setup.seed, "lab", 0),
            arrivals: Arrivals {
                load: setup.load,
                from_us: setup.load_from_us,
                times_us: Vec::new(),
                dice: Stream::new(setup.seed, "lab-load", 0),
            },
            finals: BTreeMap::new(),
            certified: BTreeSet::new(),
            violations: BTreeSet::new(),
            growth: BTreeMap::new(),
            seen_of_liars: BTreeMap::new(),
            equivocations: BTreeSet::new(),
            depths: BTreeMap::new(),
            reorganisations: Vec::new(),
            on_the_way: BTreeSet::new(),
            duplicates: 0,
            made: 0,
            powered_us: 0,
            trace: Trace::default(),
            setup,
            rules,
        };
        for (fault, f) in lab.setup.faults.clone().iter().enumerate() {
            lab.schedule(f.from_us, Event::Change { fault, begins: true });
            lab.schedule(f.to_us, Event::Change { fault, begins: false });
        }
        for node in 0..lab.setup.nodes {
            lab.schedule(0, Event::Told { node, epoch: 0, told: Told::Start, path: Path::default() });
        }
        Ok(lab)
    }

    /// The time.
    #[must_use]
    pub fn get_now_us(&self) -> u64 {
        self.now_us
    }
    /// What was recorded so far.
    #[must_use]
    pub fn get_trace(&self) -> &Trace {
        &self.trace
    }

    pub(super) fn schedule(&mut self, time_us: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((time_us, self.sequence), event);
    }

    /// Plays the next event; false when the run is over.
    pub fn step(&mut self) -> bool {
        if self.finals.len() as u64 >= self.setup.blocks {
            return false;
        }
        let Some(entry) = self.queue.first_entry().filter(|e| e.key().0 <= self.setup.until_us) else {
            self.pass_time(self.setup.until_us);
            return false;
        };
        let ((time_us, _), event) = entry.remove_entry();
        self.pass_time(time_us);
        match event {
            Event::Arrive { parcel, from, to, dest, path } => self.process_arrival(parcel, from, to, dest, path),
            Event::Checked { node, epoch, parcel, from, path } if self.get_epoch(node) == epoch => {
                self.process_checked(node, parcel, from, path);
            }
            Event::Told { node, epoch, told, path } if self.get_epoch(node) == epoch => self.tell(node, told, path),
            Event::Change { fault, begins } => self.process_change(fault, begins),
            Event::Checked { .. } | Event::Told { .. } => {}
        }
        true
    }

    fn pass_time(&mut self, time_us: u64) {
        let powered = (0..self.setup.nodes).filter(|node| self.mesh.get_reach(*node).powered).count() as u64;
        self.powered_us += powered * (time_us - self.now_us);
        self.now_us = time_us;
    }

    pub(super) fn get_epoch(&self, node: u32) -> u32 {
        self.nodes[node as usize].epoch
    }
    pub(super) fn is_honest(&self, node: u32) -> bool {
        matches!(self.nodes[node as usize].behaviour, Behaviour::Honest | Behaviour::CrashesAt(_))
    }
    pub(super) fn get_count(&self, block: &Hash) -> u64 {
        self.blocks.get(block).map_or(0, |b| b.last - b.first)
    }

    /// Occupies a node's processor; when it is done, and the path up to then.
    pub(super) fn work(&mut self, node: u32, cost_ns: u64, path: Path) -> (u64, Path) {
        let n = &mut self.nodes[node as usize];
        n.busy_ns = n.busy_ns.max(self.now_us * 1_000) + cost_ns;
        n.worked_ns += cost_ns;
        let done_us = n.busy_ns.div_ceil(1_000);
        (done_us, path.work(done_us - self.now_us))
    }

    pub(super) fn process_arrival(&mut self, parcel: u32, from: u32, to: u32, dest: Option<u32>, path: Path) {
        if !self.mesh.is_open(from, to) {
            return;
        }
        if let Some(dest) = dest.filter(|dest| *dest != to) {
            self.forward(to, dest, parcel, self.now_us, path);
            return;
        }
        if !self.nodes[to as usize].seen.insert(parcel) {
            self.duplicates += 1;
            self.work(to, self.setup.costs.handle_ns, path);
            return;
        }
        let body = self.parcels[parcel as usize].message.body.clone();
        let cost = self.compute_cost(to, &body);
        let (done_us, path) = self.work(to, cost, path);
        self.schedule(done_us, Event::Checked { node: to, epoch: self.get_epoch(to), parcel, from, path });
    }

    fn process_checked(&mut self, node: u32, parcel: u32, from: u32, path: Path) {
        let Parcel { message, is_to_all, .. } = &self.parcels[parcel as usize];
        let (message, author) = (message.clone(), message.from);
        if *is_to_all && self.setup.gossip && self.nodes[node as usize].behaviour != Behaviour::Silent {
            let others: Vec<u32> =
                self.mesh.get_neighbours(node).iter().copied().filter(|n| *n != from && *n != author).collect();
            for other in others {
                self.transmit(node, other, None, parcel, self.now_us, path);
            }
        }
        let message = if self.nodes[node as usize].behaviour == Behaviour::Equivocates {
            // Equivocating nodes work together: they take each other's two blocks for one.
            let body = message.body.map_values(|value| self.twins.get(&value).map_or(value, |twin| value.min(*twin)));
            Message { body, ..message }
        } else {
            self.look_for_evidence(node, &message);
            // The votes that come along with a decided block cannot be forged.
            if matches!(message.body, Body::Decided { value } if !self.certified.contains(&value)) {
                return;
            }
            message
        };
        self.tell(node, Told::Heard(message), path);
    }

    /// Notes two messages of one author, height, round and kind with different values. Only liars send such, so only
    /// their messages are kept.
    fn look_for_evidence(&mut self, node: u32, message: &Message) {
        if self.nodes[message.from as usize].behaviour != Behaviour::Equivocates {
            return;
        }
        let (Some(value), (kind, round)) = (message.body.get_value(), message.body.get_kind()) else { return };
        let key = (node, message.from, message.height, round, kind);
        if *self.seen_of_liars.entry(key).or_insert(value) != value {
            self.equivocations.insert((message.from, message.height, round, kind));
        }
    }

    /// Gives a node an input and carries out what it wants.
    pub(super) fn tell(&mut self, node: u32, told: Told, path: Path) {
        let mut wanted: VecDeque<Wanted> = self.ask_actor(node, told).into();
        while let Some(one) = wanted.pop_front() {
            match one {
                Wanted::Value { parent } => {
                    let value = self.create_block(node, parent);
                    let c = self.setup.costs;
                    self.work(node, self.get_count(&value) * (c.verify_in_batch_ns + c.execute_ns), path);
                    // What follows from the block comes before what the machine wanted afterwards.
                    for more in self.ask_actor(node, Told::Value { value, parent }).into_iter().rev() {
                        wanted.push_front(more);
                    }
                }
                Wanted::Send { to, message } => self.send(node, to, message, path),
                Wanted::Wake { at_us, timer } => self.wake(node, at_us, timer, path),
                Wanted::Begin { height } => {
                    let at_us = self.compute_start(node);
                    self.wake(node, at_us, Timer::Start { height }, path);
                }
                Wanted::Final { height, round, value, .. } => self.note_final(node, height, round, value, path),
                Wanted::Head { dropped } => self.note_head(node, dropped, path),
                // What a node lacks reaches it by gossip.
                Wanted::Round { .. } | Wanted::Missing { .. } => {}
            }
        }
        self.note_standing(node);
    }

    fn ask_actor(&mut self, node: u32, told: Told) -> Vec<Wanted> {
        let (blocks, twins) = (&self.blocks, &self.twins);
        let is_liar = self.nodes[node as usize].behaviour == Behaviour::Equivocates;
        let mut world = World {
            now_us: self.now_us,
            rules: &self.rules,
            dice: &mut self.dice,
            get_parent: &|hash| {
                let parent = blocks.get(hash)?.parent;
                let twin = twins.get(&parent).filter(|_| is_liar);
                Some(twin.map_or(parent, |twin| parent.min(*twin)))
            },
        };
        self.nodes[node as usize].actor.process(told, &mut world)
    }

    fn wake(&mut self, node: u32, at_us: u64, timer: Timer, path: Path) {
        let at_us = at_us.max(self.now_us);
        // A timer set by what a busy processor is still to finish may be due before: its path then ends where it is
        // set.
        let path = path.wait(at_us.saturating_sub(path.get_total()));
        self.schedule(at_us, Event::Told { node, epoch: self.get_epoch(node), told: Told::Timer(timer), path });
    }

    /// When the next height begins: an interval after the last, as soon as something waits.
    fn compute_start(&mut self, node: u32) -> u64 {
        let s = &self.setup;
        let head = self.nodes[node as usize].actor.get_head();
        let earliest = self.now_us + if self.blocks.contains_key(&head) { s.interval_us } else { 0 };
        let latest = self.now_us + s.empty_interval_us.max(s.interval_us);
        match s.load {
            Load::Backlog => earliest,
            Load::Rate(_) => {
                let next = self.blocks.get(&head).map_or(0, |block| block.last);
                earliest.max(self.arrivals.get_time(next).min(latest))
            }
        }
    }

    /// Makes a block over `parent` of what waits.
    fn create_block(&mut self, node: u32, parent: Hash) -> Hash {
        let (above, first) = self.blocks.get(&parent).map_or((0, 0), |b| (b.height, b.last));
        let room = u64::from(self.setup.block_transactions);
        let last = match self.setup.load {
            Load::Backlog => first + room,
            Load::Rate(_) => (first + room).min(self.arrivals.count(self.now_us)).max(first),
        };
        let content = Content { height: above + 1, parent, author: node, first, last, made_us: self.now_us };
        self.made += 1;
        let hash = compute_digest(&("lab-block", node, parent, self.made));
        if self.setup.mechanism.has_branches() {
            // The block's hash is known when it is sealed.
            self.blocks.insert(hash, content);
            return hash;
        }
        let hash = if self.nodes[node as usize].behaviour == Behaviour::Equivocates {
            let other = compute_digest(&("lab-twin", hash));
            self.blocks.insert(other, content);
            self.twins.insert(hash, other);
            self.twins.insert(other, hash);
            self.blocks.insert(hash, content);
            hash.min(other)
        } else {
            hash
        };
        self.blocks.insert(hash, content);
        hash
    }
}

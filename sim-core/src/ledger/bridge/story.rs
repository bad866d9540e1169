//! What happens between two communities, told step by step from what stands on both chains.
//!
//! A story is played to its end on two real chains; its steps are read from their blocks, so nothing is told that did not
//! happen there. Times count from the beginning of the story, when both chains have been set up.

use super::community::{ANA, BEN, Community, GRID, MAKER, OPERATOR, RELAYER};
use super::fault::Fault;
use super::pair::{Pair, SetupError, Which};
use super::relay::{Proof, Relay, Trouble};
use super::swap::{Swap, is_conserved};
use super::terms::{Moment, Terms, Timing};
use super::tie::{Bearer, Booking, CrossTrade, Entries, Help, Line, Supply, Tie, TieError};
use crate::ledger::certificate::CertificateAction;
use crate::ledger::receipt::{Outcome, Receipt};
use crate::ledger::settlement::Metered;
use crate::ledger::types::{
    Fill, MeterReading, Parameters, Payload, Settlement, SignedTransaction, Tariffs, Trade, Transfer,
};
use crate::quantity::{Money, Price, Wh};
use crate::time::SECOND_US;

/// The tie line of the stories: 10 kWh in a slot of 15 minutes, 3 % lost, 0.02 a kWh for its owner.
pub const LINE: Line =
    Line { capacity_w: 40_000, slot_s: 900, loss_per_mille: 30, fee: Price(20), bearer: Bearer::Buyer };
/// What is asked for, and what others have booked before.
const ASKED: Wh = Wh(3_000);
const BOOKED: Wh = Wh(4_000);
const CROWDED: Wh = Wh(8_000);
/// Help promised for a slot.
const PROMISED: Wh = Wh(4_000);
const PRICE: Price = Price(180);
/// What is swapped, and what is carried.
const MONEY: Money = Money(25_000_000);
const CERTIFIED: Wh = Wh(2_000);
/// Longest stall that the swap reckons with.
const STALL_US: u64 = 60 * SECOND_US;
const SEED: u64 = 5;
/// Longest that something is waited for, s.
const MOST_S: u64 = 1_800;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// Energy is sold over the tie line.
    Trade,
    /// The line is full.
    Full,
    /// Neighbours help in an outage.
    Outage,
    /// Money for a certificate by hash time locks, with a fault.
    Swap(Fault),
    /// Money to the other chain by a light-client bridge, with a trouble.
    Relay(Trouble),
}

/// What is told in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Ben wants energy from Ana.
    Asked(Wh),
    /// The line has room for so much only.
    Full(Wh),
    /// The trade has its place on the line.
    Booked(Booking),
    /// So much is promised for each slot of an outage, and kept free on the line.
    Promised(Wh),
    /// Ben asked for it while there was no outage.
    NotIslanded,
    /// The grid is gone at Ben's.
    Outage,
    /// The promise is drawn.
    Drawn(Booking),
    /// A community has settled its side: what its household gets (positive) or pays, without the fee of the line.
    Settled(Money),
    /// The owner of the line has its fee.
    Wheeled(Money),
    /// Ana locked her money.
    MoneyLocked,
    /// Ben locked his certificate.
    CertificateLocked,
    /// Ana opened the certificate's lock by the secret: it is hers, and everybody can read the secret.
    SecretShown,
    /// The money's lock was opened by the secret; by a watcher, or by Ben himself.
    MoneyClaimed {
        /// A watcher did it for him.
        watcher: bool,
    },
    /// Time was over: the money went back to Ana.
    MoneyReturned {
        /// A watcher did it for her.
        watcher: bool,
    },
    /// Time was over: the certificate went back to Ben.
    CertificateReturned {
        /// A watcher did it for him.
        watcher: bool,
    },
    /// Something goes wrong.
    Struck(Fault),
    /// The first relayer is away.
    RelayerAway,
    /// A chain stands still.
    Stalled,
    /// Ana's money stays in the bridge on her chain.
    Sent,
    /// Headers of her chain are known to the other one, up to this height.
    Headers(u64),
    /// The other bridge has checked the proof and has paid Ben.
    Released,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, microseconds since the beginning.
    pub at_us: u64,
    /// On which chain; none for what is on neither.
    pub which: Option<Which>,
    /// What.
    pub said: Said,
    /// The line from then on.
    pub tie: TieView,
}

/// The tie line in the slot of the story, Wh: what can cross, what goes from A to B, what is kept for help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TieView {
    /// Most in the slot.
    pub capacity: i64,
    /// Booked from A to B, net, at A's end.
    pub flow: i64,
    /// Kept free for help.
    pub kept: i64,
}

/// A block in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockMark {
    /// Its height.
    pub height: u64,
    /// When, microseconds since the beginning.
    pub at_us: u64,
    /// Transactions in it.
    pub transactions: usize,
}

/// Who has what at the end: changes since the beginning, fees apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Money.
    pub money: Money,
    /// Certified energy.
    pub certified: Wh,
    /// Energy delivered (given negative).
    pub energy: Wh,
}

/// A story, played to its end.
#[derive(Clone, Debug)]
pub struct Story {
    /// What was played.
    pub plot: Plot,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Blocks of both chains.
    pub blocks: [Vec<BlockMark>; 2],
    /// Ana's and Ben's.
    pub shares: [Share; 2],
    /// Nobody who kept to the rules has lost both, and money and certified energy are what they were.
    pub is_whole: bool,
    /// What was shown to the other chain.
    pub proof: Option<Proof>,
    /// When all was over.
    pub end_us: u64,
}

impl Story {
    /// Plays a plot; some hundred simulated seconds of two chains.
    ///
    /// # Errors
    /// When the two chains cannot be set up.
    pub fn play(plot: Plot) -> Result<Self, SetupError> {
        match plot {
            Plot::Trade | Plot::Full | Plot::Outage => play_tie(plot),
            Plot::Swap(fault) => play_swap(fault),
            Plot::Relay(trouble) => play_relay(trouble),
        }
    }
}

/// What is told while a story is being made.
struct Teller {
    start_us: u64,
    /// Blocks that the setup made.
    before: [usize; 2],
    steps: Vec<Step>,
    tie: TieView,
}

impl Teller {
    fn new(pair: &Pair) -> Self {
        let before = Which::BOTH.map(|which| pair.get(which).get_blocks().len());
        Self { start_us: pair.get_now().0, before, steps: Vec::new(), tie: TieView::default() }
    }

    fn say(&mut self, now_us: u64, which: Option<Which>, said: Said) {
        let at_us = now_us.saturating_sub(self.start_us);
        self.steps.push(Step { at_us, which, said, tie: self.tie });
    }

    /// Tells what `tell` reads from each transaction that was done since the setup.
    fn read(&mut self, pair: &Pair, tell: impl Fn(Which, u32, &SignedTransaction) -> Option<Said>) {
        for (which, before) in Which::BOTH.into_iter().zip(self.before) {
            let community = pair.get(which);
            for (block, receipts) in community.get_blocks().iter().skip(before) {
                for (tx, receipt) in block.transactions.iter().zip(receipts) {
                    let sender = community.get_ledger().get_state().get_index(&tx.sender).unwrap_or_default();
                    if let Some(said) = tell(which, sender, tx).filter(|_| is_done(receipt)) {
                        self.say(block.header.time_us, Some(which), said);
                    }
                }
            }
        }
    }

    fn finish(mut self, plot: Plot, pair: &Pair, shares: [Share; 2], is_fair: bool, proof: Option<Proof>) -> Story {
        // What is told of the same instant stays in the order in which it was told.
        self.steps.sort_by_key(|s| s.at_us);
        let marks = |community: &Community, before: usize| {
            let blocks = community.get_blocks().iter().skip(before);
            let mark = |(block, _): &(crate::ledger::block::Block, Vec<Receipt>)| BlockMark {
                height: block.header.height,
                at_us: block.header.time_us.saturating_sub(self.start_us),
                transactions: block.transactions.len(),
            };
            blocks.map(mark).collect()
        };
        Story {
            plot,
            blocks: [marks(&pair.a, self.before[0]), marks(&pair.b, self.before[1])],
            shares,
            is_whole: is_fair && is_conserved(&pair.a) && is_conserved(&pair.b),
            proof,
            end_us: pair.get_now().0.saturating_sub(self.start_us),
            steps: self.steps,
        }
    }
}

fn is_done(receipt: &Receipt) -> bool {
    receipt.outcome == Outcome::Done
}

fn play_tie(plot: Plot) -> Result<Story, SetupError> {
    let mut pair = Pair::new(SEED, &Parameters::default())?;
    let mut teller = Teller::new(&pair);
    let start = teller.start_us;
    let refused = |_| SetupError::Step { what: "the line", status: super::community::Status::Refused, seconds: 0 };
    let mut tie = Tie::new(LINE).map_err(refused)?;
    let trade = |sent| CrossTrade { slot: 0, from: Which::A, seller: ANA, buyer: BEN, sent, price: PRICE };
    let earlier = if plot == Plot::Full { CROWDED } else { BOOKED };
    tie.process_trade(trade(earlier)).map_err(refused)?;
    let view = |tie: &Tie| {
        let flow = tie.get_net(0).0.0;
        let capacity = tie.get_capacity().0;
        TieView { capacity, flow, kept: capacity - flow - tie.compute_free(0, Which::A).0 }
    };
    teller.tie = view(&tie);
    let booking = if plot == Plot::Outage {
        let help = Help {
            from: Which::A,
            seller: ANA,
            buyer: BEN,
            first: 0,
            last: 3,
            in_slot: PROMISED,
            in_all: Wh(PROMISED.0 * 3),
            price: PRICE,
        };
        let promise = tie.process_promise(help).map_err(refused)?;
        teller.tie = view(&tie);
        teller.say(start, None, Said::Promised(PROMISED));
        if tie.process_draw(promise, 0, ASKED, Supply::Connected).is_err() {
            teller.say(start, None, Said::NotIslanded);
        }
        teller.say(start, Some(Which::B), Said::Outage);
        let drawn = tie.process_draw(promise, 0, ASKED, Supply::Islanded).map_err(refused)?;
        teller.tie = view(&tie);
        teller.say(start, None, Said::Drawn(drawn));
        Some(drawn)
    } else {
        teller.say(start, None, Said::Asked(ASKED));
        match tie.process_trade(trade(ASKED)) {
            Ok(booking) => {
                teller.tie = view(&tie);
                teller.say(start, None, Said::Booked(booking));
                Some(booking)
            }
            Err(TieError::Full { left, .. }) => {
                teller.say(start, None, Said::Full(Wh(left)));
                None
            }
            Err(other) => return Err(refused(other)),
        }
    };
    let mut shares = [Share::default(); 2];
    if let Some(booking) = booking {
        for entries in booking.compute_entries().map_err(refused)? {
            settle(&mut pair, &entries, booking.trade.price)?;
        }
        let gains = [pair.a.compute_gain(ANA), pair.b.compute_gain(BEN)];
        let settled = [gains[0], Money(gains[1].0 + booking.wheeling.0)];
        teller.read(&pair, |which, sender, tx| match &tx.payload {
            Payload::Settlement(_) => Some(Said::Settled(settled[usize::from(which == Which::B)])),
            Payload::Transfer(t) if t.to == MAKER && sender == BEN => Some(Said::Wheeled(t.amount)),
            _ => None,
        });
        shares[0] = Share { money: gains[0], energy: Wh(-booking.trade.sent.0), ..Share::default() };
        shares[1] = Share { money: gains[1], energy: booking.received, ..Share::default() };
    } else {
        for _ in 0..70 {
            pair.step();
        }
    }
    let grids = pair.a.compute_gain(GRID).0 + pair.b.compute_gain(GRID).0;
    Ok(teller.finish(plot, &pair, shares, grids == 0, None))
}

/// Puts one side of a booking on its chain: trade with the grid's account, readings, settlement, what goes to the line.
fn settle(pair: &mut Pair, entries: &Entries, price: Price) -> Result<(), SetupError> {
    let which = entries.which;
    let mut go = |account, payload| {
        let hash = pair.send(which, account, payload);
        pair.wait_for(which, &hash, "the settlement", 120)
    };
    let fills: Vec<Fill> = [(entries.account, entries.quantity), (GRID, Wh(-entries.quantity.0))]
        .map(|(account, quantity)| Fill { account, quantity, ..Fill::default() })
        .to_vec();
    go(OPERATOR, Payload::Trade(Trade { slot: 0, clearing: 0, price, handed: false, fills: fills.clone() }))?;
    let metered: Vec<Metered> = fills
        .iter()
        .map(|f| Metered { account: f.account, import: Wh((-f.quantity.0).max(0)), export: Wh(f.quantity.0.max(0)) })
        .collect();
    for m in &metered {
        go(m.account, Payload::MeterReading(MeterReading { slot: 0, import: m.import, export: m.export }))?;
    }
    let tariffs = Tariffs::default();
    let rows = pair.get(which).get_ledger().get_state().compute_rows(0, &metered, tariffs).unwrap_or_default();
    let mut go = |account, payload| {
        let hash = pair.send(which, account, payload);
        pair.wait_for(which, &hash, "the settlement", 120)
    };
    go(OPERATOR, Payload::Settlement(Settlement { slot: 0, tariffs, rows }))?;
    for (to, amount) in [(GRID, entries.for_loss), (MAKER, entries.wheeling)] {
        if amount.0 > 0 {
            go(entries.account, Payload::Transfer(Transfer { to, amount }))?;
        }
    }
    Ok(())
}

fn play_swap(fault: Fault) -> Result<Story, SetupError> {
    let parameters = Parameters::default();
    let terms = Terms::new(MONEY, CERTIFIED, Timing::new(&parameters, STALL_US));
    let swap = Swap::new(SEED, &parameters, terms)?;
    let (report, pair) = swap.play(fault);
    let mut teller = Teller::new(&pair);
    teller.start_us = swap.get_start_us();
    let is_before = |b: &&(crate::ledger::block::Block, Vec<Receipt>)| b.0.header.time_us <= swap.get_start_us();
    teller.before = Which::BOTH.map(|which| pair.get(which).get_blocks().iter().filter(is_before).count());
    let struck_at = match fault {
        Fault::Crash { at, .. } | Fault::Stall { at, .. } => Some(at),
        Fault::LateAndStall { .. } => Some(Moment::SecretSent),
        Fault::Late { .. } => Some(Moment::Start),
        Fault::None => None,
    };
    let times = &report.moments;
    if let Some((_, at)) = struck_at.and_then(|moment| times.iter().find(|(m, _)| *m == moment)) {
        teller.say(teller.start_us + at, None, Said::Struck(fault));
    }
    teller.read(&pair, |_, sender, tx| {
        let watcher = sender == RELAYER;
        match &tx.payload {
            Payload::Call(call) => match call.function.as_str() {
                "lock" => Some(Said::MoneyLocked),
                "claim" | "claim_for" => Some(Said::MoneyClaimed { watcher }),
                "refund" | "refund_for" => Some(Said::MoneyReturned { watcher }),
                _ => None,
            },
            Payload::Certificate(CertificateAction::Lock { .. }) => Some(Said::CertificateLocked),
            Payload::Certificate(CertificateAction::Unlock { .. }) => Some(Said::SecretShown),
            Payload::Certificate(CertificateAction::Refund { .. }) => Some(Said::CertificateReturned { watcher }),
            _ => None,
        }
    });
    let share = |account, stock: i64| Share {
        money: Money(pair.a.compute_gain(account).0),
        certified: Wh(pair.b.compute_certified(account).0 - stock),
        energy: Wh(0),
    };
    let shares = [share(ANA, 0), share(BEN, CERTIFIED.0 * 2)];
    Ok(teller.finish(Plot::Swap(fault), &pair, shares, !report.is_loss() && report.is_conserved, None))
}

fn play_relay(trouble: Trouble) -> Result<Story, SetupError> {
    let mut relay = Relay::new(SEED, &Parameters::default())?;
    let mut teller = Teller::new(&relay.pair);
    let start = teller.start_us;
    let before = [relay.pair.a.compute_gain(ANA).0, relay.pair.b.compute_gain(BEN).0];
    if trouble.relayer_down_us > 0 {
        teller.say(start, None, Said::RelayerAway);
    }
    if let Some((which, _)) = trouble.stall {
        teller.say(start, Some(which), Said::Stalled);
    }
    let carried = relay.carry(Which::A, MONEY, trouble, MOST_S);
    let (mut headers, mut last) = (0, 0);
    let proven = carried.proof.as_ref().map_or(0, |p| p.height);
    let calls = relay.pair.b.get_blocks().iter().skip(teller.before[1]);
    for (block, receipts) in calls {
        let brought = block.transactions.iter().zip(receipts).filter(|(tx, receipt)| {
            is_done(receipt) && matches!(&tx.payload, Payload::Call(call) if call.function == "header")
        });
        let count = brought.count() as u64;
        if count > 0 {
            (headers, last) = (headers + count, block.header.time_us);
        }
    }
    if headers > 0 {
        teller.say(last, Some(Which::B), Said::Headers(proven));
    }
    teller.read(&relay.pair, |_, _, tx| match &tx.payload {
        Payload::Call(call) if call.function == "send" => Some(Said::Sent),
        Payload::Call(call) if call.function == "release" => Some(Said::Released),
        _ => None,
    });
    let gain = [relay.pair.a.compute_gain(ANA).0 - before[0], relay.pair.b.compute_gain(BEN).0 - before[1]];
    let shares = gain.map(|money| Share { money: Money(money), ..Share::default() });
    let is_fair = carried.took_us.is_some() && carried.is_conserved;
    Ok(teller.finish(Plot::Relay(trouble), &relay.pair, shares, is_fair, carried.proof))
}

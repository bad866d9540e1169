//! Random transactions against a model of the ledger's rules that a page of code can hold.
//!
//! The model knows no hashes and no signatures; it adds with 128 bits and settles a slot by the formula of the module
//! `settlement` and `charges` (nobody is exempt here, everybody is green). Both take the same transactions; whatever one refuses, the other must refuse.

use super::chain::TARIFFS;
use sim_core::ledger::crypto::Keypair;
use sim_core::ledger::settlement::Metered;
use sim_core::ledger::state::{MAX_ENERGY, MAX_OPEN_SLOTS, MAX_PRICE, Place, State};
use sim_core::ledger::types::{
    Access, Cap, Fill, MeterReading, Order, Payload, Role, Row, Settlement, Side, SignedTransaction, Trade, Transfer,
};
use sim_core::quantity::{Money, Price, Wh};
use sim_core::rng::Stream;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default)]
struct Slot {
    readings: BTreeMap<u32, (i128, i128)>,
    /// Sold less bought, money received, weight in the losses and congestion paid, by account.
    positions: BTreeMap<u32, [i128; 4]>,
    clearings: u32,
}

#[derive(Clone, Default)]
struct Person {
    balance: i128,
    nonce: u64,
    imported: i128,
    exported: i128,
    last: Option<u32>,
    grantees: BTreeSet<u32>,
}

/// How much of a slot's energy is used inside, and how much of it is dealt out so far.
struct Local {
    inside: i128,
    imports: i128,
    exports: i128,
    taken: i128,
    given: i128,
}

impl Local {
    fn of(p: &Settlement, grid: u32) -> Self {
        let members = || p.rows.iter().filter(|r| r.account != grid && r.account != grid + 1);
        let imports: i128 = members().map(|r| i128::from(r.import.0)).sum();
        let exports: i128 = members().map(|r| i128::from(r.export.0)).sum();
        let out: i128 = p.rows.iter().filter(|r| r.account == grid).map(|r| i128::from(r.import.0)).sum();
        let inside = (exports - out).max(0).min(imports).min(exports);
        Self { inside, imports, exports, taken: 0, given: 0 }
    }
    /// The local part of a member's import and export: shares of the growing sums, rounded down.
    fn take(&mut self, import: i128, export: i128) -> (i128, i128) {
        let (i, e) = (self.imports.max(1), self.exports.max(1));
        let before = (self.inside * self.taken / i, self.inside * self.given / e);
        self.taken += import;
        self.given += export;
        (self.inside * self.taken / i - before.0, self.inside * self.given / e - before.1)
    }
}

/// The model: a community of `meters` meters, grid, losses, operator, regulator, in this order.
pub struct Model {
    meters: u32,
    people: Vec<Person>,
    slots: BTreeMap<u32, Slot>,
    settled: Option<u32>,
    cap: (i64, i64),
    /// First slot that it holds for: those with trades go on as they were.
    cap_from: u32,
    credit: i128,
    least_fee: i64,
}

impl Model {
    pub fn new(state: &State, meters: u32, credit: Money, least_fee: Money) -> Self {
        let people =
            state.get_accounts().iter().map(|a| Person { balance: a.balance.0.into(), ..Person::default() }).collect();
        let cap = (-MAX_PRICE.0, MAX_PRICE.0);
        let (credit, least_fee) = (credit.0.into(), least_fee.0);
        Self { meters, people, slots: BTreeMap::new(), settled: None, cap, cap_from: 0, credit, least_fee }
    }

    fn is_open(&self, slot: u32) -> bool {
        let first = self.settled.map_or(0, |s| s + 1);
        slot >= first && u64::from(slot) <= u64::from(first) + u64::from(MAX_OPEN_SLOTS)
    }

    /// Takes a transaction of `sender`; whether the rules permit it.
    fn take(&mut self, sender: u32, nonce: u64, fee: i64, payload: &Payload) -> bool {
        let m = self.meters;
        let (grid, losses, operator, regulator) = (m, m + 1, m + 2, m + 3);
        let role = match payload {
            Payload::MeterReading(_) => sender <= losses,
            Payload::Order(_) => sender <= grid,
            Payload::Trade(_) | Payload::Settlement(_) => sender == operator,
            Payload::Transfer(_) | Payload::Grant(_) | Payload::Revoke(_) => sender < m || sender == operator,
            Payload::Cap(_) => sender == regulator,
            _ => false,
        };
        let me = &self.people[sender as usize];
        let is_paid = matches!(payload, Payload::Transfer(_) | Payload::Grant(_) | Payload::Revoke(_));
        let spendable = me.balance + if sender < m { self.credit } else { 0 };
        let fee_is_right = if is_paid {
            fee >= self.least_fee && i128::from(fee) <= spendable && fee <= 1_000_000_000_000_000
        } else {
            fee == 0
        };
        if !role || nonce != me.nonce || !fee_is_right || !self.act(sender, fee, spendable, payload) {
            return false;
        }
        self.people[sender as usize].nonce += 1;
        if is_paid {
            // No validator has an account of its own here: fees go to the operator.
            self.people[sender as usize].balance -= i128::from(fee);
            self.people[operator as usize].balance += i128::from(fee);
        }
        true
    }

    fn act(&mut self, sender: u32, fee: i64, spendable: i128, payload: &Payload) -> bool {
        let energy = |wh: Wh| (0..=MAX_ENERGY.0).contains(&wh.0);
        let price = |p: Price| (-MAX_PRICE.0..=MAX_PRICE.0).contains(&p.0);
        match payload {
            Payload::MeterReading(p) => {
                let late = self.settled.is_some_and(|s| p.slot <= s);
                let me = &self.people[sender as usize];
                if !energy(p.import) || !energy(p.export) || me.last.is_some_and(|l| p.slot <= l) {
                    return false;
                }
                if !late && !self.is_open(p.slot) {
                    return false;
                }
                let me = &mut self.people[sender as usize];
                me.imported += i128::from(p.import.0);
                me.exported += i128::from(p.export.0);
                me.last = Some(p.slot);
                if !late {
                    let counted = (p.import.0.into(), p.export.0.into());
                    self.slots.entry(p.slot).or_default().readings.insert(sender, counted);
                }
                true
            }
            Payload::Order(p) => {
                let ok = (1..=MAX_ENERGY.0).contains(&p.quantity.0) && price(p.price) && self.is_open(p.slot);
                if ok {
                    self.slots.entry(p.slot).or_default();
                }
                ok
            }
            Payload::Trade(p) => self.trade(p),
            Payload::Settlement(p) => self.settle(p),
            Payload::Transfer(p) => {
                let total = i128::from(p.amount.0) + i128::from(fee);
                let ok = (1..=1_000_000_000_000_000).contains(&p.amount.0)
                    && (p.to as usize) < self.people.len()
                    && p.to != sender
                    && total <= spendable;
                if ok {
                    self.people[sender as usize].balance -= i128::from(p.amount.0);
                    self.people[p.to as usize].balance += i128::from(p.amount.0);
                }
                ok
            }
            Payload::Grant(p) => {
                let is_other = (p.grantee as usize) < self.people.len() && p.grantee != sender;
                is_other && self.people[sender as usize].grantees.insert(p.grantee)
            }
            Payload::Revoke(p) => self.people[sender as usize].grantees.remove(&p.grantee),
            Payload::Cap(p) => {
                let ok = price(p.floor) && price(p.ceiling) && p.floor <= p.ceiling;
                if ok {
                    self.cap = (p.floor.0, p.ceiling.0);
                    let begun = self.slots.iter().filter(|(_, s)| s.clearings > 0).map(|(slot, _)| *slot).max();
                    self.cap_from = begun.max(self.settled).map_or(0, |s| s + 1);
                }
                ok
            }
            _ => false,
        }
    }

    fn trade(&mut self, p: &Trade) -> bool {
        let can_trade = |a: u32| a <= self.meters || a == self.meters + 2;
        let is_ascending = p.fills.windows(2).all(|w| w[0].account < w[1].account);
        let is_known = p.fills.iter().all(|f| {
            can_trade(f.account)
                && (-MAX_ENERGY.0..=MAX_ENERGY.0).contains(&f.quantity.0)
                && (-1_000_000..=1_000_000).contains(&f.loss)
                && (-MAX_PRICE.0..=MAX_PRICE.0).contains(&f.congestion.0)
        });
        let sum: i128 = p.fills.iter().map(|f| i128::from(f.quantity.0)).sum();
        let clearings = self.slots.get(&p.slot).map_or(0, |s| s.clearings);
        let cap = if p.slot >= self.cap_from { self.cap } else { (-MAX_PRICE.0, MAX_PRICE.0) };
        let is_priced = if p.handed { p.price.0 == 0 } else { (cap.0..=cap.1).contains(&p.price.0) };
        let is_fit = is_priced && self.is_open(p.slot) && p.clearing == clearings;
        if !is_ascending || !is_known || sum != 0 || !is_fit {
            return false;
        }
        let slot = self.slots.entry(p.slot).or_default();
        slot.clearings += 1;
        for f in &p.fills {
            let (position, quantity) = (slot.positions.entry(f.account).or_default(), i128::from(f.quantity.0));
            position[0] += quantity;
            position[1] += quantity * i128::from(p.price.0);
            position[2] += quantity * i128::from(f.loss);
            position[3] += quantity * i128::from(f.congestion.0);
        }
        true
    }

    /// Takes a settlement that [`State::compute_rows`] has made, or an empty one, and finds its own money.
    fn settle(&mut self, p: &Settlement) -> bool {
        let slot = self.slots.get(&p.slot).cloned().unwrap_or_default();
        let (grid, losses) = (self.meters, self.meters + 1);
        let has_row = |account: &u32| p.rows.iter().any(|r| r.account == *account);
        let older = self.slots.range(..p.slot).any(|(_, s)| !s.positions.is_empty());
        let is_complete = slot.readings.keys().chain(slot.positions.keys()).all(has_row) && has_row(&grid);
        let is_read = p
            .rows
            .iter()
            .all(|r| slot.readings.get(&r.account).is_none_or(|m| *m == (r.import.0.into(), r.export.0.into())));
        let sums = p.rows.iter().fold(0_i128, |s, r| s + i128::from(r.export.0) - i128::from(r.import.0));
        if !self.is_open(p.slot) || older || !is_complete || !is_read || sums != 0 {
            return false;
        }
        let (mut to_grid, mut local) = (0_i128, Local::of(p, grid));
        for r in &p.rows {
            let [position, trade, ..] = slot.positions.get(&r.account).copied().unwrap_or_default();
            let imbalance = i128::from(r.export.0) - i128::from(r.import.0) - position;
            // Default factors: a shortage costs 1.2 of the import tariff, a surplus earns 0.8 of the feed-in tariff.
            let price = match (r.account == losses, imbalance < 0) {
                (true, _) => TARIFFS.import.0,
                (false, true) => (TARIFFS.import.0 * 1_200 + 500) / 1_000,
                (false, false) => (TARIFFS.feed_in.0 * 800 + 500) / 1_000,
            };
            let mut money = imbalance * i128::from(price);
            if r.account < grid {
                money += self.charge(&mut local, r, trade + money);
            }
            let person = &mut self.people[r.account as usize];
            person.balance += trade;
            if r.account != grid {
                person.balance += money;
                to_grid -= money;
            }
        }
        self.people[grid as usize].balance += to_grid;
        self.charge_network(&slot, p);
        self.settled = Some(p.slot);
        self.slots = self.slots.split_off(&(p.slot + 1));
        true
    }

    /// Grid fee, tax and subsidy of a member; `before` is what trades and imbalance bring.
    fn charge(&self, local: &mut Local, r: &Row, before: i128) -> i128 {
        let (import, export) = (i128::from(r.import.0), i128::from(r.export.0));
        let (inside_import, inside_export) = local.take(import, export);
        let fee = -((import - inside_import) * i128::from(TARIFFS.grid_fee.0)
            + inside_import * i128::from(TARIFFS.local_fee.0));
        let cost = (-(before + fee)).max(0);
        let tax = -((cost * i128::from(TARIFFS.tax) + 500) / 1_000);
        fee + tax + inside_export * i128::from(TARIFFS.subsidy.0)
    }

    /// Losses and congestion: by trades as far as they explain the losses, the rest by metered energy.
    fn charge_network(&mut self, slot: &Slot, p: &Settlement) {
        let (grid, losses) = (self.meters, self.meters + 1);
        let of = |account: u32| slot.positions.get(&account).copied().unwrap_or_default();
        let members: Vec<&Row> = p.rows.iter().filter(|r| r.account < grid || r.account > losses).collect();
        let counted = |r: &Row| i128::from(r.import.0) + i128::from(r.export.0);
        let weight: i128 = members.iter().map(|r| of(r.account)[2]).sum();
        let energy: i128 = members.iter().map(|r| counted(r)).sum();
        let lost: i128 =
            p.rows.iter().filter(|r| r.account == losses).map(|r| i128::from(r.import.0 - r.export.0)).sum();
        let import = i128::from(TARIFFS.import.0);
        let target = (lost * import).max(0) * i128::from(TARIFFS.loss_share) / 1_000;
        let flow = target.min((import * weight).div_euclid(1_000_000).max(0));
        let base = if energy > 0 { target - flow } else { 0 };
        let upto =
            |amount: i128, part: i128, whole: i128| if whole == 0 { 0 } else { (amount * part).div_euclid(whole) };
        let (mut w, mut e, mut paid) = (0, 0, (0, 0));
        for r in members {
            let [.., loss, congestion] = of(r.account);
            let before = upto(flow, w, weight) + upto(base, e, energy);
            (w, e) = (w + loss, e + counted(r));
            let share = upto(flow, w, weight) + upto(base, e, energy) - before;
            self.people[r.account as usize].balance -= share + congestion;
            paid = (paid.0 + share, paid.1 + congestion);
        }
        if p.rows.iter().any(|r| r.account == losses) {
            self.people[losses as usize].balance += paid.0;
        }
        self.people[grid as usize].balance += paid.1;
    }

    /// The first account in which the state differs from the model.
    fn find_difference(&self, state: &State) -> Option<String> {
        state.get_accounts().iter().zip(&self.people).find_map(|(a, p)| {
            let of_state = (i128::from(a.balance.0), a.nonce, i128::from(a.imported.0), i128::from(a.exported.0));
            let of_model = (p.balance, p.nonce, p.imported, p.exported);
            (of_state != of_model).then(|| format!("{}: state {of_state:?}, model {of_model:?}", a.name))
        })
    }
}

/// Draws transactions, mostly sensible ones.
struct Draw<'a> {
    stream: &'a mut Stream,
    meters: u32,
}

impl Draw<'_> {
    fn below(&mut self, n: u64) -> u64 {
        self.stream.below(n)
    }
    /// Usually below `n`, sometimes as large or as small as can be.
    fn amount(&mut self, n: u64) -> i64 {
        match self.below(60) {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => -1,
            _ => self.below(n) as i64,
        }
    }
    fn slot(&mut self, state: &State) -> u32 {
        let next = state.get_market().settled.map_or(0, |s| s + 1);
        match self.below(40) {
            0 => u32::MAX,
            1 => next.saturating_sub(1),
            2 => next + MAX_OPEN_SLOTS + 1,
            _ => next + self.below(2) as u32,
        }
    }
    fn payload(&mut self, state: &State) -> (u32, Payload) {
        let (slot, m) = (self.slot(state), self.meters);
        let anyone = self.below(u64::from(m) + 4) as u32;
        match self.below(20) {
            0..=7 => {
                let (import, export) = (Wh(self.amount(500)), Wh(self.amount(500)));
                // Not the grid's: it is what the rest adds up to, and a drawn one would never settle.
                let meter = Some(self.below(u64::from(m) + 1) as u32).filter(|a| *a < m).unwrap_or(m + 1);
                (meter, Payload::MeterReading(MeterReading { slot, import, export }))
            }
            8..=11 => {
                let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
                let (quantity, price) = (Wh(self.amount(900)), Price(self.amount(400)));
                (anyone, Payload::Order(Order { slot, side, quantity, price }))
            }
            12 | 13 => {
                let a = self.amount(400);
                let fills = vec![(0, a), (1, a.wrapping_neg()), (m, i64::from(self.below(50) == 0))];
                let (loss, congestion) = (self.amount(90_000), Price(self.amount(40)));
                let sign = |account: u32| if account == 0 { -1 } else { i64::from(account < m) };
                let fill = |(account, q)| {
                    let (loss, congestion) =
                        (loss.wrapping_mul(sign(account)), congestion.0.wrapping_mul(sign(account)));
                    Fill { account, quantity: Wh(q), loss, congestion: Price(congestion) }
                };
                let fills = fills.into_iter().map(fill).collect();
                let clearing = state.get_market().open.get(&slot).map_or(0, |s| s.clearings);
                let handed = self.below(5) == 0;
                let price = if handed && self.below(4) > 0 { Price::ZERO } else { Price(self.amount(400)) };
                (m + 2, Payload::Trade(Trade { slot, clearing, price, handed, fills }))
            }
            14 => (m + 2, Payload::Settlement(self.settlement(state, slot))),
            15 | 16 => {
                let (to, amount) = (self.below(u64::from(m) + 6) as u32, Money(self.amount(300_000)));
                (anyone, Payload::Transfer(Transfer { to, amount }))
            }
            17 => (anyone, Payload::Grant(Access { grantee: self.below(u64::from(m) + 6) as u32 })),
            18 => (anyone, Payload::Revoke(Access { grantee: self.below(u64::from(m) + 6) as u32 })),
            _ => {
                let floor = self.amount(50).saturating_sub(20);
                (
                    m + 3,
                    Payload::Cap(Cap { floor: Price(floor), ceiling: Price(floor.saturating_add(self.amount(600))) }),
                )
            }
        }
    }

    /// Rows for every meter, the grid for the rest; sometimes none.
    fn settlement(&mut self, state: &State, slot: u32) -> Settlement {
        let m = self.meters;
        let read = state.get_market().open.get(&slot).map(|open| open.readings.clone()).unwrap_or_default();
        let mut metered: Vec<Metered> = (0..=m + 1)
            .map(|account| {
                let drawn = || (Wh(i64::from(account) * 3), Wh(0));
                let (import, export) = read.get(&account).copied().unwrap_or_else(drawn);
                Metered { account, import, export }
            })
            .collect();
        if !read.contains_key(&m) {
            let others = metered.iter().filter(|r| r.account != m);
            let rest: i64 = others.map(|r| r.import.0 - r.export.0).sum();
            let of_grid = &mut metered[m as usize];
            (of_grid.import, of_grid.export) = (Wh(0.max(-rest)), Wh(0.max(rest)));
        }
        let rows = if self.below(20) == 0 { Ok(Vec::new()) } else { state.compute_rows(slot, &metered, TARIFFS) };
        Settlement { slot, tariffs: TARIFFS, rows: rows.unwrap_or_default() }
    }
}

/// What a campaign has seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub accepted: u64,
    pub refused: u64,
    pub settled: u64,
}

/// Plays `count` random transactions on both.
///
/// # Errors
/// The first in which they differ.
pub fn play(count: u64, seed: u64) -> Result<Seen, String> {
    const METERS: u32 = 5;
    let mut community = super::chain::Community::new(METERS, seed);
    community.genesis.parameters.green = (0..METERS).collect();
    let p = &community.genesis.parameters;
    let mut state = State::new(&community.genesis);
    let mut model = Model::new(&state, METERS, p.credit, p.least_fee);
    let supply = state.compute_supply();
    let (mut stream, mut seen) = (Stream::new(seed, "ledger-model", 0), Seen::default());
    let addresses: Vec<_> = community.keys.iter().map(Keypair::get_address).collect();
    assert!(community.genesis.accounts.iter().all(|a| a.role != Role::Validator));
    for number in 0..count {
        let mut draw = Draw { stream: &mut stream, meters: METERS };
        let (sender, payload) = draw.payload(&state);
        let right = state.get_accounts()[sender as usize].nonce;
        let nonce = if draw.below(40) == 0 { right.wrapping_add(draw.below(3)).wrapping_sub(1) } else { right };
        let is_paid = !payload.is_duty();
        let fee =
            if is_paid != (draw.below(40) == 0) { 1_000_i64.saturating_add(draw.amount(9_000).max(-1_001)) } else { 0 };
        // The rules are what is tried here; signatures are checked by the ledger before it asks the state.
        let tx = SignedTransaction {
            sender: addresses[sender as usize],
            nonce,
            fee: Money(fee.max(0)),
            payload,
            signature: Default::default(),
        };
        let place = Place { height: number, time_us: number, proposer: 0 };
        let by_state = state.process_transaction(&tx, place);
        let by_model = model.take(sender, nonce, tx.fee.0, &tx.payload);
        let place = || format!("seed {seed}, transaction {number} ({} of account {sender})", tx.payload.get_name());
        if by_state.is_ok() != by_model {
            return Err(format!("{}: the state says {by_state:?}, the model {by_model}", place()));
        }
        seen.accepted += u64::from(by_model);
        seen.refused += u64::from(!by_model);
        seen.settled += u64::from(by_model && matches!(tx.payload, Payload::Settlement(_)));
        if state.compute_supply() != supply {
            return Err(format!("{}: the supply has changed", place()));
        }
        if number % 64 == 0 || number + 1 == count {
            if let Some(difference) = model.find_difference(&state) {
                return Err(format!("{}: {difference}", place()));
            }
            let _ = state.compute_root();
        }
    }
    Ok(seen)
}

//! What stands on the chain: accounts, transactions and their payloads, parameters.
//!
//! Units: energy in Wh, prices in thousandths of the currency per kWh, money in millionths of the currency, time in
//! microseconds of simulated time, market slots counted from midnight of the scene's first day.
//! Accounts are fixed at genesis and named in payloads by their index; senders sign with the address.

use super::certificate::{self, CertificateAction};
use super::contract::{Code, Value};
use super::crypto::{Address, Claim, Keypair, Signature, encode};
use super::evidence::Equivocation;
use super::mechanism::Mechanism;
use super::merkle::compute_leaf_hash;
use super::oversight::{ComplianceReport, Reinstatement, Suspension};
use super::privacy::envelope::Envelope;
use super::privacy::keys::ReaderKey;
use crate::digest::Hash;
use crate::quantity::{Money, Price, Wh};
use serde::{Deserialize, Serialize};

/// Version of the payloads and of the file `chain.jsonl`.
pub const FORMAT: u32 = 4;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// A building's or device's meter: readings and orders.
    Meter,
    /// The market operator: trades and settlements.
    Operator,
    /// The grid beyond the point of common coupling; a meter that counts imports into the community as its export.
    Grid,
    /// The losses of the community's network; a meter that imports what is lost.
    Losses,
    /// A validator's own account; receives the fees of the blocks it makes.
    Validator,
    /// Who watches over the market: limits of prices, and what it is allowed to read.
    Regulator,
}

/// A meter's counts for one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterReading {
    /// Market slot.
    pub slot: u32,
    /// Taken from the network, not negative.
    pub import: Wh,
    /// Put into the network, not negative.
    pub export: Wh,
}

/// One account's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Public key.
    pub address: Address,
    /// Name in the scene.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Money; negative is a debt (accounts are billed after delivery).
    pub balance: Money,
    /// Number of its transactions so far, the next one's nonce.
    pub nonce: u64,
    /// Register of all energy taken.
    pub imported: Wh,
    /// Register of all energy given.
    pub exported: Wh,
    /// Its latest reading.
    pub reading: Option<MeterReading>,
}

/// Which side of the book an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// Wants energy.
    Buy,
    /// Offers energy.
    Sell,
}

/// An order as it was given to the market; a record, with no effect on balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Market slot.
    pub slot: u32,
    /// Buy or sell.
    pub side: Side,
    /// Energy, positive.
    pub quantity: Wh,
    /// Limit price.
    pub price: Price,
}

/// One account's part of a trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Index of the account.
    pub account: u32,
    /// Sold positive, bought negative.
    pub quantity: Wh,
    /// What a kWh sold here adds to the network's losses, in millionths of a kWh.
    pub loss: i64,
    /// What is paid for a kWh sold here, because of elements at their limit.
    pub congestion: Price,
}

/// The result of one clearing of a slot, at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Market slot.
    pub slot: u32,
    /// Number of the clearing within the slot, from 0.
    pub clearing: u32,
    /// Price of every fill.
    pub price: Price,
    /// Handed over into a storage or out of it, for nothing: the price is zero.
    pub handed: bool,
    /// Fills, by ascending account; they sum to zero.
    pub fills: Vec<Fill>,
}

/// What holds in a slot: the two tariffs of the grid and what is paid besides the energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariffs {
    /// Price of energy from the grid.
    pub import: Price,
    /// Price paid for energy to the grid.
    pub feed_in: Price,
    /// Grid fee on metered import.
    pub grid_fee: Price,
    /// Grid fee on the part of it that was made inside the community.
    pub local_fee: Price,
    /// Tax on what a slot costs, in thousandths.
    pub tax: u32,
    /// Paid for green energy that is used inside the community.
    pub subsidy: Price,
    /// The part of the losses' cost that is charged, in thousandths.
    pub loss_share: u32,
}

/// One account's line of a settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Index of the account.
    pub account: u32,
    /// Energy bought in trades.
    pub bought: Wh,
    /// Energy sold in trades.
    pub sold: Wh,
    /// Metered import.
    pub import: Wh,
    /// Metered export.
    pub export: Wh,
    /// Delivered less traded: `export - import - (sold - bought)`.
    pub imbalance: Wh,
    /// Money for the trades; received positive.
    pub trade_money: Money,
    /// Grid fee; received positive.
    pub grid_fee: Money,
    /// Tax; received positive.
    pub tax: Money,
    /// Subsidy; received positive.
    pub subsidy: Money,
    /// The network's losses; received positive.
    pub losses: Money,
    /// Elements at their limit; received positive.
    pub congestion: Money,
    /// Money in all: for trades, imbalance, grid fee, tax, subsidy, losses and congestion; received positive.
    pub money: Money,
}

/// The settlement of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Market slot.
    pub slot: u32,
    /// Tariffs that held in the slot.
    pub tariffs: Tariffs,
    /// Rows by ascending account; their money sums to zero.
    pub rows: Vec<Row>,
}

/// Money from the sender to another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Index of the receiving account.
    pub to: u32,
    /// How much, positive.
    pub amount: Money,
}

/// Who may read the sender's later readings, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Index of the reading account.
    pub grantee: u32,
}

/// The limits of trades' prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// Least price of a trade.
    pub floor: Price,
    /// Highest price of a trade.
    pub ceiling: Price,
}

/// A new contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// What it does.
    pub code: Code,
    /// Arguments of its `init`.
    pub args: Vec<Value>,
    /// Money that goes to the contract.
    pub attached: Money,
}

/// A call of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// The contract's id.
    pub contract: Hash,
    /// Name of the function.
    pub function: String,
    /// Its arguments.
    pub args: Vec<Value>,
    /// Money that goes to the contract.
    pub attached: Money,
}

/// An account's slot of a shared storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageRow {
    /// Index of the account.
    pub account: u32,
    /// Room that it has leased in the slot.
    pub capacity: Wh,
    /// Energy that may pass for it in the slot, either way.
    pub power: Wh,
    /// What passed: out positive, at the meter.
    pub done: Wh,
    /// Energy inside that the owner bought back, because no lease covers it any more.
    pub bought_back: Wh,
    /// Its energy inside after the slot.
    pub content: Wh,
    /// Rent, compensation and what was bought back; received positive.
    pub money: Money,
}

/// A slot of a shared storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageSlot {
    /// Index of the storage's account, its owner.
    pub storage: u32,
    /// Market slot.
    pub slot: u32,
    /// What it can hold, counted in what it can give.
    pub capacity: Wh,
    /// What can pass in a slot, either way.
    pub power: Wh,
    /// Of a round trip, in thousandths.
    pub efficiency: u32,
    /// Rows by ascending account.
    pub rows: Vec<StorageRow>,
}

/// What a transaction says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// A meter's counts.
    MeterReading(MeterReading),
    /// An order to the market.
    Order(Order),
    /// The operator's result of a clearing.
    Trade(Trade),
    /// The operator's bill of a slot.
    Settlement(Settlement),
    /// Money for another account.
    Transfer(Transfer),
    /// Lets another account read the sender's readings.
    Grant(Access),
    /// Ends that.
    Revoke(Access),
    /// The regulator's limits of prices.
    Cap(Cap),
    /// Proof that a validator voted twice.
    Equivocation(Equivocation),
    /// Issues, hands over or uses up a certificate of renewable energy.
    Certificate(CertificateAction),
    /// Puts a contract on the chain.
    Deploy(Deployment),
    /// Calls a contract.
    Call(Invocation),
    /// What a slot of a shared storage came to.
    Storage(StorageSlot),
    /// The key that its sender reads with.
    ReaderKey(ReaderKey),
    /// A slot's minutes and devices, for those with a grant.
    Sealed(Envelope),
    /// The regulator keeps an account out of the market.
    Suspend(Suspension),
    /// The regulator lets it in again.
    Reinstate(Reinstatement),
    /// What the regulator finds.
    Report(ComplianceReport),
}

impl Payload {
    /// The payload's name as it is printed.
    #[must_use]
    pub fn get_name(&self) -> &'static str {
        match self {
            Self::MeterReading(_) => "MeterReading",
            Self::Order(_) => "Order",
            Self::Trade(_) => "Trade",
            Self::Settlement(_) => "Settlement",
            Self::Transfer(_) => "Transfer",
            Self::Grant(_) => "Grant",
            Self::Revoke(_) => "Revoke",
            Self::Cap(_) => "Cap",
            Self::Equivocation(_) => "Equivocation",
            Self::Certificate(_) => "Certificate",
            Self::Deploy(_) => "Deploy",
            Self::Call(_) => "Call",
            Self::Storage(_) => "Storage",
            Self::ReaderKey(_) => "ReaderKey",
            Self::Sealed(_) => "Sealed",
            Self::Suspend(_) => "Suspend",
            Self::Reinstate(_) => "Reinstate",
            Self::Report(_) => "Report",
        }
    }
    /// The market slot it is about, where it is about one.
    #[must_use]
    pub fn get_slot(&self) -> Option<u32> {
        match self {
            Self::MeterReading(p) => Some(p.slot),
            Self::Order(p) => Some(p.slot),
            Self::Trade(p) => Some(p.slot),
            Self::Settlement(p) => Some(p.slot),
            Self::Storage(p) => Some(p.slot),
            Self::Sealed(p) => Some(p.slot),
            Self::Suspend(p) => Some(p.slot),
            Self::Reinstate(p) => Some(p.slot),
            _ => None,
        }
    }
    /// Whether it is its sender's duty and costs nothing; all else costs at least the least fee.
    #[must_use]
    pub fn is_duty(&self) -> bool {
        !matches!(self, Self::Transfer(_) | Self::Grant(_) | Self::Revoke(_) | Self::Deploy(_) | Self::Call(_))
    }
}

/// A transaction with its sender's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTransaction {
    /// Who signed.
    pub sender: Address,
    /// The sender's count of earlier transactions.
    pub nonce: u64,
    /// The most that the sender pays for it to the block's proposer; a duty costs nothing, a contract what it uses.
    pub fee: Money,
    /// What it says.
    pub payload: Payload,
    /// Signature over chain, sender, nonce, fee and payload.
    pub signature: Signature,
}

impl SignedTransaction {
    /// Signs a duty's `payload` for the chain whose genesis has the hash `chain`.
    #[must_use]
    pub fn new(key: &Keypair, chain: &Hash, nonce: u64, payload: Payload) -> Self {
        Self::with_fee(key, chain, nonce, Money::ZERO, payload)
    }
    /// Signs `payload` and a fee for the chain whose genesis has the hash `chain`.
    #[must_use]
    pub fn with_fee(key: &Keypair, chain: &Hash, nonce: u64, fee: Money, payload: Payload) -> Self {
        let sender = key.get_address();
        let signature = key.sign(&encode("transaction", &(chain, sender, nonce, fee, &payload)));
        Self { sender, nonce, fee, payload, signature }
    }
    /// Canonical bytes with the signature: the leaf of the transaction tree.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode("signed-transaction", self)
    }
    /// The transaction's hash: the hash of its leaf.
    #[must_use]
    pub fn compute_hash(&self) -> Hash {
        compute_leaf_hash(&self.encode())
    }
    /// What has to be checked of its signature.
    pub(crate) fn get_claim(&self, chain: &Hash) -> Claim {
        Claim {
            address: self.sender,
            message: encode("transaction", &(chain, self.sender, self.nonce, self.fee, &self.payload)),
            signature: self.signature,
        }
    }
}

/// What the settlement and the validators go by; fixed at genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Price of a shortage, in thousandths of the import tariff.
    pub short_factor: u32,
    /// Price of a surplus, in thousandths of the feed-in tariff.
    pub long_factor: u32,
    /// Accounts that pay neither grid fee nor tax: storage and the operator.
    pub exempt: Vec<u32>,
    /// Accounts that are paid the subsidy.
    pub green: Vec<u32>,
    /// Least time between two blocks.
    pub block_interval_us: u64,
    /// Longest time without a block.
    pub empty_interval_us: u64,
    /// How long the first waiting transaction waits for company.
    pub gather_us: u64,
    /// Most transactions in a block.
    pub block_transactions: u32,
    /// Timeout of the first round's proposal; prevote and precommit have the same.
    pub timeout_us: u64,
    /// What each further round adds to the timeouts.
    pub timeout_delta_us: u64,
    /// Least fee of a transaction that is no duty.
    pub least_fee: Money,
    /// Price of a thousand units of gas, on top of the least fee.
    pub gas_price: Money,
    /// How far a meter's account may go below zero by its own spending; its bills may take it further.
    pub credit: Money,
    /// Times of the registry of certificates.
    pub certificates: certificate::Rules,
    /// How blocks are agreed on.
    pub mechanism: Mechanism,
    /// Proof of work: zero bits that a block's hash begins with.
    pub work_bits: u32,
}

impl Default for Parameters {
    /// The scene's defaults: imbalance at 1.2 and 0.8 of the tariffs, a block every 10 s while transactions wait and
    /// every 60 s otherwise; timeouts of 1 s and 0.5 s more a round (the order of Tendermint's own defaults). Fees of
    /// a thousandth of the currency, and a credit of 100, a household's bill of a month or two: the scene's own rules.
    fn default() -> Self {
        Self {
            short_factor: 1_200,
            long_factor: 800,
            exempt: Vec::new(),
            green: Vec::new(),
            block_interval_us: 10_000_000,
            empty_interval_us: 60_000_000,
            gather_us: 500_000,
            block_transactions: 1_000,
            timeout_us: 1_000_000,
            timeout_delta_us: 500_000,
            least_fee: Money(1_000),
            gas_price: Money(100),
            credit: Money(100_000_000),
            certificates: certificate::Rules::default(),
            mechanism: Mechanism::Tendermint,
            // A thousand tries: a millisecond of a real processor, so that the toy's nonces can be looked for in earnest.
            work_bits: 10,
        }
    }
}

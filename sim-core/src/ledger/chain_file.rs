//! The lines of `chain.jsonl`: every record with its fields in their one order, in the spelling of `json.rs`.

use super::block::{Block, Commit, CommitVote, Header};
use super::genesis::{Genesis, GenesisAccount, Validator};
use super::json::{Canonical, Fault, Reader, record, write_line};
use super::types::{
    Fill, MeterReading, Order, Parameters, Payload, Role, Row, Settlement, Side, SignedTransaction, Tariffs, Trade,
};
use crate::digest::Hash;

record!(MeterReading { slot, import, export });
record!(Order { slot, side, quantity, price });
record!(Fill { account, quantity });
record!(Trade { slot, clearing, price, fills });
record!(Tariffs { import, feed_in, grid_fee, local_fee, tax, subsidy });
record!(Row { account, bought, sold, import, export, imbalance, trade_money, grid_fee, tax, subsidy, money });
record!(Settlement { slot, tariffs, rows });
record!(Validator { name, key, power });
record!(GenesisAccount { name, key, role, balance });
record!(Parameters {
    short_factor,
    long_factor,
    exempt,
    green,
    block_interval_us,
    empty_interval_us,
    gather_us,
    block_transactions,
    timeout_us,
    timeout_delta_us
});
record!(Genesis { format, name, scene, validators, accounts, parameters });
record!(Header { height, round, time_us, previous, proposer, validators, tx_root, state_root });
record!(CommitVote { validator, signature });
record!(Commit { round, votes });

macro_rules! choice {
    ($type:ident { $($variant:ident),+ }) => {
        impl Canonical for $type {
            fn write(&self, out: &mut String) {
                out.push_str(match self { $(Self::$variant => concat!("\"", stringify!($variant), "\"")),+ });
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                $(
                    let text = concat!("\"", stringify!($variant), "\"");
                    if r.take(text) {
                        return Ok(Self::$variant);
                    }
                )+
                Err(r.fault(concat!("one of" $(, " ", stringify!($variant))+)))
            }
        }
    };
}
choice!(Role { Meter, Operator, Grid, Losses, Validator });
choice!(Side { Buy, Sell });

macro_rules! payloads {
    ($($variant:ident),+) => {
        impl Canonical for Payload {
            fn write(&self, out: &mut String) {
                match self {
                    $(Self::$variant(p) => {
                        out.push_str(concat!("{\"", stringify!($variant), "\":"));
                        p.write(out);
                    })+
                }
                out.push('}');
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                r.expect("{\"")?;
                $(
                    if r.take(concat!(stringify!($variant), "\":")) {
                        let payload = Canonical::read(r)?;
                        r.expect("}")?;
                        return Ok(Self::$variant(payload));
                    }
                )+
                Err(r.fault(concat!("one of" $(, " ", stringify!($variant))+)))
            }
        }
    };
}
payloads!(MeterReading, Order, Trade, Settlement);

/// A transaction as it stands in a line: with its hash.
pub(crate) struct HashedTransaction {
    pub(crate) hash: Hash,
    pub(crate) transaction: SignedTransaction,
}

impl Canonical for HashedTransaction {
    fn write(&self, out: &mut String) {
        let SignedTransaction { sender, nonce, payload, signature } = &self.transaction;
        out.push_str("{\"hash\":");
        self.hash.write(out);
        out.push_str(",\"sender\":");
        sender.write(out);
        out.push_str(",\"nonce\":");
        nonce.write(out);
        out.push_str(",\"payload\":");
        payload.write(out);
        out.push_str(",\"signature\":");
        signature.write(out);
        out.push('}');
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        let hash = r.field("{", "hash")?;
        let (sender, nonce) = (r.field(",", "sender")?, r.field(",", "nonce")?);
        let (payload, signature) = (r.field(",", "payload")?, r.field(",", "signature")?);
        r.expect("}")?;
        Ok(Self { hash, transaction: SignedTransaction { sender, nonce, payload, signature } })
    }
}

/// A block as it stands in a line: with its hash and its transactions'.
pub(crate) struct BlockLine {
    pub(crate) hash: Hash,
    pub(crate) header: Header,
    pub(crate) transactions: Vec<HashedTransaction>,
    pub(crate) commit: Commit,
}
record!(BlockLine { hash, header, transactions, commit });

/// The genesis as it stands in a line: with its hash, the chain's name in signatures.
pub(crate) struct GenesisLine {
    pub(crate) hash: Hash,
    pub(crate) genesis: Genesis,
}
record!(GenesisLine { hash, genesis });

/// The line of a block in `chain.jsonl`, without the line's end.
#[must_use]
pub fn encode_line(block: &Block) -> String {
    let hashed = |tx: &SignedTransaction| HashedTransaction { hash: tx.compute_hash(), transaction: tx.clone() };
    write_line(&BlockLine {
        hash: block.header.compute_hash(),
        header: block.header.clone(),
        transactions: block.transactions.iter().map(hashed).collect(),
        commit: block.commit.clone(),
    })
}

/// The first line of `chain.jsonl`, without the line's end.
#[must_use]
pub fn encode_genesis(genesis: &Genesis) -> String {
    write_line(&GenesisLine { hash: genesis.compute_hash(), genesis: genesis.clone() })
}

//! The lines of `chain.jsonl`: every record with its fields in their one order, in the spelling of `json.rs`.

use super::block::{Block, Commit, CommitVote, Header, Link, VoteKind};
use super::certificate::{
    CertificateAction, CertificateId, Facility, Plant, Purpose, Rules as CertificateRules, Source, Storage,
};
use super::contract::limits::{MAX_ARGUMENTS, MAX_SOURCE_BYTES, MAX_VALUE_BYTES};
use super::contract::{Code, Value};
use super::crypto::encode;
use super::evidence::{Equivocation, InvalidBlock, ProposalWords, SignedVote};
use super::genesis::{Genesis, GenesisAccount, Validator};
use super::json::{Canonical, Fault, Reader, record, write_line};
use super::mechanism::Mechanism;
use super::oversight::{ComplianceReport, Figures, Ground, Reinstatement, Suspension};
use super::privacy::envelope::Envelope;
use super::privacy::fine::{MAX_SEALED_BYTES, MAX_WRAPS};
use super::privacy::keys::ReaderKey;
use super::types::{
    Access, Cap, Deployment, Fill, Invocation, MeterReading, Order, Parameters, Payload, Role, Row, Settlement, Side,
    SignedTransaction, StorageRow, StorageSlot, Tariffs, Trade, Transfer,
};
use crate::digest::{Hash, hex as hex_of};

record!(MeterReading { slot, import, export });
record!(Order { slot, side, quantity, price });
record!(Fill { account, quantity, loss, congestion });
record!(Trade { slot, clearing, price, handed, fills });
record!(Tariffs { import, feed_in, grid_fee, local_fee, tax, subsidy, loss_share });
record!(Row {
    account,
    bought,
    sold,
    import,
    export,
    imbalance,
    trade_money,
    grid_fee,
    tax,
    subsidy,
    losses,
    congestion,
    money
});
record!(Settlement { slot, tariffs, rows });
record!(StorageRow { account, capacity, power, done, bought_back, content, money });
record!(StorageSlot { storage, slot, capacity, power, efficiency, rows });
record!(Transfer { to, amount });
record!(Access { grantee });
record!(Cap { floor, ceiling });
record!(Suspension { account, slot, ground });
record!(Reinstatement { account, slot });
record!(Figures {
    trades,
    volume,
    lowest,
    highest,
    settled,
    energy,
    imbalance,
    issued,
    claimed,
    caps,
    suspended,
    reinstated,
    offences,
    sealed
});
record!(ComplianceReport { number, first, last, figures, out, doubted, suspected });
record!(SignedVote { block, signature });
record!(Equivocation { validator, height, round, kind, first, second });
record!(InvalidBlock { header, words, round, valid_round, signature, transaction, index, size, path });
record!(Deployment { code, args, attached });
record!(Invocation { contract, function, args, attached });
record!(CertificateId { produced, number });
record!(CertificateRules { slots_per_hour, issue_hours, expire_hours, baseline, buffer });
record!(Plant { source, rated, storage });
record!(Storage { capacity, efficiency });
record!(Validator { name, key, power });
record!(GenesisAccount { name, key, role, balance, facility });
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
    timeout_delta_us,
    least_fee,
    gas_price,
    credit,
    certificates,
    mechanism,
    work_bits
});
record!(Genesis { format, name, scene, validators, accounts, parameters });
record!(Header {
    height,
    round,
    time_us,
    previous,
    proposer,
    validators,
    tx_root,
    receipt_root,
    state_root,
    difficulty,
    nonce
});
record!(CommitVote { validator, signature });
record!(Link { header, seal });
record!(Commit { mechanism, round, votes, branch });

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
/// What holds texts of any kind: the canonical bytes in hexadecimal.
macro_rules! packed {
    ($($type:ty => $most:expr),+) => {$(
        impl Canonical for $type {
            fn write(&self, out: &mut String) {
                out.extend(["\"", &hex_of(&encode("packed", self)), "\""]);
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                r.packed($most, |bytes| {
                    let body = bytes.strip_prefix(PACKED)?;
                    postcard::from_bytes(body).ok().filter(|value| encode("packed", value) == bytes)
                })
            }
        }
    )+};
}
/// What packed bytes begin with.
const PACKED: &[u8] = b"gridtwin/packed/1\0";
packed!(Code => MAX_SOURCE_BYTES + 64, Vec<Value> => MAX_ARGUMENTS * MAX_VALUE_BYTES,
        Envelope => MAX_SEALED_BYTES + 128 * MAX_WRAPS);

impl Canonical for ReaderKey {
    fn write(&self, out: &mut String) {
        self.0.write(out);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        Hash::read(r).map(Self)
    }
}

choice!(Mechanism { Tendermint, Pbft, Raft, Clique, Work });
choice!(Role { Meter, Operator, Grid, Losses, Validator, Regulator });
choice!(VoteKind { Prevote, Precommit });
choice!(ProposalWords { Proposal, PrePrepare, Seal });
choice!(Purpose { Footprint, Credit });
choice!(Source { Solar, Wind, Hydro });
choice!(Side { Buy, Sell });
choice!(Ground { Meter, Price, Safety, Debt });

/// One of several records, named before it.
macro_rules! one_of {
    ($type:ident { $($variant:ident),+ }) => {
        impl Canonical for $type {
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
                        let value = Canonical::read(r)?;
                        r.expect("}")?;
                        return Ok(Self::$variant(value));
                    }
                )+
                Err(r.fault(concat!("one of" $(, " ", stringify!($variant))+)))
            }
        }
    };
}
one_of!(Facility { Plant, Storage });
one_of!(Payload {
    MeterReading,
    Order,
    Trade,
    Settlement,
    Transfer,
    Grant,
    Revoke,
    Cap,
    Equivocation,
    Certificate,
    Deploy,
    Call,
    Storage,
    ReaderKey,
    Sealed,
    Suspend,
    Reinstate,
    Report
});

/// The same for variants that are records themselves.
macro_rules! one_of_records {
    ($type:ident { $($variant:ident { $first:ident $(, $rest:ident)* }),+ }) => {
        impl Canonical for $type {
            fn write(&self, out: &mut String) {
                match self {
                    $(Self::$variant { $first $(, $rest)* } => {
                        out.push_str(concat!("{\"", stringify!($variant), "\":{\"", stringify!($first), "\":"));
                        $first.write(out);
                        $(
                            out.push_str(concat!(",\"", stringify!($rest), "\":"));
                            $rest.write(out);
                        )*
                    })+
                }
                out.push_str("}}");
            }
            fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
                r.expect("{\"")?;
                $(
                    if r.take(concat!(stringify!($variant), "\":")) {
                        let $first = r.field("{", stringify!($first))?;
                        $( let $rest = r.field(",", stringify!($rest))?; )*
                        r.expect("}}")?;
                        return Ok(Self::$variant { $first $(, $rest)* });
                    }
                )+
                Err(r.fault(concat!("one of" $(, " ", stringify!($variant))+)))
            }
        }
    };
}
pub(crate) use one_of_records;
one_of_records!(CertificateAction {
    Issue { hour, energy },
    Transfer { certificate, to, energy },
    Claim { certificate, energy, purpose },
    Store { certificate, energy },
    Release { hour, energy },
    Lock { certificate, energy, to, hash, until_us },
    Unlock { certificate, secret },
    Refund { certificate },
    IssueCredit { hour },
    TransferCredit { to, mg },
    RetireCredit { mg }
});

/// A transaction as it stands in a line: with its hash.
pub(crate) struct HashedTransaction {
    pub(crate) hash: Hash,
    pub(crate) transaction: SignedTransaction,
}

impl Canonical for HashedTransaction {
    fn write(&self, out: &mut String) {
        let SignedTransaction { sender, nonce, fee, payload, signature } = &self.transaction;
        out.push_str("{\"hash\":");
        self.hash.write(out);
        out.push_str(",\"sender\":");
        sender.write(out);
        out.push_str(",\"nonce\":");
        nonce.write(out);
        out.push_str(",\"fee\":");
        fee.write(out);
        out.push_str(",\"payload\":");
        payload.write(out);
        out.push_str(",\"signature\":");
        signature.write(out);
        out.push('}');
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        let hash = r.field("{", "hash")?;
        let (sender, nonce) = (r.field(",", "sender")?, r.field(",", "nonce")?);
        let fee = r.field(",", "fee")?;
        let (payload, signature) = (r.field(",", "payload")?, r.field(",", "signature")?);
        r.expect("}")?;
        Ok(Self { hash, transaction: SignedTransaction { sender, nonce, fee, payload, signature } })
    }
}

impl Canonical for SignedTransaction {
    fn write(&self, out: &mut String) {
        HashedTransaction { hash: self.compute_hash(), transaction: self.clone() }.write(out);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        let HashedTransaction { hash, transaction } = HashedTransaction::read(r)?;
        if transaction.compute_hash() == hash {
            Ok(transaction)
        } else {
            Err(r.fault("a transaction with its hash before this"))
        }
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

/// The block that stands in a line; none where it cannot be read. What it says is not checked here.
#[must_use]
pub fn read_block(line: &[u8]) -> Option<Block> {
    let BlockLine { header, transactions, commit, .. } = super::json::Reader::read_all(line).ok()?;
    Some(Block { header, transactions: transactions.into_iter().map(|t| t.transaction).collect(), commit })
}

/// The first line of `chain.jsonl`, without the line's end.
#[must_use]
pub fn encode_genesis(genesis: &Genesis) -> String {
    write_line(&GenesisLine { hash: genesis.compute_hash(), genesis: genesis.clone() })
}

//! Why a transaction is refused: one error for each rule of the transition, with the numbers inside.

use super::certificate::CertificateError;
use super::settlement::SettlementError;
use super::types::Role;

/// Why a transaction is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Not an account of this chain.
    #[error("the sender is no account of this chain")]
    UnknownSender,
    /// Replayed, or one is missing.
    #[error("nonce {found}, expected {expected}")]
    Nonce {
        /// The account's next.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// Not signed by the sender for this chain.
    #[error("the signature is not the sender's over this transaction and chain")]
    Signature,
    /// The sender's role does not permit it.
    #[error("an account of role {role:?} may not send a {payload}")]
    Role {
        /// The sender's role.
        role: Role,
        /// The payload's name.
        payload: &'static str,
    },
    /// An amount outside its range.
    #[error("{field} is {value}, expected {low} to {high}")]
    Range {
        /// Which.
        field: &'static str,
        /// What stands there.
        value: i64,
        /// Least.
        low: i64,
        /// Most.
        high: i64,
    },
    /// A slot that is settled or too far ahead.
    #[error("slot {slot} is not open: settled up to {settled:?}, open to {last}")]
    SlotClosed {
        /// The slot.
        slot: u32,
        /// The last settled.
        settled: Option<u32>,
        /// The last that may be opened.
        last: u32,
    },
    /// A second reading, or an older one after a newer.
    #[error("a reading of slot {slot} after that of slot {last}")]
    Reading {
        /// The slot.
        slot: u32,
        /// The meter's latest.
        last: u32,
    },
    /// Not the next clearing.
    #[error("clearing {found} of this slot, expected {expected}")]
    Clearing {
        /// The next.
        expected: u32,
        /// What stands there.
        found: u32,
    },
    /// Fills out of order, unknown, or from an account that cannot trade.
    #[error("fill {index} names account {account}: fills go by ascending account that can trade")]
    Fill {
        /// Place of the fill.
        index: usize,
        /// Whom it names.
        account: u32,
    },
    /// Sold is not bought.
    #[error("the fills sum to {sum} Wh, not to zero")]
    FillSum {
        /// The sum.
        sum: i64,
    },
    /// An older slot has trades and is not settled.
    #[error("slot {older} has trades and must be settled before slot {slot}")]
    OlderSlot {
        /// The older slot.
        older: u32,
        /// The slot.
        slot: u32,
    },
    /// A row for an account that is not there or has no meter.
    #[error("row {index} names account {account}, which has no meter")]
    RowAccount {
        /// Place of the row.
        index: usize,
        /// Whom it names.
        account: u32,
    },
    /// A metered account without a row.
    #[error("account {account} has a reading in this slot and no row")]
    MissingRow {
        /// The account.
        account: u32,
    },
    /// A row that differs from the reading or from what is computed.
    #[error("row {index} (account {account}): {field} is {found}, expected {expected}")]
    Row {
        /// Place of the row.
        index: usize,
        /// Whose.
        account: u32,
        /// Which figure.
        field: &'static str,
        /// What must stand there.
        expected: i64,
        /// What stands there.
        found: i64,
    },
    /// A rule of the registry of certificates.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The slot does not add up.
    #[error(transparent)]
    Settlement(#[from] SettlementError),
    /// Not an account that this can be done with.
    #[error("{field} is {account}: not another account, or one for which this is done already")]
    Account {
        /// Which field.
        field: &'static str,
        /// Whom it names.
        account: u32,
    },
    /// More than the account can spend.
    #[error("account {account} would spend {needed} of {available} millionths of the currency")]
    Funds {
        /// Whose.
        account: u32,
        /// What it can spend, with its credit.
        available: i64,
        /// What it would spend, with the fee.
        needed: i64,
    },
    /// No proof of an offence.
    #[error("{field}: no two votes of one validator for different values in one step of a round")]
    Evidence {
        /// The part that does not fit.
        field: &'static str,
    },
    /// An offence of a validator of which there is a proof already.
    #[error("the offence of validator {validator} stands on the chain already")]
    Known {
        /// Which.
        validator: u32,
    },
    /// Kept out of the market by the regulator.
    #[error("account {account} is suspended from the market of slot {slot} by the regulator")]
    Suspended {
        /// Whose.
        account: u32,
        /// The slot.
        slot: u32,
    },
    /// A balance or register beyond 64 bits.
    #[error("an amount of account {account} overflows")]
    Overflow {
        /// Whose.
        account: u32,
    },
}

impl TransitionError {
    /// The field of the transaction in which the error lies, as in `chain.jsonl`.
    #[must_use]
    pub fn get_field(&self) -> String {
        match self {
            Self::UnknownSender => "sender".to_owned(),
            Self::Nonce { .. } => "nonce".to_owned(),
            Self::Signature => "signature".to_owned(),
            Self::Role { .. } | Self::Overflow { .. } | Self::Suspended { .. } | Self::Certificate(_) => {
                "payload".to_owned()
            }
            Self::Funds { .. } | Self::Range { field: "fee", .. } => "fee".to_owned(),
            Self::Range { field, .. } | Self::Account { field, .. } | Self::Evidence { field } => {
                format!("payload.{field}")
            }
            Self::Known { .. } => "payload.validator".to_owned(),
            Self::SlotClosed { .. } | Self::Reading { .. } | Self::OlderSlot { .. } => "payload.slot".to_owned(),
            Self::Clearing { .. } => "payload.clearing".to_owned(),
            Self::Fill { index, .. } => format!("payload.fills[{index}].account"),
            Self::FillSum { .. } => "payload.fills".to_owned(),
            Self::RowAccount { index, .. } => format!("payload.rows[{index}].account"),
            Self::Row { index, field, .. } => format!("payload.rows[{index}].{field}"),
            Self::MissingRow { .. } | Self::Settlement(_) => "payload.rows".to_owned(),
        }
    }
}

//! How surprising a transfer is, given the account's own past, in bits.
//!
//! After `n` transactions of which `k` were transfers, the next one is a transfer with probability `(k + 1) / (n + 2)`
//! (Laplace's rule of succession, 1774). After `m` bills of which none was as large, the amount is the largest with
//! probability `1 / (m + 2)` by the same rule; an amount within what the account is used to adds nothing. The surprise
//! `-log2` of both is added up over the transfers of an hour; an alarm at 12 bits: by its own past, one chance in 4,096
//! for each such hour. Assumption: past and present are exchangeable, so a household that begins to send money by itself
//! is suspected too: this is a suspicion and no proof.

use crate::ledger::types::{Payload, SignedTransaction};
use crate::quantity::Money;
use crate::time::HOUR_US;
use serde::{Deserialize, Serialize};

/// From how many bits on an hour's transfers are suspected.
pub const THRESHOLD_BITS: f64 = 12.0;

/// An account's past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    transactions: u32,
    transfers: u32,
    bills: u32,
    /// The largest bill so far, millionths of the currency.
    largest: i64,
    /// Surprise of the hour's transfers, and when the first of them was.
    bits: f64,
    since_us: u64,
    is_raised: bool,
}

impl History {
    /// What a slot's bill moved.
    pub fn note_bill(&mut self, money: Money) {
        self.bills = self.bills.saturating_add(1);
        self.largest = self.largest.max(money.0.saturating_abs());
    }

    /// A committed transaction; the bits where they are an alarm that was not said in this hour.
    pub fn process(&mut self, tx: &SignedTransaction, time_us: u64) -> Option<f64> {
        let (n, k) = (f64::from(self.transactions), f64::from(self.transfers));
        self.transactions = self.transactions.saturating_add(1);
        let Payload::Transfer(transfer) = &tx.payload else { return None };
        self.transfers = self.transfers.saturating_add(1);
        if time_us.saturating_sub(self.since_us) > HOUR_US || self.bits <= 0.0 {
            (self.bits, self.since_us, self.is_raised) = (0.0, time_us, false);
        }
        self.bits += libm::log2((n + 2.0) / (k + 1.0));
        if transfer.amount.0 > self.largest {
            self.bits += libm::log2(f64::from(self.bills) + 2.0);
        }
        let is_new = self.bits >= THRESHOLD_BITS && !self.is_raised;
        self.is_raised |= is_new;
        is_new.then_some(self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::crypto::Keypair;
    use crate::ledger::types::{MeterReading, Transfer};
    use crate::quantity::Wh;

    fn sign(payload: Payload) -> SignedTransaction {
        SignedTransaction::new(&Keypair::derive(1, "account", "a"), &[0; 32], 0, payload)
    }

    /// A dozen readings and small bills, then three large transfers: the third is one too many. Who has sent as much all
    /// day surprises nobody.
    #[test]
    fn large_transfers_out_of_nothing_surprise_and_habits_do_not() {
        let reading = sign(Payload::MeterReading(MeterReading { slot: 1, import: Wh(1), export: Wh(0) }));
        let transfer = |amount| sign(Payload::Transfer(Transfer { to: 1, amount: Money(amount) }));
        let mut history = History::default();
        for slot in 0..12 {
            history.note_bill(Money(-50_000));
            assert_eq!(history.process(&reading, slot), None);
        }
        let said: Vec<bool> = (0..3).map(|i| history.process(&transfer(20_000_000), 100 + i).is_some()).collect();
        assert_eq!(said.iter().filter(|s| **s).count(), 1, "{said:?}");
        let mut habit = History::default();
        habit.note_bill(Money(30_000));
        for i in 0..100 {
            assert_eq!(habit.process(&transfer(20_000), i * HOUR_US / 4), None, "transfer {i}");
        }
    }
}

//! Where money went and where it came from, read from the blocks alone.
//!
//! [`MoneyBook`] executes each block again and writes down every [`Movement`]: who pays whom how much, and why. The words
//! are those of the transaction and its receipt. What each balance has really changed by stands beside them: a difference
//! that no movement explains becomes one of its own ([`Why::Unknown`]), so for every account, after every block,
//!
//! `opening + received - paid = balance`, to the millionth.
//!
//! **Which money?** Accounts hold money, not coins: one millionth is like another, and the chain itself does not say which
//! is spent. The rule here is first in, first out, as with certificates in a store: what an account received first it pays
//! with first ([`MoneyBook::trace`]). What it pays beyond what it has is paid on credit, for accounts are billed after
//! delivery; what it then receives makes good the debt first. So each millionth is spent once, and the way back ends where
//! money enters: at an opening balance, at the grid's account, through which the community pays and is paid by the
//! world outside, or at the credit of who paid with what it did not have. Contracts hold money by the same rule.
//!
//! A settlement's trades have no pairs of buyer and seller: those who owe pay into a clearing, in the order of accounts,
//! then those who are owed are paid from it in that order, and it is left with nothing.
//!
//! Only the last [`KEPT`] movements are kept. A way that leads further back ends as [`Origin::Earlier`].

mod book;
mod movement;
mod trace;

pub use book::{KEPT, MoneyBook, MoneyError, Purse};
pub use movement::{Holder, Movement, Why};
pub use trace::{Origin, Step, Trace};

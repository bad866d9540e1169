//! Storage sharing: capacity and power of batteries, auctioned apart for each slot, and of each two books of what is inside.
//!
//! ```text
//! physical = sum of contents (owner's and lessees'), each at least 0                     after every slot, in Wh
//! sum of leased capacity <= capacity,   sum of leased power <= power                     in every slot
//! content of a lessee <= its leased capacity;    sum of contents <= capacity
//! ```
//!
//! `auction` sells capacity (Wh that may lie inside during a slot) and power (Wh that may pass in a slot, either way) of all
//! providers, with the ageing they cause as each one's reserve (`ageing`); a lease is one with a provider. `book` runs the slots: requests are cut to what
//! was leased, netted against each other (one charges while another discharges: nothing flows), and the rest is asked of
//! the battery. What it cannot do is cut in proportion and paid for by the owner; it stays in its lessee's content.
//!
//! Content is counted in Wh that can be given; all conversion loss is taken at the charge (`content += energy efficiency /
//! 1000`, rounded down). What netting saves of that loss is the owner's, and so is what the battery loses by itself, as
//! long as the owner has content; what is missing beyond that is bought from the lessees at the price of what is not
//! delivered. The physical battery is elsewhere ([`device`](crate::device)); it tells what it can do and what is inside. One
//! owner, one battery: the community's and each private one have a book each.

mod ageing;
mod auction;
mod book;
mod error;
mod plan;
#[cfg(test)]
mod tests;

pub use ageing::{Ageing, Rent};
pub use auction::{Offer, StorageAuction, StorageBid, StorageProduct, process_offers};
pub use book::{Available, Lease, Request, SharedStorage, SlotOutcome, SlotRow, StorageTerms};
pub use error::StorageError;
pub use plan::Plan;

//! Contracts: rules written as text that hold money and move it by themselves.
//!
//! A contract is a text of functions in the language rhai (whole numbers only), deployed by a transaction, called by
//! transactions. What a call may do is small: read the chain ([`Host`]), read and write the contract's own storage, pay
//! out of the contract's own money, leave events. It runs against a buffer: the [`Receipt`] of a call that went through
//! has its writes, transfers and events; one that failed has a message with line and column and nothing else, and the
//! money that came with it goes back. Gas is used either way.
//!
//! | what could go wrong | what stops it |
//! |---|---|
//! | runs for ever | gas: one unit an operation, stated costs for what is dearer ([`gas`]) |
//! | grows without bound | limits on text, lists, records, variables, call depth, storage ([`limits`]) |
//! | overflows, divides by zero | checked whole numbers; the call fails |
//! | source that is hard to parse | limits on bytes, functions and depth before and while it is parsed |
//! | differs from machine to machine | no fraction, clock, randomness, hash order or address can be seen ([`machine`]) |
//! | calls back before it has finished | a contract cannot call another |
//!
//! Units: money in millionths of the currency, energy in Wh, prices in thousandths of the currency per kWh, so that
//! Wh times price is money without a division. Time: seconds of simulated time, market slots as in [`types`].
//!
//! Reading order: [`value`], [`host`], [`receipt`], [`gas`], `run.rs` (what one call can do), [`machine`] and [`builtins`]
//! (the language), [`store`] (what stands on the chain), [`native`] (a contract written in Rust behind the same
//! interface), [`bridge`] (one that follows another chain), [`check`] (for editors), [`library`] (contracts of ours), [`plant`] (one of them as others
//! read it), [`sandbox`] (a chain of a few accounts to try
//! them on), [`mutants`] (a campaign against all of it).
//!
//! Limits: contracts cannot call contracts; what is stored, given or left as an event holds no list within a list; where
//! gas, depth or size ran out is told by the called function's line only; the interpreter finds functions by a hash of 64
//! bits, so an author who makes two names of his own contract collide confuses himself.
//!
//! [`types`]: super::types

pub mod argument;
pub mod bridge;
pub mod builtins;
pub mod check;
pub mod gas;
pub mod host;
pub mod library;
pub mod limits;
pub mod machine;
pub mod mutants;
pub mod native;
pub mod plant;
pub mod receipt;
mod run;
pub mod sandbox;
mod share;
pub mod store;
#[cfg(test)]
mod tests;
pub mod value;

pub use argument::parse_argument;
pub use check::{Diagnostic, FunctionInfo, check, get_functions};
pub use host::{AccountView, Host};
pub use library::{LibraryContract, get_library};

pub use receipt::{ContractEvent, Failure, FailureKind, Party, Receipt, Transfer};
pub use store::{Call, Code, Contract, ContractId, Contracts, Deploy, EntryKey};
pub use value::{Scalar, Value};

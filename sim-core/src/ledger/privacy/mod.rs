//! The privacy lab: readings that stay with those who may know them, and sums, bills and caps that hold all the same.
//!
//! | question | answer | where |
//! |---|---|---|
//! | How can a reading be fixed and not shown? | Pedersen commitment | [`commitment`] |
//! | How does one know that it is not negative? | range proof, Bulletproofs+ | [`range_proof`] |
//! | How would one prove that with pencil and paper? | bit by bit | [`bit_proof`] |
//! | What does the neighbourhood use, what does it owe? | sums and multiples of commitments | [`neighbourhood`] |
//! | How is one slot shown to an auditor, and no other? | opening with a path; proofs of equality | [`disclosure`] |
//! | Who may read? | X25519, HKDF-SHA256, ChaCha20-Poly1305 | [`keys`], [`envelope`] |
//! | What of a household goes on the running chain, and who can read it there? | minutes, sealed | [`fine`], [`chain_reader`] |
//! | Who says who may? | signed orders with nonces | [`access_book`] |
//! | What does a meter publish? | all of it together | [`reading`] |
//! | Who watches the caps? | the regulator and its report | [`regulator`] |
//! | What does it cost, and what is fit for use? | sizes, and times that a caller measures | [`lab`], [`report`] |
//!
//! **Nothing here is secret.** A twin must come out the same twice, so every key, blinding and nonce follows from the
//! scene's seed, and who has the scene has them all. A real meter draws its secrets from its own hardware and keeps
//! them there. The algorithms are those of real systems; the keys are those of a simulation.
//!
//! Units: readings in Wh, prices in thousandths of the currency per kWh, money in millionths of the currency.

#[cfg(feature = "privacy")]
pub mod access_book;
#[cfg(feature = "privacy")]
pub mod bit_proof;
pub mod chain_reader;
#[cfg(feature = "privacy")]
pub mod commitment;
#[cfg(feature = "privacy")]
pub mod disclosure;
pub mod envelope;
pub mod error;
pub mod fine;
pub mod keys;
#[cfg(feature = "privacy")]
pub mod lab;
#[cfg(feature = "privacy")]
pub mod neighbourhood;
#[cfg(feature = "privacy")]
pub mod range_proof;
#[cfg(feature = "privacy")]
pub mod reading;
#[cfg(feature = "privacy")]
pub mod regulator;
#[cfg(feature = "privacy")]
pub mod report;
#[cfg(all(test, feature = "privacy"))]
mod tests;

pub use error::PrivacyError;

//! Our own contracts, as texts in `assets/contracts`, each with a worked example that the sandbox can play.
//!
//! Four business models are one text, deployed in four ways ([`plant`](super::plant)): four entries with their own examples.
//! An example is a list of [`Step`](super::sandbox::Step)s in JSON; a test plays each to its end. Every contract keeps
//! enough money for all it could owe, takes what it pays for out of its storage before it pays, and refuses money that
//! it does not ask for.

/// A contract of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryContract {
    /// Its name, as in the file's.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// Its source.
    pub source: &'static str,
    /// A worked example: steps in JSON.
    pub example: &'static str,
}

macro_rules! library {
    ($($name:literal in $source:literal: $summary:literal,)*) => {
        [$(LibraryContract {
            name: $name,
            summary: $summary,
            source: include_str!(concat!("../../../../assets/contracts/", $source, ".rhai")),
            example: include_str!(concat!("../../../../assets/contracts/", $name, ".json")),
        },)*]
    };
}

static LIBRARY: [LibraryContract; 12] = library![
    "p2p-settlement" in "p2p-settlement": "Two neighbours trade the energy of one slot, paid by what their meters count.",
    "demand-response" in "demand-response": "Households are paid for taking less from the grid in one critical slot.",
    "storage-lease" in "storage-lease": "A part of somebody's battery is rented for some slots, no part of it twice.",
    "certificate-registry" in "certificate-registry": "Proof that energy came from sun, wind or water: issued once, claimed once.",
    "dividend" in "dividend": "A solar field in shares that pays its owners what it earns, to the last millionth.",
    "escrow" in "escrow": "A buyer's money waits until the goods are there; an arbiter decides in a dispute.",
    "hash-time-lock" in "hash-time-lock": "Money that a secret opens until a time: the half of a swap between two chains.",
    "energy-service" in "energy-service": "A company makes a house efficient and is paid from what that saves, or pays.",
    "shared-ownership" in "shared-plant": "A plant that several own by shares: each bill it is paid is shared out at once.",
    "mixed-ownership" in "shared-plant": "The same with an operator who runs the plant for a fee and owns a part.",
    "tokenised-field" in "shared-plant": "The same in tokens that anybody buys, sells and gives away in any part.",
    "energy-service-plant" in "shared-plant": "A company's plant, paid by what is metered; after its term it is the members'.",
];

/// All contracts of the library.
#[must_use]
pub fn get_library() -> &'static [LibraryContract] {
    &LIBRARY
}

/// One of them by its name.
#[must_use]
pub fn find_contract(name: &str) -> Option<&'static LibraryContract> {
    LIBRARY.iter().find(|c| c.name == name)
}

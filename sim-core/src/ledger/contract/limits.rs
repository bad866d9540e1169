//! What bounds a contract, so that the dearest one is cheap enough for every validator.
//!
//! The numbers are ours. They are chosen so that the slowest call within [`MAX_GAS`] that we found takes less than a
//! block's interval on one core (`gridsim bench-contract` measures it) and so that nothing reaches the machine's stack.

/// Most bytes of a contract's source.
pub const MAX_SOURCE_BYTES: usize = 16 << 10;
/// Most functions of a contract.
pub const MAX_FUNCTIONS: usize = 48;
/// Most levels of an expression or of blocks within one another.
pub const MAX_EXPRESSION_DEPTH: usize = 24;
/// Most calls within one another.
pub const MAX_CALL_DEPTH: usize = 12;
/// Most variables alive at a time.
pub const MAX_VARIABLES: usize = 64;
/// Most bytes of a text while it is worked on.
pub const MAX_TEXT_BYTES: usize = 4 << 10;
/// Most items of a list, or entries of a record, nested ones counted.
pub const MAX_ITEMS: usize = 256;
/// Most bytes of a key of the storage.
pub const MAX_KEY_BYTES: usize = 128;
/// Most bytes of a stored value, of an argument, of an event's field or of a result.
pub const MAX_VALUE_BYTES: usize = 4 << 10;
/// Most arguments of a call.
pub const MAX_ARGUMENTS: usize = 16;
/// Most bytes a contract may store, keys and values.
pub const MAX_STORAGE_BYTES: u64 = 1 << 20;
/// Most events of a call.
pub const MAX_EVENTS: usize = 64;
/// Most payments of a call.
pub const MAX_TRANSFERS: usize = 64;
/// Most printed lines that are kept.
pub const MAX_PRINTED_LINES: usize = 64;
/// Most characters of a printed line or of a message that are kept.
pub const MAX_LINE_CHARS: usize = 256;
/// Most gas of a call.
pub const MAX_GAS: u64 = 500_000;
/// Gas of a call whose sender names none.
pub const DEFAULT_GAS: u64 = 50_000;

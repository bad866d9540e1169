//! Evidence as a file: an object a line, in the one spelling of `chain.jsonl`, with the hash of the chain's genesis. Who has
//! the line and the chain's file can check it; who wrote it does not matter.

use super::evidence::Evidence;
use crate::digest::{Hash, hex};
use crate::ledger::chain_file::one_of_records;
use crate::ledger::json::{Canonical, Fault, Reader, record, write_line};

/// Format of a line.
pub const FORMAT: u32 = 1;
/// Longest line: many times the longest block.
pub const MAX_LINE: usize = 64 << 20;

one_of_records!(Evidence {
    Equivocation { proof },
    Forged { transaction },
    Replayed { transaction, height },
    DoubleSpend { first, second },
    ChangedBlock { header, commit, copy },
    DoubleIssue { first, second },
    InvalidBlock { proof }
});

/// A line of a copy, in hexadecimal.
impl Canonical for Vec<u8> {
    fn write(&self, out: &mut String) {
        out.extend(["\"", &hex(self), "\""]);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Fault> {
        r.packed(MAX_LINE, |bytes| Some(bytes.to_vec()))
    }
}

struct EvidenceLine {
    format: u32,
    chain: Hash,
    evidence: Evidence,
}
record!(EvidenceLine { format, chain, evidence });

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}, field {field}: {reason}")]
pub struct EvidenceError {
    /// Column in bytes, from 1.
    pub column: usize,
    /// Field.
    pub field: String,
    /// What was expected.
    pub reason: String,
}

/// The line of an evidence object on the chain with this genesis, without the line's end.
#[must_use]
pub fn encode_evidence(chain: &Hash, evidence: &Evidence) -> String {
    write_line(&EvidenceLine { format: FORMAT, chain: *chain, evidence: evidence.clone() })
}

/// The chain and the evidence of a line.
///
/// # Errors
/// The first thing that is not spelled as it must be.
pub fn read_evidence(line: &[u8]) -> Result<(Hash, Evidence), EvidenceError> {
    let read = Reader::read_all::<EvidenceLine>(line);
    let line = read.map_err(|Fault { column, field, reason, .. }| {
        let field = field.unwrap_or_else(|| "evidence".into());
        EvidenceError { column, field, reason }
    })?;
    if line.format != FORMAT {
        let reason = format!("{}, and this program reads format {FORMAT}: write the file anew", line.format);
        return Err(EvidenceError { column: 1, field: "format".into(), reason });
    }
    Ok((line.chain, line.evidence))
}

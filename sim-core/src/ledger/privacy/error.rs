//! Why something of the privacy lab cannot be made, read or believed.

/// Why something cannot be made, read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivacyError {
    /// 32 bytes that are no canonical encoding of a group element (RFC 9496, 4.3.1) or scalar.
    #[error("the bytes are no canonical {what}")]
    Encoding {
        /// A point, a scalar, an envelope.
        what: &'static str,
    },
    /// A value that is not 0 to 2^32 - 1.
    #[error("{value} is outside 0 to {most}")]
    Range {
        /// What was to be committed to, in Wh.
        value: i64,
        /// Most, in Wh.
        most: i64,
    },
    /// None, or too many, in one proof.
    #[error("{count} values in one range proof, expected 1 to {most}")]
    Count {
        /// How many.
        count: usize,
        /// Most.
        most: usize,
    },
    /// A sum or product beyond 64 bits.
    #[error("a sum or product does not fit 64 bits")]
    Overflow,
    /// The two commitments are to different values, or the commitment is not to the reading.
    #[error("the values are not equal: {left} and {right}")]
    NotEqual {
        /// One.
        left: i64,
        /// The other.
        right: i64,
    },
    /// One that committed gave no share, or the reverse.
    #[error("account {account} has a commitment or a share, and not both")]
    Share {
        /// Whose.
        account: u32,
    },
    /// The shares do not open the sum of the commitments: at least one is wrong, and it cannot be told which.
    #[error("the shares of {count} accounts do not open the sum of their commitments")]
    Sum {
        /// How many shares.
        count: usize,
    },
    /// A range proof that does not hold.
    #[error("the range proof of account {account}, slot {slot} does not hold")]
    Proof {
        /// Whose.
        account: u32,
        /// Market slot.
        slot: u32,
    },
    /// The envelope has no key for this account.
    #[error("account {grantee} has no grant to the reading of account {account}, slot {slot}")]
    NoGrant {
        /// Who wanted to read.
        grantee: u32,
        /// Whose reading.
        account: u32,
        /// Market slot.
        slot: u32,
    },
    /// Something was changed, or it is not the right key.
    #[error("the seal of account {account}, slot {slot} is broken or the key is another")]
    Seal {
        /// Whose reading.
        account: u32,
        /// Market slot.
        slot: u32,
    },
    /// What the envelope holds does not open what was published.
    #[error("what is sealed for account {account}, slot {slot} does not open its commitments")]
    Mismatch {
        /// Whose reading.
        account: u32,
        /// Market slot.
        slot: u32,
    },
    /// A key of small order: whatever the secret, the shared secret is the same.
    #[error("the public key is of small order")]
    WeakKey,
    /// Granted twice, or revoked without a grant; the owner's own access stays.
    #[error("account {grantee} {}", if *granted { "already has access, or owns it" } else { "has no access that could be revoked" })]
    Access {
        /// Whose access.
        grantee: u32,
        /// Whether there is a grant.
        granted: bool,
    },
    /// A library refused what cannot fail with these sizes.
    #[error("{what} refused its input")]
    Library {
        /// Which.
        what: &'static str,
    },
}

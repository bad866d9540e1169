//! Recomputes published test vectors: ed25519 (RFC 8032), SHA-256 (FIPS 180-4), Merkle trees (RFC 6962).

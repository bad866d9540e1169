//! Tests of the privacy lab as a whole.

mod vectors;

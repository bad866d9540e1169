//! See HOUSE.md section 3.

//! What a part of the privacy lab costs, and whether it is fit for use outside a lesson.

use serde::Serialize;

/// Whether a part is fit for use outside a lesson. Keys never are: a twin's follow from its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Grade {
    /// A published construction, carried out by a published library.
    #[serde(rename = "production grade")]
    Production,
    /// Correct as far as its tests go, composed by us and reviewed by nobody.
    #[serde(rename = "for teaching")]
    Teaching,
}

impl Grade {
    /// The label as it is shown.
    #[must_use]
    pub fn get_label(self) -> &'static str {
        match self {
            Self::Production => "production grade",
            Self::Teaching => "for teaching",
        }
    }
}

/// One line: what, how many bytes, how long. The library reads no clock, so the times are a caller's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrivacyReport {
    /// What was made.
    pub what: String,
    /// Its size on the wire, in bytes.
    pub bytes: usize,
    /// Time to make it, in microseconds.
    pub prove_us: Option<f64>,
    /// Time to check or open it, in microseconds.
    pub verify_us: Option<f64>,
    /// Fit for what.
    pub grade: Grade,
    /// Why this grade, in a sentence.
    pub because: &'static str,
}

//! Net present value, internal rate of return, payback of yearly flows; the first flow is now.
//!
//! ```text
//! NPV(r) = sum of flow(t) / (1 + r)^t,  t = 0, 1, ..          IRR: NPV(r) = 0
//! payback: the time at which the sum of flows reaches zero for good, linear within a year; not discounted
//! ```
//!
//! An internal rate is given only where flows change sign once: then it is unique (Descartes' rule of signs) and bisection
//! finds it between -99 % and 10,000 %. Source: Brealey, Myers and Allen, Principles of Corporate Finance, chapters 2
//! and 5. Validated against examples of spreadsheets' and numpy-financial's manuals and against closed forms.

/// Lowest and highest rate of return that is looked for.
const RATES: (f64, f64) = (-0.99, 100.0);
/// Halvings: 2^-60 of the range is below the spacing of doubles near a per cent.
const HALVINGS: u32 = 60;

/// Net present value at `rate` a year, in the unit of the flows.
#[must_use]
pub fn compute_npv(rate: f64, flows: &[f64]) -> f64 {
    // Horner's scheme from the last year back: no powers.
    flows.iter().rev().fold(0.0, |value, flow| value / (1.0 + rate) + flow)
}

/// Internal rate of return a year; `None` where flows never or more than once change sign, or it lies out of range.
#[must_use]
pub fn compute_irr(flows: &[f64]) -> Option<f64> {
    let signs: Vec<bool> = flows.iter().filter(|f| **f != 0.0).map(|f| *f > 0.0).collect();
    let changes = signs.windows(2).filter(|w| w[0] != w[1]).count();
    let (mut low, mut high) = RATES;
    let at_low = compute_npv(low, flows);
    if changes != 1 || at_low.is_sign_positive() == compute_npv(high, flows).is_sign_positive() {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if compute_npv(middle, flows).is_sign_positive() == at_low.is_sign_positive() {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

/// Years until the sum of flows is zero or more and stays so; 0 where nothing is ever advanced, `None` where it never is.
#[must_use]
pub fn compute_payback(flows: &[f64]) -> Option<f64> {
    let (mut sum, mut since) = (0.0, Some(0.0));
    for (year, flow) in (0_u32..).zip(flows) {
        let before = sum;
        sum += flow;
        if sum < 0.0 {
            since = None;
        } else if since.is_none() {
            since = Some(f64::from(year) - 1.0 + -before / flow);
        }
    }
    since
}

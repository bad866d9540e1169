//! Business models of a community's solar plant: who pays, who gets, year by year, and who gains.
//!
//! ```text
//! energy(t) = energy(t-1) * (1 - degradation)          prices(t) = prices(t-1) * (1 + growth)          t = 1 .. N
//! local(t)  = self-consumption * energy(t), shared among members by their weights, each at most its demand
//! member:  saves local * import tariff, pays local * internal price          (what it saves, the grid's supplier misses)
//! plant:   gets that and feed-in for the rest, pays upkeep and the manager's fee; what is left goes to the owners by stake
//! year 0:  the owners pay the investment by stake
//! ```
//!
//! The four models differ in who owns: an energy service company until its term ends and the members after it; the
//! members; members and an operator who takes a fee; or holders of tokens, wherever they live, with a platform's fee.
//! Flows are against life without the plant, integer millionths, double entry: each year sums to zero over all parties
//! (the grid's supplier and the installer are parties). Shares are exact by largest remainders (`share`).
//!
//! `case` reads and checks the inputs, `projection` makes the flows, `finance` their net present value, internal rate of
//! return and payback, `fairness` compares the parties, `contract` pays the same years out by the contract of the library. Limits: yearly, no taxes, no loans, no inflation but the tariffs'
//! growth, no batteries; a member's share of the energy is an input (the simulated year gives it), not a result.

mod case;
mod contract;
mod error;
mod fairness;
mod finance;
mod projection;
mod share;
#[cfg(test)]
mod tests;

pub use case::{Case, MAX_BYTES, Member, Model, Ownership, Tariffs};
pub use contract::{ByContract, pay_by_contract};
pub use error::BusinessError;
pub use fairness::{Fairness, compute_gini};
pub use finance::{compute_irr, compute_npv, compute_payback};
pub use projection::{PartyResult, Payment, PlantYear, Projection, Purpose, project};
pub use share::share_out;

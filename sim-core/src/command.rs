//! The one door: whatever changes a world from outside is a [`Command`].
//!
//! Commands name things by their names in the scene, so that a script or replay can be read and written by hand.

pub use crate::ledger::contract::plant::BusinessModel;
pub use crate::ledger::oversight::Ground;
pub use crate::market::{BiddingStrategy, Lever, Mechanism, Preference, Tariff, TariffShape};
use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// Kind of short circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// All three phases together.
    ThreePhase,
    /// Phases b and c together.
    TwoPhase,
    /// Phase a to earth.
    PhaseToGround,
}

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BidSide {
    /// Buys energy.
    Buy,
    /// Sells energy.
    Sell,
}

/// What somebody does to the chain or the market who does not keep to the rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Attack {
    /// A transfer in a household's name, signed with another key.
    Forge {
        /// Name of the building.
        building: String,
    },
    /// A household's last transaction, handed in again.
    Replay {
        /// Name of the building.
        building: String,
    },
    /// A household sends the same money to two others; where validators are cut off from each other, to each side another.
    DoubleSpend {
        /// Name of the building.
        building: String,
    },
    /// A household has the energy of its last certificate certified again.
    DoubleIssue {
        /// Name of the building.
        building: String,
    },
    /// Who has a household's key sends its money away.
    StolenKey {
        /// Name of the building.
        building: String,
    },
    /// A building's meter says `factor` times what the building takes.
    LieAtMeter {
        /// Name of the building.
        building: String,
        /// From 0 to 10; 1 is the truth.
        factor: f64,
    },
    /// A validator with power and connection says nothing.
    Silence {
        /// Its name.
        validator: String,
    },
    /// A validator votes twice in each step.
    Equivocate {
        /// Its name.
        validator: String,
    },
    /// A validator leaves a household's transactions out of its blocks.
    Censor {
        /// Its name.
        validator: String,
        /// Name of the building.
        building: String,
    },
    /// A validator puts a payment of a household to itself into its blocks, which the household never signed.
    InvalidBlock {
        /// Its name.
        validator: String,
        /// Name of the building.
        building: String,
    },
    /// These validators and the others do not hear each other.
    Partition {
        /// Their names.
        validators: Vec<String>,
    },
}

impl Attack {
    /// Names of all it is about.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (one, two, many): (Option<&String>, Option<&String>, &[String]) = match self {
            Self::Forge { building }
            | Self::Replay { building }
            | Self::DoubleSpend { building }
            | Self::DoubleIssue { building }
            | Self::StolenKey { building }
            | Self::LieAtMeter { building, .. } => (Some(building), None, &[]),
            Self::Silence { validator } | Self::Equivocate { validator } => (Some(validator), None, &[]),
            Self::Censor { validator, building } | Self::InvalidBlock { validator, building } => {
                (Some(validator), Some(building), &[])
            }
            Self::Partition { validators } => (None, None, validators),
        };
        one.into_iter().chain(two).chain(many).map(String::as_str)
    }
    /// Whether it goes on until it is ended.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        !matches!(
            self,
            Self::Forge { .. }
                | Self::Replay { .. }
                | Self::DoubleSpend { .. }
                | Self::DoubleIssue { .. }
                | Self::StolenKey { .. }
        )
    }
}

/// What a user, a script or a lesson may ask of a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Command {
    /// A short circuit on a cable.
    Fault {
        /// Name of the line.
        cable: String,
        /// Where on it, 0 (start) to 1 (end).
        at: f64,
        /// Kind.
        kind: FaultKind,
        /// Resistance of the arc or contact, ohm.
        #[serde(default)]
        resistance_ohm: f64,
    },
    /// One conductor of a line breaks without touching anything.
    OpenConductor {
        /// Name of the line.
        cable: String,
        /// 1, 2 or 3 for phase a, b or c.
        phase: u8,
    },
    /// The grid beyond the point of common coupling goes dead.
    LoseGrid,
    /// It comes back.
    RestoreGrid,
    /// A device, or a gateway, or the hardware of a validator fails.
    Fail {
        /// Its name.
        element: String,
    },
    /// A breaker's mechanism jams: it will not open when told.
    Jam {
        /// Name of the switch.
        switch: String,
    },
    /// Whatever is wrong with a thing is mended at once.
    Repair {
        /// Its name.
        element: String,
    },
    /// Everything is mended at once.
    RepairAll,
    /// Opens or closes a switch by hand.
    Operate {
        /// Name of the switch.
        switch: String,
        /// True closes, false opens.
        closed: bool,
    },
    /// Self-healing on or off.
    SelfHealing {
        /// On.
        enabled: bool,
    },
    /// Sets tariffs, currency per kWh; what is left out stays.
    Tariff {
        /// Import tariff.
        #[serde(default)]
        import: Option<f64>,
        /// Feed-in tariff.
        #[serde(default)]
        feed_in: Option<f64>,
    },
    /// How a tariff varies over the day.
    TariffShape {
        /// The shape.
        kind: TariffShape,
        /// Of which tariff; the import tariff if it is left out.
        #[serde(default)]
        tariff: Tariff,
    },
    /// Sets the carbon price, currency per tonne.
    CarbonPrice {
        /// The price.
        price: f64,
    },
    /// Sets one of the levers that are a number; 0 switches it off.
    Lever {
        /// Which.
        lever: Lever,
        /// Its value, in its unit.
        value: f64,
    },
    /// The part of a battery that is let to others, 0 to 1; what is let stays let until midnight.
    ShareStorage {
        /// Name of the battery, or of the building that it stands in.
        element: String,
        /// The part.
        share: f64,
    },
    /// The import tariff times a factor for some time; it ends by itself, or at once by a factor of 1.
    PriceShock {
        /// The factor.
        factor: f64,
        /// How long, minutes.
        minutes: f64,
    },
    /// An account of the community puts a contract on the chain.
    DeployContract {
        /// Who sends and pays: a building or device by its name, or `operator`.
        by: String,
        /// The name that calls use for it.
        name: String,
        /// A contract of the library by its name, or the text of one.
        source: String,
        /// Arguments of its `init`: whole numbers, `true`, `false`, text; `@home-07` is an account's number.
        #[serde(default)]
        args: Vec<String>,
        /// Money that goes to the contract, currency.
        #[serde(default)]
        attach: f64,
        /// The most that it may cost, currency: it also limits the gas.
        #[serde(default = "default_fee")]
        fee: f64,
    },
    /// An account calls a contract that stands on the chain.
    CallContract {
        /// Who sends and pays.
        by: String,
        /// The contract's name.
        contract: String,
        /// The function.
        function: String,
        /// Its arguments.
        #[serde(default)]
        args: Vec<String>,
        /// Money that goes to the contract, currency.
        #[serde(default)]
        attach: f64,
        /// The most that it may cost, currency.
        #[serde(default = "default_fee")]
        fee: f64,
    },
    /// A plant becomes a business of its owners: a contract that shares out its bills hour by hour.
    FoundBusiness {
        /// Name of the device or building whose meter it is; the contract has the same name.
        plant: String,
        /// How it is owned.
        model: BusinessModel,
        /// Owners, by their names in the scene, with their shares.
        stakes: Vec<(String, u32)>,
        /// Who runs it for a fee, or the company that is paid at first; nobody for shared ownership.
        #[serde(default)]
        manager: String,
        /// His fee, a part of all income from 0 to 1; 0 for a company.
        #[serde(default)]
        fee: f64,
        /// How long the company is paid, hours; 0 for all others.
        #[serde(default)]
        term_h: f64,
    },
    /// An owner gives shares of a plant away.
    TransferShares {
        /// The plant.
        plant: String,
        /// Whose they are.
        by: String,
        /// Whose they will be.
        to: String,
        /// How many.
        shares: u32,
    },
    /// An account gives carbon credits to another one.
    TransferCredits {
        /// Whose they are.
        by: String,
        /// Whose they will be.
        to: String,
        /// How much, kg of carbon dioxide.
        kg: f64,
    },
    /// An account uses carbon credits up.
    RetireCredits {
        /// Whose they are.
        by: String,
        /// How much, kg of carbon dioxide.
        kg: f64,
    },
    /// Whether trades are checked against what the network can carry.
    NetworkCheck {
        /// On.
        enabled: bool,
    },
    /// How orders become trades, from the next clearing on.
    Mechanism {
        /// The mechanism.
        kind: Mechanism,
    },
    /// How households choose the price they bid, from the next clearing on.
    Agents {
        /// The strategy.
        kind: BiddingStrategy,
    },
    /// A household's own bid instead of its agent's, until it is withdrawn.
    Bid {
        /// Name of the building.
        building: String,
        /// Buys or sells.
        side: BidSide,
        /// Limit price, currency per kWh.
        price: f64,
        /// Energy per slot, kWh.
        kwh: f64,
    },
    /// Gives the bidding back to the household's agent.
    WithdrawBid {
        /// Name of the building.
        building: String,
    },
    /// Whom a household prefers to trade with where neighbours find each other one by one, from the next clearing on.
    Prefer {
        /// Name of the building.
        building: String,
        /// Its preference.
        partner: Preference,
    },
    /// Holds cloud cover (0 to 1) or wind (m/s at 10 m) at a value; what is left out follows the weather again.
    Weather {
        /// Share of the sky under cloud.
        #[serde(default)]
        cloud: Option<f64>,
        /// Wind speed.
        #[serde(default)]
        wind_ms: Option<f64>,
    },
    /// Somebody does not keep to the rules.
    Attack {
        /// What he does.
        kind: Attack,
    },
    /// Lies, faults of behaviour and partitions end.
    EndAttacks,
    /// A household lets somebody read its meter minute by minute.
    GrantAccess {
        /// Name of the building.
        account: String,
        /// Who reads: a building or device by its name, `operator` or `regulator`.
        to: String,
    },
    /// It ends that.
    RevokeAccess {
        /// Name of the building.
        account: String,
        /// Who read.
        to: String,
    },
    /// The regulator limits the prices of trades, currency per kWh; a 0 is no limit.
    Cap {
        /// Least price.
        #[serde(default)]
        floor: f64,
        /// Highest price.
        #[serde(default)]
        ceiling: f64,
    },
    /// The regulator keeps somebody out of the market.
    Suspend {
        /// A building or device by its name.
        account: String,
        /// Why.
        ground: Ground,
    },
    /// It lets the account in again.
    Reinstate {
        /// Its name.
        account: String,
    },
    /// The regulator reports on all blocks since its last report.
    ComplianceReport,
    /// A household buys from the neighbouring community or sells to it, in whole slots that have not cleared.
    TradeWithNeighbour {
        /// Name of the building.
        building: String,
        /// Buys or sells.
        side: BidSide,
        /// Energy a slot at the household's meter, kWh; 0 takes back what is agreed for slots to come.
        kwh: f64,
        /// How many slots to leave out before the first.
        #[serde(default)]
        wait: u32,
        /// How many slots.
        #[serde(default = "one_slot")]
        slots: u32,
        /// Limit of the price here, fee and losses in it, currency per kWh.
        price: f64,
    },
    /// Opens or closes the line to the neighbour, or lets less through; what is left out stays.
    SetTie {
        /// True closes, false opens.
        #[serde(default)]
        closed: Option<bool>,
        /// Most power, kW, at most what the line is built for.
        #[serde(default)]
        capacity_kw: Option<f64>,
    },
}

fn one_slot() -> u32 {
    1
}

/// The most that a contract's transaction costs where nothing is said, currency: by the scene's rules 190,000 gas.
pub const CONTRACT_FEE: f64 = 0.02;

fn default_fee() -> f64 {
    CONTRACT_FEE
}

/// A command with the instant at which it takes effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// When.
    pub at: SimTime,
    /// What.
    pub command: Command,
}

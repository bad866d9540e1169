//! Events: everything that happens, each with its causes (law 5).

use crate::command::{Command, FaultKind};
use crate::ids::{DeviceId, EventId, LineId, ParticipantId, Subject, SwitchId};
pub use crate::ledger::oversight::Ground;
pub use crate::ledger::watch::{Doubt, Offence};
pub use crate::market::NetworkLimit;
use crate::market::{BiddingStrategy, Mechanism, Preference, Tariff, TariffShape};
use serde::{Deserialize, Serialize};

/// Something that happened. Ids ascend; causes have smaller ids; only root kinds have no cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, ascending from 1.
    pub id: EventId,
    /// When, microseconds since midnight of the scene's first day.
    pub time_us: u64,
    /// The decisive cause.
    pub cause: Option<EventId>,
    /// The other necessary causes.
    pub also: Vec<EventId>,
    /// What it happened to.
    pub subject: Subject,
    /// What happened.
    pub kind: EventKind,
}

/// What made a relay act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Element {
    /// Phase overcurrent.
    Phase,
    /// Residual (earth) overcurrent.
    Earth,
    /// Undervoltage with current.
    UnderVoltage,
    /// Backup for a breaker that did not open.
    BreakerFailure,
    /// Loss of mains at the point of common coupling.
    LossOfMains,
}

/// Why a unit went off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripReason {
    /// Voltage too low for too long.
    UnderVoltage,
    /// Voltage too high for too long.
    OverVoltage,
    /// Frequency too low for too long.
    UnderFrequency,
    /// Frequency too high for too long.
    OverFrequency,
    /// No grid to follow.
    NoGrid,
    /// Energy exhausted.
    Empty,
    /// More load than it can carry.
    Overload,
}

#[expect(missing_docs, reason = "the fields' names carry their meaning and unit")]
/// What happened. Powers kW, currents A, voltages per unit, money millionths, energy Wh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    // Roots: these need no cause.
    /// The scene starts.
    SceneStarted,
    /// A command arrived.
    CommandGiven { command: Command },
    /// The weather did something worth telling.
    WeatherTurned { what: WeatherTurn, value: f64 },
    /// A time that the rules of market or chain foresee has come.
    ScheduleDue { what: Schedule },
    /// A failure drawn from the scene's seed.
    SeededFailure,

    // Commands.
    /// A command could not be carried out.
    CommandRefused { reason: String },
    /// A setting was changed.
    LeverSet { lever: String, from: f64, to: f64 },
    /// A tariff varies differently over the day.
    TariffShapeSet { tariff: Tariff, from: TariffShape, to: TariffShape },
    /// Households bid in another way from the next clearing on.
    AgentsSet { from: BiddingStrategy, to: BiddingStrategy },
    /// The market trades by another mechanism from the next clearing on.
    MechanismSet { from: Mechanism, to: Mechanism },
    /// A household prefers other partners from the next clearing on.
    PreferenceSet { from: Preference, to: Preference },

    // Damage and repair.
    /// A short circuit.
    FaultStruck { kind: FaultKind, at: f64, resistance_ohm: f64, current_a: f64 },
    /// The fault's arc is out, because nothing feeds it any more.
    FaultCleared { after_ms: f64 },
    /// A conductor broke.
    ConductorOpened { phase: u8 },
    /// A device, gateway or validator failed; a breaker jammed.
    Failed,
    /// The grid beyond the coupling point went dead.
    GridLost,
    /// It came back.
    GridReturned,
    /// A crew set out.
    RepairStarted { minutes: f64 },
    /// Mended.
    Repaired,

    // Protection.
    /// A relay sees a value beyond its setting and starts its timer.
    RelayPickedUp { element: Element, value: f64, setting: f64, delay_ms: f64 },
    /// A relay orders its breaker to open.
    RelayTripped { element: Element, after_ms: f64 },
    /// No relay sees this fault, and this is why.
    UnseenFault { reason: String },
    /// A breaker or switch opened.
    SwitchOpened,
    /// A breaker or switch closed.
    SwitchClosed,
    /// It was told to open and did not.
    BreakerFailed,
    /// Automatic reclosing closes the breaker for a trial.
    Reclosed,
    /// No further trial.
    LockedOut,
    /// A unit disconnected itself.
    UnitTripped { reason: TripReason },
    /// A unit is back.
    UnitReconnected,

    // What people notice.
    /// Buildings went dark.
    CustomersOut { buildings: u32, customers: u32 },
    /// Buildings have power again.
    CustomersRestored { buildings: u32, customers: u32, after_s: f64 },
    /// A building was shed to keep the rest.
    LoadShed { kw: f64, priority: u8 },
    /// A shed building is back.
    LoadReturned,

    // Islands and stability.
    /// An island formed on one unit.
    IslandFormed { former: DeviceId, buildings: u32 },
    /// An island went down.
    IslandCollapsed { reason: TripReason },
    /// The frequency farthest from nominal in a disturbance.
    FrequencyNadir { hz: f64, rocof_hz_s: f64 },
    /// Conditions for synchronising are awaited.
    SyncWaiting { voltage_pu: f64, frequency_hz: f64, angle_deg: f64 },
    /// The island is back in step with the grid.
    Resynchronised { angle_deg: f64 },
    /// An engine or fuel cell was told to start.
    UnitStarting,
    /// It runs.
    UnitStarted,
    /// It stopped.
    UnitStopped,
    /// No solution of the power flow.
    Unsolved { mismatch_pu: f64 },
    /// A line is loaded beyond its rating.
    Overloaded { loading: f64 },
    /// It is no longer.
    OverloadEnded,
    /// A transient window opened.
    WindowOpened,
    /// It closed.
    WindowClosed { after_ms: f64 },

    // Healing.
    /// The faulty section is known.
    FaultLocated { line: LineId, seen_by: Vec<SwitchId>, not_by: Vec<SwitchId> },
    /// The faulty section is cut off on all sides.
    SectionIsolated { open: Vec<SwitchId> },
    /// Switches were ordered.
    SwitchOrdered { closed: bool },
    /// What can be restored has been checked by power flow.
    RestorationPlanned { switch: SwitchId, customers: u32, min_voltage_pu: f64, max_loading: f64 },
    /// It cannot be restored this way.
    RestorationRefused { switch: SwitchId, min_voltage_pu: f64, max_loading: f64 },
    /// Healing cannot go on.
    HealingBlocked { reason: String },
    /// The network is as it was.
    NormalRestored,

    // Market.
    /// A slot cleared.
    SlotCleared { slot: u64, clearing: u32, price_milli: i64, volume_wh: i64, reason: ClearingReason },
    /// A match was cut to what the subject can carry; value and limit per unit of its rating or nominal voltage.
    TradeCurtailed {
        seller: ParticipantId,
        buyer: ParticipantId,
        wanted_wh: i64,
        allowed_wh: i64,
        limit: NetworkLimit,
        value: f64,
        bound: f64,
    },
    /// A slot was settled.
    SlotSettled { slot: u64, money_moved: i64, energy_wh: i64, loss_wh: i64 },
    /// Plants and storages have an hour's renewable energy certified.
    CertificatesIssued { plants: u32, energy_wh: i64 },
    /// Certificates are shared among those who took energy in their hour.
    CertificatesShared { takers: u32, energy_wh: i64 },
    /// Slots of the shared storage were let: most room and power in one slot, and the rent of all.
    StorageLet { lessees: u32, capacity_wh: i64, power_wh: i64, rent: i64 },
    /// A slot of the shared storage is over: what lessees put in and took out, and what the owner received.
    StorageRun { slot: u64, into_wh: i64, out_wh: i64, rent: i64 },

    // The neighbouring community.
    /// A household has agreed with it: a slot's energy at the sending end and where it arrives, its price here.
    NeighbourTradeAgreed {
        account: ParticipantId,
        buys: bool,
        first: u64,
        last: u64,
        sent_wh: i64,
        received_wh: i64,
        price_milli: i64,
    },
    /// The line has too little room: what was asked for and what is left in the slot.
    TieFull { slot: u64, asked_wh: i64, left_wh: i64 },
    /// The line was opened or closed, or lets another power through.
    TieSet { closed: bool, capacity_kw: f64 },
    /// A slot's energy over the line: metered both ways, agreed (from the neighbour positive), what the line's account got
    /// for it here, the fee of it, and what is passed on of imbalance and charges.
    NeighbourSettled { slot: u64, into_wh: i64, out_wh: i64, agreed_wh: i64, money: i64, wheeling: i64, passed_on: i64 },
    /// Help in an outage begins by contract: most power, and energy left for this outage.
    HelpStarted { kw: f64, left_kwh: f64 },
    /// It ends.
    HelpEnded { kwh: f64, is_spent: bool },

    // Contracts.
    /// A contract stands on the chain.
    ContractDeployed { contract: String, gas: u64, fee: i64 },
    /// A call of a contract went through; names of what it told, and the money that it moved.
    ContractCalled { contract: String, function: String, gas: u64, fee: i64, told: Vec<String>, moved: i64 },
    /// A deployment (of `init`) or call failed: the fee is paid and nothing else has changed.
    ContractFailed { contract: String, function: String, reason: String, gas: u64, fee: i64 },
    /// A plant's bills of some slots were paid in and shared out; slots that the chain no longer knew are missed.
    DividendsPaid {
        contract: String,
        first: u32,
        last: u32,
        income: i64,
        management: i64,
        dividend: i64,
        missed: u32,
        gas: u64,
        fee: i64,
    },

    // Carbon credits.
    /// Hours' surrendered certificates become credits of so many accounts.
    CreditsIssued { accounts: u32, mg: i64 },
    /// The subject gave credits away.
    CreditsTransferred { to: String, mg: i64 },
    /// The subject used credits up.
    CreditsRetired { mg: i64 },

    // Chain.
    /// A block was committed.
    BlockCommitted { height: u64, round: u32, transactions: u32 },
    /// A round ended without a decision.
    RoundFailed { height: u64, round: u32 },
    /// Too few votes: the chain stands still.
    ChainStalled { height: u64, voting: u32, of: u32 },
    /// It goes on.
    ChainResumed { height: u64, waited_s: f64, waiting: u32 },
    /// A validator fell silent.
    ValidatorSilent { powered: bool, connected: bool },
    /// It is back.
    ValidatorBack,
    /// A validator that was behind has fetched and checked what it missed, or the state as a whole.
    ValidatorCaughtUp { blocks: u64, bytes: u64, took_s: f64, is_state: bool },
    /// Raft: the validators have a new leader.
    LeaderElected { term: u32 },
    /// Clique and proof of work: a branch gave way to a heavier one, which now has this height.
    BranchGaveWay { height: u64, depth: u64 },
    /// Proof of work: a validator's miner draws power, behind the meter of a building or of nobody.
    MinerRuns { kw: f64, host: Option<String> },
    /// A transaction was refused.
    TransactionRefused { reason: String },

    // Confidentiality and the regulator.
    /// Somebody may read the subject's meter minute by minute.
    AccessGranted { to: String },
    /// And no longer.
    AccessRevoked { to: String },
    /// The regulator's limits of prices hold; none is no limit.
    CapSet { floor_milli: Option<i64>, ceiling_milli: Option<i64> },
    /// The regulator keeps the subject out of the market from a slot on.
    AccountSuspended { ground: Ground, slot: u32 },
    /// It may trade again from a slot on.
    AccountReinstated { slot: u32 },
    /// A compliance report stands on the chain: its blocks, accounts kept out, doubts.
    ReportPublished { number: u32, blocks: u64, out: u32, doubts: u32 },

    // Attacks.
    /// An offence is proven; the digest names the evidence object.
    EvidenceFound { offence: Offence, digest: String },
    /// A statistic has passed its bound.
    SuspicionRaised { doubt: Doubt, statistic: f64, threshold: f64 },
}

/// Something the weather did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeatherTurn {
    /// Clouds took much of the sun.
    CloudsCame,
    /// The sky cleared.
    CloudsWent,
    /// Wind beyond the cut-out speed.
    StormCutOut,
    /// The sun rose.
    Sunrise,
    /// The sun set.
    Sunset,
}

/// Times that rules foresee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// A slot's gate closes.
    Gate,
    /// A slot begins.
    Slot,
    /// A block is due.
    Block,
    /// A car arrives or leaves.
    Car,
    /// An hour's certificates.
    Certificates,
    /// A day's slots of the shared storage.
    Storage,
    /// The day's compliance report.
    Report,
}

/// Why the market cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClearingReason {
    /// The gate of the next slot closed.
    Gate,
    /// Switching changed what can be delivered in the rest of the slot.
    Extraordinary,
}

impl EventKind {
    /// Kinds that stand at the beginning of a chain of causes.
    #[must_use]
    pub fn is_root(&self) -> bool {
        matches!(
            self,
            Self::SceneStarted
                | Self::CommandGiven { .. }
                | Self::WeatherTurned { .. }
                | Self::ScheduleDue { .. }
                | Self::SeededFailure
        )
    }
}

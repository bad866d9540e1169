//! How much an event matters to someone who looks at the log or the timeline.

use sim_core::event::{ClearingReason, EventKind};

/// Groups that the log can be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Grid,
    Healing,
    Market,
    Chain,
    Other,
}

impl Topic {
    pub(crate) const ALL: [Self; 5] = [Self::Grid, Self::Healing, Self::Market, Self::Chain, Self::Other];

    /// Words for it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Grid => "topic-grid",
            Self::Healing => "topic-healing",
            Self::Market => "topic-market",
            Self::Chain => "topic-chain",
            Self::Other => "topic-other",
        }
    }
}

/// How loud an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Routine.
    Quiet,
    /// Worth a line.
    Notable,
    /// Something got better: a mark in the healthy colour.
    Good,
    /// Something got worse: a mark in the alarm colour.
    Bad,
}

/// Whether a lever was moved, by whomever: each is marked on every plot over time.
pub(crate) fn is_lever(kind: &EventKind) -> bool {
    use EventKind as K;
    matches!(
        kind,
        K::LeverSet { .. } | K::TariffShapeSet { .. } | K::AgentsSet { .. } | K::MechanismSet { .. } | K::CapSet { .. }
    )
}

/// Topic and weight of a kind.
pub(crate) fn rate(kind: &EventKind) -> (Topic, Weight) {
    use EventKind as K;
    match kind {
        K::FaultStruck { .. }
        | K::ConductorOpened { .. }
        | K::Failed
        | K::GridLost
        | K::CustomersOut { .. }
        | K::IslandCollapsed { .. }
        | K::BreakerFailed
        | K::UnseenFault { .. }
        | K::LoadShed { .. }
        | K::Unsolved { .. }
        | K::Overloaded { .. } => (Topic::Grid, Weight::Bad),
        K::CustomersRestored { .. } | K::GridReturned | K::Repaired | K::Resynchronised { .. } => {
            (Topic::Grid, Weight::Good)
        }
        K::FaultCleared { .. }
        | K::RelayTripped { .. }
        | K::SwitchOpened
        | K::SwitchClosed
        | K::Reclosed
        | K::LockedOut
        | K::UnitTripped { .. }
        | K::UnitReconnected
        | K::IslandFormed { .. }
        | K::FrequencyNadir { .. }
        | K::LoadReturned
        | K::OverloadEnded
        | K::RepairStarted { .. } => (Topic::Grid, Weight::Notable),
        K::RelayPickedUp { .. }
        | K::SyncWaiting { .. }
        | K::UnitStarting
        | K::UnitStarted
        | K::UnitStopped
        | K::WindowOpened
        | K::WindowClosed { .. } => (Topic::Grid, Weight::Quiet),
        K::NormalRestored => (Topic::Healing, Weight::Good),
        K::HealingBlocked { .. } => (Topic::Healing, Weight::Bad),
        K::FaultLocated { .. }
        | K::SectionIsolated { .. }
        | K::RestorationPlanned { .. }
        | K::RestorationRefused { .. } => (Topic::Healing, Weight::Notable),
        K::SwitchOrdered { .. } => (Topic::Healing, Weight::Quiet),
        K::SlotCleared { reason: ClearingReason::Extraordinary, .. }
        | K::TradeCurtailed { .. }
        | K::StorageLet { .. }
        | K::NeighbourTradeAgreed { .. }
        | K::TieFull { .. }
        | K::TieSet { .. }
        | K::HelpEnded { .. }
        | K::CapSet { .. }
        | K::AccountSuspended { .. }
        | K::AccountReinstated { .. }
        | K::LeverSet { .. }
        | K::TariffShapeSet { .. }
        | K::AgentsSet { .. }
        | K::MechanismSet { .. }
        | K::PreferenceSet { .. } => (Topic::Market, Weight::Notable),
        K::SlotCleared { .. }
        | K::SlotSettled { .. }
        | K::CertificatesIssued { .. }
        | K::CertificatesShared { .. }
        | K::NeighbourSettled { .. }
        | K::DividendsPaid { .. }
        | K::CreditsIssued { .. }
        | K::CreditsTransferred { .. }
        | K::CreditsRetired { .. }
        | K::StorageRun { .. } => (Topic::Market, Weight::Quiet),
        K::HelpStarted { .. } => (Topic::Market, Weight::Good),
        K::ChainStalled { .. } | K::EvidenceFound { .. } | K::SuspicionRaised { .. } => (Topic::Chain, Weight::Bad),
        K::ChainResumed { .. } => (Topic::Chain, Weight::Good),
        K::BlockCommitted { .. } | K::RoundFailed { .. } | K::BranchGaveWay { depth: ..=1, .. } => {
            (Topic::Chain, Weight::Quiet)
        }
        K::ValidatorSilent { .. }
        | K::ValidatorBack
        | K::ValidatorCaughtUp { .. }
        | K::LeaderElected { .. }
        | K::MinerRuns { .. }
        | K::BranchGaveWay { .. }
        | K::TransactionRefused { .. }
        | K::ContractDeployed { .. }
        | K::ContractCalled { .. }
        | K::ContractFailed { .. }
        | K::AccessGranted { .. }
        | K::AccessRevoked { .. }
        | K::ReportPublished { .. } => (Topic::Chain, Weight::Notable),
        K::CommandGiven { .. } | K::CommandRefused { .. } | K::SeededFailure | K::WeatherTurned { .. } => {
            (Topic::Other, Weight::Notable)
        }
        K::SceneStarted | K::ScheduleDue { .. } => (Topic::Other, Weight::Quiet),
    }
}

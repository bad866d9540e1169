//! Rules of healing, market and chain, with their defaults.

use serde::{Deserialize, Serialize};

/// How the network heals itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Healing {
    /// Switches order themselves after a fault.
    pub enabled: bool,
    /// From lockout to the located section, s.
    pub locate_s: f64,
    /// One remote switching order with its answer, s.
    pub switching_s: f64,
    /// Crew on its way and at work for a cable, min.
    pub cable_repair_min: f64,
    /// The same for an overhead line, min.
    pub overhead_repair_min: f64,
    /// The same for a device or gateway, min.
    pub device_repair_min: f64,
    /// Lowest voltage that a restoration may cause, per unit.
    pub min_voltage_pu: f64,
    /// Highest loading that a restoration may cause, share of the ampacity.
    pub max_loading: f64,
    /// How long the returned grid must be sound before resynchronising, s.
    pub grid_stable_s: f64,
    /// Synchronising limit: voltage difference, per unit.
    pub sync_voltage_pu: f64,
    /// Synchronising limit: frequency difference, Hz.
    pub sync_frequency_hz: f64,
    /// Synchronising limit: angle difference, degrees.
    pub sync_angle_deg: f64,
}

impl Default for Healing {
    fn default() -> Self {
        Self {
            enabled: true,
            locate_s: 3.0,
            switching_s: 2.0,
            cable_repair_min: 120.0,
            overhead_repair_min: 60.0,
            device_repair_min: 45.0,
            min_voltage_pu: 0.9,
            max_loading: 1.0,
            grid_stable_s: 60.0,
            sync_voltage_pu: 0.05,
            sync_frequency_hz: 0.1,
            sync_angle_deg: 10.0,
        }
    }
}

/// Market rules and tariffs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    /// Length of a slot, min; divides an hour.
    pub slot_min: u32,
    /// A slot clears this many seconds before it begins.
    pub gate_s: u32,
    /// Import tariff, currency per kWh.
    pub import_tariff: f64,
    /// Feed-in tariff, currency per kWh.
    pub feed_in_tariff: f64,
    /// Carbon price, currency per tonne.
    pub carbon_price: f64,
    /// Who took more than bought pays the import tariff times this.
    pub imbalance_short: f64,
    /// Who gave more than sold gets the feed-in tariff times this.
    pub imbalance_long: f64,
    /// Highest price in an island, currency per kWh.
    pub price_cap: f64,
    /// Grid fee on metered import, currency per kWh.
    pub grid_fee: f64,
    /// The part of the grid fee that energy from within the community is spared, 0 to 1.
    pub local_discount: f64,
    /// Tax on what energy costs, as a part of it, 0 to 1.
    pub tax: f64,
    /// Trades are checked against what the network can carry.
    pub network_check: bool,
    /// The part of the losses' cost that is charged in the direction of flow, 0 to 1.
    pub loss_charge: f64,
    /// The part of a full element's shadow price that is charged in the direction of flow, 0 to 1.
    pub congestion_charge: f64,
    /// The part of the certificates that households surrender for carbon credits, 0 to 1.
    pub credit_share: f64,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            slot_min: 15,
            gate_s: 60,
            import_tariff: 0.32,
            feed_in_tariff: 0.08,
            carbon_price: 90.0,
            imbalance_short: 1.2,
            imbalance_long: 0.8,
            price_cap: 2.0,
            grid_fee: 0.0,
            local_discount: 0.0,
            tax: 0.0,
            network_check: true,
            loss_charge: 0.0,
            congestion_charge: 0.0,
            credit_share: 0.0,
        }
    }
}

pub use crate::ledger::mechanism::Mechanism as Consensus;

/// Chain rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ledger {
    /// At most one block with transactions in this many seconds.
    pub block_s: f64,
    /// An empty block when nothing happened for this many seconds.
    pub empty_block_s: f64,
    /// How the validators agree.
    pub mechanism: Consensus,
    /// Least latency of a message from gateway to gateway, ms.
    pub latency_ms: f64,
    /// Mean of what queues add to it, ms.
    pub jitter_ms: f64,
    /// Share of messages between gateways that are lost and sent again.
    pub loss: f64,
    /// Bandwidth between two gateways, kbit/s in each direction. The default is that of a radio mesh of meters: IEEE
    /// 802.15.4-2020, SUN OFDM option 1 at its highest rate (Wi-SUN FAN 1.1).
    pub bandwidth_kbit: f64,
    /// Proof of work: what each validator's miner draws, kW. The default is a Bitmain Antminer S19 Pro (3,250 W by its
    /// data sheet, 2020).
    pub miner_kw: f64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            block_s: 10.0,
            empty_block_s: 60.0,
            mechanism: Consensus::Tendermint,
            latency_ms: 40.0,
            jitter_ms: 15.0,
            loss: 0.005,
            bandwidth_kbit: 2_400.0,
            miner_kw: 3.25,
        }
    }
}

//! `gridsim commands`: every command with its fields, units and an example.

use crate::Failure;
use crate::files::print;

/// Arguments of `commands`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Name, fields with units, meaning, example.
const TABLE: &[(&str, &str, &str, &str)] = &[
    (
        "Fault",
        "cable: name, at: 0..1 of its length, kind: ThreePhase|TwoPhase|PhaseToGround, resistance_ohm: ohm (0)",
        "a short circuit on a line",
        "Fault(cable: \"f1-c3\", at: 0.4, kind: ThreePhase)",
    ),
    (
        "OpenConductor",
        "cable: name, phase: 1..3",
        "one conductor breaks without touching anything",
        "OpenConductor(cable: \"f1-c3\", phase: 2)",
    ),
    ("LoseGrid", "", "the grid beyond the coupling point goes dead", "LoseGrid"),
    ("RestoreGrid", "", "it comes back", "RestoreGrid"),
    ("Fail", "element: name of a device, gateway or validator", "it fails", "Fail(element: \"wind\")"),
    ("Jam", "switch: name", "a breaker will not open when told", "Jam(switch: \"f1-s1\")"),
    ("Repair", "element: name", "whatever is wrong with it is mended at once", "Repair(element: \"f1-c3\")"),
    ("RepairAll", "", "everything is mended at once", "RepairAll"),
    (
        "Operate",
        "switch: name, closed: true|false",
        "opens or closes a switch by hand",
        "Operate(switch: \"tie-12\", closed: true)",
    ),
    ("SelfHealing", "enabled: true|false", "self-healing on or off", "SelfHealing(enabled: false)"),
    (
        "Tariff",
        "import: currency/kWh, feed_in: currency/kWh (what is left out stays)",
        "sets tariffs",
        "Tariff(import: 0.42)",
    ),
    (
        "TariffShape",
        "kind: Flat|TimeOfUse|CriticalPeak, tariff: Import|FeedIn (Import if left out)",
        "how a tariff varies over the day",
        "TariffShape(kind: TimeOfUse, tariff: FeedIn)",
    ),
    ("CarbonPrice", "price: currency/t", "sets the carbon price", "CarbonPrice(price: 150)"),
    (
        "Lever",
        "lever: GridFee|Subsidy|PriceFloor|PriceCap|MakerSpread (currency/kWh), LocalDiscount|Tax|LossCharge|CongestionCharge|CreditShare (0..1), MakerEnergy (kWh a \
         slot), MakerLoss (currency); value: number, 0 is off",
        "sets one of the market's levers",
        "Lever(lever: GridFee, value: 0.12)",
    ),
    (
        "ShareStorage",
        "element: battery, or building with one, share: 0..1",
        "the part of a battery that is let to others",
        "ShareStorage(element: \"home-08\", share: 0.4)",
    ),
    (
        "PriceShock",
        "factor: number, minutes: number",
        "the import tariff times a factor, for some time",
        "PriceShock(factor: 3, minutes: 90)",
    ),
    (
        "DeployContract",
        "by: building, device or operator, name: its name, source: name in the library or text, args: texts ([]), attach: \
         currency (0), fee: most it costs, currency (0.02)",
        "puts a contract on the chain",
        "DeployContract(by: \"home-07\", name: \"deals\", source: \"escrow\")",
    ),
    (
        "CallContract",
        "by: building, device or operator, contract: its name, function: name, args: texts, @name is an account ([]), \
         attach: currency (0), fee: most it costs, currency (0.02)",
        "calls a contract on the chain",
        "CallContract(by: \"home-07\", contract: \"deals\", function: \"open\", args: [\"@home-01\", \"@home-02\", \"3600\"], \
         attach: 40)",
    ),
    (
        "FoundBusiness",
        "plant: building or device, model: EnergyService|SharedOwnership|MixedOwnership|TokenisedField, stakes: [(name, \
         shares), ...], manager: name (none for SharedOwnership), fee: 0..1 of the income (0), term_h: hours that a company is \
         paid (0)",
        "a plant's bills are shared out among its owners by a contract, hour by hour",
        "FoundBusiness(plant: \"solar-field\", model: MixedOwnership, stakes: [(\"home-07\", 60), (\"operator\", 40)], \
         manager: \"operator\", fee: 0.06)",
    ),
    (
        "TransferShares",
        "plant: its name, by: owner, to: building, device or operator, shares: number",
        "an owner gives shares of a plant away",
        "TransferShares(plant: \"solar-field\", by: \"home-07\", to: \"home-08\", shares: 10)",
    ),
    (
        "TransferCredits",
        "by: building, device or operator, to: the same, kg: kg of carbon dioxide",
        "carbon credits are given away",
        "TransferCredits(by: \"home-07\", to: \"home-08\", kg: 0.2)",
    ),
    (
        "RetireCredits",
        "by: building, device or operator, kg: kg of carbon dioxide",
        "carbon credits are used up",
        "RetireCredits(by: \"home-07\", kg: 0.2)",
    ),
    (
        "NetworkCheck",
        "enabled: true|false",
        "trades are checked against what the network can carry",
        "NetworkCheck(enabled: false)",
    ),
    (
        "Mechanism",
        "kind: UniformPrice|PayAsBid|MidMarket|PeerToPeer|Community",
        "how orders become trades, from the next clearing on",
        "Mechanism(kind: PeerToPeer)",
    ),
    (
        "Agents",
        "kind: Forecast|PriceTaker|ZeroIntelligence|Learning",
        "how households choose the price they bid, from the next clearing on",
        "Agents(kind: Learning)",
    ),
    (
        "Bid",
        "building: name, side: Buy|Sell, price: currency/kWh, kwh: kWh a slot",
        "a household's own bid instead of its agent's",
        "Bid(building: \"home-07\", side: Sell, price: 0.25, kwh: 1.5)",
    ),
    (
        "Prefer",
        "building: name, partner: Price|Neighbour|Green",
        "whom a household prefers where neighbours trade one by one: the best price, its feeder first, green energy only",
        "Prefer(building: \"home-07\", partner: Green)",
    ),
    ("WithdrawBid", "building: name", "gives the bidding back to the agent", "WithdrawBid(building: \"home-07\")"),
    (
        "Weather",
        "cloud: 0..1, wind_ms: m/s at 10 m (what is left out follows the weather)",
        "holds cloud cover or wind",
        "Weather(cloud: 0.9)",
    ),
    (
        "Attack",
        "kind: Forge|Replay|DoubleSpend|DoubleIssue|StolenKey(building: name), LieAtMeter(building: name, factor: 0..10), \
         Silence|Equivocate(validator: name), Censor|InvalidBlock(validator: name, building: name), Partition(validators: [name, ...])",
        "somebody does not keep to the rules; what is found out stands among the events",
        "Attack(kind: LieAtMeter(building: \"home-07\", factor: 0.5))",
    ),
    ("EndAttacks", "", "lies, behaviours and partitions end", "EndAttacks"),
    (
        "GrantAccess",
        "account: building, to: building, device, operator or regulator",
        "a household lets somebody read its meter minute by minute, sealed on the chain",
        "GrantAccess(account: \"home-07\", to: \"regulator\")",
    ),
    (
        "RevokeAccess",
        "account: building, to: who read",
        "it ends that; later slots have new keys",
        "RevokeAccess(account: \"home-07\", to: \"regulator\")",
    ),
    (
        "Cap",
        "floor: currency/kWh (0), ceiling: currency/kWh (0); 0 is no limit",
        "the regulator limits the prices of trades",
        "Cap(floor: 0.05, ceiling: 0.3)",
    ),
    (
        "Suspend",
        "account: building or device, ground: Meter|Price|Safety|Debt",
        "the regulator keeps somebody out of the market",
        "Suspend(account: \"home-07\", ground: Meter)",
    ),
    ("Reinstate", "account: building or device", "the regulator lets it in again", "Reinstate(account: \"home-07\")"),
    ("ComplianceReport", "", "the regulator reports on all blocks since its last report", "ComplianceReport"),
    (
        "TradeWithNeighbour",
        "building: name, side: Buy|Sell, kwh: kWh a slot at the household's meter (0 takes back), wait: slots to leave out (0), \
         slots: how many (1), price: limit here with fee and losses, currency/kWh",
        "a household buys from the neighbouring community or sells to it",
        "TradeWithNeighbour(building: \"home-07\", side: Buy, kwh: 1.5, slots: 4, price: 0.25)",
    ),
    (
        "SetTie",
        "closed: true|false, capacity_kw: kW (what is left out stays)",
        "opens or closes the line to the neighbour, or lets less through",
        "SetTie(closed: false)",
    ),
];

/// Lists.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if args.json {
        let rows: Vec<_> = TABLE
            .iter()
            .map(|(name, fields, does, example)| {
                serde_json::json!({ "name": name, "fields": fields, "does": does, "example": example })
            })
            .collect();
        return print(&format!("{}\n", serde_json::json!({ "commands": rows })));
    }
    let mut text = String::from("In a script: (format: 1, commands: [(at: \"10:00:00.250\", do: COMMAND), ...])\n\n");
    for (name, fields, does, example) in TABLE {
        text += &format!("{name}: {does}\n");
        if !fields.is_empty() {
            text += &format!("    {fields}\n");
        }
        text += &format!("    {example}\n\n");
    }
    print(&text)
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use sim_core::command::Command;

    #[test]
    fn every_example_is_a_command_of_its_name() {
        for (name, _, _, example) in TABLE {
            let command: Command = sim_core::script::ron_options().from_str(example).expect(example);
            assert!(format!("{command:?}").starts_with(name), "{example}");
        }
    }
}

//! Business models as contracts: what the projection says and what the contract pays are the same, and random holders,
//! sales and payments make or lose neither money nor shares.

use proptest::prelude::*;
use sim_core::business::{Case, Model, Ownership, PlantYear, pay_by_contract, project, share_out};
use sim_core::ledger::contract::plant::{Plant, Terms, get_source};
use sim_core::ledger::contract::sandbox::{Request, Sandbox};
use sim_core::ledger::contract::{Code, ContractId, Party, Value};
use sim_core::ledger::types::Role;
use sim_core::quantity::{Money, Wh};
use std::collections::BTreeMap;

const FIELD: &str = include_str!("../../assets/business/field.json");
const ONE: i128 = 1_000_000_000_000;

/// A year reckoned here from the case alone: what each member saves less what it pays, what the plant takes in, its upkeep.
/// The arithmetic is the test's own: fractions of the first year, rounded down once where money or energy is told.
fn reckon(case: &Case, model: &Model, year: u32) -> (Vec<i64>, PlantYear) {
    let index = |change: i64| (1..year).fold(ONE, |i, _| i * (1_000_000 + i128::from(change)) / 1_000_000);
    let (energy, prices) = (index(-case.degradation), index(case.tariffs.growth));
    let made = i128::from(case.energy.0) * energy / ONE;
    let used = made * i128::from(case.self_consumption) / 1_000_000;
    let cost = |wh: i128, price: i64| (wh * i128::from(price) * prices / (1_000 * ONE)) as i64;
    let weights: i128 = case.members.iter().map(|m| i128::from(m.weight)).sum();
    // Hamilton's method by its definition: quotas, and the seats that are left to the largest fractions.
    let mut parts: Vec<(i128, i128)> =
        case.members.iter().map(|m| used * i128::from(m.weight)).map(|q| (q / weights, q % weights)).collect();
    for _ in 0..used - parts.iter().map(|p| p.0).sum::<i128>() {
        let best = parts.iter().map(|p| p.1).max().expect("members");
        let first = parts.iter_mut().find(|p| p.1 == best).expect("it is there");
        *first = (first.0 + 1, -1);
    }
    let (mut income, mut local, mut own) = (0, 0, Vec::new());
    for (member, (part, _)) in case.members.iter().zip(parts) {
        let wh = part.min(i128::from(member.demand_kwh) * 1_000);
        let paid = cost(wh, model.price);
        own.push(cost(wh, case.tariffs.import) - paid);
        (income, local) = (income + paid, local + wh);
    }
    income += cost(made - local, case.tariffs.feed_in);
    let upkeep = (i128::from(case.upkeep.0) * prices / ONE) as i64;
    (own, PlantYear { income: Money(income), upkeep: Money(upkeep), ..PlantYear::default() })
}

/// The field of the business sheet, four models, 25 years: the contract is fed with revenue reckoned here, and what each
/// party has of it is what the projection says it has, every year, to the last millionth. Money in is money out.
#[test]
fn the_contract_pays_what_the_projection_says_every_year_to_the_last_unit() {
    let case = Case::parse_json(FIELD).expect("the field");
    for model in &case.models {
        let projection = project(&case, model).expect("fits");
        let years: Vec<_> = (1..=case.years).map(|y| reckon(&case, model, y)).collect();
        let fed: Vec<PlantYear> =
            [PlantYear::default()].into_iter().chain(years.iter().map(|(_, plant)| *plant)).collect();
        let run = pay_by_contract(&case, model, &fed).expect("every year covers its upkeep");
        assert!(run.gas > 0 && projection.parties.len() >= 7);
        for (year, (own, plant)) in (1..).zip(&years) {
            let paid = |name: &str| run.paid.get(name).map_or(0, |years| years[year - 1].0);
            for party in &projection.parties {
                let at = case.members.iter().position(|m| m.name == party.name);
                let own = at.map_or(0, |m| own[m]);
                let expected = if party.name == "grid" { party.flows[year].0 } else { own + paid(&party.name) };
                assert_eq!(party.flows[year].0, expected, "{} {} year {year}", projection.model, party.name);
            }
            let out: i64 = run.paid.keys().map(|name| paid(name)).sum();
            assert_eq!(out, plant.income.0, "{} year {year}", projection.model);
        }
    }
}

/// The company is paid for the years of its term and the members after it: nobody in both.
#[test]
fn ownership_passes_to_the_members_when_the_term_is_over() {
    let case = Case::parse_json(FIELD).expect("the field");
    let model = &case.models[0];
    let Ownership::EnergyService { provider, term } = &model.ownership else { panic!("the first is a company's") };
    let projection = project(&case, model).expect("fits");
    let run = pay_by_contract(&case, model, &projection.plant).expect("runs");
    for year in 0..case.years as usize {
        let within = year < *term as usize;
        assert_eq!(run.paid[provider][year].0 > 0, within);
        assert_eq!(run.paid["bakery"][year].0 > 0, !within);
    }
}

const NAMES: [&str; 6] = ["Ana", "Ben", "Cleo", "Dan", "Eva", "Field"];
const PURSE: i64 = 1_000_000_000;

/// A plant of six accounts, run by the last, with these terms.
struct Bench {
    sandbox: Sandbox,
    id: ContractId,
}

impl Bench {
    fn new(terms: &Terms) -> Self {
        let mut sandbox = Sandbox::new(NAMES.map(|n| (n, Role::Meter)), Money(PURSE));
        let args = terms.get_arguments();
        let request = Request { sender: 5, args: &args, attached: Money(0), gas_limit: 500_000 };
        let receipt = sandbox.process_deploy("plant", &Code::Text(get_source().to_owned()), &request);
        assert!(receipt.is_done(), "{:?}", receipt.status);
        Self { sandbox, id: receipt.contract }
    }
    fn plant(&self) -> Plant {
        Plant::read(self.sandbox.contracts.get(&self.id).expect("it stands")).expect("a plant")
    }
    fn balances(&self) -> Vec<i64> {
        self.sandbox.get_accounts().iter().map(|a| a.balance.0).collect()
    }
    /// What a call moved to each account, or why it was refused.
    fn call(&mut self, by: u32, function: &str, args: &[Value], attach: i64) -> Result<BTreeMap<u32, i64>, String> {
        let request = Request { sender: by, args, attached: Money(attach), gas_limit: 500_000 };
        let receipt = self.sandbox.process_call(self.id, function, &request);
        receipt.status.map_err(|e| e.to_string())?;
        let mut moved = BTreeMap::new();
        for transfer in receipt.transfers {
            if let Party::Account(to) = transfer.to {
                *moved.entry(to).or_default() += transfer.amount.0;
            }
        }
        Ok(moved)
    }
}

#[derive(Clone, Debug)]
enum Act {
    Pay { income: i64, upkeep: i64 },
    Settle { money: i64, off: i64 },
    Transfer { from: u32, to: u32, shares: i64 },
    Offer { by: u32, shares: i64, price: i64 },
    Buy { by: u32, seller: u32, shares: i64, exact: bool },
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0..6_u32;
    prop_oneof![
        3 => (1..2_000_000_i64, 0..300_000_i64).prop_map(|(income, upkeep)| Act::Pay { income, upkeep }),
        3 => (-500_000..900_000_i64, 0..12_i64).prop_map(|(money, off)| Act::Settle { money, off: (off - 10).max(0) }),
        3 => (who.clone(), who.clone(), -1..40_i64).prop_map(|(from, to, shares)| Act::Transfer { from, to, shares }),
        2 => (who.clone(), 0..40_i64, 0..9_000_i64).prop_map(|(by, shares, price)| Act::Offer { by, shares, price }),
        2 => (who.clone(), who, 0..30_i64, any::<bool>())
            .prop_map(|(by, seller, shares, exact)| Act::Buy { by, seller, shares, exact }),
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    let owners = proptest::collection::vec((0..5_usize, 1..60_i64), 1..5);
    (owners, 0..4_i64, 0..200_000_i64, 0..30_i64).prop_map(|(drawn, kind, fee, term)| {
        let mut owners: Vec<(String, i64)> = Vec::new();
        for (who, shares) in drawn {
            if owners.iter().all(|(name, _)| name != NAMES[who]) {
                owners.push((NAMES[who].to_owned(), shares));
            }
        }
        Terms {
            owners,
            manager: (kind % 2 == 1).then(|| ("Eva".to_owned(), fee)),
            company: (kind >= 2).then(|| ("Dan".to_owned(), term + 1)),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random payments, bills, gifts, offers and sales against a small model kept here. Always: all money is somewhere and
    /// the contract keeps none; shares sum to what they were; each payment is shared by the shares of that moment (who
    /// gave his away before has none of it, who had it keeps it); a bill is paid in once; a refused call changes nothing.
    #[test]
    fn no_money_and_no_share_is_made_or_lost(terms in terms(), acts in prop::collection::vec(act(), 1..40)) {
        let mut bench = Bench::new(&terms);
        let total: i64 = terms.owners.iter().map(|o| o.1).sum();
        let (mut slot, mut carry) = (37_u32, 0_i64);
        for act in acts {
            let (plant, before) = (bench.plant(), bench.balances());
            let contracts = bench.sandbox.contracts.clone();
            let within = plant.company.is_some() && bench.sandbox.get_slot() < plant.until;
            let shared = |income: i64, upkeep: i64| {
                let fee = i128::from(income) * i128::from(plant.fee) / 1_000_000;
                let left = income - upkeep - fee as i64;
                let mut expected: BTreeMap<u32, i64> = BTreeMap::new();
                let mut give = |who: u32, money: i64| if money > 0 { *expected.entry(who).or_default() += money };
                give(plant.manager.unwrap_or(5), fee as i64);
                if let Some(company) = plant.company.filter(|_| within) {
                    give(company, left);
                } else if left > 0 {
                    let weights: Vec<u32> = plant.owners.iter().map(|(_, shares)| *shares as u32).collect();
                    let parts = share_out(left, &weights).expect("shares");
                    plant.owners.iter().zip(parts).for_each(|((who, _), part)| give(*who, part));
                }
                (left >= 0).then_some(expected)
            };
            let (done, expected) = match act {
                Act::Pay { income, upkeep } => {
                    let mut expected = shared(income, upkeep);
                    if let Some(all) = expected.as_mut().filter(|_| upkeep > 0) {
                        *all.entry(0).or_default() += upkeep;
                    }
                    (bench.call(5, "distribute", &[upkeep.into(), "Ana".into()], income), expected)
                }
                Act::Settle { money, off } => {
                    bench.sandbox.process_wait_slots(2);
                    let last = slot + 1;
                    bench.sandbox.process_bill(5, slot, Money(money / 3));
                    bench.sandbox.process_bill(5, last, Money(money - money / 3));
                    bench.sandbox.process_reading(5, last, Wh(0), Wh(1));
                    let due = carry + money;
                    let within = plant.company.is_some() && bench.sandbox.get_slot() < plant.until;
                    prop_assume!(within == (plant.company.is_some() && bench.sandbox.get_slot() - 2 < plant.until));
                    let attach = due.max(0) + off;
                    let expected = if off > 0 { None } else { shared(due.max(0), 0) };
                    let done = bench.call(5, "settle", &[i64::from(last).into()], attach);
                    if off == 0 {
                        (slot, carry) = (last + 1, due.min(0));
                        let again = bench.call(5, "settle", &[i64::from(last).into()], 0);
                        prop_assert!(again.is_err_and(|why| why.contains("paid in already")));
                    } else {
                        // The two slots wait; their bills come in with the next ones.
                        (slot, carry) = (last + 1, due);
                    }
                    (done, expected)
                }
                Act::Transfer { from, to, shares } => {
                    let has = plant.owners.iter().find(|o| o.0 == from).map_or(0, |o| o.1);
                    let fine = from != to && shares > 0 && shares <= has;
                    let args = [i64::from(to).into(), shares.into()];
                    (bench.call(from, "transfer", &args, 0), fine.then(BTreeMap::new))
                }
                Act::Offer { by, shares, price } => {
                    let has = plant.owners.iter().find(|o| o.0 == by).map_or(0, |o| o.1);
                    let fine = shares <= has && price > 0;
                    (bench.call(by, "offer", &[shares.into(), price.into()], 0), fine.then(BTreeMap::new))
                }
                Act::Buy { by, seller, shares, exact } => {
                    let (offered, price) = plant.offers.get(&seller).copied().unwrap_or_default();
                    let has = plant.owners.iter().find(|o| o.0 == seller).map_or(0, |o| o.1);
                    let fine = exact && by != seller && shares > 0 && shares <= offered && shares <= has;
                    let money = shares * price + i64::from(!exact);
                    let args = [i64::from(seller).into(), shares.into()];
                    (bench.call(by, "buy", &args, money), fine.then(|| [(seller, money)].into()))
                }
            };
            match (&done, &expected) {
                (Ok(moved), Some(expected)) => prop_assert_eq!(moved, expected),
                (Err(_), None) => {
                    prop_assert_eq!(&bench.sandbox.contracts, &contracts);
                    prop_assert_eq!(bench.balances(), before);
                }
                _ => prop_assert!(false, "{:?}, expected {:?}", done, expected),
            }
            let now = bench.plant();
            prop_assert_eq!(now.owners.iter().map(|o| o.1).sum::<i64>(), total);
            prop_assert!(now.owners.iter().all(|o| o.1 > 0));
            prop_assert_eq!(bench.sandbox.compute_money().map(|m| m.0), Some(6 * PURSE));
            prop_assert_eq!(bench.balances().iter().sum::<i64>(), 6 * PURSE, "the contract keeps nothing");
        }
    }
}

/// What is no plant is refused with what to do: nobody named, somebody twice, a fee for nobody, a company without a term.
#[test]
fn terms_that_make_no_plant_are_refused() {
    let named = |names: &[(&str, i64)]| names.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect::<Vec<_>>();
    let wrong = [
        (Terms::default(), "1 to 40 owners"),
        (Terms { owners: named(&[("Ana", 1), ("Ana", 2)]), ..Terms::default() }, "named twice"),
        (Terms { owners: named(&[("Ana", 0)]), ..Terms::default() }, "from 1 to 1000000000 shares"),
        (Terms { owners: named(&[("Zoe", 1)]), ..Terms::default() }, "no account named"),
        (
            Terms { owners: named(&[("Ana", 1)]), manager: Some((String::new(), 5)), company: None },
            "a fee needs a manager",
        ),
        (
            Terms { owners: named(&[("Ana", 1)]), manager: None, company: Some(("Dan".into(), 0)) },
            "a company needs a term",
        ),
    ];
    for (terms, words) in wrong {
        let mut sandbox = Sandbox::new(NAMES.map(|n| (n, Role::Meter)), Money(PURSE));
        let args = terms.get_arguments();
        let request = Request { sender: 5, args: &args, attached: Money(0), gas_limit: 500_000 };
        let receipt = sandbox.process_deploy("plant", &Code::Text(get_source().to_owned()), &request);
        let why = receipt.status.expect_err(words).to_string();
        assert!(why.contains(words), "{why}");
    }
}

/// 40 owners, the most there can be: one bill is shared out within the gas of an ordinary call, one by one to the unit.
#[test]
fn the_largest_plant_pays_within_an_ordinary_calls_gas() {
    let names: Vec<String> = (0..40).map(|i| format!("home-{i:02}")).collect();
    let accounts = names.iter().map(|n| (n.as_str(), Role::Meter)).chain([("Field", Role::Meter)]);
    let mut sandbox = Sandbox::new(accounts, Money(PURSE));
    let terms = Terms { owners: names.iter().cloned().zip(1..).collect(), ..Terms::default() };
    let args = terms.get_arguments();
    let request = Request { sender: 40, args: &args, attached: Money(0), gas_limit: 190_000 };
    let founded = sandbox.process_deploy("plant", &Code::Text(get_source().to_owned()), &request);
    assert!(founded.is_done(), "{:?}", founded.status);
    let args = [Value::from(0), "".into()];
    let request = Request { sender: 40, args: &args, attached: Money(1_000_003), gas_limit: 190_000 };
    let receipt = sandbox.process_call(founded.contract, "distribute", &request);
    assert!(receipt.is_done(), "{:?}", receipt.status);
    println!("founding {} gas, a payment to 40 owners {} gas", founded.gas_used, receipt.gas_used);
    assert!(receipt.gas_used < 100_000, "{}", receipt.gas_used);
}

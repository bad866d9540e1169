//! By hand, and random actions against a model that knows no names, no queues and no rest.

use super::*;
use crate::ledger::crypto::compute_hash;
use crate::quantity::Wh;
use crate::time::HOUR_US;
use proptest::prelude::*;
use std::collections::BTreeMap;

const ROOF: u32 = 0;
const MILL: u32 = 1;
const BATTERY: u32 = 2;
const HOME: u32 = 3;
const ACCOUNTS: u32 = 5;
const SECRET: [u8; 32] = [7; 32];

fn registry() -> Registry {
    let plant = |source, storage| Facility::Plant(Plant { source, rated: Wh(9_000), storage });
    let facilities = BTreeMap::from([
        (ROOF, plant(Source::Solar, None)),
        (MILL, plant(Source::Wind, Some(Wh(1_000)))),
        (BATTERY, Facility::Storage(Storage { capacity: Wh(4_000), efficiency: 900 })),
    ]);
    Registry::new(
        Rules { slots_per_hour: 4, issue_hours: 3, expire_hours: 6, ..Rules::default() },
        ACCOUNTS,
        facilities,
    )
}

fn issued(events: &[CertificateEvent]) -> CertificateId {
    match events {
        [CertificateEvent::Issued { certificate, .. }] => *certificate,
        other => panic!("{other:?}"),
    }
}

/// 2,000 Wh from a roof: 500 sold and claimed by a home, 1,000 through a battery at 90 %, 900 come out and are claimed
/// two hours later; the rest expires. Each claim leads back to the roof, and the roof's energy is all accounted for.
#[test]
fn a_roofs_energy_is_followed_to_its_claims() {
    let mut r = registry();
    r.process_reading(ROOF, 40, Wh(0), Wh(2_000));
    r.process_reading(HOME, 41, Wh(800), Wh(0));
    r.process_reading(BATTERY, 42, Wh(1_000), Wh(0));
    r.process_reading(HOME, 48, Wh(900), Wh(0));
    r.process_reading(BATTERY, 49, Wh(0), Wh(900));
    r.process_hour(12);
    let mut log = Vec::new();
    let mut act = |r: &mut Registry, sender, action| {
        let events = r.process(sender, &action).expect("allowed");
        log.extend(events.iter().copied());
        events
    };
    let id = issued(&act(&mut r, ROOF, CertificateAction::Issue { hour: 10, energy: Wh(2_000) }));
    let sold = act(&mut r, ROOF, CertificateAction::Transfer { certificate: id, to: HOME, energy: Wh(500) });
    let CertificateEvent::Transferred { certificate: at_home, .. } = sold[0] else { panic!() };
    let footprint = Purpose::Footprint;
    act(&mut r, HOME, CertificateAction::Claim { certificate: at_home, energy: Wh(500), purpose: footprint });
    let stored = act(&mut r, ROOF, CertificateAction::Transfer { certificate: id, to: BATTERY, energy: Wh(1_000) });
    let CertificateEvent::Transferred { certificate: at_battery, .. } = stored[0] else { panic!() };
    act(&mut r, BATTERY, CertificateAction::Store { certificate: at_battery, energy: Wh(1_000) });
    let out = act(&mut r, BATTERY, CertificateAction::Release { hour: 12, energy: Wh(900) });
    let CertificateEvent::Released { certificate: later, loss, .. } = out[0] else { panic!() };
    assert_eq!(loss, Wh(100));
    act(&mut r, BATTERY, CertificateAction::Transfer { certificate: later, to: HOME, energy: Wh(900) });
    act(&mut r, HOME, CertificateAction::Claim { certificate: later, energy: Wh(900), purpose: Purpose::Credit });
    let expired = r.process_hour(17);
    assert_eq!(expired.len(), 1);
    log.extend(expired);
    assert_eq!(trace_back(&log, later), [0, 3, 4, 5, 6], "issue, to the battery, in, out, to the home");
    assert_eq!(trace_back(&log, at_home), [0, 1]);
    let uses = compute_uses(&log, id);
    let expected = BTreeMap::from([((HOME, Purpose::Footprint), Wh(500)), ((HOME, Purpose::Credit), Wh(900))]);
    assert_eq!((uses.issued, uses.retired, uses.left, uses.claimed), (Wh(2_000), Wh(600), Wh(0), expected));
    assert_eq!(r.get_account_totals(HOME).claimed, Wh(500));
    assert_eq!(r.get_totals().lost, Wh(100));
}

/// Issue twice, claim twice, claim another's, claim more than was used, issue as a home: each has its own refusal.
#[test]
fn every_rule_refuses_in_its_own_words() {
    let mut r = registry();
    r.process_reading(ROOF, 0, Wh(0), Wh(700));
    r.process_reading(HOME, 0, Wh(300), Wh(0));
    let issue = CertificateAction::Issue { hour: 0, energy: Wh(700) };
    let id = issued(&r.process(ROOF, &issue).expect("metered"));
    let refusal = |r: &Registry, sender, action| r.clone().process(sender, &action).expect_err("refused");
    assert!(matches!(refusal(&r, ROOF, issue), CertificateError::NotMetered { left: Wh(0), .. }));
    assert!(matches!(refusal(&r, HOME, issue), CertificateError::NoPlant { account: HOME }));
    let claim = |energy, purpose| CertificateAction::Claim { certificate: id, energy: Wh(energy), purpose };
    let both = [Purpose::Footprint, Purpose::Credit];
    assert!(matches!(refusal(&r, HOME, claim(1, both[0])), CertificateError::NotOwner { owner: ROOF, .. }));
    r.process(ROOF, &CertificateAction::Transfer { certificate: id, to: HOME, energy: Wh(700) }).expect("owned");
    assert!(matches!(refusal(&r, HOME, claim(301, both[0])), CertificateError::NotMetered { left: Wh(300), .. }));
    assert!(matches!(refusal(&r, HOME, claim(701, both[0])), CertificateError::TooMuch { has: Wh(700), .. }));
    assert!(matches!(refusal(&r, HOME, claim(0, both[0])), CertificateError::Energy { .. }));
    r.process(HOME, &claim(200, both[0])).expect("used");
    r.process(HOME, &claim(100, both[1])).expect("used");
    // A credit and a zero footprint exclude each other: all 300 Wh have their use.
    for purpose in both {
        assert!(matches!(refusal(&r, HOME, claim(1, purpose)), CertificateError::NotMetered { left: Wh(0), .. }));
    }
    assert!(matches!(
        refusal(&r, HOME, CertificateAction::Store { certificate: id, energy: Wh(1) }),
        CertificateError::NoStorage { .. }
    ));
    assert!(matches!(
        refusal(&r, BATTERY, CertificateAction::Release { hour: 0, energy: Wh(1) }),
        CertificateError::NotMetered { .. }
    ));
    let away = CertificateAction::Transfer { certificate: id, to: ACCOUNTS, energy: Wh(1) };
    assert!(matches!(refusal(&r, HOME, away), CertificateError::Account { account: ACCOUNTS }));
    r.process_hour(4);
    r.process_reading(ROOF, 1, Wh(0), Wh(50));
    let late = CertificateAction::Issue { hour: 0, energy: Wh(1) };
    assert!(matches!(refusal(&r, ROOF, late), CertificateError::TooLate { hour: 0, now: 4, first: 1 }));
    r.process_hour(7);
    assert!(matches!(refusal(&r, HOME, claim(1, both[0])), CertificateError::Unknown { .. }));
    assert!(r.get_meter(0, HOME).import.0 == 0, "the hour is forgotten");
}

/// A secret opens a lock for its receiver alone and in time; after that the owner has it back, whoever asks.
#[test]
fn a_lock_opens_by_secret_or_by_time() {
    let mut r = registry();
    r.process_reading(ROOF, 0, Wh(0), Wh(700));
    let id = issued(&r.process(ROOF, &CertificateAction::Issue { hour: 0, energy: Wh(700) }).expect("metered"));
    let lock = |energy, to, until_us| {
        let hash = compute_hash(&SECRET);
        CertificateAction::Lock { certificate: id, energy: Wh(energy), to, hash, until_us }
    };
    let refusal = |r: &Registry, sender, action, at| r.clone().process_at(sender, &action, at).expect_err("refused");
    assert!(matches!(refusal(&r, HOME, lock(1, ROOF, 100), 50), CertificateError::NotOwner { .. }));
    assert!(matches!(refusal(&r, ROOF, lock(1, ROOF, 100), 50), CertificateError::Account { account: ROOF }));
    assert!(matches!(refusal(&r, ROOF, lock(1, HOME, 50), 50), CertificateError::LockTime { until_us: 50, .. }));
    let beyond = 6 * HOUR_US + 1;
    assert!(matches!(refusal(&r, ROOF, lock(1, HOME, beyond), 50), CertificateError::LockTime { .. }));
    let events = r.process_at(ROOF, &lock(200, HOME, 100), 50).expect("owned");
    let [CertificateEvent::Locked { certificate: part, parent, energy: Wh(200), .. }] = events[..] else { panic!() };
    assert!(part != id && parent == id && r.get_certificate(part).is_none());
    let claim = CertificateAction::Claim { certificate: part, energy: Wh(1), purpose: Purpose::Footprint };
    assert!(matches!(refusal(&r, ROOF, claim, 60), CertificateError::Unknown { .. }));
    let open = |secret| CertificateAction::Unlock { certificate: part, secret };
    let back = CertificateAction::Refund { certificate: part };
    assert_eq!(refusal(&r, HOME, open([8; 32]), 60), CertificateError::Secret { certificate: part });
    assert!(matches!(refusal(&r, ROOF, back, 99), CertificateError::LockHolds { until_us: 100, now_us: 99, .. }));
    assert!(matches!(refusal(&r, HOME, open(SECRET), 100), CertificateError::LockOver { .. }));
    let mut other = r.clone();
    // Anybody may carry the secret or the time there: the certificate goes where the lock says.
    r.process_at(MILL, &open(SECRET), 99).expect("in time");
    assert_eq!(r.get_certificate(part).map(|c| (c.owner, c.energy)), Some((HOME, Wh(200))));
    assert_eq!(refusal(&r, HOME, open(SECRET), 99), CertificateError::NoLock { certificate: part });
    other.process_at(MILL, &back, 100).expect("over");
    assert_eq!(other.get_certificate(part).map(|c| (c.owner, c.energy)), Some((ROOF, Wh(200))));
    check_identities(&r);
    check_identities(&other);
}

/// A meter that lies beyond the plant's rating gets no more than the rating certified.
#[test]
fn an_hour_is_green_up_to_the_rating() {
    let mut r = registry();
    for slot in 0..4 {
        r.process_reading(ROOF, slot, Wh(0), Wh(3_000));
    }
    assert_eq!((r.get_meter(0, ROOF).export, r.get_meter(0, ROOF).green), (Wh(12_000), Wh(9_000)));
}

/// What was locked and cannot be inside any more is retired, oldest first.
#[test]
fn a_storage_forgets_what_it_cannot_hold() {
    let mut r = registry();
    for hour in 0..3 {
        r.process_reading(ROOF, 4 * hour, Wh(0), Wh(3_000));
        r.process_reading(BATTERY, 4 * hour, Wh(3_000), Wh(0));
        let id = issued(&r.process(ROOF, &CertificateAction::Issue { hour, energy: Wh(3_000) }).expect("metered"));
        let energy = Wh(3_000);
        r.process(ROOF, &CertificateAction::Transfer { certificate: id, to: BATTERY, energy }).expect("owned");
        r.process(BATTERY, &CertificateAction::Store { certificate: id, energy }).expect("charged");
    }
    assert_eq!((r.get_totals().stored, r.get_totals().displaced), (Wh(4_000), Wh(5_000)));
    let lots: Vec<(u32, i64)> = r.get_lots().map(|(key, _, e)| (key.hour, e.0)).collect();
    assert_eq!(lots, [(1, 1_000), (2, 3_000)]);
    // Nothing leaves before it was charged: at hour 1 only the first lot is there.
    r.process_reading(BATTERY, 5, Wh(0), Wh(2_000));
    let early = r.process(BATTERY, &CertificateAction::Release { hour: 1, energy: Wh(901) });
    assert_eq!(early, Err(CertificateError::NotStored { storage: BATTERY, energy: Wh(901), available: Wh(900) }));
    r.process(BATTERY, &CertificateAction::Release { hour: 1, energy: Wh(900) }).expect("charged by then");
}

fn check_identities(r: &Registry) {
    let t = r.get_totals();
    let parts = [t.held, t.locked, t.stored, t.claimed, t.credited, t.lost, t.expired, t.displaced];
    assert_eq!(t.issued.0, parts.iter().map(|w| w.0).sum::<i64>());
    assert_eq!(t.held.0, r.get_certificates().map(|(_, c)| c.energy.0).sum::<i64>());
    assert_eq!(t.stored.0, r.get_lots().map(|(_, _, e)| e.0).sum::<i64>());
    assert_eq!(t.locked.0, r.get_locks().map(|(_, l)| l.certificate.energy.0).sum::<i64>());
    assert!(r.get_locks().all(|(id, _)| r.get_certificate(*id).is_none()), "a certificate is locked or held");
    assert!(r.get_certificates().all(|(id, c)| c.energy.0 > 0 && id.produced == c.origin.produced));
    for (account, hour) in (0..ACCOUNTS).flat_map(|a| (0..40).map(move |h| (a, h))) {
        let m = r.get_meter(hour, account);
        assert!(m.issued <= m.green && m.green <= m.export && m.released <= m.export);
        assert!(m.claimed.0 + m.credited.0 + m.stored.0 <= m.import.0);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Reading(u32, i64, i64),
    Hour(u32),
    /// Kind, sender, place of the certificate, other account, energy, hours ago.
    Act(u8, u32, usize, u32, i64, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..ACCOUNTS, 0..900_i64, 0..2_000_i64).prop_map(|(a, i, e)| Step::Reading(a, i, e)),
        1 => (0..3_u32).prop_map(Step::Hour),
        8 => (0..9_u8, 0..ACCOUNTS, any::<prop::sample::Index>(), 0..ACCOUNTS, -1..1_500_i64, 0..3_u32)
            .prop_map(|(k, s, c, o, e, h)| Step::Act(k, s, c.index(64), o, e, h)),
    ];
    proptest::collection::vec(step, 1..160)
}

/// The model: energy by owner and hour of use, with no names.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    held: BTreeMap<(u32, Origin, u32), i64>,
}

impl Model {
    fn of(r: &Registry) -> Self {
        let mut held = BTreeMap::new();
        for (_, c) in r.get_certificates() {
            *held.entry((c.owner, c.origin, c.hour)).or_default() += c.energy.0;
        }
        Self { held }
    }
    fn add(&mut self, owner: u32, origin: Origin, hour: u32, energy: i64) {
        let sum = self.held.entry((owner, origin, hour)).or_default();
        *sum += energy;
        assert!(*sum >= 0, "more was used than held");
        self.held.retain(|_, e| *e != 0);
    }
}

/// Carries out one step on registry and model; the events go to the log.
fn run_step(r: &mut Registry, model: &mut Model, log: &mut Vec<CertificateEvent>, step: &Step) {
    let (kind, sender, place, other, energy, ago) = match *step {
        Step::Reading(account, import, export) => {
            return r.process_reading(account, r.get_now() * 4, Wh(import), Wh(export));
        }
        Step::Hour(hours) => {
            let first = (r.get_now() + hours).saturating_sub(6);
            log.extend(r.process_hour(r.get_now() + hours));
            return model.held.retain(|(_, origin, _), _| origin.produced >= first);
        }
        Step::Act(kind, sender, place, other, energy, ago) => (kind, sender, place, other, Wh(energy), ago),
    };
    let hour = r.get_now().saturating_sub(ago);
    // Half of the actions are such as a sensible holder takes, so that many succeed; the other half is anybody's.
    let is_sensible = place % 2 == 0;
    let for_store = |c: &Certificate| kind != 4 || !is_sensible || c.owner == BATTERY;
    let count = r.get_certificates().filter(|(_, c)| for_store(c)).count().max(1);
    let chosen = r.get_certificates().filter(|(_, c)| for_store(c)).nth(place % count).map(|(id, c)| (*id, *c));
    let certificate = chosen.map_or(CertificateId { produced: 0, number: 99 }, |(id, _)| id);
    let (sender, other) = match (kind, chosen) {
        _ if !is_sensible => (sender, other),
        (0, _) => (other % 2, other),
        (5, _) => (BATTERY, other),
        (1, Some((_, c))) => (c.owner, BATTERY + other % 2),
        (_, Some((_, c))) => (c.owner, other),
        (_, None) => (sender, other),
    };
    let locked = r.get_locks().nth(place % r.get_locks().count().max(1)).map_or(certificate, |(id, _)| *id);
    // A third ask for all that the certificate has, more than many an hour's meter has left.
    let energy = chosen.filter(|_| energy.0 % 3 == 0).map_or(energy, |(_, c)| c.energy);
    let action = match kind {
        0 => CertificateAction::Issue { hour, energy },
        1 => CertificateAction::Transfer { certificate, to: other, energy },
        2 => CertificateAction::Claim { certificate, energy, purpose: Purpose::Footprint },
        3 => CertificateAction::Claim { certificate, energy, purpose: Purpose::Credit },
        4 => CertificateAction::Store { certificate, energy },
        5 => CertificateAction::Release { hour, energy },
        6 => {
            let until_us = (u64::from(r.get_now()) + u64::from(ago)) * HOUR_US;
            CertificateAction::Lock { certificate, energy, to: other, hash: compute_hash(&SECRET), until_us }
        }
        7 => CertificateAction::Unlock { certificate: locked, secret: SECRET },
        _ => CertificateAction::Refund { certificate: locked },
    };
    let before = r.clone();
    let lock = r.get_lock(locked).copied();
    match r.process(sender, &action) {
        Err(_) => assert_eq!(before, *r, "a refused action changed something"),
        Ok(events) => {
            for event in &events {
                match *event {
                    CertificateEvent::Issued { origin, energy, .. } => model.add(sender, origin, hour, energy.0),
                    CertificateEvent::Transferred { from, to, energy, .. } => {
                        let c = chosen.expect("it was there").1;
                        assert_eq!((c.owner, sender), (from, from), "only the owner gives");
                        model.add(from, c.origin, c.hour, -energy.0);
                        model.add(to, c.origin, c.hour, energy.0);
                    }
                    CertificateEvent::Claimed { energy, .. } | CertificateEvent::Stored { energy, .. } => {
                        let c = chosen.expect("it was there").1;
                        assert_eq!(c.owner, sender, "only the owner uses");
                        model.add(sender, c.origin, c.hour, -energy.0);
                    }
                    CertificateEvent::Released { certificate, energy, .. } => {
                        let origin = r.get_certificate(certificate).expect("new").origin;
                        model.add(sender, origin, hour, energy.0);
                    }
                    CertificateEvent::Locked { from, energy, .. } => {
                        let c = chosen.expect("it was there").1;
                        assert_eq!((c.owner, sender), (from, from), "only the owner locks");
                        model.add(from, c.origin, c.hour, -energy.0);
                    }
                    CertificateEvent::Unlocked { to, energy, .. } => {
                        let Escrow { certificate: c, until_us, .. } = lock.expect("it was there");
                        assert!(u64::from(r.get_now()) * HOUR_US < until_us, "the secret came too late");
                        model.add(to, c.origin, c.hour, energy.0);
                    }
                    CertificateEvent::Refunded { owner, energy, .. } => {
                        let Escrow { certificate: c, until_us, .. } = lock.expect("it was there");
                        assert!(u64::from(r.get_now()) * HOUR_US >= until_us, "taken back too early");
                        model.add(owner, c.origin, c.hour, energy.0);
                    }
                    CertificateEvent::Retired { .. }
                    | CertificateEvent::CreditIssued { .. }
                    | CertificateEvent::CreditTransferred { .. }
                    | CertificateEvent::CreditRetired { .. } => {}
                }
            }
            log.extend(events);
        }
    }
    assert_eq!(*model, Model::of(r));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// issued = held + locked + stored + claimed + credited + retired to the last Wh; a refusal changes nothing; the changed
    /// entries are all that changed; each issue's energy is found again in its uses.
    #[test]
    fn random_actions_agree_with_a_model(list in steps()) {
        let (mut r, mut model, mut log) = (registry(), Model::default(), Vec::new());
        let mut tree: BTreeMap<EntryKey, Vec<u8>> = r.get_entries().collect();
        for step in &list {
            run_step(&mut r, &mut model, &mut log, step);
            check_identities(&r);
            for key in r.take_changes() {
                match r.get_entry(&key) {
                    Some(value) => { tree.insert(key, value); }
                    None => { tree.remove(&key); }
                }
            }
        }
        prop_assert_eq!(&tree, &r.get_entries().collect::<BTreeMap<_, _>>());
        let bytes = postcard::to_allocvec(&r).expect("encodes");
        prop_assert_eq!(&postcard::from_bytes::<Registry>(&bytes).expect("decodes"), &r);
        let mut sums = (0, 0, 0, 0);
        for event in &log {
            if let CertificateEvent::Issued { certificate, .. } = event {
                let uses = compute_uses(&log, *certificate);
                sums.0 += uses.issued.0;
                sums.1 += uses.claimed.values().map(|w| w.0).sum::<i64>();
                sums.2 += uses.retired.0;
                sums.3 += uses.left.0;
            }
            if let CertificateEvent::Claimed { certificate, .. } = event {
                prop_assert!(!trace_back(&log, *certificate).is_empty(), "a claim without a roof");
            }
        }
        let t = *r.get_totals();
        prop_assert_eq!(sums, (
            t.issued.0, t.claimed.0 + t.credited.0, t.lost.0 + t.expired.0 + t.displaced.0, t.held.0 + t.locked.0 + t.stored.0,
        ));
    }

    /// What is taken out in two steps is what could be taken out in one, or a watt-hour less.
    #[test]
    fn a_release_costs_the_next_a_watt_hour_at_most(charge in 2..=3_000_i64, first in 1..3_000_i64) {
        let mut r = registry();
        r.process_reading(ROOF, 0, Wh(0), Wh(charge));
        r.process_reading(BATTERY, 1, Wh(charge), Wh(0));
        let energy = Wh(charge);
        let id = issued(&r.process(ROOF, &CertificateAction::Issue { hour: 0, energy }).expect("metered"));
        r.process(ROOF, &CertificateAction::Transfer { certificate: id, to: BATTERY, energy }).expect("owned");
        r.process(BATTERY, &CertificateAction::Store { certificate: id, energy }).expect("charged");
        r.process_reading(BATTERY, 4, Wh(0), energy);
        let whole = r.compute_releasable(BATTERY, 1).0;
        let first = first.min(whole);
        r.process(BATTERY, &CertificateAction::Release { hour: 1, energy: Wh(first) }).expect("inside");
        let lost = whole - first - r.compute_releasable(BATTERY, 1).0;
        prop_assert!((0..=1).contains(&lost), "{lost} Wh of {whole} after {first}");
    }

    /// A home with a roof and a battery that charges from wherever: at no moment is more certified than the roof made.
    #[test]
    fn behind_a_meter_no_grey_energy_turns_green(
        start in 0..=1_000_i64,
        slots in proptest::collection::vec((0..900_i64, 0..900_i64, -2_500..2_500_i64, 0..3_i64), 1..120),
    ) {
        let mut r = registry();
        let (mut content, mut produced, mut green) = (start, 0, 0);
        for (slot, (sun, load, wish, churn)) in (0_u32..).zip(slots) {
            // Within a slot the battery may be filled and emptied several times.
            let (mut import, mut export) = (0, 0);
            for part in 0..=churn {
                let into = if part % 2 == 0 { wish } else { -wish };
                let change = into.clamp(-content, 1_000 - content);
                let net = if part == 0 { sun - load } else { 0 } - change;
                content += change;
                import += (-net).max(0);
                export += net.max(0);
            }
            produced += sun;
            let hour = slot / 4;
            let before = r.get_meter(hour, MILL).green.0;
            r.process_reading(MILL, slot, Wh(import), Wh(export));
            green += r.get_meter(hour, MILL).green.0 - before;
            prop_assert!(green <= produced, "{green} Wh certified of {produced} in slot {slot}");
        }
    }
}

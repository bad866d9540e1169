//! Certificates through a storage: locked with the charge, out with the discharge, less the loss.
//!
//! ```text
//! out of a lot of E Wh come at most  floor(E efficiency / 1000);  for `out` less than that, ceil(out 1000 / efficiency) go
//! loss = gone - out, retired and never issued again
//! ```
//!
//! First in, first out by the hour of the charge; nothing comes out of a later charge than the discharge. Locked energy
//! beyond the capacity cannot be inside any more: the oldest is retired. Certified and uncertified energy in one storage
//! are told apart by this book alone: the sums are bounded by the meter in every hour, and which of both left first is the
//! storage's choice.

use super::entries::EntryKey;
use super::error::CertificateError;
use super::registry::Registry;
use super::types::{
    Certificate, CertificateEvent, CertificateId, Facility, LotKey, MAX_ENERGY, Origin, Retirement, Storage,
};
use crate::quantity::Wh;

/// What a release does to one lot.
struct Take {
    key: LotKey,
    origin: Origin,
    /// What is left in it.
    rest: i64,
    out: i64,
    loss: i64,
}

impl Registry {
    pub(super) fn process_store(
        &mut self,
        storage: u32,
        certificate: CertificateId,
        energy: Wh,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let facility = self.get_storage(storage)?;
        let held = self.get_owned(storage, certificate, energy)?;
        let mut meter = self.get_meter(held.hour, storage);
        let left = meter.get_open();
        if energy > left {
            return Err(CertificateError::NotMetered { account: storage, hour: held.hour, energy, left });
        }
        self.take_from(certificate, held, energy);
        self.totals.held.0 -= energy.0;
        self.totals.stored.0 += energy.0;
        meter.stored.0 += energy.0;
        self.put_meter(held.hour, storage, meter);
        let key = LotKey { storage, hour: held.hour, certificate };
        let before = self.lots.get(&key).map_or(0, |(_, e)| e.0);
        self.put_lot(key, held.origin, before + energy.0);
        let mut events = vec![CertificateEvent::Stored { certificate, storage, energy }];
        self.displace(storage, facility.capacity, &mut events);
        Ok(events)
    }

    pub(super) fn process_release(
        &mut self,
        storage: u32,
        hour: u32,
        energy: Wh,
    ) -> Result<Vec<CertificateEvent>, CertificateError> {
        let facility = self.get_storage(storage)?;
        if energy.0 < 1 || energy > MAX_ENERGY {
            return Err(CertificateError::Energy { energy, most: MAX_ENERGY });
        }
        let mut meter = self.get_meter(hour, storage);
        let left = Wh(meter.export.0 - meter.released.0);
        if energy > left {
            return Err(CertificateError::NotMetered { account: storage, hour, energy, left });
        }
        let takes = self.plan_release(storage, facility, hour, energy)?;
        // Numbers for all parts are taken before anything changes.
        let last = self.next.checked_add(takes.len() as u64).ok_or(CertificateError::Overflow)?;
        let mut number = self.next;
        self.next = last;
        let mut events = Vec::with_capacity(takes.len());
        for Take { key, origin, rest, out, loss } in takes {
            self.put_lot(key, origin, rest);
            self.totals.stored.0 -= out + loss;
            self.totals.held.0 += out;
            self.totals.lost.0 += loss;
            let parent = key.certificate;
            if out == 0 {
                let (energy, reason) = (Wh(loss), Retirement::Lost);
                events.push(CertificateEvent::Retired { certificate: parent, energy, reason });
                continue;
            }
            let certificate = CertificateId { produced: origin.produced, number };
            number += 1;
            self.put_certificate(certificate, Certificate { origin, hour, owner: storage, energy: Wh(out) });
            let (energy, loss) = (Wh(out), Wh(loss));
            events.push(CertificateEvent::Released { certificate, parent, storage, hour, energy, loss });
        }
        meter.released.0 += energy.0;
        self.put_meter(hour, storage, meter);
        Ok(events)
    }

    /// What a storage can take out at most for a discharge in `hour`. After a release it is what is left of that, or a
    /// watt-hour less: the loss of a lot that stays is rounded up.
    #[must_use]
    pub fn compute_releasable(&self, storage: u32, hour: u32) -> Wh {
        let Ok(facility) = self.get_storage(storage) else { return Wh::ZERO };
        let lots = self.get_lots_of(storage).take_while(|(key, ..)| key.hour <= hour);
        Wh(lots.map(|(.., lot)| facility.compute_out(lot).0).sum())
    }

    fn plan_release(
        &self,
        storage: u32,
        facility: Storage,
        hour: u32,
        energy: Wh,
    ) -> Result<Vec<Take>, CertificateError> {
        let efficiency = facility.get_efficiency();
        let mut wanted = energy.0;
        let mut takes = Vec::new();
        for (key, origin, lot) in self.get_lots_of(storage).take_while(|(key, ..)| key.hour <= hour) {
            if wanted == 0 {
                break;
            }
            let most = facility.compute_out(lot).0;
            let out = wanted.min(most);
            let gone = if out == most { lot.0 } else { divide_up(out.saturating_mul(1_000), efficiency) };
            takes.push(Take { key: *key, origin: *origin, rest: lot.0 - gone, out, loss: gone - out });
            wanted -= out;
        }
        if wanted > 0 {
            return Err(CertificateError::NotStored { storage, energy, available: Wh(energy.0 - wanted) });
        }
        Ok(takes)
    }

    /// Retires the oldest locked energy beyond the capacity.
    fn displace(&mut self, storage: u32, capacity: Wh, events: &mut Vec<CertificateEvent>) {
        let locked: i64 = self.get_lots_of(storage).map(|(_, _, e)| e.0).sum();
        let mut excess = locked.saturating_sub(capacity.0.max(0));
        for (key, origin, lot) in self.get_lots_of(storage).map(|(k, o, e)| (*k, *o, e.0)).collect::<Vec<_>>() {
            if excess <= 0 {
                return;
            }
            let gone = excess.min(lot);
            excess -= gone;
            self.put_lot(key, origin, lot - gone);
            self.totals.stored.0 -= gone;
            self.totals.displaced.0 += gone;
            let (certificate, energy, reason) = (key.certificate, Wh(gone), Retirement::Displaced);
            events.push(CertificateEvent::Retired { certificate, energy, reason });
        }
    }

    fn put_lot(&mut self, key: LotKey, origin: Origin, energy: i64) {
        if energy > 0 {
            self.lots.change().insert(key, (origin, Wh(energy)));
        } else {
            self.lots.change().remove(&key);
        }
        self.note(EntryKey::Lot(key));
        self.note(EntryKey::Totals);
    }

    fn get_lots_of(&self, storage: u32) -> impl Iterator<Item = (&LotKey, &Origin, Wh)> {
        let first = LotKey { storage, hour: 0, certificate: CertificateId { produced: 0, number: 0 } };
        let lots = self.lots.range(first..).take_while(move |(key, _)| key.storage == storage);
        lots.map(|(key, (origin, energy))| (key, origin, *energy))
    }

    fn get_storage(&self, account: u32) -> Result<Storage, CertificateError> {
        match self.get_facility(account) {
            Some(Facility::Storage(storage)) => Ok(storage),
            _ => Err(CertificateError::NoStorage { account }),
        }
    }
}

impl Storage {
    fn get_efficiency(self) -> i64 {
        i64::from(self.efficiency.clamp(1, 1_000))
    }
    /// What comes out of a lot at most. A lot is at most an hour's import of a meter, below 1 GWh a slot: the products fit.
    fn compute_out(self, lot: Wh) -> Wh {
        Wh(lot.0.saturating_mul(self.get_efficiency()) / 1_000)
    }
}

/// The least whole number at least `a / b`.
fn divide_up(a: i64, b: i64) -> i64 {
    a.div_euclid(b) + i64::from(a.rem_euclid(b) != 0)
}

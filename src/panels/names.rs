//! Names of things for people: the scene's own title, or a word for the kind with the name in the file.

use crate::locale::Locale;
use sim_core::command::{BiddingStrategy, Lever, Mechanism, Preference, TariffShape};
use sim_core::ids::Subject;
use sim_core::scene::Scene;
use sim_core::scene::schema::{BuildingKind, DeviceKind, Fuel, SwitchKind, Words};

/// Words for a device's kind.
pub(crate) fn device_key(kind: &DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Solar(_) => "kind-solar",
        DeviceKind::Wind(_) => "kind-wind",
        DeviceKind::FuelCell(_) => "kind-fuel-cell",
        DeviceKind::Genset(g) if g.fuel == Fuel::Gas => "kind-gas",
        DeviceKind::Genset(_) => "kind-diesel",
        DeviceKind::Battery(_) => "kind-battery",
        DeviceKind::Flywheel(_) => "kind-flywheel",
        DeviceKind::EvCharger(_) => "kind-charger",
        DeviceKind::Tie(_) => "kind-neighbour-line",
    }
}

/// Words for a building's kind.
pub(crate) fn building_key(kind: BuildingKind) -> &'static str {
    match kind {
        BuildingKind::Home => "kind-home",
        BuildingKind::Apartments => "kind-apartments",
        BuildingKind::School => "kind-school",
        BuildingKind::Clinic => "kind-clinic",
        BuildingKind::Workshop => "kind-workshop",
        BuildingKind::Greenhouse => "kind-greenhouse",
        BuildingKind::Hall => "kind-hall",
        BuildingKind::EvHub => "kind-ev-hub",
    }
}

/// Words for how households bid.
pub(crate) fn strategy_key(strategy: BiddingStrategy) -> &'static str {
    match strategy {
        BiddingStrategy::Forecast => "agents-forecast",
        BiddingStrategy::PriceTaker => "agents-price-taker",
        BiddingStrategy::ZeroIntelligence => "agents-zero-intelligence",
        BiddingStrategy::Learning => "agents-learning",
    }
}

/// Words for a lever that is one number.
pub(crate) fn lever_key(lever: Lever) -> &'static str {
    match lever {
        Lever::GridFee => "lever-grid-fee",
        Lever::LocalDiscount => "lever-local-discount",
        Lever::Tax => "lever-tax",
        Lever::Subsidy => "lever-subsidy",
        Lever::PriceFloor => "lever-price-floor",
        Lever::PriceCap => "lever-price-cap",
        Lever::MakerEnergy => "lever-maker-energy",
        Lever::MakerSpread => "lever-maker-spread",
        Lever::MakerLoss => "lever-maker-loss",
        Lever::LossCharge => "lever-loss-charge",
        Lever::CongestionCharge => "lever-congestion-charge",
        Lever::CreditShare => "lever-credit-share",
    }
}

/// Words for the shape of the import tariff over the day.
pub(crate) fn shape_key(shape: TariffShape) -> &'static str {
    match shape {
        TariffShape::Flat => "shape-flat",
        TariffShape::TimeOfUse => "shape-time-of-use",
        TariffShape::CriticalPeak => "shape-critical-peak",
    }
}

/// Words for whom a household prefers.
pub(crate) fn preference_key(preference: Preference) -> &'static str {
    match preference {
        Preference::Price => "preference-price",
        Preference::Neighbour => "preference-neighbour",
        Preference::Green => "preference-green",
    }
}

/// Words for a mechanism of the market.
pub(crate) fn mechanism_key(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::UniformPrice => "mechanism-uniform",
        Mechanism::PayAsBid => "mechanism-pay-as-bid",
        Mechanism::MidMarket => "mechanism-middle",
        Mechanism::PeerToPeer => "mechanism-peers",
        Mechanism::Community => "mechanism-sharing",
    }
}

/// Words for a switch's kind.
pub(crate) fn switch_key(kind: SwitchKind) -> &'static str {
    match kind {
        SwitchKind::Pcc => "kind-pcc",
        SwitchKind::Feeder => "kind-feeder",
        SwitchKind::Section => "kind-section",
        SwitchKind::Tie => "kind-tie",
    }
}

/// Words for the kind of a thing.
pub(crate) fn kind_key(scene: &Scene, subject: Subject) -> &'static str {
    let f = &scene.file;
    match subject {
        Subject::Community => "kind-community",
        Subject::Grid => "kind-grid",
        Subject::Bus(_) => "kind-bus",
        Subject::Line(_) => "kind-line",
        Subject::Transformer(_) => "kind-transformer",
        Subject::Switch(i) => f.switches.get(i.index()).map_or("kind-section", |s| switch_key(s.kind)),
        Subject::Building(i) => f.buildings.get(i.index()).map_or("kind-home", |b| building_key(b.kind)),
        Subject::Device(i) => f.devices.get(i.index()).map_or("kind-solar", |d| device_key(&d.kind)),
        Subject::Gateway(_) => "kind-gateway",
        Subject::Validator(_) => "kind-validator",
        Subject::Market => "kind-market",
        Subject::Chain => "kind-chain",
        Subject::Weather => "kind-weather",
    }
}

/// The name of a thing for people.
pub(crate) fn name(scene: &Scene, subject: Subject, locale: &Locale) -> String {
    if let Some(words) = title(scene, subject) {
        return locale.pick(words).to_owned();
    }
    let short = scene.name(subject);
    if is_study(scene) && !matches!(subject, Subject::Community | Subject::Grid) {
        return short.to_owned();
    }
    let kind = locale.t(kind_key(scene, subject));
    match subject {
        Subject::Community | Subject::Grid | Subject::Market | Subject::Chain | Subject::Weather => kind,
        Subject::Device(i) if scene.device_building.get(i.index()).copied().flatten().is_some() => {
            let building = scene.device_building[i.index()].map_or(Subject::Community, Subject::Building);
            let building = name(scene, building, locale);
            locale.t_args("name-inside", &[("kind", kind.into()), ("building", building.into())])
        }
        _ => match number_of(short) {
            Some(n) => locale.t_args("name-numbered", &[("kind", kind.into()), ("n", n.into())]),
            None => locale.t_args("name-of", &[("kind", kind.into()), ("name", short.to_owned().into())]),
        },
    }
}

/// An imported network: nobody trades in it, not even the grid.
pub(crate) fn is_study(scene: &Scene) -> bool {
    scene.participants.is_empty()
}

/// A short name for a place where the thing itself is seen: of a cable or a switch what stands on its plate, of a device
/// in a building only what it is.
pub(crate) fn label(scene: &Scene, subject: Subject, locale: &Locale) -> String {
    match subject {
        Subject::Line(_) | Subject::Switch(_) | Subject::Bus(_) | Subject::Transformer(_) => {
            scene.name(subject).to_owned()
        }
        Subject::Device(i) if scene.device_building.get(i.index()).copied().flatten().is_some() => {
            title(scene, subject)
                .map_or_else(|| locale.t(kind_key(scene, subject)), |words| locale.pick(words).to_owned())
        }
        _ => name(scene, subject, locale),
    }
}

/// `7` of `home-07`.
fn number_of(name: &str) -> Option<&str> {
    let (word, number) = name.split_once('-')?;
    let is = word.len() > 3 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is.then(|| number.trim_start_matches('0'))
}

fn title(scene: &Scene, subject: Subject) -> Option<&Words> {
    let f = &scene.file;
    let words = match subject {
        Subject::Community => Some(&f.title),
        Subject::Building(i) => f.buildings.get(i.index())?.title.as_ref(),
        Subject::Device(i) => f.devices.get(i.index())?.title.as_ref(),
        Subject::Gateway(i) => f.gateways.get(i.index())?.title.as_ref(),
        Subject::Validator(i) => f.validators.get(i.index())?.title.as_ref(),
        _ => None,
    };
    words.filter(|w| !w.en.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::locale::Language;

    #[test]
    fn homes_have_numbers_in_both_languages_and_plates_stay_short() {
        let scene = testing::scene();
        let home = scene.find("home-18").expect("a home");
        assert_eq!(name(&scene, home, &Locale::new(Language::En)), "Home 18");
        assert_eq!(name(&scene, home, &Locale::new(Language::Zh)), "18号住宅");
        assert_eq!(label(&scene, home, &Locale::new(Language::Zh)), "18号住宅");
        let switch = scene.find("f2-s1").expect("a switch");
        assert_eq!(label(&scene, switch, &Locale::new(Language::En)), "f2-s1");
        let battery = scene.find("battery-home-08").expect("a battery");
        assert_eq!(label(&scene, battery, &Locale::new(Language::En)), "Battery");
        assert_eq!(name(&scene, battery, &Locale::new(Language::En)), "Home 8: Battery");
    }
}

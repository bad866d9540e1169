//! The attacks one can try: what each tries, what should stop it, on whom, and how it went in our own 200 runs.

use super::words;
use crate::panels::data::PanelData;
use crate::panels::names::name;
use bevy_egui::egui::{self, ComboBox, DragValue, RichText, Ui};
use egui_phosphor::regular as icons;
use sim_core::command::Attack;
use sim_core::ids::{BuildingId, Subject, ValidatorId};
use sim_core::scene::schema::DeviceKind;

/// The table that `./x bench attacks` writes.
const TABLE: &str = include_str!("../../../assets/attacks/detection.csv");

/// A kind of attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    ChangedBlock,
    #[default]
    Forge,
    Replay,
    DoubleSpend,
    DoubleIssue,
    StolenKey,
    LyingMeter,
    Silence,
    Equivocate,
    Censor,
    InvalidBlock,
    Partition,
    Majority,
}

/// A kind with its icon, its name in the table, and its words: name, what it tries, what should stop it.
pub(super) struct Entry {
    pub kind: Kind,
    pub icon: &'static str,
    row: &'static str,
    pub name: &'static str,
    pub tries: &'static str,
    pub stops: &'static str,
}

/// All of them, in the order of the list.
pub(super) const ENTRIES: [Entry; 13] = [
    Entry {
        kind: Kind::ChangedBlock,
        icon: icons::PENCIL_SIMPLE,
        row: "changed block",
        name: "attacks-block",
        tries: "attacks-block-tries",
        stops: "attacks-block-stops",
    },
    Entry {
        kind: Kind::Forge,
        icon: icons::SIGNATURE,
        row: "forged transaction",
        name: "attacks-forge",
        tries: "attacks-forge-tries",
        stops: "attacks-forge-stops",
    },
    Entry {
        kind: Kind::Replay,
        icon: icons::REPEAT,
        row: "replayed transaction",
        name: "attacks-replay",
        tries: "attacks-replay-tries",
        stops: "attacks-replay-stops",
    },
    Entry {
        kind: Kind::DoubleSpend,
        icon: icons::COINS,
        row: "double spend",
        name: "attacks-spend",
        tries: "attacks-spend-tries",
        stops: "attacks-spend-stops",
    },
    Entry {
        kind: Kind::DoubleIssue,
        icon: icons::CERTIFICATE,
        row: "double issue",
        name: "attacks-issue",
        tries: "attacks-issue-tries",
        stops: "attacks-issue-stops",
    },
    Entry {
        kind: Kind::StolenKey,
        icon: icons::KEY,
        row: "stolen key",
        name: "attacks-key",
        tries: "attacks-key-tries",
        stops: "attacks-key-stops",
    },
    Entry {
        kind: Kind::LyingMeter,
        icon: icons::GAUGE,
        row: "lying meter",
        name: "attacks-meter",
        tries: "attacks-meter-tries",
        stops: "attacks-meter-stops",
    },
    Entry {
        kind: Kind::Silence,
        icon: icons::SPEAKER_SLASH,
        row: "silent validator",
        name: "attacks-silence",
        tries: "attacks-silence-tries",
        stops: "attacks-silence-stops",
    },
    Entry {
        kind: Kind::Equivocate,
        icon: icons::CHECKS,
        row: "two votes",
        name: "attacks-votes",
        tries: "attacks-votes-tries",
        stops: "attacks-votes-stops",
    },
    Entry {
        kind: Kind::Censor,
        icon: icons::PROHIBIT,
        row: "censoring validator",
        name: "attacks-censor",
        tries: "attacks-censor-tries",
        stops: "attacks-censor-stops",
    },
    Entry {
        kind: Kind::InvalidBlock,
        icon: icons::CUBE,
        row: "invalid block",
        name: "attacks-invalid",
        tries: "attacks-invalid-tries",
        stops: "attacks-invalid-stops",
    },
    Entry {
        kind: Kind::Partition,
        icon: icons::PLUGS,
        row: "partition",
        name: "attacks-partition",
        tries: "attacks-partition-tries",
        stops: "attacks-partition-stops",
    },
    Entry {
        kind: Kind::Majority,
        icon: icons::CHART_PIE_SLICE,
        row: "",
        name: "attacks-majority",
        tries: "attacks-majority-tries",
        stops: "attacks-majority-stops",
    },
];

/// How a kind of attack went in the runs of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub runs: u32,
    pub found: u32,
    /// Seconds to the first finding, half of the runs and 95 of 100.
    pub median_s: f64,
    pub most_s: f64,
}

impl Entry {
    /// The entry of a kind.
    pub(super) fn of(kind: Kind) -> &'static Self {
        ENTRIES.iter().find(|e| e.kind == kind).unwrap_or(&ENTRIES[1])
    }

    /// Its row of the table.
    pub(super) fn measured(&self) -> Option<Measured> {
        let line = TABLE.lines().skip(1).find(|l| l.split(',').next() == Some(self.row))?;
        let f: Vec<&str> = line.split(',').collect();
        let number = |i: usize| f.get(i).and_then(|t| t.parse::<f64>().ok());
        let count = |i: usize| f.get(i).and_then(|t| t.parse::<u32>().ok());
        Some(Measured { runs: count(1)?, found: count(2)?, median_s: number(4)?, most_s: number(5)? })
    }
}

/// The kind of an attack that was tried.
pub(super) fn kind_of(attack: &Attack) -> Kind {
    match attack {
        Attack::Forge { .. } => Kind::Forge,
        Attack::Replay { .. } => Kind::Replay,
        Attack::DoubleSpend { .. } => Kind::DoubleSpend,
        Attack::DoubleIssue { .. } => Kind::DoubleIssue,
        Attack::StolenKey { .. } => Kind::StolenKey,
        Attack::LieAtMeter { .. } => Kind::LyingMeter,
        Attack::Silence { .. } => Kind::Silence,
        Attack::Equivocate { .. } => Kind::Equivocate,
        Attack::Censor { .. } => Kind::Censor,
        Attack::InvalidBlock { .. } => Kind::InvalidBlock,
        Attack::Partition { .. } => Kind::Partition,
    }
}

/// On whom.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Victims {
    building: usize,
    /// A building with a roof of its own, for certificates.
    plant: usize,
    validator: usize,
    /// What the lying meter says, per cent of what it counts.
    percent: u32,
    /// How many validators are cut off.
    cut: usize,
}

impl Victims {
    /// The first choice: the building that is selected, or the seventh home.
    pub(super) fn new(data: &PanelData<'_>) -> Self {
        let f = &data.scene.file;
        let building = f.buildings.iter().position(|b| b.name == "home-07").unwrap_or(0);
        let is_plant = |b: &usize| has_roof(data, *b);
        let plant = Some(building).filter(is_plant).or_else(|| (0..f.buildings.len()).find(is_plant)).unwrap_or(0);
        let mut victims = Self { building, plant, validator: 2, percent: 30, cut: 2 };
        if let Some(Subject::Building(selected)) = data.selection.subject {
            victims.choose(data, selected);
        }
        victims
    }

    /// Chooses a building.
    fn choose(&mut self, data: &PanelData<'_>, building: BuildingId) {
        self.building = building.index();
        if has_roof(data, self.building) {
            self.plant = self.building;
        }
    }

    /// The attack on them; none for what does not happen on the running chain.
    pub(super) fn attack(&self, data: &PanelData<'_>, kind: Kind) -> Option<Attack> {
        let f = &data.scene.file;
        let building = f.buildings.get(self.building)?.name.clone();
        let validator = f.validators.get(self.validator.min(f.validators.len().saturating_sub(1)))?.name.clone();
        Some(match kind {
            Kind::ChangedBlock | Kind::Majority => return None,
            Kind::Forge => Attack::Forge { building },
            Kind::Replay => Attack::Replay { building },
            Kind::DoubleSpend => Attack::DoubleSpend { building },
            Kind::DoubleIssue => Attack::DoubleIssue { building: f.buildings.get(self.plant)?.name.clone() },
            Kind::StolenKey => Attack::StolenKey { building },
            Kind::LyingMeter => Attack::LieAtMeter { building, factor: f64::from(self.percent) / 100.0 },
            Kind::Silence => Attack::Silence { validator },
            Kind::Equivocate => Attack::Equivocate { validator },
            Kind::Censor => Attack::Censor { validator, building },
            Kind::InvalidBlock => Attack::InvalidBlock { validator, building },
            Kind::Partition => {
                // The last ones of the list: in the default scene two of them are all that one street has.
                let validators = f.validators.iter().rev().take(self.cut).map(|v| v.name.clone());
                Attack::Partition { validators: validators.collect() }
            }
        })
    }

    /// Fields to choose them with.
    pub(super) fn fields(&mut self, ui: &mut Ui, data: &PanelData<'_>, kind: Kind) {
        let f = &data.scene.file;
        let building = |i: usize| name(data.scene, Subject::Building(BuildingId::new(i)), data.locale);
        let validator = |i: usize| name(data.scene, Subject::Validator(ValidatorId::new(i)), data.locale);
        match kind {
            Kind::Forge | Kind::Replay | Kind::DoubleSpend | Kind::StolenKey | Kind::LyingMeter => {
                combo(ui, &data.t("attacks-whom"), &mut self.building, 0..f.buildings.len(), building);
            }
            Kind::DoubleIssue => {
                let plants = (0..f.buildings.len()).filter(|b| has_roof(data, *b));
                combo(ui, &data.t("attacks-whom"), &mut self.plant, plants, building);
            }
            Kind::Silence | Kind::Equivocate | Kind::Censor | Kind::InvalidBlock => {
                combo(ui, &data.t("attacks-who"), &mut self.validator, 0..f.validators.len(), validator);
            }
            Kind::Partition => {
                let most = f.validators.len().saturating_sub(1).max(1);
                number(ui, &data.t("attacks-cut"), &mut self.cut, 1..=most, "");
                let cut = self.attack(data, kind).map(|attack| describe(data, &attack)).unwrap_or_default();
                ui.add(egui::Label::new(RichText::new(cut).weak()).wrap());
            }
            Kind::ChangedBlock | Kind::Majority => {}
        }
        if matches!(kind, Kind::Censor | Kind::InvalidBlock) {
            combo(ui, &data.t("attacks-whom"), &mut self.building, 0..f.buildings.len(), building);
        }
        if kind == Kind::LyingMeter {
            number(ui, &data.t("attacks-percent"), &mut self.percent, 0..=95, " %");
        }
    }
}

/// What somebody does, for the list of attempts.
pub(super) fn describe(data: &PanelData<'_>, attack: &Attack) -> String {
    let known = |what: &str| {
        data.scene.find(what).map_or_else(|| what.to_owned(), |subject| name(data.scene, subject, data.locale))
    };
    words::describe(attack, known, data.locale)
}

fn has_roof(data: &PanelData<'_>, building: usize) -> bool {
    let devices = data.scene.building_devices.get(building).into_iter().flatten();
    let mut kinds = devices.filter_map(|d| data.scene.file.devices.get(d.index())).map(|d| &d.kind);
    kinds.any(|kind| matches!(kind, DeviceKind::Solar(_)))
}

fn combo(
    ui: &mut Ui,
    label: &str,
    chosen: &mut usize,
    all: impl Iterator<Item = usize>,
    called: impl Fn(usize) -> String,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(label).weak());
        let combo = ComboBox::from_id_salt(label).width(168.0).selected_text(called(*chosen));
        let combo = combo.show_ui(ui, |ui| {
            for i in all {
                ui.selectable_value(chosen, i, called(i));
            }
        });
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, label));
    });
}

fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    label: &str,
    value: &mut N,
    range: std::ops::RangeInclusive<N>,
    unit: &str,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(label).weak());
        let response = ui.add(DragValue::new(value).range(range).suffix(unit.to_owned()));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::DragValue, true, label));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_attack_but_the_race() {
        for entry in ENTRIES.iter().filter(|e| e.kind != Kind::Majority) {
            let measured = entry.measured().unwrap_or_else(|| panic!("no row '{}'", entry.row));
            assert!(measured.runs > 0 && measured.found <= measured.runs, "{}: {measured:?}", entry.row);
        }
    }
}

//! Who owns the field: a slider for each owner, and all of them always 100 %.

use super::{State, party};
use crate::panels::data::PanelData;
use crate::panels::{theme, widgets};
use bevy_egui::egui::{self, Label, RichText, Slider, Ui};
use sim_core::business::{Ownership, share_out};

/// All shares, per mille.
const ALL: u32 = 1_000;

/// The owners of a model with their stakes, in order; of a company's field none, for it is the company's.
fn get(ownership: &Ownership) -> Vec<(String, u32)> {
    match ownership {
        Ownership::EnergyService { .. } => Vec::new(),
        Ownership::Shared { stakes }
        | Ownership::Mixed { stakes, .. }
        | Ownership::Tokenised { tokens: stakes, .. } => {
            stakes.iter().map(|(name, stake)| (name.clone(), *stake)).collect()
        }
    }
}

/// Gives the owners these shares, where there are as many as owners.
pub(super) fn set(ownership: &mut Ownership, shares: &[u32]) {
    let stakes = match ownership {
        Ownership::EnergyService { .. } => return,
        Ownership::Shared { stakes }
        | Ownership::Mixed { stakes, .. }
        | Ownership::Tokenised { tokens: stakes, .. } => stakes,
    };
    if stakes.len() == shares.len() {
        stakes.values_mut().zip(shares).for_each(|(stake, share)| *stake = *share);
    }
}

/// Whole parts of all, in proportion to weights.
fn divide(all: u32, weights: &[u32]) -> Vec<u32> {
    let parts = share_out(i64::from(all), weights).unwrap_or_default();
    parts.into_iter().map(|part| u32::try_from(part).unwrap_or_default()).collect()
}

/// Moves one share; the others share the rest in proportion to what they had, alike where they had nothing.
fn balance(shares: &mut [u32], place: usize, to: u32) {
    let to = if shares.len() > 1 { to.min(ALL) } else { ALL };
    let mut weights: Vec<u32> = shares.to_vec();
    if let Some(own) = weights.get_mut(place) {
        *own = 0;
    }
    if weights.iter().all(|w| *w == 0) {
        weights.iter_mut().enumerate().for_each(|(i, w)| *w = u32::from(i != place));
    }
    for (i, (share, part)) in shares.iter_mut().zip(divide(ALL - to, &weights)).enumerate() {
        *share = if i == place { to } else { part };
    }
}

/// The sliders.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let Some(owners) = state.case.as_ref().and_then(|c| c.models.get(state.model)).map(|m| get(&m.ownership)) else {
        return;
    };
    let Some(levers) = &mut state.levers else { return };
    widgets::title(ui, data.t("business-owners")).on_hover_text(data.t("term-business-owners"));
    if owners.is_empty() {
        ui.add(Label::new(data.t("business-owners-company")).wrap());
        ui.add_space(theme::GRID);
        return;
    }
    let stakes: Vec<u32> = owners.iter().map(|(_, stake)| *stake).collect();
    let start = divide(ALL, &stakes);
    let mut shares = if levers.owners.len() == owners.len() { levers.owners.clone() } else { start };
    ui.spacing_mut().slider_width = 84.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    for (i, (name, _)) in owners.iter().enumerate() {
        let name = party(data, name);
        let before = shares.get(i).copied().unwrap_or_default();
        let mut value = f64::from(before) / 10.0;
        ui.horizontal(|ui| {
            ui.allocate_ui(egui::vec2(92.0, 20.0), |ui| {
                ui.set_width(92.0);
                ui.add(Label::new(RichText::new(&name).weak()).truncate());
            });
            let slider = Slider::new(&mut value, 0.0..=100.0).step_by(0.1).fixed_decimals(1).suffix(" %");
            let response = ui.add(slider);
            response.widget_info(|| egui::WidgetInfo::slider(true, value, &name));
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
        let now = (value * 10.0).round().clamp(0.0, 1_000.0) as u32;
        if now != before {
            balance(&mut shares, i, now);
            levers.owners.clone_from(&shares);
        }
    }
    ui.add_space(theme::GRID);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is moved wherever: all shares are 100 %, the moved one is where it was put, and the others keep their
    /// proportion.
    #[test]
    fn shares_are_always_a_whole() {
        let mut shares = divide(ALL, &[51, 20, 24, 5]);
        assert_eq!(shares, [510, 200, 240, 50]);
        for (place, to) in [(0, 0), (1, 1_000), (2, 333), (3, 1), (0, 999), (2, 5_000), (1, 1)] {
            balance(&mut shares, place, to);
            assert_eq!(shares.iter().sum::<u32>(), ALL, "{shares:?}");
            assert_eq!(shares[place], to.min(ALL));
        }
        let mut shares = vec![500, 300, 200];
        balance(&mut shares, 0, 0);
        assert_eq!(shares, [0, 600, 400]);
        let mut alone = vec![1_000];
        balance(&mut alone, 0, 3);
        assert_eq!(alone, [1_000]);
    }
}

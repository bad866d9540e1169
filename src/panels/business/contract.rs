//! The first year through the contract of the library, in a sandbox, beside what the projection says: upkeep, fee, owners.

use super::{State, line, moved, party};
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{Label, RichText, Ui};
use sim_core::business::{ByContract, Projection, Purpose, pay_by_contract};

/// What a party gets of the plant's money in the first year, as the projection has it.
fn projected(projection: &Projection, name: &str) -> i64 {
    let of_plant = |what: Purpose| matches!(what, Purpose::Upkeep | Purpose::Fee | Purpose::Dividend);
    let payments = projection.first_year.iter().filter(|p| p.to == name && of_plant(p.what));
    payments.fold(0, |sum, p| sum.saturating_add(p.amount.0))
}

/// Each party with what the contract paid and what the projection says.
fn compare<'a>(run: &'a ByContract, projection: &'a Projection) -> impl Iterator<Item = (&'a str, i64, i64)> {
    projection.parties.iter().filter_map(|p| {
        let paid = run.paid.get(&p.name)?.first()?.0;
        Some((p.name.as_str(), paid, projected(projection, &p.name)))
    })
}

/// The part.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, projection: &Projection) {
    let (Some(case), Some(levers)) = (&state.case, &state.levers) else { return };
    let Some((case, model)) = moved(case, state.model, levers) else { return };
    let first = projection.plant.get(..2).unwrap_or_default();
    let run = state.played.get_or_insert_with(|| pay_by_contract(&case, &model, first));
    let run = match run {
        Ok(run) => run,
        Err(why) => {
            ui.colored_label(theme::fault(ui), why.as_str());
            return;
        }
    };
    let args = [("gas", run.gas.into())];
    ui.add(Label::new(data.locale.t_args("business-contract-played", &args)).wrap());
    ui.spacing_mut().item_spacing.y = 2.0;
    let currency = &data.scene.file.site.currency;
    let exact = |micro: i64| numbers::with(micro as f64 / 1e6, 6, currency);
    let weak = |key: &str| (144.0, RichText::new(data.t(key)).weak());
    let heads = [weak("business-contract-paid"), weak("business-contract-says")];
    line(ui, 120.0, RichText::new(data.t("business-column-party")).weak(), heads.into_iter());
    for (name, paid, says) in compare(run, projection) {
        let cells = [paid, says].map(|micro| (144.0, RichText::new(exact(micro))));
        line(ui, 120.0, RichText::new(party(data, name)).strong(), cells.into_iter());
    }
    let same = compare(run, projection).all(|(_, paid, says)| paid == says);
    let key = if same { "business-contract-same" } else { "business-contract-other" };
    ui.add(Label::new(RichText::new(data.t(key)).weak()).wrap());
}

#[cfg(test)]
mod tests {
    use super::super::FIELD;
    use super::*;
    use sim_core::business::{Case, project};

    /// All four models, moved owners too: what the contract pays in the first year is what the projection says, party by
    /// party, and all of the year's income is in it.
    #[test]
    fn the_contract_and_the_projection_agree_on_the_first_year() {
        let case = Case::parse_json(FIELD).expect("the field");
        for (place, owners) in [(0, vec![]), (1, vec![1, 2, 997, 0]), (2, vec![]), (3, vec![333, 333, 334, 0, 0])] {
            let levers = super::super::Levers { price: Some(0.21), used: 0.4, grant: 0.1, owners: owners.clone() };
            let (case, model) = moved(&case, place, &levers).expect("a model");
            let projection = project(&case, &model).expect("fits");
            let run = pay_by_contract(&case, &model, &projection.plant[..2]).expect("runs");
            let rows: Vec<_> = compare(&run, &projection).collect();
            assert!(rows.iter().all(|(_, paid, says)| paid == says), "{rows:?}");
            assert_eq!(rows.iter().map(|r| r.1).sum::<i64>(), projection.plant[1].income.0, "{owners:?}");
        }
    }
}

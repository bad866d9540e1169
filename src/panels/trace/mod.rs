//! Certificates traced: what a home took and what covers it, the way of a claimed kilowatt-hour, where all of it is.

mod book;
mod way;

use super::data::{PanelData, Reply};
use super::explorer::spell;
use super::names::name;
use super::{theme, widgets};
use crate::palette;
use bevy_egui::egui::{
    self, Align2, Button, Color32, ComboBox, Label, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2,
};
use book::{Book, Claim};
use egui_phosphor::regular as icons;
use sim_core::ids::Subject;
use sim_core::ledger::certificate::{CertificateId, HourMeter, Source};
use sim_core::scene::Participant;

/// Width of the list of hours, points.
const HOURS: f32 = 288.0;

/// State of the sheet.
#[derive(Default)]
pub(crate) struct State {
    book: Book,
    /// Whose hours are shown, by account; without one that of the selection or of the newest claim.
    account: Option<u32>,
    /// What was selected when the account was chosen.
    selected: Option<Subject>,
    hour: Option<u32>,
    /// The claim whose way is shown, by its place among the events.
    claim: Option<usize>,
    /// A certificate that was searched for.
    wanted: Option<CertificateId>,
}

impl State {
    /// Shows the way of a certificate.
    pub(crate) fn find(&mut self, certificate: CertificateId) {
        self.wanted = Some(certificate);
    }

    /// Shows what tells most: a claim that lay in a battery, where there is one.
    pub(crate) fn present(&mut self) {
        *self = Self { book: std::mem::take(&mut self.book), ..Self::default() };
    }
}

/// The sheet.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    state.book.read(data);
    if let Some(id) = state.wanted {
        match state.book.find(id) {
            Some(claim) => {
                (state.account, state.hour, state.claim) = (Some(claim.account), Some(claim.hour), Some(claim.at));
                (state.wanted, state.selected) = (None, data.selection.subject);
            }
            None => return unclaimed(ui, data, state, id, reply),
        }
    }
    if state.book.claims.is_empty() {
        let (what, hint) = (data.t("trace-none"), data.t("trace-none-hint"));
        widgets::empty(ui, icons::CERTIFICATE, &what, &hint);
        ui.add_space(theme::GRID * 2.0);
        return totals(ui, data);
    }
    if data.selection.subject != state.selected {
        state.selected = data.selection.subject;
        (state.account, state.hour, state.claim) = (None, None, None);
    }
    let account = state.account.or_else(|| of_selection(data)).unwrap_or_else(|| telling(&state.book).account);
    let claims: Vec<Claim> = state.book.claims.iter().filter(|c| c.account == account).copied().collect();
    let best = best(&claims);
    let hour = state.hour.or(best.map(|c| c.hour));
    let claim = state.claim.and_then(|at| claims.iter().find(|c| c.at == at).copied());
    let of_hour: Vec<Claim> = claims.iter().filter(|c| Some(c.hour) == hour).copied().collect();
    let claim = claim.or(best.filter(|c| Some(c.hour) == hour)).or_else(|| self::best(&of_hour));
    let foot = 68.0;
    let high = (ui.available_height() - foot).max(200.0);
    let area = Rect::from_min_size(ui.available_rect_before_wrap().min, vec2(ui.available_width(), high));
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        widgets::columns(ui, &[HOURS, 0.0], |i, ui| match i {
            0 => home(ui, data, state, account, &claims, hour, claim),
            _ => trace(ui, data, &state.book, claim, reply),
        });
    });
    totals(ui, data);
}

/// A certificate that nobody has used yet: its way so far.
fn unclaimed(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, id: CertificateId, reply: &mut Reply) {
    ui.horizontal(|ui| {
        if widgets::icon(ui, icons::ARROW_LEFT, &data.t("trace-all"), None, false).clicked() {
            state.wanted = None;
        }
        let title = data.locale.t_args("trace-certificate", &[("id", spell(id).into())]);
        ui.label(RichText::new(title).size(theme::HEADING).strong());
    });
    ui.add(Label::new(RichText::new(data.t("trace-unclaimed")).weak()).wrap());
    ui.add_space(theme::GRID);
    way::show(ui, data, &state.book.way_of(id), reply);
    totals(ui, data);
}

/// The claim that tells most of some: one that lay in a battery, else the largest of the newest hour.
fn best(claims: &[Claim]) -> Option<Claim> {
    claims.iter().max_by_key(|c| (c.stored, c.hour, c.wh)).copied()
}

fn telling(book: &Book) -> Claim {
    // There is at least one: the caller has looked.
    best(&book.claims).unwrap_or(book.claims[0])
}

/// The account of what is selected, where it has one.
fn of_selection(data: &PanelData<'_>) -> Option<u32> {
    let subject = data.selection.subject?;
    let is_it = |p: &Participant| match (p, subject) {
        (Participant::Building(b), Subject::Building(i)) => *b == i,
        (Participant::Device(d), Subject::Device(i)) => *d == i,
        _ => false,
    };
    data.scene.participants.iter().position(is_it).and_then(|i| u32::try_from(i).ok())
}

/// Who an account is.
fn account(data: &PanelData<'_>, index: u32) -> String {
    match data.scene.participants.get(index as usize) {
        Some(Participant::Building(b)) => name(data.scene, Subject::Building(*b), data.locale),
        Some(Participant::Device(d)) => name(data.scene, Subject::Device(*d), data.locale),
        Some(Participant::Grid) => data.t("kind-grid"),
        Some(Participant::Losses) => data.t("participant-losses"),
        None => data.t("explorer-operator"),
    }
}

fn source_key(source: Source) -> &'static str {
    match source {
        Source::Solar => "trace-solar",
        Source::Wind => "trace-wind",
        Source::Hydro => "trace-water",
    }
}

fn source_colour(source: Source) -> Color32 {
    theme::rgb(match source {
        Source::Solar => palette::SOLAR,
        Source::Wind => palette::WIND,
        Source::Hydro => palette::HYDROGEN,
    })
}

/// A home's hours, and what covers the one that is chosen.
fn home(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    account_index: u32,
    claims: &[Claim],
    hour: Option<u32>,
    claim: Option<Claim>,
) {
    let label = data.t("trace-who");
    let combo = ComboBox::from_id_salt("trace who").width(HOURS - 32.0).selected_text(account(data, account_index));
    let combo = combo.show_ui(ui, |ui| {
        for (i, p) in (0_u32..).zip(&data.scene.participants) {
            if matches!(p, Participant::Grid) || !state.book.claims.iter().any(|c| c.account == i) {
                continue;
            }
            if ui.selectable_label(i == account_index, account(data, i)).clicked() {
                (state.account, state.hour, state.claim) = (Some(i), None, None);
            }
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, &label));
    ui.add_space(4.0);
    let meters: Vec<(u32, HourMeter)> = data
        .now
        .chain
        .certificates
        .hours
        .iter()
        .filter(|(_, a, m)| *a == account_index && m.import.0 > 0)
        .map(|(h, _, m)| (*h, *m))
        .collect();
    let most = meters.iter().map(|(_, m)| m.import.0).max().unwrap_or(1);
    ui.label(RichText::new(data.t("trace-hours")).weak()).on_hover_text(data.t("term-trace-hours"));
    let high = (ui.available_height() * 0.5).max(96.0);
    ScrollArea::vertical().id_salt("hours").max_height(high).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (h, meter) in meters.iter().rev() {
            if hour_row(ui, data, *h, meter, claims, most, Some(*h) == hour) {
                (state.hour, state.claim, state.account) = (Some(*h), None, Some(account_index));
            }
        }
    });
    ui.add_space(theme::GRID);
    let Some(hour) = hour else { return };
    let title = data.locale.t_args("trace-covered-by", &[("time", way::hours(hour).into())]);
    ui.label(RichText::new(title).weak()).on_hover_text(data.t("term-trace-covered-by"));
    ScrollArea::vertical().id_salt("claims").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let mut of_hour: Vec<&Claim> = claims.iter().filter(|c| c.hour == hour).collect();
        of_hour.sort_by_key(|c| (!c.stored, -c.wh, c.at));
        for c in of_hour {
            let through = if c.stored { format!(" {}", icons::BATTERY_HIGH) } else { String::new() };
            let who = account(data, c.origin.plant);
            let text = format!("{}{through}  {}", way::energy(c.wh), who);
            let open = claim.is_some_and(|o| o.at == c.at);
            let wide = vec2(ui.available_width(), 22.0);
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            let response = ui
                .allocate_ui_with_layout(wide, layout, |ui| {
                    let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                    ui.painter().circle_filled(dot.center(), 4.5, source_colour(c.origin.source));
                    ui.add(Button::selectable(open, &text).truncate())
                })
                .inner;
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &text));
            if response.on_hover_text(data.t(source_key(c.origin.source))).clicked() {
                (state.claim, state.hour, state.account) = (Some(c.at), Some(hour), Some(account_index));
            }
        }
    });
}

/// An hour: its time, what was taken as a bar by what covers it, how much; whether it was clicked.
fn hour_row(
    ui: &mut Ui,
    data: &PanelData<'_>,
    hour: u32,
    meter: &HourMeter,
    claims: &[Claim],
    most: i64,
    open: bool,
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click());
    if open || response.hovered() {
        let fill = if open { ui.visuals().selection.bg_fill } else { ui.visuals().widgets.hovered.bg_fill };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    let covered = meter.claimed.0 + meter.credited.0;
    let share = if meter.import.0 > 0 { covered * 100 / meter.import.0 } else { 0 };
    let text = ui.visuals().text_color();
    way::write(ui, pos2(rect.left() + 4.0, rect.center().y), Align2::LEFT_CENTER, &way::hours(hour), text);
    let said = format!("{} · {share} %", way::energy(meter.import.0));
    way::write(ui, pos2(rect.right() - 4.0, rect.center().y), Align2::RIGHT_CENTER, &said, text);
    let bar =
        Rect::from_min_max(pos2(rect.left() + 92.0, rect.top() + 6.0), pos2(rect.right() - 124.0, rect.bottom() - 6.0));
    let whole = bar.with_max_x(bar.left() + bar.width() * meter.import.0 as f32 / most.max(1) as f32);
    ui.painter().rect_filled(whole, 2.0, ui.visuals().widgets.inactive.bg_fill);
    let mut x = bar.left();
    for source in [Source::Solar, Source::Wind, Source::Hydro] {
        let wh: i64 = claims.iter().filter(|c| c.hour == hour && c.origin.source == source).map(|c| c.wh).sum();
        let wide = bar.width() * wh as f32 / most.max(1) as f32;
        let part = Rect::from_min_size(pos2(x, bar.top()), vec2(wide, bar.height()));
        ui.painter().rect_filled(part, 0.0, source_colour(source));
        x += wide;
    }
    let args = [
        ("time", way::hours(hour).into()),
        ("taken", way::energy(meter.import.0).into()),
        ("covered", way::energy(covered).into()),
        ("rest", way::energy(meter.import.0 - covered - meter.stored.0).into()),
    ];
    let words = data.locale.t_args("trace-hour", &args);
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, open, &words));
    response.on_hover_text(words).clicked()
}

/// The way of a claim in words and drawn.
fn trace(ui: &mut Ui, data: &PanelData<'_>, book: &Book, claim: Option<Claim>, reply: &mut Reply) {
    let Some(claim) = claim else {
        let (what, hint) = (data.t("trace-uncovered"), data.t("trace-uncovered-hint"));
        return widgets::empty(ui, icons::CERTIFICATE, &what, &hint);
    };
    let args = [
        ("energy", way::energy(claim.wh).into()),
        ("who", account(data, claim.account).into()),
        ("roof", account(data, claim.origin.plant).into()),
        ("time", way::hours(claim.hour).into()),
    ];
    let key = if claim.stored { "trace-title-stored" } else { "trace-title" };
    let title = RichText::new(data.locale.t_args(key, &args)).size(theme::HEADING).strong();
    ui.add(Label::new(title).wrap());
    let id = data.locale.t_args("trace-certificate", &[("id", spell(claim.certificate).into())]);
    ui.label(RichText::new(id).weak()).on_hover_text(data.t("term-trace-certificate"));
    ui.add_space(theme::GRID);
    way::show(ui, data, &book.way(&claim), reply);
    if let Some(uses) = book.uses(&claim) {
        let claimed: i64 = uses.claimed.values().map(|wh| wh.0).sum();
        let args = [
            ("issued", way::energy(uses.issued.0).into()),
            ("n", uses.claimed.len().into()),
            ("claimed", way::energy(claimed).into()),
            ("lost", way::energy(uses.retired.0).into()),
            ("left", way::energy(uses.left.0).into()),
        ];
        ui.add(Label::new(RichText::new(data.locale.t_args("trace-uses", &args)).weak()).wrap());
    }
}

/// Where all energy that was ever certified is: one bar that adds up.
fn totals(ui: &mut Ui, data: &PanelData<'_>) {
    let t = &data.now.chain.certificates.totals;
    let args = [("energy", super::numbers::wh(t.issued.0).into())];
    ui.label(RichText::new(data.locale.t_args("trace-totals", &args)).weak())
        .on_hover_text(data.t("term-trace-totals"));
    let grey = ui.visuals().widgets.hovered.bg_fill;
    let all = [
        ("trace-part-claimed", t.claimed.0, theme::rgb(palette::HEALTHY)),
        ("trace-part-held", t.held.0, theme::chain(ui)),
        ("trace-part-stored", t.stored.0, theme::rgb(palette::STORAGE)),
        ("trace-part-credited", t.credited.0, theme::money(ui)),
        ("trace-part-lost", t.lost.0, theme::rgb(palette::HOT)),
        ("trace-part-expired", t.expired.0 + t.displaced.0, grey),
    ];
    let parts: Vec<(String, i64, Color32)> =
        all.into_iter().filter(|p| p.1 > 0).map(|(key, wh, colour)| (data.t(key), wh, colour)).collect();
    way::parts(ui, t.issued.0, &parts);
    let credits = &data.now.chain.certificates.credit_totals;
    if credits.issued_mg > 0 {
        let kg = |mg: i64| super::numbers::with(mg as f64 / 1e6, 3, "kg").into();
        let args =
            [("issued", kg(credits.issued_mg)), ("retired", kg(credits.retired_mg)), ("buffer", kg(credits.buffer_mg))];
        ui.label(RichText::new(data.locale.t_args("trace-credits", &args)).weak());
    }
}

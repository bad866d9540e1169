//! Search by anything: what a text can name, suggested while it is typed. A miss says what can be searched for.

use super::archive::{self, Archive};
use super::{Page, State, say};
use crate::panels::attacks::offence_key;
use crate::panels::data::PanelData;
use crate::panels::names::name;
use crate::panels::{numbers, theme};
use bevy_egui::egui::{self, Area, Button, Frame, Id, Key, Label, Modifiers, Order, RichText, TextEdit, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::digest::hex;
use sim_core::event::EventKind;
use sim_core::ids::EventId;
use sim_core::ledger::certificate::{CertificateEvent, CertificateId};

/// Suggestions that are shown, and of each sort.
const SHOWN: usize = 8;
const OF_A_SORT: usize = 4;
/// Fewer digits of a fingerprint are met by chance.
const FEWEST_DIGITS: usize = 4;
/// Width of the field and of the list below it, points.
const FIELD: f32 = 168.0;
const LIST: f32 = 360.0;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// A page of the explorer.
    Page(Page),
    /// A certificate: its way is the sheet of certificates'.
    Certificate(CertificateId),
    /// Evidence, by the event that told of it: the sheet of attacks shows it.
    Evidence(EventId),
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Suggestion {
    icon: &'static str,
    words: String,
    hit: Hit,
}

/// State of the field.
#[derive(Default)]
pub(super) struct Field {
    query: String,
    /// What the suggestions were made for: the query and how far the chain was.
    made_for: Option<(String, u64)>,
    suggestions: Vec<Suggestion>,
    /// The suggestion that Enter takes.
    chosen: usize,
}

/// The field with its suggestions; what was chosen.
pub(super) fn search(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Option<Hit> {
    let label = data.t("explorer-search");
    let hint = data.t("explorer-search-hint");
    let edit = TextEdit::singleline(&mut state.field.query).hint_text(hint).desired_width(FIELD);
    let id = Id::new("explorer search");
    let response = ui.add(edit.id(id));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, &label));
    let text = state.field.query.trim().to_owned();
    let at = Some((text.clone(), archive::height(data)));
    // The chain grows while one types; a new block alone does not disturb the choice.
    if state.field.made_for.as_ref().map(|(t, _)| t) != Some(&text) {
        state.field.suggestions = suggest(&mut state.archive, data, &text);
        (state.field.made_for, state.field.chosen) = (at, 0);
    }
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if !response.has_focus() && !entered && text.is_empty() {
        return None;
    }
    let count = state.field.suggestions.len();
    if response.has_focus() && count > 0 {
        for (key, step) in [(Key::ArrowDown, 1), (Key::ArrowUp, count - 1)] {
            if ui.input_mut(|i| i.consume_key(Modifiers::NONE, key)) {
                state.field.chosen = (state.field.chosen + step) % count;
            }
        }
    }
    let below = response.rect.right_bottom() + vec2(0.0, 4.0);
    let mut hit = entered.then(|| state.field.suggestions.get(state.field.chosen).map(|s| s.hit)).flatten();
    let area = Area::new(Id::new("explorer suggestions")).order(Order::Foreground).pivot(egui::Align2::RIGHT_TOP);
    let shown = area.fixed_pos(below).show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_width(LIST);
            hit = hit.or(list(ui, data, &state.field, &text));
        });
    });
    let is_left = ui.input(|i| i.pointer.any_click()) && !shown.response.contains_pointer() && !response.hovered();
    if hit.is_some() || (is_left && !response.has_focus()) {
        state.field = Field::default();
    }
    hit
}

/// The suggestions, or what can be searched for.
fn list(ui: &mut Ui, data: &PanelData<'_>, field: &Field, text: &str) -> Option<Hit> {
    let mut hit = None;
    if field.suggestions.is_empty() {
        if !text.is_empty() {
            ui.label(RichText::new(data.t("explorer-missed")).color(theme::fault(ui)).strong());
        }
        ui.add(Label::new(RichText::new(data.t("search-what")).weak()).wrap());
        for (icon, key) in [
            (icons::CUBE, "search-block"),
            (icons::FILE, "search-transaction"),
            (icons::USER, "search-account"),
            (icons::FILE_CODE, "search-contract"),
            (icons::CERTIFICATE, "search-certificate"),
            (icons::SEAL_CHECK, "search-evidence"),
        ] {
            ui.add(Label::new(format!("{icon} {}", data.t(key))).wrap());
        }
        return None;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    for (i, suggestion) in field.suggestions.iter().enumerate() {
        let text = format!("{} {}", suggestion.icon, suggestion.words);
        let button = Button::selectable(i == field.chosen, text).truncate().min_size(vec2(LIST, 24.0));
        let response = ui.add(button);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &suggestion.words));
        if response.clicked() {
            hit = Some(suggestion.hit);
        }
    }
    hit
}

/// What a text may name, the likeliest first.
fn suggest(archive: &mut Archive, data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let text = text.trim_start_matches('#').to_lowercase();
    if text.is_empty() {
        return Vec::new();
    }
    let mut found = blocks(data, &text);
    found.extend(accounts(archive, data, &text));
    found.extend(contracts(data, &text));
    found.extend(certificates(data, &text));
    if text.len() >= FEWEST_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        found.extend(evidence(data, &text));
        found.extend(archive.search_hash(data, &text).map(|page| hash(data, page)));
    }
    found.truncate(SHOWN);
    found
}

fn block_name(data: &PanelData<'_>, height: u64) -> String {
    data.locale.t_args("chain-block-name", &[("height", height.into())])
}

fn blocks(data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let height = text.parse::<u64>().ok().filter(|h| (1..=archive::height(data)).contains(h));
    let page = |h| Suggestion { icon: icons::CUBE, words: block_name(data, h), hit: Hit::Page(Page::Block(Some(h))) };
    height.map(page).into_iter().collect()
}

/// Accounts by name, the exact one first, or by the beginning of their key.
fn accounts(archive: &mut Archive, data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let Some(genesis) = archive.genesis(data) else { return Vec::new() };
    let is_key = text.len() >= FEWEST_DIGITS;
    let mut found: Vec<(u8, usize, String)> = Vec::new();
    for (i, account) in genesis.1.accounts.iter().enumerate() {
        let words = say::account(data, &genesis.1, i);
        let lower = words.to_lowercase();
        let rank = if lower == text || account.name == text {
            0
        } else if lower.starts_with(text) {
            1
        } else if lower.contains(text) || account.name.contains(text) {
            2
        } else if is_key && hex(&account.key.0).starts_with(text) {
            3
        } else {
            continue;
        };
        found.push((rank, i, words));
    }
    found.sort();
    let page = |(_, i, words)| Suggestion { icon: icons::USER, words, hit: Hit::Page(Page::Account(i)) };
    found.into_iter().take(OF_A_SORT).map(page).collect()
}

fn contracts(data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let is_it = |c: &sim_core::snapshot::ContractView| {
        c.name.to_lowercase().contains(text) || (text.len() >= FEWEST_DIGITS && c.id.starts_with(text))
    };
    let contracts = data.now.chain.contracts.iter().enumerate().filter(|(_, c)| is_it(c)).take(OF_A_SORT);
    let page = |(i, c): (usize, &sim_core::snapshot::ContractView)| Suggestion {
        icon: icons::FILE_CODE,
        words: data.locale.t_args("search-is-contract", &[("name", c.name.clone().into())]),
        hit: Hit::Page(Page::Contract(i)),
    };
    contracts.map(page).collect()
}

/// How a certificate is written: the hour of its energy and its number.
pub(crate) fn spell(id: CertificateId) -> String {
    format!("{}-{}", id.produced, id.number)
}

/// Certificates by hour and number, the newest first.
fn certificates(data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !digits.split_once('-').is_some_and(|(hour, number)| is_number(hour) && (number.is_empty() || is_number(number)))
    {
        return Vec::new();
    }
    let named = |event: &CertificateEvent| match *event {
        CertificateEvent::Issued { certificate, energy, .. }
        | CertificateEvent::Transferred { certificate, energy, .. }
        | CertificateEvent::Released { certificate, energy, .. } => Some((certificate, energy.0)),
        _ => None,
    };
    let mut found: Vec<(bool, CertificateId, i64)> = Vec::new();
    for (id, wh) in data.past.certificates().iter().rev().filter_map(|(_, event)| named(event)) {
        let spelled = spell(id);
        if spelled.starts_with(digits) && !found.iter().any(|f| f.1 == id) {
            found.push((spelled != digits, id, wh));
        }
    }
    found.sort();
    let page = |(_, id, wh): (bool, CertificateId, i64)| Suggestion {
        icon: icons::CERTIFICATE,
        words: data.locale.t_args(
            "search-is-certificate",
            &[("id", spell(id).into()), ("energy", numbers::with(wh as f64 / 1000.0, 3, "kWh").into())],
        ),
        hit: Hit::Certificate(id),
    };
    found.into_iter().take(OF_A_SORT).map(page).collect()
}

/// Evidence by the beginning of its hash.
fn evidence(data: &PanelData<'_>, text: &str) -> Vec<Suggestion> {
    let mut found = Vec::new();
    for event in data.past.events().iter().rev() {
        if let EventKind::EvidenceFound { offence, digest } = &event.kind
            && digest.starts_with(text)
        {
            let what = name(data.scene, event.subject, data.locale);
            let args = [("what", what.into()), ("found", data.t(offence_key(*offence)).into())];
            let words = data.locale.t_args("search-is-evidence", &args);
            found.push(Suggestion { icon: icons::SEAL_CHECK, words, hit: Hit::Evidence(event.id) });
        }
        if found.len() == OF_A_SORT {
            break;
        }
    }
    found
}

fn hash(data: &PanelData<'_>, page: Page) -> Suggestion {
    let (icon, words) = match page {
        Page::Transaction(height, place) => {
            let args = [("n", (place + 1).into()), ("block", block_name(data, height).into())];
            (icons::FILE, data.locale.t_args("search-is-transaction", &args))
        }
        Page::Block(height) => (icons::CUBE, block_name(data, height.unwrap_or_default())),
        Page::Account(_) | Page::Accounts | Page::Contract(_) => (icons::CUBE, String::new()),
    };
    Suggestion { icon, words, hit: Hit::Page(page) }
}

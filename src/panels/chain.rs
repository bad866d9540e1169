//! The chain: height and round, who votes, the last blocks, what is in one, and whether it all verifies.

use super::data::{PanelAsk, PanelData, Reply};
use super::explorer::Page;
use super::lab::signs;
use super::names::name;
use super::sheet::{self, Sheet};
use super::widgets::{Light, row};
use super::{numbers, theme, widgets};
use crate::bridge::Ask;
use bevy_egui::egui::{self, CursorIcon, Frame, RichText, ScrollArea, Sense, Stroke, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ids::{Subject, ValidatorId};
use sim_core::ledger::mechanism::Mechanism;
use sim_core::snapshot::{BlockView, ValidatorView};

/// Width of a block's card, points.
const CARD: f32 = 92.0;

/// State of the dock.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Height of the block that is shown in full; without one the newest.
    block: Option<u64>,
    /// A verification is under way.
    pub verifying: bool,
    /// What the last verification said: sound or not, in words.
    pub verdict: Option<(bool, String)>,
}

/// The dock.
pub(crate) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) -> Reply {
    let mut reply = Reply::default();
    let stalled = stalled(data);
    widgets::columns(ui, &[224.0, 0.0, 248.0], |i, ui| match i {
        0 => validators(ui, data, &mut reply),
        1 => match &stalled {
            // In the place of the title, so that the lists beside it keep their height.
            Some(text) => {
                widgets::banner(ui, text);
                cards(ui, data, state);
            }
            None => blocks(ui, data, state, &mut reply),
        },
        _ => block(ui, data, state, &mut reply),
    });
    reply
}

/// Why the chain stands still, in words.
fn stalled(data: &PanelData<'_>) -> Option<String> {
    if !data.now.chain.stalled {
        return None;
    }
    let all = data.now.validators.len();
    let dark: Vec<String> = silent(data, |v| !v.powered);
    let cut_off: Vec<String> = silent(data, |v| v.powered && !v.is_heard());
    let none = || data.t("list-none");
    let comma = data.t("list-comma");
    let join = |names: Vec<String>| if names.is_empty() { none() } else { names.join(&comma) };
    Some(data.locale.t_args(
        "chain-stalled",
        &[
            ("voting", data.now.chain.voting.into()),
            ("all", all.into()),
            ("needed", needed(data, all).into()),
            ("dark", join(dark).into()),
            ("cut", join(cut_off).into()),
            ("waiting", (data.now.chain.waiting + data.now.chain.apart).into()),
        ],
    ))
}

/// Validators that must be heard.
fn needed(data: &PanelData<'_>, all: usize) -> usize {
    let mechanism = data.now.chain.mechanism;
    (0..=all).find(|n| mechanism.is_quorum(*n as u64, all as u64)).unwrap_or(all)
}

fn silent(data: &PanelData<'_>, is: impl Fn(&ValidatorView) -> bool) -> Vec<String> {
    let all = data.now.validators.iter().enumerate();
    all.filter(|(_, v)| is(v)).map(|(i, _)| validator_name(data, i)).collect()
}

fn validator_name(data: &PanelData<'_>, index: usize) -> String {
    name(data.scene, Subject::Validator(ValidatorId::new(index)), data.locale)
}

fn validators(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let c = &data.now.chain;
    ui.horizontal(|ui| {
        ui.label(RichText::new(c.height.to_string()).text_style(theme::big()).strong().color(theme::chain(ui)));
        let (key, term) = match c.mechanism {
            Mechanism::Tendermint | Mechanism::Pbft => ("chain-round", "term-round"),
            Mechanism::Raft => ("chain-term", "term-chain-term"),
            Mechanism::Clique | Mechanism::Work => ("chain-branches", "term-chain-branches"),
        };
        let args = [("round", c.round.into()), ("waiting", c.waiting.into()), ("open", c.open.len().into())];
        ui.label(RichText::new(data.locale.t_args(key, &args)).weak()).on_hover_text(data.t(term));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            who_decides(ui, data, reply);
        });
    });
    if c.apart > 0 {
        let words = data.locale.t_args("chain-apart", &[("n", c.apart.into())]);
        ui.add(egui::Label::new(words).truncate()).on_hover_text(data.t("term-chain-apart"));
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = 20.0;
        for (i, view) in data.now.validators.iter().enumerate() {
            validator(ui, data, i, view, reply);
        }
    });
}

/// How the validators agree, and the choice of another way: the scene begins anew with it.
fn who_decides(ui: &mut Ui, data: &PanelData<'_>, reply: &mut Reply) {
    let now = data.now.chain.mechanism;
    let name = data.t("chain-who-decides");
    let button = egui::Button::new(RichText::new(icons::GAVEL).size(theme::HEADING)).min_size(vec2(28.0, 28.0));
    let response = egui::containers::menu::MenuButton::from_button(button)
        .ui(ui, |ui| {
            ui.set_width(340.0);
            ui.add(egui::Label::new(data.t("chain-who-decides-hint")).wrap());
            for mechanism in Mechanism::ALL {
                let (key, term) = signs::mechanism(mechanism);
                ui.separator();
                if ui.add(egui::Button::selectable(mechanism == now, data.t(key))).clicked() && mechanism != now {
                    reply.ask(Ask::RestartWith(mechanism));
                    ui.close();
                }
                ui.add(egui::Label::new(RichText::new(data.t(term)).weak()).wrap());
            }
        })
        .0;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    let args = [("what", data.t(signs::mechanism(now).0).into())];
    response.on_hover_text(data.locale.t_args("chain-who-decides-now", &args));
}

/// Why a validator cannot be heard, `apart` if only because of a partition.
pub(super) fn why_silent(powered: bool, apart: bool) -> &'static str {
    match (powered, apart) {
        (false, _) => "chain-dark",
        (true, false) => "chain-cut-off",
        (true, true) => "chain-other-side",
    }
}

fn validator(ui: &mut Ui, data: &PanelData<'_>, index: usize, view: &ValidatorView, reply: &mut Reply) {
    let colour = theme::chain(ui);
    let chain = &data.now.chain;
    let proposes = chain.proposer as usize == index;
    let votes = [
        (view.prevoted, "chain-prevote", "chain-no-prevote"),
        (view.precommitted, "chain-precommit", "chain-no-precommit"),
    ];
    // Who does not vote has the newest block or has not.
    let top = chain.open.last().map_or(chain.height, |block| block.height);
    let has = [(view.height >= top, "chain-has-newest", "chain-has-not-newest")];
    let lights: &[_] = match chain.mechanism {
        Mechanism::Tendermint | Mechanism::Pbft => &votes,
        Mechanism::Raft | Mechanism::Clique | Mechanism::Work => &has,
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if !view.is_heard() {
            let why = data.t(why_silent(view.powered, view.connected && view.apart));
            widgets::light(ui, Light::Dead, &why);
            ui.add_space(16.0);
        } else {
            for (voted, yes, no) in lights.iter().copied() {
                let light = if voted { Light::On(colour) } else { Light::Waiting };
                widgets::light(ui, light, &data.t(if voted { yes } else { no }));
            }
        }
        ui.add_space(4.0);
        let name = validator_name(data, index);
        let text =
            if proposes { RichText::new(format!("{name} {}", icons::HAMMER)).strong() } else { RichText::new(name) };
        let response = ui.add(egui::Label::new(text).truncate().sense(Sense::click()));
        let role = match chain.mechanism {
            Mechanism::Tendermint | Mechanism::Pbft => "chain-proposes",
            Mechanism::Raft => "chain-leads",
            Mechanism::Clique => "chain-in-turn",
            Mechanism::Work => "chain-mined-last",
        };
        let hover = data.t(if proposes { role } else { "term-validator" });
        if response.on_hover_text(hover).on_hover_cursor(CursorIcon::PointingHand).clicked() {
            reply.select(Subject::Validator(ValidatorId::new(index)));
        }
    });
}

fn blocks(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    ui.horizontal(|ui| {
        widgets::title(ui, data.t("chain-blocks")).on_hover_text(data.t("term-block"));
        sheet::button(ui, data, Sheet::Explorer, reply);
        for sheet in [Sheet::Votes, Sheet::Pulse, Sheet::Contract, Sheet::Lab] {
            sheet::icon(ui, data, sheet, reply);
        }
    });
    let blocks = &data.now.chain.blocks;
    if blocks.is_empty() {
        widgets::empty(ui, icons::CUBE, &data.t("chain-no-blocks"), &data.t("chain-no-blocks-hint"));
        return;
    }
    cards(ui, data, state);
}

/// The last blocks as cards, the newest at the right.
fn cards(ui: &mut Ui, data: &PanelData<'_>, state: &mut State) {
    let blocks = &data.now.chain.blocks;
    let shown = shown(data, state).map(|b| b.height);
    ScrollArea::horizontal().auto_shrink([false, true]).stick_to_right(true).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            for block in blocks {
                if card(ui, data, block, shown == Some(block.height)) {
                    state.block = Some(block.height);
                }
            }
        });
    });
}

/// A block in short: height, time, votes, and as many squares as it has transactions (at most ten).
fn card(ui: &mut Ui, data: &PanelData<'_>, block: &BlockView, selected: bool) -> bool {
    let colour = theme::chain(ui);
    let total: u32 = block.counts.iter().sum();
    let line = if selected { colour } else { theme::tint(ui, colour, 0.4) };
    let fill = if selected { theme::tint(ui, colour, 0.24) } else { theme::tint(ui, colour, 0.08) };
    let frame = Frame::new().fill(fill).stroke(Stroke::new(1.0, line)).corner_radius(4).inner_margin(8);
    let response = frame
        .show(ui, |ui| {
            ui.set_width(CARD - 16.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.vertical(|ui| {
                ui.label(RichText::new(format!("#{}", block.height)).strong());
                ui.label(RichText::new(numbers::clock(block.time)).weak());
                let (rect, _) = ui.allocate_exact_size(vec2(CARD - 16.0, 8.0), Sense::hover());
                for i in 0..total.min(10) {
                    let at = rect.left_top() + vec2(i as f32 * 7.5, 0.0);
                    ui.painter().rect_filled(egui::Rect::from_min_size(at, vec2(5.5, 8.0)), 1.0, colour);
                }
                let votes = format!("{}/{} {}", block.votes, data.now.validators.len(), icons::CHECK);
                ui.label(RichText::new(votes).weak());
            });
        })
        .response
        .interact(Sense::click());
    let label = data.locale.t_args("chain-block-name", &[("height", block.height.into())]);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &label));
    let hover = data.locale.t_args("chain-card-hover", &[("n", total.into()), ("votes", block.votes.into())]);
    response.on_hover_text(hover).on_hover_cursor(CursorIcon::PointingHand).clicked()
}

fn shown<'a>(data: &'a PanelData<'_>, state: &State) -> Option<&'a BlockView> {
    let blocks = &data.now.chain.blocks;
    state.block.and_then(|h| blocks.iter().find(|b| b.height == h)).or_else(|| blocks.last())
}

fn block(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let block = shown(data, state).cloned();
    ui.horizontal(|ui| {
        if let Some(block) = &block {
            widgets::title(ui, data.locale.t_args("chain-block-name", &[("height", block.height.into())]));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| verify(ui, data, state, reply));
    });
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        verdict(ui, data, state);
        if let Some(block) = &block {
            let [readings, orders, trades, settlements, others] = block.counts;
            let rows = [
                row("readings", readings.to_string()),
                row("orders", orders.to_string()),
                row("trades", trades.to_string()),
                row("settlements", settlements.to_string()),
                row("others", others.to_string()),
                row("proposer", validator_name(data, block.proposer as usize)),
                row("hash", format!("{}…", block.hash)),
            ];
            widgets::rows(ui, data, &rows);
            let text = format!("{} {}", icons::STACK, data.t("chain-open-block"));
            if ui.button(text).on_hover_text(data.t("term-chain-open-block")).clicked() {
                reply.page = Some(Page::Block(Some(block.height)));
            }
        }
    });
}

fn verify(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, reply: &mut Reply) {
    let text = format!("{} {}", icons::SHIELD_CHECK, data.t("chain-verify"));
    let response = ui.add_enabled(!state.verifying, egui::Button::new(text));
    let label = data.t("chain-verify");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &label));
    let pressed = !state.verifying && widgets::pressed(ui, egui::Modifiers::NONE, egui::Key::V);
    if response.on_hover_text(widgets::tip(&data.t("term-verify"), Some("V"))).clicked() || pressed {
        state.verifying = true;
        state.verdict = None;
        reply.panel.push(PanelAsk::VerifyChain);
    }
}

fn verdict(ui: &mut Ui, data: &PanelData<'_>, state: &State) {
    if state.verifying {
        ui.label(RichText::new(data.t("chain-verifying")).weak());
    }
    if let Some((sound, words)) = &state.verdict {
        let (mark, colour) = if *sound {
            (icons::CHECK_CIRCLE, theme::ink(ui, crate::palette::HEALTHY))
        } else {
            ("▲", theme::fault(ui))
        };
        ui.add(egui::Label::new(RichText::new(format!("{mark} {words}")).color(colour)).wrap());
    }
}

//! A transaction on its way into the chain, one thing at a time: its bytes, the tree, the header, the next block, the
//! votes; and what becomes of all that when one byte of a copy is changed.

use super::{Page, archive, bytes, links, path, say};
use crate::panels::data::PanelData;
use crate::panels::{theme, widgets};
use bevy_egui::egui::{self, Align, Button, Color32, Key, Label, Layout, Modifiers, RichText, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::digest::Hash;
use sim_core::ledger::genesis::Genesis;
use sim_core::ledger::inspect::{OpenBlock, Trace, find_telling_change, trace};
use sim_core::ledger::mechanism::Mechanism;
use sim_core::ledger::types::{Payload, Role, SignedTransaction};
use std::sync::Arc;

/// Blocks that are looked through for one that shows the most.
const LOOKED: u64 = 60;

/// A stop on the way of a transaction into the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its bytes and their fingerprint.
    #[default]
    Leaf,
    /// Up the tree.
    Path,
    /// The block's header.
    Header,
    /// What the next block says of it.
    Next,
    /// Who signed it.
    Votes,
}

/// Stops in order with their words, and the sentences that say what is to be seen: as it is, and with a byte changed.
const STOPS: [(Stop, &str, [&str; 2]); 5] = [
    (Stop::Leaf, "explorer-stop-leaf", ["explorer-leaf-is", "explorer-leaf-changed"]),
    (Stop::Path, "explorer-stop-path", ["explorer-path-is", "explorer-path-changed"]),
    (Stop::Header, "explorer-stop-header", ["explorer-header-is", "explorer-header-changed"]),
    (Stop::Next, "explorer-stop-next", ["explorer-next-is", "explorer-next-changed"]),
    (Stop::Votes, "explorer-stop-votes", ["explorer-votes-are", "explorer-votes-changed"]),
];

/// Where one stands, and the byte that is changed on a copy.
#[derive(Default)]
pub(super) struct Lesson {
    stop: Stop,
    change: Option<(usize, u8)>,
    traces: Option<(Subject, Arc<[Trace; 2]>)>,
}

/// What a pair of traces belongs to: height, place, change.
type Subject = (u64, usize, Option<(usize, u8)>);

/// All that a stop draws.
pub(super) struct View<'a> {
    pub data: &'a PanelData<'a>,
    pub genesis: &'a Genesis,
    pub block: &'a OpenBlock,
    pub next: Option<&'a OpenBlock>,
    pub index: usize,
    /// The bytes as they are on the chain, and as they are shown.
    pub original: &'a [u8],
    pub bytes: &'a [u8],
    /// Where the original leads, and where the shown bytes lead.
    pub was: &'a Trace,
    pub now: &'a Trace,
}

impl View<'_> {
    /// A byte is changed.
    pub(super) fn changed(&self) -> bool {
        self.bytes != self.original
    }

    /// The colour of what follows from the bytes: the chain's, or alarm where it is no longer what it was.
    pub(super) fn accent(&self, ui: &Ui) -> Color32 {
        if self.changed() { theme::fault(ui) } else { theme::chain(ui) }
    }

    /// A fingerprint that follows from the bytes: as it is now, and struck out what it was, where that is not the same.
    pub(super) fn follow(&self, ui: &mut Ui, was: &Hash, now: &Hash, whole: bool) {
        let spell = |h: &Hash| if whole { sim_core::digest::hex(h) } else { say::short(h) };
        let full = |h: &Hash| sim_core::digest::hex(h);
        let mark = if was == now { "" } else { "▲ " };
        let text = RichText::new(format!("{mark}{}", spell(now))).monospace().strong().color(self.accent(ui));
        ui.add(Label::new(text).extend()).on_hover_text(full(now));
        if was != now {
            let old = RichText::new(spell(was)).monospace().weak().strikethrough();
            ui.add(Label::new(old).extend()).on_hover_text(full(was));
        }
    }
}

/// Opens a transaction that shows the most: a reading of a household in a block with many others and one behind it.
pub(super) fn present(data: &PanelData<'_>, state: &mut super::State, stop: Option<Stop>, changed: bool) {
    let newest = archive::height(data);
    let Some(genesis) = state.archive.genesis(data) else { return };
    let oldest = newest.saturating_sub(LOOKED).max(1);
    // The fullest of the last blocks that have a successor; a chain of one block has to do with that.
    let heights = (oldest..newest.max(oldest + 1)).rev();
    let tells = |tx: &SignedTransaction| {
        let meter = genesis.1.accounts.iter().any(|a| a.key == tx.sender && a.role == Role::Meter);
        meter && matches!(&tx.payload, Payload::MeterReading(r) if r.import.0 > 0)
    };
    let fullest = heights
        .filter_map(|h| {
            let block = state.archive.block(data, h)?;
            let told = block.transactions.iter().filter(|(_, tx)| tells(tx)).count();
            Some((told, block.transactions.len(), h))
        })
        .max();
    let Some((_, size, height)) = fullest else { return };
    state.turn(Page::Block(Some(height)));
    let (Some(stop), Some(block)) = (stop, state.archive.block(data, height)) else { return };
    let all = block.transactions.iter().enumerate();
    let telling: Vec<usize> = all.filter(|(_, (_, tx))| tells(tx)).map(|(i, _)| i).collect();
    let index = telling.get(telling.len() / 3).copied().unwrap_or(size / 2).min(size.saturating_sub(1));
    if let Some((_, tx)) = block.transactions.get(index) {
        state.open(Page::Transaction(height, index));
        state.lesson.stop = stop;
        state.lesson.change = if changed { find_telling_change(tx) } else { None };
    }
}

/// The way of a transaction.
pub(super) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut super::State,
    genesis: &(Hash, Genesis),
    height: u64,
    index: usize,
) {
    let Some(block) = state.archive.block(data, height) else { return };
    let next = state.archive.block(data, height + 1);
    let Some((_, tx)) = block.transactions.get(index) else { return };
    let original = tx.encode();
    bar(ui, data, &mut state.lesson, tx);
    let mut shown = original.clone();
    if let Some((at, byte)) = state.lesson.change
        && let Some(b) = shown.get_mut(at)
    {
        *b = byte;
    }
    let subject = (height, index, state.lesson.change);
    let known = state.lesson.traces.as_ref().filter(|(s, _)| *s == subject).map(|(_, t)| t.clone());
    let traces = known.or_else(|| {
        let follow = |bytes: &[u8]| trace(&genesis.0, &genesis.1.validators, &block, index, bytes);
        Some(Arc::new([follow(&original)?, follow(&shown)?]))
    });
    let Some(traces) = traces else { return };
    state.lesson.traces = Some((subject, traces.clone()));
    let view = View {
        data,
        genesis: &genesis.1,
        block: &block,
        next: next.as_deref(),
        index,
        original: &original,
        bytes: &shown,
        was: &traces[0],
        now: &traces[1],
    };
    sentence(ui, &view, state.lesson.stop);
    match state.lesson.stop {
        Stop::Leaf => bytes::show(ui, &view, &mut state.lesson.change),
        Stop::Path => path::show(ui, &view),
        Stop::Header => links::header(ui, &view),
        Stop::Next => links::next(ui, &view),
        Stop::Votes => links::votes(ui, &view),
    }
}

/// The stops, and the experiment.
fn bar(ui: &mut Ui, data: &PanelData<'_>, lesson: &mut Lesson, tx: &SignedTransaction) {
    let at = STOPS.iter().position(|(s, ..)| *s == lesson.stop).unwrap_or(0);
    let changed = lesson.change.is_some();
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.set_height(28.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        for (i, (stop, key, _)) in STOPS.into_iter().enumerate() {
            let name = data.t(key);
            let mark = if changed { "▲ " } else { "" };
            let mut text = RichText::new(format!("{mark}{}  {name}", i + 1));
            if changed {
                text = text.color(theme::fault(ui));
            }
            let button = Button::selectable(i == at, text).min_size(vec2(0.0, 28.0));
            let response = ui.add(button);
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, i == at, &name));
            if response.clicked() {
                lesson.stop = stop;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let steps = [
                (icons::ARROW_RIGHT, "explorer-forward", Key::ArrowRight, STOPS.get(at + 1)),
                (icons::ARROW_LEFT, "explorer-backward", Key::ArrowLeft, at.checked_sub(1).and_then(|i| STOPS.get(i))),
            ];
            for (icon, key, arrow, to) in steps {
                ui.add_enabled_ui(to.is_some(), |ui| {
                    let clicked = widgets::icon(ui, icon, &data.t(key), Some(arrow.name()), false).clicked();
                    let pressed = to.is_some() && widgets::pressed(ui, Modifiers::NONE, arrow);
                    if let (true, Some((stop, ..))) = (clicked || pressed, to) {
                        lesson.stop = *stop;
                    }
                });
            }
            ui.add_space(theme::GRID);
            experiment(ui, data, lesson, tx);
        });
    });
    ui.add_space(4.0);
}

/// The toggle that changes one byte on a copy.
fn experiment(ui: &mut Ui, data: &PanelData<'_>, lesson: &mut Lesson, tx: &SignedTransaction) {
    let (icon, key) = match lesson.change {
        None => (icons::FLASK, "explorer-change"),
        Some(_) => (icons::ARROW_COUNTER_CLOCKWISE, "explorer-restore"),
    };
    let name = data.t(key);
    let response = ui.add(Button::new(format!("{icon} {name}")).min_size(vec2(0.0, 28.0)));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    if response.on_hover_text(data.t("term-explorer-change")).clicked() {
        lesson.change = match lesson.change {
            None => find_telling_change(tx).or_else(|| tx.encode().last().map(|b| (tx.encode().len() - 1, b ^ 1))),
            Some(_) => None,
        };
    }
}

/// What is to be seen here, in large letters.
fn sentence(ui: &mut Ui, view: &View<'_>, stop: Stop) {
    let Some((_, _, keys)) = STOPS.iter().find(|(s, ..)| *s == stop) else { return };
    let data = view.data;
    let args = [
        ("height", view.block.header.height.into()),
        ("next", (view.block.header.height + 1).into()),
        ("n", view.block.transactions.len().into()),
        ("who", say::sender(data, view.genesis, &view.block.transactions[view.index].1.sender).into()),
        ("votes", view.block.commit.votes.len().into()),
        ("above", view.block.commit.branch.len().into()),
        ("steps", view.now.steps.len().into()),
    ];
    let keys = match (stop, view.block.commit.mechanism) {
        (Stop::Votes, Mechanism::Raft) => &["explorer-votes-are", "explorer-acknowledgements-changed"],
        (Stop::Votes, Mechanism::Clique) => &["explorer-seals-are", "explorer-seals-changed"],
        (Stop::Votes, Mechanism::Work) => &["explorer-work-is", "explorer-work-changed"],
        _ => keys,
    };
    let words = data.locale.t_args(keys[usize::from(view.changed())], &args);
    ui.add(Label::new(RichText::new(words).size(theme::HEADING)).wrap());
    ui.add_space(theme::GRID);
}

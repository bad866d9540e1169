//! The bench on which evidence is checked: beside the window, from nothing but the chain's own lines, as often as one
//! likes. Here too a byte of an old block is changed on a copy.

use super::{Asked, exhibit};
use crate::palette;
use crate::panels::data::PanelData;
use crate::panels::explorer;
use crate::panels::job::Job;
use crate::panels::names::name;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, DragValue, Label, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icons;
use sim_core::digest::{Hash, hex};
use sim_core::ids::{EventId, Subject, ValidatorId};
use sim_core::ledger::audit::Auditor;
use sim_core::ledger::block::VoteKind;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::commit::Finality;
use sim_core::ledger::genesis::Genesis;
use sim_core::ledger::inspect::read_genesis;
use sim_core::ledger::types::SignedTransaction;
use sim_core::ledger::watch::{Check, Evidence, Exhibit, Known};
use std::sync::Arc;
use std::time::Instant;

/// What was asked: a finding's evidence, or the copy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subjects {
    Finding(EventId),
    Copy(u64),
}

/// What the check said.
struct Answer {
    subject: Subjects,
    checks: Vec<(Check, bool)>,
    exhibits: Vec<Exhibit>,
    /// Lines of the chain that were read for it, and how long it took, seconds.
    lines: usize,
    took_s: f64,
}

/// A block's line with one byte changed.
struct Copy {
    height: u64,
    place: usize,
    original: Vec<u8>,
    changed: Vec<u8>,
    evidence: Evidence,
}

/// The bench.
#[derive(Default)]
pub(super) struct Desk {
    genesis: Option<Arc<(Hash, Genesis)>>,
    job: Option<(Subjects, Job<Option<Answer>>)>,
    answer: Option<Answer>,
    /// How often what lies here was checked.
    times: u32,
    /// Height of the block that is to be changed; without one a third of the way back.
    height: Option<u64>,
    copy: Option<Copy>,
}

impl Desk {
    #[cfg(test)]
    pub(super) fn is_ready(&self) -> bool {
        self.job.is_none()
    }

    /// A finding's evidence: what contradicts, and the checks.
    pub(super) fn evidence(
        &mut self,
        ui: &mut Ui,
        data: &PanelData<'_>,
        event: EventId,
        evidence: &Evidence,
        asked: &mut Option<Asked>,
    ) {
        let subject = Subjects::Finding(event);
        self.follow(ui, data, subject, evidence);
        ui.add(Label::new(data.t(lead(evidence))).wrap());
        self.verdict(ui, data, subject, evidence);
        ui.add_space(4.0);
        if let Some(answer) = self.answer.as_ref().filter(|a| a.subject == subject) {
            let [first, second] = [answer.exhibits.first(), answer.exhibits.get(1)];
            for (i, (own, other)) in [(first, second), (second, first)].into_iter().enumerate() {
                // A block and a payment in it are two things; nothing is to be compared.
                let other = other.filter(|_| !matches!(evidence, Evidence::InvalidBlock { .. }));
                if let Some(own) = own {
                    self.side(ui, data, evidence, i, own, other);
                }
            }
        }
        if let Evidence::Replayed { height, .. } = evidence {
            let words = data.locale.t_args("attacks-see-block", &[("height", (*height).into())]);
            if ui.link(words).clicked() {
                *asked = Some(Asked::Block(*height));
            }
        }
        self.checks(ui, data, subject);
    }

    /// One of the two sides: what it says in words, its bytes, whose signature it carries.
    fn side(
        &self,
        ui: &mut Ui,
        data: &PanelData<'_>,
        evidence: &Evidence,
        i: usize,
        own: &Exhibit,
        other: Option<&Exhibit>,
    ) {
        let (title, words) = self.describe(data, evidence, i);
        ui.label(RichText::new(title).strong());
        ui.add(Label::new(words).wrap());
        exhibit::bytes(ui, data, &own.bytes, other.map(|o| o.bytes.as_slice()));
        let genesis = self.genesis.as_ref().map(|g| &g.1);
        let who = match (evidence, genesis) {
            (Evidence::Equivocation { proof: e }, _) => explorer::validator(data, e.validator),
            (Evidence::InvalidBlock { proof: e }, _) if i == 0 => explorer::validator(data, e.header.proposer),
            (_, Some(genesis)) => explorer::sender(data, genesis, &own.signer),
            _ => String::new(),
        };
        let short = format!("{}…", hex(&own.signature[..6]));
        let args = [("who", who.into()), ("signature", short.into())];
        let (icon, key, colour) = if own.holds {
            (icons::SEAL_CHECK, "attacks-signed", theme::ink(ui, palette::HEALTHY))
        } else {
            (icons::SEAL_WARNING, "attacks-not-signed", theme::fault(ui))
        };
        let text = RichText::new(format!("{icon} {}", data.locale.t_args(key, &args))).color(colour);
        ui.add(Label::new(text).wrap()).on_hover_text(hex(&own.signature));
        ui.add_space(theme::GRID);
    }

    fn describe(&self, data: &PanelData<'_>, evidence: &Evidence, i: usize) -> (String, String) {
        let said = |tx: &SignedTransaction| match &self.genesis {
            Some(genesis) => explorer::transaction(data, &genesis.1, tx),
            None => String::new(),
        };
        match evidence {
            Evidence::Equivocation { proof: e } => {
                let vote = if i == 0 { &e.first } else { &e.second };
                let step = if e.kind == VoteKind::Prevote { "attacks-vote-first" } else { "attacks-vote-second" };
                let block = match &vote.block {
                    Some(hash) => format!("{}…", hex(&hash[..6])),
                    None => data.t("attacks-vote-none"),
                };
                let args = [
                    ("who", name(data.scene, Subject::Validator(ValidatorId(e.validator)), data.locale).into()),
                    ("step", data.t(step).into()),
                    ("height", e.height.into()),
                    ("round", e.round.into()),
                    ("block", block.into()),
                ];
                let title = data.t(if i == 0 { "attacks-side-vote" } else { "attacks-side-vote-again" });
                (title, data.locale.t_args("attacks-vote-says", &args))
            }
            Evidence::Forged { transaction } => (data.t("attacks-side-forged"), said(transaction)),
            Evidence::Replayed { transaction, .. } if i == 0 => (data.t("attacks-side-replayed"), said(transaction)),
            Evidence::Replayed { transaction, height } => {
                let args = [("height", (*height).into())];
                (data.locale.t_args("attacks-side-on-chain", &args), said(transaction))
            }
            Evidence::DoubleSpend { first, second } | Evidence::DoubleIssue { first, second } => {
                let (title, tx) = if i == 0 { ("attacks-side-first", first) } else { ("attacks-side-second", second) };
                let args = [("n", tx.nonce.into())];
                (data.locale.t_args(title, &args), said(tx))
            }
            Evidence::InvalidBlock { proof: e } if i == 0 => {
                let args = [
                    ("who", name(data.scene, Subject::Validator(ValidatorId(e.header.proposer)), data.locale).into()),
                    ("height", e.header.height.into()),
                    ("n", e.size.into()),
                    ("block", format!("{}…", hex(&e.header.compute_hash()[..6])).into()),
                ];
                (data.t("attacks-side-block"), data.locale.t_args("attacks-block-says", &args))
            }
            Evidence::InvalidBlock { proof: e } => (data.t("attacks-side-inside"), said(&e.transaction)),
            Evidence::ChangedBlock { .. } => (String::new(), String::new()),
        }
    }

    /// Whether it holds, and the button that checks it again.
    fn verdict(&mut self, ui: &mut Ui, data: &PanelData<'_>, subject: Subjects, evidence: &Evidence) {
        let Some(answer) = self.answer.as_ref().filter(|a| a.subject == subject) else {
            ui.label(RichText::new(data.t("attacks-checking")).weak());
            return;
        };
        let (key, icon, colour) = if answer.checks.iter().all(|(_, holds)| *holds) {
            ("attacks-holds", icons::SEAL_CHECK, theme::ink(ui, palette::HEALTHY))
        } else {
            ("attacks-holds-not", icons::SEAL_WARNING, theme::fault(ui))
        };
        let args =
            [("n", self.times.into()), ("lines", answer.lines.into()), ("took", numbers::span(answer.took_s).into())];
        let words = format!("{icon} {}", data.locale.t_args(key, &args));
        ui.add(Label::new(RichText::new(words).color(colour).strong()).wrap())
            .on_hover_text(data.t("term-attacks-holds"));
        let words = data.t("attacks-check-again");
        let response = ui.button(format!("{} {words}", icons::ARROW_CLOCKWISE));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
        if response.clicked() {
            self.begin(data, subject, evidence);
        }
    }

    /// Each statement that it rests on, with its outcome.
    fn checks(&self, ui: &mut Ui, data: &PanelData<'_>, subject: Subjects) {
        let Some(answer) = self.answer.as_ref().filter(|a| a.subject == subject) else { return };
        widgets::title(ui, data.t("attacks-checks")).on_hover_text(data.t("term-attacks-checks"));
        for (check, holds) in &answer.checks {
            let (icon, colour) =
                if *holds { (icons::CHECK, theme::ink(ui, palette::HEALTHY)) } else { ("▲", theme::fault(ui)) };
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                ui.label(RichText::new(icon).color(colour));
                ui.add(Label::new(data.t(check_key(*check))).wrap());
            });
        }
    }

    /// Takes what is done; begins what was not checked yet.
    fn follow(&mut self, ui: &Ui, data: &PanelData<'_>, subject: Subjects, evidence: &Evidence) {
        if self.genesis.is_none() {
            self.genesis = data.past.chain().first().and_then(|line| read_genesis(line).ok()).map(Arc::new);
        }
        if let Some((_, job)) = &mut self.job
            && let Some(answer) = job.poll(ui.ctx())
        {
            self.job = None;
            self.times += 1;
            self.answer = answer;
        }
        let is_known = self.answer.as_ref().is_some_and(|a| a.subject == subject);
        let is_asked = self.job.as_ref().is_some_and(|(s, _)| *s == subject);
        if !is_known && !is_asked {
            self.times = 0;
            self.begin(data, subject, evidence);
        }
    }

    fn begin(&mut self, data: &PanelData<'_>, subject: Subjects, evidence: &Evidence) {
        let chain = data.past.chain();
        // What was metered follows from all blocks; all else from the genesis, and a replay from its block.
        let lines =
            if matches!(evidence, Evidence::DoubleIssue { .. }) { chain } else { chain.get(..1).unwrap_or(&[]) };
        let lines = lines.to_vec();
        let block = match evidence {
            Evidence::Replayed { height, .. } => {
                usize::try_from(*height).ok().and_then(|h| chain.get(h)).cloned().map(|line| (*height, line))
            }
            _ => None,
        };
        let evidence = evidence.clone();
        self.job = Some((subject, Job::begin(move || check(subject, &evidence, &lines, block))));
    }

    /// Height of the block that is to be changed, and of the newest one.
    fn chosen(&self, data: &PanelData<'_>) -> (u64, u64) {
        let newest = (data.past.chain().len().saturating_sub(1) as u64).max(1);
        (self.height.unwrap_or(newest * 2 / 3).clamp(1, newest), newest)
    }

    /// Which block is to be changed.
    pub(super) fn fields(&mut self, ui: &mut Ui, data: &PanelData<'_>) {
        let (mut height, newest) = self.chosen(data);
        let label = data.t("attacks-height");
        ui.horizontal(|ui| {
            ui.label(RichText::new(&label).weak());
            let response = ui.add(DragValue::new(&mut height).range(1..=newest));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::DragValue, true, &label));
            if response.changed() {
                self.height = Some(height);
            }
        });
    }

    /// Changes a byte of a block on a copy.
    pub(super) fn change(&mut self, data: &PanelData<'_>) {
        let (height, _) = self.chosen(data);
        let line = usize::try_from(height).ok().and_then(|h| data.past.chain().get(h));
        self.copy = line.and_then(|line| change(line, height));
        self.answer = None;
    }

    /// What came of the copy, once there is one.
    pub(super) fn copy_words(&self, data: &PanelData<'_>) -> Option<String> {
        let copy = self.copy.as_ref()?;
        Some(data.locale.t_args("attacks-copy-found", &[("height", copy.height.into())]))
    }

    /// The changed copy beside what was signed.
    pub(super) fn copy_page(&mut self, ui: &mut Ui, data: &PanelData<'_>, back: &mut bool, asked: &mut Option<Asked>) {
        let Some(copy) = self.copy.take() else {
            *back = true;
            return;
        };
        let subject = Subjects::Copy(copy.height);
        self.follow(ui, data, subject, &copy.evidence);
        ui.horizontal(|ui| {
            *back = widgets::icon(ui, icons::ARROW_LEFT, &data.t("attacks-back"), Some("Esc"), false).clicked();
            let title = data.locale.t_args("attacks-copy-title", &[("height", copy.height.into())]);
            ui.label(RichText::new(title).size(theme::HEADING).strong());
        });
        ScrollArea::vertical().id_salt("copy").auto_shrink([false, false]).show(ui, |ui| {
            ui.add(Label::new(data.t(lead(&copy.evidence))).wrap());
            self.verdict(ui, data, subject, &copy.evidence);
            ui.add_space(4.0);
            let around = |line: &[u8]| {
                let from = copy.place.saturating_sub(40).min(line.len());
                String::from_utf8_lossy(&line[from..(copy.place + 40).min(line.len())]).into_owned()
            };
            for (key, line, colour) in [
                ("attacks-copy-was", &copy.original, theme::chain(ui)),
                ("attacks-copy-is", &copy.changed, theme::fault(ui)),
            ] {
                ui.label(RichText::new(data.t(key)).strong());
                let text = RichText::new(format!("…{}…", around(line))).monospace().color(colour);
                ui.add(Label::new(text).truncate());
            }
            ui.add_space(theme::GRID);
            self.checks(ui, data, subject);
            ui.add_space(theme::GRID);
            if ui.button(data.t("attacks-lesson")).clicked() {
                *asked = Some(Asked::Lesson);
            }
            ui.add(Label::new(RichText::new(data.t("attacks-copy-only")).weak()).wrap());
        });
        self.copy = Some(copy);
    }
}

/// Changes the first figure of a reading, or else a byte in the middle.
fn change(line: &str, height: u64) -> Option<Copy> {
    let key = "\"import\":";
    let place = line.find(key).map_or(line.len() / 2, |at| at + key.len());
    let original = line.as_bytes().to_vec();
    let mut changed = original.clone();
    let byte = changed.get_mut(place)?;
    *byte = if byte.is_ascii_digit() { b'0' + (*byte - b'0' + 1) % 10 } else { *byte ^ 1 };
    let block = read_block(&original)?;
    let header = Box::new(block.header);
    let evidence = Evidence::ChangedBlock { header, commit: block.commit, copy: changed.clone() };
    Some(Copy { height, place, original, changed, evidence })
}

/// Checks evidence with nothing but lines of the chain.
fn check(subject: Subjects, evidence: &Evidence, lines: &[String], block: Option<(u64, String)>) -> Option<Answer> {
    let started = Instant::now();
    let mut auditor = Auditor::default();
    for line in lines {
        auditor.process_line(line.as_bytes()).ok()?;
    }
    let count = lines.len() + usize::from(block.is_some());
    let (genesis, state) = auditor.get_state_mut()?;
    let chain = genesis.compute_hash();
    let block = |height: u64| {
        let line = block.as_ref().filter(|(h, _)| *h == height).map(|(_, line)| line)?;
        read_block(line.as_bytes())
    };
    let known = Known { finality: Finality::of(genesis, &chain), state, block: &block };
    let (checks, exhibits) = (evidence.check(&known), evidence.get_exhibits(&known));
    Some(Answer { subject, checks, exhibits, lines: count, took_s: started.elapsed().as_secs_f64() })
}

/// What the two sides have to do with each other.
fn lead(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Equivocation { .. } => "attacks-lead-votes",
        Evidence::Forged { .. } => "attacks-lead-forged",
        Evidence::Replayed { .. } => "attacks-lead-replayed",
        Evidence::DoubleSpend { .. } => "attacks-lead-spend",
        Evidence::DoubleIssue { .. } => "attacks-lead-issue",
        Evidence::ChangedBlock { .. } => "attacks-lead-block",
        Evidence::InvalidBlock { .. } => "attacks-lead-invalid",
    }
}

fn check_key(check: Check) -> &'static str {
    match check {
        Check::FirstSigned => "attacks-check-first",
        Check::SecondSigned => "attacks-check-second",
        Check::Differ => "attacks-check-differ",
        Check::KnownSender => "attacks-check-sender",
        Check::NotSigned => "attacks-check-unsigned",
        Check::OnChain => "attacks-check-on-chain",
        Check::SameNumber => "attacks-check-number",
        Check::Decided => "attacks-check-decided",
        Check::CopyDiffers => "attacks-check-copy",
        Check::MoreThanMetered => "attacks-check-metered",
        Check::Proposed => "attacks-check-proposed",
        Check::InBlock => "attacks-check-in-block",
    }
}

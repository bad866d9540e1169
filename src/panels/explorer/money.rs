//! An account's money: what came in and went out, why and with whom, and where the money of a payment came from.
//!
//! The book reads the chain from its beginning, a part in each frame, so that nothing is missing that the chain holds.

use super::{Page, State, say};
use crate::panels::data::PanelData;
use crate::panels::{numbers, theme, widgets};
use bevy_egui::egui::{self, Button, Label, RichText, ScrollArea, Ui, vec2};
use egui_phosphor::regular as icons;
use sim_core::ledger::chain_file::read_block;
use sim_core::ledger::genesis::Genesis;
use sim_core::ledger::money::{Holder, KEPT, MoneyBook, MoneyError, Movement, Origin, Step, Trace, Why};
use std::ops::Range;

/// Height of a line in a list, points, and the width of the button behind it.
const ROW: f32 = 24.0;
const ASK: f32 = 32.0;
/// Bytes of the chain that are read in a frame: a few milliseconds.
const READ_BYTES: usize = 256 << 10;

/// State of the part.
#[derive(Default)]
pub(super) struct Money {
    book: Option<MoneyBook>,
    /// A block could not be read; the book ends before it.
    broken: bool,
    /// The movements of an account, the oldest first, and the number up to which they are known.
    mine: (usize, Range<u64>, Vec<u64>),
    /// The account whose payment is followed, and the payment's number.
    followed: Option<(usize, u64)>,
    /// What it has sent is shown instead.
    pub sent: bool,
}

impl Money {
    /// Reads on; how many blocks are still to come.
    fn read(&mut self, data: &PanelData<'_>, genesis: &Genesis) -> u64 {
        let lines = data.past.chain();
        let book = self.book.get_or_insert_with(|| MoneyBook::new(genesis));
        let mut bytes = 0;
        while let Some(line) = lines.get(book.get_height() as usize + 1).filter(|_| bytes < READ_BYTES && !self.broken)
        {
            bytes += line.len();
            match read_block(line.as_bytes()).map(|block| book.process_block(&block)) {
                Some(Ok(_)) => {}
                // Time was turned back, and the chain has grown in another way since.
                Some(Err(MoneyError::NotNext { .. })) => {
                    (*book, self.followed) = (MoneyBook::new(genesis), None);
                    self.mine = Default::default();
                }
                Some(Err(_)) | None => self.broken = true,
            }
        }
        let newest = lines.len().saturating_sub(1) as u64;
        if book.get_height() > newest {
            *self = Self { sent: self.sent, ..Self::default() };
            return newest;
        }
        newest - book.get_height()
    }

    /// Numbers of the movements in which an account has a part, as far as they are kept.
    fn find(&mut self, account: usize) -> &[u64] {
        let Some(book) = &self.book else { return &[] };
        let (kept, me) = (book.get_numbers(), holder(account));
        let (of, known, mine) = &mut self.mine;
        if *of != account || known.end > kept.end {
            (*of, *known) = (account, 0..0);
            mine.clear();
        }
        let new = known.end.max(kept.start)..kept.end;
        mine.extend(new.filter(|n| book.get(*n).is_some_and(|m| m.get_change(me) != 0)));
        mine.drain(..mine.partition_point(|n| *n < kept.start));
        *known = kept;
        mine
    }
}

fn holder(account: usize) -> Holder {
    Holder::Account(u32::try_from(account).unwrap_or(u32::MAX))
}

/// The money of an account, or where that of a payment came from.
pub(super) fn show(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, genesis: &Genesis, account: usize) {
    let behind = state.money.read(data, genesis);
    if state.money.broken {
        return widgets::banner(ui, &data.t("money-broken"));
    }
    if behind > 0 {
        ui.ctx().request_repaint();
        let args = [("n", behind.into())];
        ui.label(RichText::new(data.locale.t_args("money-reading", &args)).weak());
    }
    let numbers = state.money.find(account).to_vec();
    let Some(book) = &state.money.book else { return };
    let view = View { data, genesis, book, account };
    let followed = state.money.followed.filter(|(of, _)| *of == account);
    let traced = followed.and_then(|(_, n)| Some((*book.get(n)?, book.trace(n)?)));
    let asked = match &traced {
        Some((payment, trace)) => view.way(ui, payment, trace),
        None => view.list(ui, &numbers),
    };
    match asked {
        Some(Asked::Page(page)) => state.open(page),
        Some(Asked::Follow(number)) => state.money.followed = Some((account, number)),
        Some(Asked::Back) => state.money.followed = None,
        None => {}
    }
}

/// What was clicked.
enum Asked {
    Page(Page),
    Follow(u64),
    Back,
}

/// What is shown: whose money, from which book.
struct View<'a> {
    data: &'a PanelData<'a>,
    genesis: &'a Genesis,
    book: &'a MoneyBook,
    account: usize,
}

impl View<'_> {
    /// All that came in and went out, the newest first, and that it adds up.
    fn list(&self, ui: &mut Ui, numbers: &[u64]) -> Option<Asked> {
        let (data, me) = (self.data, holder(self.account));
        self.sum(ui);
        if self.book.get_numbers().start > 0 {
            let words = data.locale.t_args("money-window", &[("n", KEPT.into())]);
            ui.add(Label::new(RichText::new(words).weak()).wrap());
        }
        if numbers.is_empty() {
            ui.add(Label::new(RichText::new(data.t("money-nothing")).weak()).wrap());
            return None;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut asked = None;
        let area = ScrollArea::vertical().id_salt("money").auto_shrink([false, false]);
        area.show_rows(ui, ROW, numbers.len(), |ui, range| {
            let room = ui.available_width() - ASK - ui.spacing().item_spacing.x;
            for number in numbers.iter().rev().skip(range.start).take(range.len()).copied() {
                let Some(movement) = self.book.get(number) else { continue };
                let paid = movement.get_change(me) < 0;
                ui.horizontal(|ui| {
                    let (icon, colour) = match paid {
                        true => (icons::ARROW_UP_RIGHT, ui.visuals().text_color()),
                        false => (icons::ARROW_DOWN_LEFT, theme::money(ui)),
                    };
                    let words = self.entry(movement);
                    if line(ui, room, &format!("{icon} {words}"), &words, colour) {
                        asked = page(movement);
                    }
                    if paid && line(ui, ASK, icons::PATH, &data.t("money-where-from"), theme::chain(ui)) {
                        asked = Some(Asked::Follow(number));
                    }
                });
            }
        });
        asked
    }

    /// Opening balance, received, paid, and the balance that they come to.
    fn sum(&self, ui: &mut Ui) {
        let opening = self.genesis.accounts.get(self.account).map_or(0, |a| i128::from(a.balance.0));
        let purse = self.book.get_purse(holder(self.account));
        let (received, paid) = purse.map_or((0, 0), |p| (p.get_received(), p.get_paid()));
        let sum = |micro: i128| numbers::with(micro as f64 / 1e6, 6, &self.data.scene.file.site.currency).into();
        let args = [
            ("opening", sum(opening)),
            ("received", sum(received - opening.max(0))),
            ("paid", sum(paid - (-opening).max(0))),
            ("balance", sum(received - paid)),
            ("height", self.book.get_height().into()),
        ];
        let words = self.data.locale.t_args("money-sum", &args);
        ui.add(Label::new(words).wrap()).on_hover_text(self.data.t("term-money-sum"));
    }

    /// Where the money of a payment came from: in all, and step by step.
    fn way(&self, ui: &mut Ui, payment: &Movement, trace: &Trace) -> Option<Asked> {
        let data = self.data;
        let mut asked = None;
        ui.horizontal(|ui| {
            if widgets::icon(ui, icons::ARROW_LEFT, &data.t("money-all"), None, false).clicked() {
                asked = Some(Asked::Back);
            }
            ui.add(Label::new(RichText::new(self.entry(payment)).strong()).wrap());
        });
        ui.add(Label::new(data.t("money-way")).wrap()).on_hover_text(data.t("term-money-way"));
        for ((origin, who), amount) in &trace.origins {
            let words = format!("{}  {}", self.amount(amount.0), self.origin(*origin, *who));
            ui.add(Label::new(RichText::new(words).strong()).wrap());
        }
        ui.add_space(theme::GRID);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("money way").auto_shrink([false, false]);
        area.show_rows(ui, ROW, trace.steps.len(), |ui, range| {
            let wide = ui.available_width();
            for step in &trace.steps[range] {
                ui.horizontal(|ui| {
                    let indent = theme::GRID * step.depth.saturating_sub(1) as f32;
                    ui.add_space(indent);
                    let words = self.step(step);
                    let colour = if step.origin.is_some() { theme::money(ui) } else { ui.visuals().text_color() };
                    if line(ui, wide - indent, &words, &words, colour) {
                        asked = step.movement.as_ref().and_then(|(_, movement)| page(movement));
                    }
                });
            }
        });
        asked
    }

    /// A movement in a sentence: how much, why, with whom and in which block.
    fn entry(&self, movement: &Movement) -> String {
        let me = holder(self.account);
        let paid = movement.get_change(me) < 0;
        let who = self.name(movement.get_other(me));
        let args = [
            ("sum", format!("{}{}", if paid { "" } else { "+" }, self.amount(movement.get_change(me))).into()),
            ("why", self.data.t(why_key(movement.why)).into()),
            ("who", who.into()),
            ("height", movement.height.into()),
        ];
        self.data.locale.t_args(if paid { "money-paid-to" } else { "money-received-from" }, &args)
    }

    fn step(&self, step: &Step) -> String {
        let sum = self.amount(step.amount.0);
        let ends = step.origin.map(|(origin, who)| self.origin(origin, who));
        let Some((_, m)) = &step.movement else {
            return format!("{sum}  {}", ends.unwrap_or_default());
        };
        let args = [
            ("sum", sum.into()),
            ("why", self.data.t(why_key(m.why)).into()),
            ("from", self.name(m.from).into()),
            ("to", self.name(m.to).into()),
            ("height", m.height.into()),
        ];
        let words = self.data.locale.t_args("money-step", &args);
        ends.map_or(words.clone(), |ends| format!("{words}{}{ends}", self.data.t("explorer-colon")))
    }

    fn origin(&self, origin: Origin, who: Holder) -> String {
        let key = match origin {
            Origin::Opening => "money-origin-opening",
            Origin::Grid => "money-origin-grid",
            Origin::Credit => "money-origin-credit",
            Origin::Earlier => "money-origin-earlier",
            Origin::Unfollowed => "money-origin-unfollowed",
            Origin::Unexplained => "money-origin-unexplained",
        };
        self.data.locale.t_args(key, &[("who", self.name(who).into())])
    }

    fn amount(&self, micro: i64) -> String {
        numbers::with(micro as f64 / 1e6, 4, &self.data.scene.file.site.currency)
    }

    fn name(&self, holder: Holder) -> String {
        match holder {
            Holder::Account(index) => say::account(self.data, self.genesis, index as usize),
            Holder::Contract(id) => {
                let id = id.to_string();
                let known = self.data.now.chain.contracts.iter().find(|c| c.id == id);
                known.map_or_else(|| self.data.t("money-contract"), |c| format!("{} {}", icons::FILE_CODE, c.name))
            }
            Holder::Clearing => self.data.t("money-clearing"),
            Holder::Genesis => self.data.t("money-genesis"),
            Holder::Unknown => self.data.t("money-unknown"),
        }
    }
}

/// The page of a movement's transaction; the genesis has none.
fn page(movement: &Movement) -> Option<Asked> {
    (movement.height > 0).then_some(Asked::Page(Page::Transaction(movement.height, movement.index)))
}

/// A line that can be clicked; whether it was.
fn line(ui: &mut Ui, width: f32, text: &str, words: &str, colour: egui::Color32) -> bool {
    let wide = vec2(width, ROW);
    let left = egui::Layout::top_down_justified(egui::Align::Min);
    let button = Button::new(RichText::new(text).color(colour)).truncate().frame_when_inactive(false);
    let response = ui.allocate_ui_with_layout(wide, left, |ui| ui.add(button.min_size(wide))).inner;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words));
    response.on_hover_text(words).clicked()
}

fn why_key(why: Why) -> &'static str {
    match why {
        Why::Opening => "money-why-opening",
        Why::Transfer => "money-why-transfer",
        Why::Fee => "money-why-fee",
        Why::Trade => "money-why-trade",
        Why::Imbalance => "money-why-imbalance",
        Why::GridFee => "money-why-grid-fee",
        Why::Tax => "money-why-tax",
        Why::Subsidy => "money-why-subsidy",
        Why::Losses => "money-why-losses",
        Why::Congestion => "money-why-congestion",
        Why::Storage => "money-why-storage",
        Why::Call => "money-why-call",
        Why::Payout => "money-why-payout",
        Why::Unknown => "money-why-unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{Language, Locale};
    use crate::panels::testing::Desk;
    use crate::panels::testing_chain::chain;
    use crate::panels::tests::picture;

    /// The list of the first home and its newest payment followed; written where GRIDTWIN_PICTURES says.
    #[test]
    fn the_money_can_be_drawn_in_both_languages() {
        let folder = std::env::var_os("GRIDTWIN_PICTURES").map(std::path::PathBuf::from);
        for (language, size) in [(Language::En, vec2(960.0, 540.0)), (Language::Zh, vec2(1280.0, 720.0))] {
            for name in ["list", "way"] {
                let mut desk = Desk::new();
                desk.past.chain = chain(&desk.scene);
                desk.locale = Locale::new(language);
                let picture = picture(desk, size, |desk| {
                    desk.state.sheet.read(Page::Account(0));
                    // The number of the payment of three.
                    desk.state.sheet.explorer.money.followed = (name == "way").then_some((0, 2));
                });
                assert!(!picture.is_flat());
                if let Some(folder) = &folder {
                    picture.save(&folder.join(format!("money-{name}-{language:?}.ppm"))).expect("a folder");
                }
            }
        }
    }
}

//! Where everything is: bar on top, dock at the bottom, tree and inspector at the sides or as drawers.

use super::data::{PanelAsk, PanelData, Reply};
use super::files::{self, Purpose, Recent};
use super::look::Layers;
use super::marks::Marks;
use super::plot::Kept;
use super::undo::Undo;
use super::words::describe_command;
use super::{
    context, diagram, dock, guard, inspector, keys, legend, log, menu, outcome, pointer, scale, sheet, theme, time_bar,
    tree, widgets,
};
use crate::bridge::Ask;
use crate::tour;
use bevy_egui::egui::{self, Align2, Frame, Id, Key, Margin, Modifiers, Order, Panel, Rect, Stroke, Ui, pos2, vec2};
use egui_phosphor::regular as icons;

/// Below this width the side panels are drawers over the world.
const DRAWERS_BELOW: f32 = 1100.0;
/// Widths of the side panels and height of the dock, points.
const LEFT: f32 = 200.0;
const RIGHT: f32 = 264.0;
const DOCK: f32 = 220.0;
/// Below this height of the world a drawer may cover the dock.
const LOW: f32 = 220.0;
/// From this width on the side panels are wider.
const LARGE: f32 = 1600.0;
/// Share of the window that the world keeps.
const WORLD_SHARE: f32 = 0.4;

/// A side panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// State of all panels.
#[derive(Default)]
pub(crate) struct State {
    world: Option<u32>,
    pub menu: menu::State,
    pub tree: tree::State,
    pub inspector: inspector::State,
    pub dock: dock::State,
    pub sheet: sheet::State,
    pub diagram: diagram::State,
    pub outcome: outcome::State,
    pub context: Option<context::Open>,
    pub files: files::State,
    pub guard: guard::State,
    pub drawer: Option<Side>,
    /// Side panels folded away, wide windows.
    pub folded: [bool; 2],
    pub undo: Undo,
    pub marks: Marks,
    pub kept: Kept,
    /// The window was asked to close.
    pub quit: bool,
    presenting: bool,
    /// What was shown before a study was opened: the diagram, and the dock.
    before_study: Option<(bool, Option<dock::Dock>)>,
    /// A walkthrough is under way: it says itself when the inspector is to be seen.
    touring: bool,
    selected: Option<sim_core::ids::Subject>,
}

/// All panels; what was asked for, and the rectangle that is left to the world, in points.
pub(crate) fn show(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    layers: &mut Layers,
    recent: &Recent,
    tour: &mut tour::Tour,
) -> (Reply, Rect) {
    state.touring = tour.is_playing();
    state.follow(data);
    state.follow_study(data, layers);
    let asked = state.files.dialog.is_some() || state.guard.asks();
    let sheet = state.sheet.open.is_some();
    let popup = state.context.is_some() || asked || sheet || ui.ctx().any_popup_open();
    let mut reply = keys::read(ui, data, &mut state.menu, popup);
    state.menu.undo = state.undo.newest().map(|c| describe_command(c, data.scene, data.locale));
    if widgets::pressed(ui, Modifiers::NONE, Key::S) {
        layers.diagram = !layers.diagram;
    }
    if widgets::pressed(ui, Modifiers::NONE, Key::W) {
        state.show_why(!state.inspector.why);
    }
    let window = ui.max_rect();
    let bar = Panel::top("time bar").exact_size(time_bar::HEIGHT).resizable(false).frame(frame(ui, 4));
    let bar = bar.show(ui, |ui| time_bar::show(ui, data, &state.marks, &mut state.menu, layers));
    reply.join(bar.inner);
    let bar = bar.response.rect;
    let below = dock_panel(ui, data, state, window, &mut reply);
    let wide = window.width() >= DRAWERS_BELOW;
    let widths = side_widths(window.size(), window.bottom() - below.top());
    let mut free = Rect::from_min_max(pos2(window.left(), bar.bottom()), pos2(window.right(), below.top()));
    let mut sides = [None, None];
    if wide {
        for side in [Side::Left, Side::Right] {
            if !state.folded[side as usize] {
                sides[side as usize] =
                    Some(side_panel(ui, data, state, layers, side, widths[side as usize], &mut reply));
            }
        }
    }
    free.min.x = sides[0].map_or(free.min.x, |r: Rect| r.right());
    free.max.x = sides[1].map_or(free.max.x, |r: Rect| r.left());
    if layers.diagram {
        let State { diagram, context, .. } = state;
        reply.join(diagram::show(ui, data, diagram, layers, context, free));
    }
    scale::show(ui, data, layers.overlay(), free);
    handles(ui, data, state, free, wide);
    if !wide && let Some(side) = state.drawer {
        drawer(ui, data, state, layers, side, free, &mut reply);
    }
    over_world(ui, data, state, tour, free, &mut reply);
    let room = window.with_min_y(bar.bottom());
    sheet::show(ui, data, &mut state.sheet, room, &mut reply);
    reply.asks.extend(files::show(ui.ctx(), data, &mut state.files, recent));
    tour.highlight(ui, [bar, below, sides[0].unwrap_or(free), sides[1].unwrap_or(free)], data.look.reduce_motion);
    state.finish(data, &mut reply);
    reply.join(guard::show(ui.ctx(), data, &mut state.guard, &mut state.files));
    if data.look.presenter {
        pointer::ring(ui);
    }
    (reply, free)
}

impl Reply {
    /// Takes over what another panel answered.
    pub(crate) fn join(&mut self, other: Self) {
        self.asks.extend(other.asks);
        self.panel.extend(other.panel);
        self.select = other.select.or(self.select);
        self.sheet = other.sheet.or(self.sheet);
        self.page = other.page.or(self.page);
        self.event = other.event.or(self.event);
    }
}

impl State {
    /// Follows what changed since the last frame: another world, presenter mode, another selection.
    fn follow(&mut self, data: &PanelData<'_>) {
        if self.world != Some(data.world) {
            if self.world.is_some() {
                self.undo.clear();
                self.marks.clear();
                self.kept.clear();
                self.dock.log.clear();
                self.diagram.clear();
                self.dock.profile.clear();
                self.dock.chain = super::chain::State::default();
                self.sheet = sheet::State { open: self.sheet.open, ..sheet::State::default() };
                self.dock.controls = super::controls::State::default();
                self.dock.market = super::market::State::default();
                self.outcome = outcome::State::default();
                self.inspector.event = None;
                self.context = None;
                self.guard.clear();
            } else {
                self.dock.open = Some(dock::Dock::Power);
            }
            self.world = Some(data.world);
        }
        self.marks.follow(data.past);
        self.undo.follow(data.past, data.now.time);
        if data.look.presenter != self.presenting {
            self.presenting = data.look.presenter;
            self.folded = [self.presenting; 2];
            self.drawer = None;
            self.dock.open = if self.presenting { None } else { Some(dock::Dock::Power) };
        }
        if data.selection.subject != self.selected {
            self.selected = data.selection.subject;
            let kept =
                self.inspector.event.and_then(|e| data.past.event(e)).is_some_and(|e| Some(e.subject) == self.selected);
            if !kept {
                self.inspector.event = None;
            }
            // A thing that is chosen shows itself; one that is let go takes its drawer along.
            match (self.selected, self.drawer) {
                (Some(_), _) if !self.touring => self.drawer = Some(Side::Right),
                (None, Some(Side::Right)) => self.drawer = None,
                _ => {}
            }
        }
    }

    /// A study opens with its diagram and its own dock; back in the community all is as it was.
    fn follow_study(&mut self, data: &PanelData<'_>, layers: &mut Layers) {
        match (data.study, self.before_study) {
            (Some(_), None) => {
                self.before_study = Some((layers.diagram, self.dock.open));
                layers.diagram = true;
                self.dock.open = Some(dock::Dock::Study);
            }
            (None, Some((diagram, open))) => {
                self.before_study = None;
                layers.diagram = diagram;
                self.dock.open = open;
            }
            _ => {}
        }
        if data.study.is_some_and(|s| !s.has_world) {
            layers.diagram = true;
        }
        if self.dock.open.is_some_and(|d| !dock::offered(d, data.study.is_some())) {
            self.dock.open = None;
        }
    }

    /// Shows the inspector with the chain of causes, or hides the causes.
    pub(crate) fn show_why(&mut self, shown: bool) {
        self.inspector.why = shown;
        if shown {
            self.drawer = Some(Side::Right);
            self.folded[Side::Right as usize] = false;
        }
    }

    /// Turns what the panels asked for into what leaves: undo is noted, dialogs are opened, choices are followed.
    fn finish(&mut self, data: &PanelData<'_>, reply: &mut Reply) {
        self.sheet.open = reply.sheet.or(self.sheet.open);
        if let Some(page) = reply.page {
            self.sheet.read(page);
        }
        if let Some(event) = reply.event.or(self.menu.chosen_event.take()) {
            self.inspector.event = Some(event);
            self.show_why(true);
            self.dock.log.chosen = Some(event);
        }
        if !log::exists(data.past, self.dock.log.chosen) {
            self.dock.log.chosen = None;
        }
        for ask in &reply.asks {
            if let Ask::Do(command) = ask {
                self.undo.note(command, data.scene, data.now);
            }
        }
        if std::mem::take(&mut self.menu.undo_asked)
            && let Some(inverse) = self.undo.pop(data.now.time)
        {
            reply.command(inverse);
        }
        reply.asks.extend(self.files.dropped.drain(..).map(Ask::Open));
        if std::mem::take(&mut self.quit) {
            reply.panel.push(PanelAsk::Quit);
        }
        self.guard.hold(reply, data.study.is_some());
        for ask in &reply.panel {
            match ask {
                PanelAsk::OpenDialog => self.files.begin(Purpose::Open),
                PanelAsk::SaveReplayDialog => self.files.begin(Purpose::SaveReplay),
                PanelAsk::SavePictureDialog => self.files.begin(Purpose::SavePicture),
                _ => {}
            }
        }
    }
}

fn frame(ui: &Ui, vertical: i8) -> Frame {
    Frame::new().fill(ui.visuals().panel_fill).inner_margin(Margin::symmetric(12, vertical))
}

/// Height of the dock in a window of this height: what leaves the world its share.
pub(crate) fn dock_height(window: f32) -> f32 {
    DOCK.min(window * (1.0 - WORLD_SHARE) - time_bar::HEIGHT).max(dock::TABS + 64.0)
}

/// Widths of tree and inspector: narrower where the world would not keep its share, wider in a large window.
fn side_widths(window: egui::Vec2, dock: f32) -> [f32; 2] {
    let world = WORLD_SHARE * window.x * window.y / (window.y - time_bar::HEIGHT - dock).max(1.0);
    let room = (window.x - world).max(0.0);
    let wanted = if window.x >= LARGE { [LEFT * 1.2, RIGHT * 1.2] } else { [LEFT, RIGHT] };
    let factor = (room / (wanted[0] + wanted[1])).min(1.0);
    wanted.map(|w| (w * factor).floor())
}

fn dock_panel(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, window: Rect, reply: &mut Reply) -> Rect {
    let height = if state.dock.open.is_some() { dock_height(window.height()) } else { dock::TABS + 4.0 };
    let panel = Panel::bottom("dock").exact_size(height).resizable(false).frame(frame(ui, 4));
    let shown = panel.show(ui, |ui| dock::show(ui, data, &mut state.dock, &state.marks, &mut state.kept));
    reply.join(shown.inner);
    shown.response.rect
}

fn side_panel(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    layers: &mut Layers,
    side: Side,
    width: f32,
    reply: &mut Reply,
) -> Rect {
    let panel = if side == Side::Left { Panel::left("tree") } else { Panel::right("inspector") };
    let panel = panel.exact_size(width).resizable(false).frame(frame(ui, 8));
    let shown = panel.show(ui, |ui| side_content(ui, data, state, layers, side));
    reply.join(shown.inner);
    shown.response.rect
}

fn side_content(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, layers: &mut Layers, side: Side) -> Reply {
    match side {
        Side::Left => tree::show(ui, data, &mut state.tree, layers),
        Side::Right => {
            let compact = ui.available_height() < 240.0;
            inspector::show(ui, data, &mut state.inspector, &state.marks, &mut state.kept, compact)
        }
    }
}

/// Small buttons at the edges of the world that fold and unfold the sides.
fn handles(ui: &mut Ui, data: &PanelData<'_>, state: &mut State, free: Rect, wide: bool) {
    let sides = [
        (Side::Left, Align2::LEFT_TOP, icons::TREE_STRUCTURE, "side-tree", Key::T),
        (Side::Right, Align2::RIGHT_TOP, icons::INFO, "side-inspector", Key::I),
    ];
    for (side, align, icon, words, key) in sides {
        let open = if wide { !state.folded[side as usize] } else { state.drawer == Some(side) };
        let at = align.pos_in_rect(&free.shrink(theme::GRID));
        let mut toggled = widgets::pressed(ui, Modifiers::NONE, key);
        let area = egui::Area::new(Id::new(words)).order(Order::Middle).pivot(align).fixed_pos(at);
        area.show(ui.ctx(), |ui| {
            ui.visuals_mut().widgets.inactive.weak_bg_fill = ui.visuals().panel_fill;
            toggled |= widgets::icon(ui, icon, &data.t(words), Some(key.name()), false).clicked();
        });
        if toggled && wide {
            state.folded[side as usize] = open;
        } else if toggled {
            state.drawer = if open { None } else { Some(side) };
        }
    }
}

fn drawer(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    layers: &mut Layers,
    side: Side,
    free: Rect,
    reply: &mut Reply,
) {
    let (width, align) = match side {
        Side::Left => (LEFT + 24.0, Align2::LEFT_TOP),
        Side::Right => (RIGHT + 24.0, Align2::RIGHT_TOP),
    };
    // In a low window the drawer goes down over the dock.
    let bottom = ui.ctx().content_rect().bottom();
    let free = if free.height() < LOW { free.with_max_y(bottom) } else { free };
    let room = free.shrink2(vec2(theme::GRID, 0.0)).translate(vec2(0.0, 44.0));
    let height = free.height() - 52.0;
    let area = egui::Area::new(Id::new("drawer")).order(Order::Middle).pivot(align);
    let area = area.fixed_pos(align.pos_in_rect(&room)).default_size(vec2(width, height));
    area.show(ui.ctx(), |ui| {
        floating(ui).show(ui, |ui| {
            ui.set_width(width - 24.0);
            ui.set_height((height - 24.0).max(80.0));
            reply.join(side_content(ui, data, state, layers, side));
        });
    });
}

/// The frame of what floats over the world.
fn floating(ui: &Ui) -> Frame {
    Frame::new()
        .fill(ui.visuals().window_fill)
        .stroke(Stroke::new(1.0, ui.visuals().window_stroke.color))
        .corner_radius(8)
        .inner_margin(12)
        .shadow(ui.visuals().window_shadow)
}

/// What floats over the world: outcome card, caption of the walkthrough, legend, context menu.
fn over_world(
    ui: &mut Ui,
    data: &PanelData<'_>,
    state: &mut State,
    tour: &mut tour::Tour,
    free: Rect,
    reply: &mut Reply,
) {
    let drawer = ui.max_rect().width() < DRAWERS_BELOW && state.drawer == Some(Side::Right);
    if let Some(outcome) = &data.now.outcome
        && state.outcome.open(data)
        && !drawer
    {
        let at = free.right_top() + vec2(-theme::GRID, 48.0);
        let area = egui::Area::new(Id::new("outcome")).order(Order::Middle).pivot(Align2::RIGHT_TOP).fixed_pos(at);
        // A caption of the walkthrough keeps its place below.
        let caption = if tour.is_playing() { 100.0 } else { 0.0 };
        let height = (free.height() - 80.0 - caption).max(64.0);
        area.default_size(vec2(outcome::WIDTH, height)).show(ui.ctx(), |ui| {
            floating(ui).show(ui, |ui| {
                egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                    reply.join(outcome::show(ui, data, outcome, &mut state.outcome, height < 320.0));
                });
            });
        });
    }
    // The caption keeps clear of the drawer.
    let beside = if drawer { free.with_max_x(free.right() - RIGHT - 32.0) } else { free };
    let mut why = false;
    reply.join(tour.show(ui.ctx(), data, beside, &mut state.dock.open, &mut why));
    if why {
        state.show_why(true);
    }
    if state.menu.legend {
        let room = ui.max_rect();
        let area = egui::Area::new(Id::new("legend")).order(Order::Foreground).pivot(Align2::CENTER_CENTER);
        let area = area.fixed_pos(room.center()).default_size(room.size() - vec2(64.0, 32.0));
        area.show(ui.ctx(), |ui| {
            floating(ui).show(ui, |ui| state.menu.legend = !legend::show(ui, data, room.size()));
        });
    }
    reply.join(context::show(ui.ctx(), data, &mut state.context));
}

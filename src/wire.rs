//! Joins stage, panels, walkthroughs and settings, which do not know of each other.

use crate::AppSystems;
use crate::args::{Args, Quality};
use crate::bridge::{Ask, Clock, History, Live, Told, is_network};
use crate::locale::{Language, Locale};
use crate::overlay::Overlay;
use crate::panels::{self, Dock, Free, Layers, Look, MapLayer, Notice, PanelAsk, Panels, Recent, Theme, Verdict};
use crate::settings::Settings;
use crate::shots::Wanted;
use crate::stage::camera::{self, FreeRect};
use crate::stage::picking;
use crate::tour::{Seen, StartTour, Tour};
use bevy::prelude::*;
use bevy::tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use sim_core::digest::hex;
use sim_core::ledger::audit;

/// Joins them.
pub(super) fn plugin(app: &mut App) {
    app.add_systems(Startup, open_as_chosen)
        .add_systems(
            Update,
            (follow_panels, pass_clicks, tell_user, verify_chain, keep_choices).in_set(AppSystems::Input),
        )
        .add_systems(Update, show_wanted.in_set(AppSystems::Input).run_if(resource_exists_and_changed::<Wanted>));
}

/// Everything as it was left, unless the command line says otherwise.
fn open_as_chosen(
    args: Res<Args>,
    settings: Res<Settings>,
    mut look: ResMut<Look>,
    mut locale: ResMut<Locale>,
    mut recent: ResMut<Recent>,
    mut seen: ResMut<Seen>,
    mut quality: ResMut<camera::Quality>,
    mut tours: MessageWriter<StartTour>,
    mut asks: MessageWriter<Ask>,
) {
    if let Some(path) = args.scene.as_ref().filter(|p| is_network(p)) {
        asks.write(Ask::Open(path.clone()));
    }
    let theme = if settings.dark { Theme::Dark } else { Theme::Light };
    let (presenter, reduce_motion) = (settings.presenter, settings.reduced_motion);
    *look = Look { theme, scale: settings.scale, presenter, reduce_motion };
    let tag = args.locale.map(|t| t.as_str().to_owned()).or_else(|| settings.language.clone());
    if let Some(tag) = tag {
        locale.set_language(Language::from_tag(&tag));
    }
    recent.0.clone_from(&settings.recent);
    seen.0 = settings.opening_seen || args.is_unattended() || args.walkthrough.is_some() || args.scene.is_some();
    if let Some(path) = &args.walkthrough {
        tours.write(StartTour(path.clone()));
    }
    match args.quality.unwrap_or(settings.quality) {
        // The stage has looked at the adapter.
        Quality::Auto => {}
        Quality::Low => *quality = camera::Quality::Low,
        Quality::Medium => *quality = camera::Quality::Medium,
        Quality::High => *quality = camera::Quality::High,
    }
}

/// The stage keeps to the place that the panels leave it.
fn follow_panels(free: Res<Free>, layers: Res<Layers>, mut rect: ResMut<FreeRect>, mut overlay: ResMut<Overlay>) {
    let r = free.0;
    let finite = r.is_finite() && r.is_positive();
    rect.set_if_neq(FreeRect(finite.then(|| Rect::new(r.min.x, r.min.y, r.max.x, r.max.y))));
    overlay.set_if_neq(layers.overlay());
}

/// A right click in the world becomes a menu.
fn pass_clicks(mut clicks: MessageReader<picking::ContextAsked>, mut menus: MessageWriter<panels::ContextAsked>) {
    for click in clicks.read() {
        let along = click.along.map(f64::from);
        menus.write(panels::ContextAsked { subject: click.subject, position: click.at, along });
    }
}

/// What the simulation has to say becomes a dialog, where the user must read it.
fn tell_user(
    mut told: MessageReader<Told>,
    locale: Res<Locale>,
    mut notices: MessageWriter<Notice>,
    mut recent: ResMut<Recent>,
) {
    let say = |en: &str, zh: &str| if locale.language() == Language::Zh { zh.to_owned() } else { en.to_owned() };
    for word in told.read() {
        match word {
            Told::Refused { path, why } => {
                let title = format!("{} {}", say("This did not work:", "未能完成："), path.display());
                notices.write(Notice { title, text: why.clone() });
            }
            Told::Opened { path, notices: notes } => {
                recent.note(path);
                if !notes.is_empty() {
                    let title = format!("{} {}", say("Good to know about", "请注意："), path.display());
                    notices.write(Notice { title, text: notes.join("\n") });
                }
            }
            Told::Broke { what, kept } => {
                let title = say("The simulation has stopped", "仿真已停止");
                let advice = say(
                    "This is a fault of Gridtwin, not yours. What you see goes back to",
                    "这是 Gridtwin 自身的故障，不是您的操作造成的。画面退回到",
                );
                let next = say(
                    "Save the replay (it helps to find the fault), then restart.",
                    "请先保存回放（有助于查找故障），然后重新开始。",
                );
                notices.write(Notice { title, text: format!("{advice} {}.\n{next}\n\n{what}", kept.clock()) });
            }
            Told::Saved(path) => info!("{}", path.display()),
            Told::Arrived(_) => {}
        }
    }
}

/// The chain is checked beside the frames; a long one takes seconds.
fn verify_chain(
    mut asks: MessageReader<PanelAsk>,
    history: Option<Res<History>>,
    locale: Res<Locale>,
    mut task: Local<Option<Task<Result<audit::Report, String>>>>,
    mut verdicts: MessageWriter<Verdict>,
) {
    let asked = asks.read().filter(|a| **a == PanelAsk::VerifyChain).count() > 0;
    if let (true, None, Some(history)) = (asked, task.as_ref(), history) {
        let lines = history.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).chain().to_vec();
        let work = async move { audit::verify(lines).map_err(|e| e.to_string()) };
        *task = Some(AsyncComputeTaskPool::get().spawn(work));
    }
    let Some(answer) = task.as_mut().and_then(check_ready) else { return };
    *task = None;
    verdicts.write(match answer {
        Err(words) => Verdict { sound: false, words },
        Ok(report) => {
            let (height, transactions, votes) = (report.height, report.transactions, report.votes);
            let head = hex(&report.head).chars().take(16).collect::<String>();
            let words = match locale.language() {
                Language::En => {
                    format!("{height} blocks, {transactions} transactions, {votes} votes: all hold. Last block {head}…")
                }
                Language::Zh => {
                    format!("共 {height} 个区块、{transactions} 笔交易、{votes} 张投票，全部成立。最新区块 {head}…")
                }
            };
            Verdict { sound: true, words }
        }
    });
}

/// What the user chooses is kept.
fn keep_choices(
    look: Res<Look>,
    locale: Res<Locale>,
    recent: Res<Recent>,
    seen: Res<Seen>,
    clock: Res<Clock>,
    mut settings: ResMut<Settings>,
    mut spoken: Local<Option<Language>>,
) {
    let mut kept = settings.clone();
    kept.dark = look.dark();
    (kept.scale, kept.presenter, kept.reduced_motion) = (look.scale, look.presenter, look.reduce_motion);
    kept.recent.clone_from(&recent.0);
    kept.opening_seen |= seen.0;
    kept.slow_motion = clock.slow_motion;
    // The language follows the system until it is chosen.
    if spoken.replace(locale.language()).is_some_and(|before| before != locale.language()) {
        let tag = if locale.language() == Language::Zh { "zh-CN" } else { "en" };
        kept.language = Some(tag.to_owned());
    }
    settings.set_if_neq(kept);
}

/// The panels as a picture wants them.
fn show_wanted(
    wanted: Res<Wanted>,
    (mut panels, mut layers): (ResMut<Panels>, ResMut<Layers>),
    mut locale: ResMut<Locale>,
    mut tour: ResMut<Tour>,
    live: Option<Res<Live>>,
    mut asks: MessageWriter<Ask>,
    (mut playing, mut sheet): (Local<bool>, Local<String>),
) {
    panels.open_dock(match wanted.dock.as_deref() {
        Some("power") => Some(Dock::Power),
        Some("market") => Some(Dock::Market),
        Some("chain") => Some(Dock::Chain),
        Some("controls") => Some(Dock::Controls),
        Some("events") => Some(Dock::Events),
        Some("profile") => Some(Dock::Profile),
        Some("study") => Some(Dock::Study),
        _ => None,
    });
    panels.show_inspector(wanted.inspector);
    panels.show_why(wanted.why);
    panels.show_legend(wanted.legend);
    panels.show_outcome(!wanted.card_folded);
    if *sheet != wanted.sheet {
        panels.show_sheet(&wanted.sheet);
        sheet.clone_from(&wanted.sheet);
    }
    let map = match wanted.map.as_str() {
        "loading" => Some(MapLayer::Loading),
        "voltage" => Some(MapLayer::Voltage),
        "unbalance" => Some(MapLayer::Unbalance),
        "price" => Some(MapLayer::Price),
        _ => None,
    };
    layers.set_if_neq(Layers { map, diagram: wanted.diagram, ..*layers });
    locale.set_language(Language::from_tag(&wanted.locale));
    if wanted.opening != *playing && live.is_some() {
        *playing = wanted.opening;
        *tour = Tour::default();
        if wanted.opening {
            tour.play_opening();
        } else {
            asks.write(Ask::ResetView);
        }
    }
}

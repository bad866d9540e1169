//! Gridtwin's app: the picture, the panels and the bridge to the simulation.

use bevy::app::PanicHandlerPlugin;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::settings::{Backends, RenderCreation, WgpuSettings};
use bevy::window::{PresentMode, WindowResolution};
use bevy::winit::WinitSettings;
use clap::Parser as _;
use std::process::ExitCode;
use std::time::Instant;

pub mod args;
pub mod bridge;
pub mod chain;
pub mod files;
pub mod flow;
pub mod frames;
pub mod locale;
pub mod machine;
pub mod overlay;
pub mod palette;
pub mod panels;
pub mod picture;
pub mod settings;
pub mod shots;
pub mod stage;
pub mod tour;

mod measure;
mod ui_map;
mod unattended;
mod wire;

use args::{Args, Plan};
use bridge::Start;

/// The order of a frame.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppSystems {
    /// The latest snapshot and events arrive.
    Receive,
    /// Keys, clicks, scripts and lessons become requests.
    Input,
    /// The stage follows the snapshot.
    Stage,
    /// Requests leave for the simulation.
    Send,
}

/// Why the app ends without having done what was asked; each with its exit status.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Bad input.
    #[error("{0}")]
    Input(String),
    /// No display.
    #[error("{0}")]
    NoDisplay(String),
    /// No usable Vulkan adapter.
    #[error("{0}")]
    NoVulkan(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// The exit status that scripts rely on.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::NoDisplay(_) => 6,
            Self::NoVulkan(_) => 7,
            Self::Other(_) => 1,
        }
    }
}

/// Runs the app.
#[must_use]
pub fn run() -> ExitCode {
    let began = Instant::now();
    let args = Args::parse();
    match open_window(args, began) {
        Ok(AppExit::Success) => ExitCode::SUCCESS,
        Ok(AppExit::Error(status)) => ExitCode::from(status.get()),
        Err(failure) => {
            eprintln!("gridtwin: {failure}");
            ExitCode::from(failure.status())
        }
    }
}

/// Everything is read and checked before a window opens.
fn open_window(args: Args, began: Instant) -> Result<AppExit, Failure> {
    let plan = args.read()?;
    for notice in &plan.opened.scene.notices {
        eprintln!("gridtwin: note: {notice}");
    }
    machine::check_display()?;
    machine::check_vulkan()?;
    let mut app = make_app(args, plan)?;
    app.insert_resource(frames::Began(began));
    // A window system that gives up panics; what it said is on the screen already.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| app.run()))
        .map_err(|_| Failure::Other("the window system or the renderer gave up; see the lines above".into()))
}

/// The whole app: bridge, stage and panels, in this order; it runs with any of the last two left out.
fn make_app(args: Args, plan: Plan) -> Result<App, Failure> {
    let (kept, (chosen, notice)) = if args.is_unattended() {
        (settings::Kept::default(), Default::default())
    } else {
        let kept = settings::Kept::of_user();
        let loaded = kept.0.as_deref().map(settings::load).unwrap_or_default();
        (kept, loaded)
    };
    if let Some(notice) = notice {
        eprintln!("gridtwin: {notice}");
    }
    let shots = match &args.shots {
        Some(folder) => {
            let shots = shots::Shots::parse(shots::SHOTS, &plan.opened.scene);
            Some((shots.map_err(|e| Failure::Other(e.to_string()))?, folder.clone()))
        }
        None => None,
    };
    let size = shots.as_ref().map_or((1280, 720), |(s, _)| s.size);
    let mut app = App::new();
    app.add_plugins(window_plugins(size, plan.duration_us.is_some()));
    if args.is_unattended() {
        app.insert_resource(WinitSettings::continuous());
    }
    let start = Start {
        scene: plan.opened.scene.clone(),
        seed: plan.seed,
        commands: plan.opened.commands.clone(),
        speed: plan.speed,
        slow_motion: chosen.slow_motion && plan.duration_us.is_none(),
        playing: !args.is_unattended(),
    };
    app.insert_resource(kept).insert_resource(chosen);
    add_core(&mut app, start)?;
    app.add_plugins((bevy_egui::EguiPlugin::default(), settings::plugin, picture::plugin, frames::plugin));
    app.add_plugins((stage::plugin, flow::plugin, chain::plugin, overlay::plugin));
    app.add_plugins((panels::plugin, tour::plugin, wire::plugin));
    if let (Some(us), Some(out)) = (plan.duration_us, args.out.clone()) {
        app.insert_resource(measure::Measure { until: plan.opened.scene.start + us, out }).add_plugins(measure::plugin);
        if args.walkthrough.is_some() {
            app.add_plugins(unattended::plugin);
        }
    }
    if let Some((shots, folder)) = shots {
        shots::install(&mut app, shots, folder);
    }
    if args.ui_map.is_some() {
        app.add_plugins(ui_map::plugin);
    }
    app.insert_resource(args);
    Ok(app)
}

/// The order of a frame and the simulation: what every app has, with a window or without.
///
/// # Errors
/// Why the world cannot be made.
pub fn add_core(app: &mut App, start: Start) -> Result<(), Failure> {
    use AppSystems::{Input, Receive, Send, Stage};
    app.configure_sets(Update, (Receive, Input, Stage, Send).chain());
    // A system that fails is told in the log; the rest of the app goes on.
    app.set_error_handler(bevy::ecs::error::error);
    bridge::install(app, start).map_err(Failure::Input)
}

fn window_plugins((width, height): (u32, u32), free_running: bool) -> bevy::app::PluginGroupBuilder {
    let window = Window {
        title: "Gridtwin".into(),
        name: Some("gridtwin".into()),
        resolution: WindowResolution::new(width, height),
        present_mode: if free_running { PresentMode::AutoNoVsync } else { PresentMode::AutoVsync },
        ..default()
    };
    let mut render = WgpuSettings::default();
    if cfg!(target_os = "linux") {
        render.backends = Some(Backends::VULKAN);
    }
    let assets = args::find_beside("assets").and_then(|p| p.canonicalize().ok());
    let assets = assets.map_or_else(|| "assets".to_owned(), |p| p.to_string_lossy().into_owned());
    let log = LogPlugin { filter: "warn,gridtwin=info,wgpu=error,naga=error".into(), ..default() };
    DefaultPlugins
        .set(WindowPlugin { primary_window: Some(window), close_when_requested: false, ..default() })
        .set(RenderPlugin { render_creation: RenderCreation::from(render), ..default() })
        .set(AssetPlugin { file_path: assets, ..default() })
        .set(log)
        .disable::<PanicHandlerPlugin>()
}

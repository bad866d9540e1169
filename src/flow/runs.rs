//! Moving power: comets run along every cable in the direction of active power.
//!
//! Speed and density grow with the logarithm of power, colour tells the loading. How far the comets have run is
//! integrated from their speed, so that nothing jumps when the power changes.

use super::heal::Healing;
use super::reading::{Neighbours, Reading};
use crate::bridge::{Clock, Live};
use crate::overlay::Overlay;
use crate::palette;
use crate::panels::{Layers, Look};
use crate::stage::material::{RIBBONS, RibbonMaterial, RunTable, StageMaterials};
use crate::stage::picking::{RUN_OUTLINE, RUN_RING};
use crate::stage::{StageMap, StageSystems, forge_linear};
use bevy::prelude::*;

/// Comets come in groups of four with this much between two, m; as in the shader.
const GROUP_M: f32 = 4.0 * 14.0;
/// Speed at 1 kW and its growth for every tenfold, m/s of the wall clock: never faster than the eye follows.
const SPEED_M_S: (f32, f32) = (4.0, 4.6);
/// Power below which nothing moves, kW.
const STILL_KW: f32 = 0.03;
/// Power at which comets are densest, kW.
const DENSE_KW: f32 = 250.0;
/// Share of their speed that comets keep when motion is reduced: still enough to tell where they go.
const CALM: f32 = 0.25;

/// Adds the flows.
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Runs>().add_systems(
        Update,
        (advance_runs, show_runs).chain().in_set(StageSystems::Follow).run_if(resource_exists::<Live>),
    );
}

/// What runs along every ribbon; trades and votes have the entries from [`FREE`] on.
#[derive(Resource, Default)]
pub(crate) struct Runs {
    pub(crate) table: RunTable,
    world: Option<u32>,
    neighbours: Neighbours,
}

/// First entry that no line uses.
pub(crate) const FREE: usize = RIBBONS - 64;

/// How ribbons are drawn; numbers as in the shader.
pub(crate) mod style {
    /// Comets on a solid ribbon.
    pub(crate) const FLOW: f32 = 0.0;
    /// Dashes, still.
    pub(crate) const DEAD: f32 = 1.0;
    /// Hatched: beyond its rating.
    pub(crate) const HATCH: f32 = 2.0;
    /// Not drawn.
    pub(crate) const HIDDEN: f32 = 3.0;
    /// In the air.
    pub(crate) const ARC: f32 = 4.0;
    /// In its full colour: for map layers and selection.
    pub(crate) const PLAIN: f32 = 5.0;
    /// Dashes that draw themselves.
    pub(crate) const GROWS: f32 = 6.0;
}

fn mix(a: [f32; 3], b: [f32; 3], t: f32) -> [f32; 3] {
    let t = t.clamp(0.0, 1.0);
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

fn advance_runs(
    live: Res<Live>,
    map: Res<StageMap>,
    overlay: Res<Overlay>,
    clock: Option<Res<Clock>>,
    (layers, look): (Option<Res<Layers>>, Option<Res<Look>>),
    time: Res<Time>,
    healing: Res<Healing>,
    mut runs: ResMut<Runs>,
) {
    if runs.world != Some(map.world) {
        *runs = Runs { world: Some(map.world), neighbours: Neighbours::new(&live.scene), ..default() };
        let still = |rgb| Vec3::from(forge_linear(rgb)).extend(0.0);
        runs.table.run[RUN_RING as usize] = Vec4::new(0.0, 0.0, 0.0, style::PLAIN);
        runs.table.color[RUN_RING as usize] = still(palette::SELECTION);
        runs.table.run[RUN_OUTLINE as usize] = Vec4::new(0.0, 0.0, 0.0, style::PLAIN);
        runs.table.color[RUN_OUTLINE as usize] = still(palette::OUTLINE);
    }
    let playing = clock.is_none_or(|c| c.playing);
    let dt = if playing { time.delta_secs().min(0.2) } else { 0.0 };
    let comets = f32::from(u8::from(layers.is_none_or(|l| l.flows)));
    let pace = if look.is_some_and(|l| l.reduce_motion) { CALM } else { 1.0 };
    let (healthy, heavy) = (forge_linear(palette::HEALTHY), forge_linear(palette::HEAVY));
    let (fault, dead) = (forge_linear(palette::FAULT), forge_linear(palette::DEAD));
    let Runs { table, neighbours, .. } = &mut *runs;
    for line in &map.lines {
        let slot = line.run as usize;
        let Some(Reading { kw, loading, live: alive, shown }) = neighbours.read(&live, line.subject) else { continue };
        let run = &mut table.run[slot];
        if let Some(path) = healing.path_of(line.subject).filter(|_| shown) {
            *run = Vec4::new(path.drawn, path.length, path.way, style::GROWS);
            table.color[slot] = Vec3::from(healthy).extend(1.0);
            continue;
        }
        let power = kw.abs();
        let moves = alive && power > STILL_KW;
        let direction = if moves { kw.signum() } else { 0.0 };
        if moves {
            let speed = SPEED_M_S.0 + SPEED_M_S.1 * (1.0 + power).log10();
            run.x = (run.x + direction * speed * pace * dt).rem_euclid(GROUP_M);
        }
        let density = ((1.0 + power).log10() / (1.0 + DENSE_KW).log10()).min(1.0);
        // Comets come and go softly.
        run.y = if moves { run.y + (density - run.y) * (dt * 4.0).min(1.0) } else { 0.0 };
        run.z = direction;
        run.w = match (shown, alive) {
            (false, _) => style::HIDDEN,
            (true, false) => style::DEAD,
            (true, true) if loading > 1.0 => style::HATCH,
            (true, true) => style::FLOW,
        };
        let color = if !alive {
            dead
        } else if loading > 1.0 {
            fault
        } else {
            mix(healthy, heavy, (loading - 0.74) / 0.06)
        };
        let layer = overlay.line_color(&live.scene, &live.now, line.subject);
        if layer.is_some() && run.w != style::HIDDEN {
            run.w = style::PLAIN;
        }
        let color = layer.unwrap_or(color);
        table.color[slot] = Vec3::from(color).extend(comets);
    }
}

pub(crate) fn show_runs(runs: Res<Runs>, shared: Res<StageMaterials>, mut ribbons: ResMut<Assets<RibbonMaterial>>) {
    if runs.is_changed()
        && let Some(mut ribbon) = ribbons.get_mut(&shared.ribbon)
    {
        ribbon.table = runs.table.clone();
    }
}

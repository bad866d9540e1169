//! What moves by itself: rotors, charge bars, switch arms, cars. Positions follow the snapshot; speeds are integrated.

use super::StageSystems;
use crate::bridge::{Clock, Live};
use bevy::prelude::*;
use sim_core::ids::{DeviceId, SwitchId};
use sim_core::snapshot::DeviceStatus;

/// Turn of a rotor at rated power, radians a second of the wall clock: as fast as the eye follows three blades.
const ROTOR_RAD_S: f32 = 1.7;
/// Turn of a flywheel's crown when full, radians a second of the wall clock.
const WHEEL_RAD_S: f32 = 3.0;
/// How far an open arm stands up, radians.
const ARM_OPEN_RAD: f32 = 1.12;

/// How a part moves.
#[derive(Component, Clone, Copy, Debug)]
pub(super) enum Motion {
    /// Turns about its z axis with the power of a wind turbine rated at so many kW.
    Rotor(DeviceId, f32),
    /// Turns about its y axis with the charge of a flywheel.
    Wheel(DeviceId),
    /// Stretches along x with the state of charge.
    Charge(DeviceId),
    /// Stands up (about z) when its switch is open.
    Arm(SwitchId),
    /// Is there when a car is.
    Car(DeviceId),
    /// Rises and fades while an engine runs.
    Puff(DeviceId, f32),
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, move_parts.in_set(StageSystems::Follow).run_if(resource_exists::<Live>));
}

fn move_parts(
    live: Res<Live>,
    clock: Option<Res<Clock>>,
    time: Res<Time>,
    mut parts: Query<(&Motion, &mut Transform, &mut Visibility)>,
) {
    let now = &live.now;
    let playing = clock.is_none_or(|c| c.playing);
    let dt = if playing { time.delta_secs().min(0.25) } else { 0.0 };
    let ease = 1.0 - (-time.delta_secs() * 7.0).exp();
    for (motion, mut at, mut seen) in &mut parts {
        match *motion {
            Motion::Rotor(id, rated) => {
                let kw = now.devices.get(id.index()).map_or(0.0, |d| d.kw as f32);
                if kw > 0.05 && dt > 0.0 {
                    at.rotate_local_z(dt * ROTOR_RAD_S * (0.18 + 0.82 * (kw / rated.max(1e-3)).min(1.0)));
                }
            }
            Motion::Wheel(id) => {
                let soc = now.devices.get(id.index()).and_then(|d| d.soc).unwrap_or(0.0) as f32;
                if soc > 0.005 && dt > 0.0 {
                    at.rotate_local_y(dt * WHEEL_RAD_S * soc.sqrt());
                }
            }
            Motion::Charge(id) => {
                let soc = now.devices.get(id.index()).and_then(|d| d.soc).unwrap_or(0.0) as f32;
                let want = soc.clamp(0.004, 1.0);
                if (at.scale.x - want).abs() > 0.002 {
                    at.scale.x = want;
                }
            }
            Motion::Arm(id) => {
                let closed = now.switches.get(id.index()).is_none_or(|s| s.closed);
                let (yaw, pitch, _) = at.rotation.to_euler(EulerRot::YZX);
                let want = if closed { 0.0 } else { ARM_OPEN_RAD };
                if (pitch - want).abs() > 0.004 {
                    at.rotation = Quat::from_euler(EulerRot::YZX, yaw, pitch + (want - pitch) * ease.max(0.05), 0.0);
                }
            }
            Motion::Car(id) => {
                let car = now.devices.get(id.index()).is_some_and(|d| d.car);
                let want = if car { Visibility::Inherited } else { Visibility::Hidden };
                seen.set_if_neq(want);
            }
            Motion::Puff(id, phase) => {
                let runs = now.devices.get(id.index()).is_some_and(|d| {
                    d.kw > 0.1 && matches!(d.status, DeviceStatus::On | DeviceStatus::Forming | DeviceStatus::Starting)
                });
                seen.set_if_neq(if runs { Visibility::Inherited } else { Visibility::Hidden });
                if runs {
                    let t = (time.elapsed_secs() * 0.22 + phase).fract();
                    at.scale = Vec3::splat(0.35 + t) * (1.0 - (t - 0.6).max(0.0) * 2.4);
                    at.translation.y = PUFF_BASE + t * PUFF_RISE;
                }
            }
        }
    }
}

/// How far they rise, m.
const PUFF_RISE: f32 = 6.5;
/// Height at which puffs leave a stack, m.
pub(super) const PUFF_BASE: f32 = 5.2;

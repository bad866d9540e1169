//! Sun, sky and haze from the simulated hour and cloud, and the dome behind everything.

use super::StageSystems;
use super::camera::Rig;
use super::forge::Forge;
use super::material::{GroundMaterial, Light, RibbonMaterial, SkyMaterial, StageMaterials};
use super::plan::linear;
use crate::bridge::Live;
use crate::palette::{self, Rgb};
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use sim_core::snapshot::WeatherView;

/// Depth over which haze grows, m.
const HAZE_DEPTH_M: f32 = 560.0;

/// The light that all materials share.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Sun {
    pub(crate) light: Light,
    /// It changed in this frame.
    pub(crate) moved: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Sun>().add_systems(Startup, spawn_dome.after(super::material::make_materials)).add_systems(
        Update,
        (follow_sun, share_light)
            .chain()
            .after(StageSystems::Build)
            .before(StageSystems::Follow)
            .run_if(resource_exists::<Live>),
    );
}

fn spawn_dome(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, shared: Res<StageMaterials>) {
    let mut forge = Forge::default();
    forge.block(Vec3::ZERO, Vec3::splat(200.0));
    commands.spawn((Mesh3d(meshes.add(forge.mesh())), MeshMaterial3d(shared.sky.clone()), NoFrustumCulling));
}

fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The light for a weather; haze begins at a distance from the eye.
fn light_of(weather: &WeatherView, haze_from: f32) -> Light {
    let elevation = weather.sun_elevation_deg as f32;
    let azimuth = (weather.sun_azimuth_deg as f32).to_radians();
    let cloud = weather.cloud.clamp(0.0, 1.0) as f32;
    let day = smooth(-3.0, 14.0, elevation);
    let night = 1.0 - smooth(-10.0, 0.0, elevation);
    let dusk = (1.0 - day - night).max(0.0) + 0.5 * (1.0 - (2.0 * day - 1.0).abs()).max(0.0);
    let total = (day + dusk + night).max(1e-3);
    let (day, dusk, night) = (day / total, dusk / total, night / total);
    let mix =
        |a: [f32; 3], b: [f32; 3], c: [f32; 3]| Vec3::from(a) * day + Vec3::from(b) * dusk + Vec3::from(c) * night;
    let of = |rgb: Rgb| linear(rgb);
    let dark = 1.0 - smooth(-5.0, 5.0, elevation);

    let towards = |elevation: f32, azimuth: f32| {
        Vec3::new(azimuth.sin() * elevation.cos(), elevation.sin(), -azimuth.cos() * elevation.cos())
    };
    // Below the horizon the moon takes over, high in the south-west.
    let direction =
        if elevation > -4.0 { towards(elevation.max(2.5).to_radians(), azimuth) } else { towards(0.8, 3.9) };
    let veil = 1.0 - 0.78 * cloud;
    let sun = mix([1.02, 0.93, 0.80], [1.15, 0.58, 0.28], [0.055, 0.075, 0.13]) * (veil + (1.0 - veil) * night);
    let fill = 1.0 + 0.28 * cloud * (day + dusk);
    let sky = mix([0.33, 0.40, 0.49], [0.30, 0.265, 0.345], [0.080, 0.105, 0.185]) * fill;
    let ground = mix([0.27, 0.25, 0.21], [0.27, 0.185, 0.15], [0.050, 0.058, 0.098]) * fill;
    let grey = |c: Vec3, share: f32| c.lerp(Vec3::splat(c.dot(Vec3::new(0.2, 0.7, 0.1))) * 0.93, share);
    let horizon = mix(of(palette::SKY_DAY), of(palette::SKY_DUSK), of(palette::SKY_NIGHT));
    let zenith = mix(of([0x8C, 0xB8, 0xDE]), of([0x7C, 0x84, 0xAE]), of([0x0A, 0x0F, 0x20]));
    let glow = mix([0.55, 0.48, 0.34], [0.95, 0.42, 0.14], [0.05, 0.06, 0.09]);
    Light {
        direction: direction.normalize().extend(0.0),
        sun: sun.extend((veil * 0.92).max(0.18) * (1.0 - 0.55 * night)),
        sky: sky.extend(dark),
        ground: ground.extend(0.0),
        horizon: grey(horizon, cloud * 0.7).extend(haze_from),
        zenith: grey(zenith, cloud * 0.85).lerp(grey(horizon, 0.5), cloud * 0.55).extend(1.0 / HAZE_DEPTH_M),
        glow: glow.extend(cloud),
    }
}

fn follow_sun(live: Res<Live>, rig: Option<Res<Rig>>, mut sun: ResMut<Sun>) {
    let mut weather = live.now.weather;
    if live.before.time <= live.now.time {
        // Between two snapshots the sun moves evenly.
        let before = live.before.weather;
        let t = f64::from(live.blend);
        let turn = (weather.sun_azimuth_deg - before.sun_azimuth_deg + 540.0).rem_euclid(360.0) - 180.0;
        weather.sun_elevation_deg =
            before.sun_elevation_deg + (weather.sun_elevation_deg - before.sun_elevation_deg) * t;
        weather.sun_azimuth_deg = before.sun_azimuth_deg + turn * t;
        weather.cloud = before.cloud + (weather.cloud - before.cloud) * t;
    }
    let mut light = light_of(&weather, rig.map_or(500.0, |r| r.distance() * 0.85 + 90.0));
    // Clouds drift by one of their widths in ten minutes or so.
    light.ground.w = (live.now.time.0 as f64 * 1e-6 / 600.0).rem_euclid(22.0) as f32;
    let moved = sun.light != light;
    if moved || sun.moved {
        *sun = Sun { light, moved };
    }
}

fn share_light(
    sun: Res<Sun>,
    shared: Res<StageMaterials>,
    mut ground: ResMut<Assets<GroundMaterial>>,
    mut ribbon: ResMut<Assets<RibbonMaterial>>,
    mut sky: ResMut<Assets<SkyMaterial>>,
) {
    if !sun.moved {
        return;
    }
    if let Some(mut m) = ground.get_mut(&shared.ground) {
        m.light = sun.light;
    }
    if let Some(mut m) = ribbon.get_mut(&shared.ribbon) {
        m.light = sun.light;
    }
    if let Some(mut m) = sky.get_mut(&shared.sky) {
        m.light = sun.light;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faces must stay readable at night: a white one at 12 % luminance or more as the eye rates it (sRGB).
    #[test]
    fn night_is_never_black() {
        for elevation in [-60.0, -20.0, -8.0, -2.0, 0.0] {
            let weather = WeatherView { sun_elevation_deg: elevation, cloud: 1.0, ..Default::default() };
            let light = light_of(&weather, 400.0);
            for ambient in [light.sky, light.ground] {
                let luma = ambient.truncate().dot(Vec3::new(0.2126, 0.7152, 0.0722));
                let shown = Color::linear_rgb(luma, luma, luma).to_srgba().red;
                assert!(shown >= 0.12, "{elevation}: {shown}");
            }
        }
    }

    #[test]
    fn noon_casts_short_shadows_from_the_south() {
        let weather = WeatherView { sun_elevation_deg: 65.0, sun_azimuth_deg: 180.0, ..Default::default() };
        let light = light_of(&weather, 400.0);
        assert!(light.direction.z > 0.3 && light.direction.y > 0.85);
    }
}

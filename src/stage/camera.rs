//! The eye: a long lens on an orbit, three quarters from the south-east; it flies, pans and zooms, and never rolls.

use super::StageSystems;
use super::build::StageMap;
use crate::bridge::Ask;
use crate::panels::Look;
use bevy::camera::Hdr;
use bevy::camera::{ClearColorConfig, SubCameraView};
use bevy::core_pipeline::tonemapping::Tonemapping;
use bevy::input::mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll, MouseScrollUnit};
use bevy::post_process::bloom::{Bloom, BloomPrefilter};
use bevy::prelude::*;
use bevy::render::renderer::RenderAdapterInfo;
use bevy::window::PrimaryWindow;
use bevy_egui::input::EguiWantsInput;

/// Vertical angle of the lens, radians (30 degrees).
pub(super) const LENS_RAD: f32 = std::f32::consts::FRAC_PI_6;
/// First view: from the south-east, looking down so far.
const YAW_RAD: f32 = 0.56;
const PITCH_RAD: f32 = 0.385;
/// Limits of pitch, radians, and of distance, m.
const PITCH: (f32, f32) = (0.10, 1.45);
const NEAREST_M: f32 = 25.0;
/// Seconds of a flight.
const FLIGHT_S: f32 = 1.0;

/// The free rectangle between the panels, in logical pixels of the window; the view is centred in it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct FreeRect(pub Option<Rect>);

/// How much the picture may cost; chosen by the adapter, can be set.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// No smoothing of edges: for rendering on the processor.
    #[default]
    Low,
    /// Edges smoothed fourfold.
    Medium,
    /// The same, and what shines has a soft glow.
    High,
}

/// The stage's camera.
#[derive(Component)]
pub struct StageCamera;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pose {
    focus: Vec3,
    yaw: f32,
    pitch: f32,
    distance: f32,
}

impl Pose {
    fn eye(&self) -> Vec3 {
        let out = Vec3::new(self.yaw.sin() * self.pitch.cos(), self.pitch.sin(), self.yaw.cos() * self.pitch.cos());
        self.focus + out * self.distance
    }
    fn lerp(self, to: Self, t: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * t;
        Self {
            focus: self.focus.lerp(to.focus, t),
            yaw: mix(self.yaw, to.yaw),
            pitch: mix(self.pitch, to.pitch),
            // Evenly in magnification.
            distance: mix(self.distance.ln(), to.distance.ln()).exp(),
        }
    }
}

/// Where the eye is, and where it is going.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Rig {
    now: Pose,
    want: Pose,
    flight: Option<(Pose, f32)>,
    /// Farther out there is nothing to see but the end of the land, m.
    farthest: f32,
    /// The first view, as the panels leave room for it.
    home: Option<Pose>,
    world: Option<u32>,
}

impl Default for Rig {
    fn default() -> Self {
        let pose = Pose { focus: Vec3::ZERO, yaw: YAW_RAD, pitch: PITCH_RAD, distance: 480.0 };
        Self { now: pose, want: pose, flight: None, farthest: 1500.0, home: None, world: None }
    }
}

impl Rig {
    /// Distance of the eye from what it looks at, m.
    #[must_use]
    pub fn distance(&self) -> f32 {
        self.now.distance
    }
    /// Where the eye is.
    #[must_use]
    pub fn eye(&self) -> Vec3 {
        self.now.eye()
    }
    fn fly(&mut self, to: Pose, at_once: bool) {
        if at_once {
            self.now = to;
        }
        self.flight = Some((self.now, 0.0));
        self.want = to;
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_message::<Ask>()
        .init_resource::<Rig>()
        .init_resource::<FreeRect>()
        .init_resource::<Quality>()
        .insert_resource(ClearColor(Color::srgb_u8(0xD9, 0xE6, 0xEC)))
        .add_systems(Startup, spawn_camera)
        .add_systems(Update, (choose_quality, steer.in_set(crate::AppSystems::Input).run_if(super::is_shown)))
        .add_systems(
            Update,
            (fly_as_asked, move_camera).chain().after(StageSystems::Build).in_set(crate::AppSystems::Stage),
        );
}

fn spawn_camera(mut commands: Commands, adapter: Option<Res<RenderAdapterInfo>>, mut quality: ResMut<Quality>) {
    if let Some(adapter) = adapter {
        *quality = match format!("{:?}", adapter.device_type).as_str() {
            "DiscreteGpu" => Quality::High,
            "IntegratedGpu" | "VirtualGpu" => Quality::Medium,
            _ => Quality::Low,
        };
    }
    commands.spawn((
        Camera3d::default(),
        Camera { clear_color: ClearColorConfig::Default, ..default() },
        Projection::from(PerspectiveProjection { fov: LENS_RAD, near: 2.0, far: 4000.0, ..default() }),
        Tonemapping::None,
        Msaa::Off,
        StageCamera,
    ));
}

fn choose_quality(quality: Res<Quality>, cameras: Query<Entity, With<StageCamera>>, mut commands: Commands) {
    if !quality.is_changed() {
        return;
    }
    for camera in &cameras {
        let mut camera = commands.entity(camera);
        camera.insert(if *quality == Quality::Low { Msaa::Off } else { Msaa::Sample4 });
        if *quality == Quality::High {
            let prefilter = BloomPrefilter { threshold: 0.72, threshold_softness: 0.3 };
            camera.insert((Hdr, Bloom { intensity: 0.22, prefilter, ..Bloom::OLD_SCHOOL }));
        } else {
            camera.remove::<(Hdr, Bloom)>();
        }
    }
}

/// The pose that shows the whole community in the free rectangle.
fn whole(map: &StageMap, window: Vec2, free: Rect) -> Pose {
    let tan = (LENS_RAD / 2.0).tan();
    let wide = map.radius * 0.78 * window.y / (tan * free.width().max(200.0));
    let tall = map.radius * 0.50 * window.y / (tan * free.height().max(150.0));
    let distance = wide.max(tall).clamp(NEAREST_M, 1500.0);
    // A little behind the middle, because what is near looks larger.
    Pose {
        focus: map.middle + Vec3::new(map.radius * 0.02, 0.0, map.radius * 0.02),
        yaw: YAW_RAD,
        pitch: PITCH_RAD,
        distance,
    }
}

fn free_of(free: &FreeRect, window: Vec2) -> Rect {
    free.0.filter(|r| r.width() > 50.0 && r.height() > 50.0).unwrap_or(Rect::from_corners(Vec2::ZERO, window))
}

fn fly_as_asked(
    mut asks: MessageReader<Ask>,
    map: Res<StageMap>,
    free: Res<FreeRect>,
    window: Query<&Window, With<PrimaryWindow>>,
    look: Option<Res<Look>>,
    mut rig: ResMut<Rig>,
) {
    let at_once = look.is_some_and(|l| l.reduce_motion);
    let size = window.single().map_or(Vec2::new(1280.0, 720.0), Window::size);
    let home = whole(&map, size, free_of(&free, size));
    if rig.world != Some(map.world) && map.radius > 0.0 {
        *rig = Rig {
            now: home,
            want: home,
            home: Some(home),
            farthest: home.distance * 1.35,
            world: Some(map.world),
            ..default()
        };
    }
    // Who has not moved keeps the whole in view when panels open or fold.
    if rig.home.is_some_and(|before| before != home && before == rig.want) {
        rig.want = home;
    }
    if rig.home != Some(home) {
        rig.home = Some(home);
        rig.farthest = home.distance * 1.35;
    }
    for ask in asks.read() {
        match ask {
            Ask::ResetView => rig.fly(home, at_once),
            Ask::FlyTo(subject) => {
                if let Some((at, wide)) = map.anchor(*subject) {
                    let focus = Vec3::new(at.x, (at.y * 0.5).max(1.0), at.z);
                    let distance = (wide * 6.0 + at.y * 2.5).clamp(75.0, 260.0);
                    let pose = Pose { focus, distance, pitch: rig.want.pitch.clamp(0.3, 0.6), ..rig.want };
                    rig.fly(pose, at_once);
                } else {
                    rig.fly(home, at_once);
                }
            }
            _ => {}
        }
    }
}

fn steer(
    buttons: Res<ButtonInput<MouseButton>>,
    keys: Res<ButtonInput<KeyCode>>,
    motion: Res<AccumulatedMouseMotion>,
    scroll: Res<AccumulatedMouseScroll>,
    time: Res<Time>,
    egui: Option<Res<EguiWantsInput>>,
    window: Query<&Window, With<PrimaryWindow>>,
    map: Res<StageMap>,
    mut held: Local<bool>,
    mut rig: ResMut<Rig>,
) {
    let (pointer, keyboard) =
        egui.map_or((false, false), |e| (e.wants_any_pointer_input(), e.wants_any_keyboard_input()));
    let any = [MouseButton::Left, MouseButton::Right, MouseButton::Middle];
    // A drag that began on the world goes on over panels, one that began on a panel does not reach the world.
    if buttons.any_just_pressed(any) {
        *held = !pointer;
    }
    let mut want = rig.want;
    let height = window.single().map_or(720.0, |w| w.height()).max(1.0);
    let metres = 2.0 * want.distance * (LENS_RAD / 2.0).tan() / height;
    let shift = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    if *held && buttons.any_pressed(any) && motion.delta != Vec2::ZERO {
        let pan = buttons.pressed(MouseButton::Middle) || shift;
        if pan {
            want.focus += slide(&want, -motion.delta * metres);
        } else {
            want.yaw -= motion.delta.x * 0.0052;
            want.pitch += motion.delta.y * 0.0042;
        }
    }
    if !pointer && scroll.delta.y != 0.0 {
        let steps = if scroll.unit == MouseScrollUnit::Line { scroll.delta.y } else { scroll.delta.y / 40.0 };
        want.distance *= 0.88_f32.powf(steps);
    }
    if !keyboard {
        let dt = time.delta_secs().min(0.1);
        let axis = |low: [KeyCode; 1], high: [KeyCode; 1]| {
            f32::from(i8::from(keys.any_pressed(high)) - i8::from(keys.any_pressed(low)))
        };
        let turn = axis([KeyCode::ArrowLeft], [KeyCode::ArrowRight]);
        let lift = axis([KeyCode::ArrowDown], [KeyCode::ArrowUp]);
        if shift {
            want.focus += slide(&want, Vec2::new(turn, -lift) * metres * 520.0 * dt);
        } else {
            want.yaw += turn * 1.3 * dt;
            want.pitch += lift * 0.8 * dt;
        }
        let closer = keys.any_pressed([KeyCode::Equal, KeyCode::NumpadAdd]);
        let farther = keys.any_pressed([KeyCode::Minus, KeyCode::NumpadSubtract]);
        want.distance *= 1.0 + (f32::from(u8::from(farther)) - f32::from(u8::from(closer))) * 1.4 * dt;
    }
    want.pitch = want.pitch.clamp(PITCH.0, PITCH.1);
    want.distance = want.distance.clamp(NEAREST_M, rig.farthest.max(NEAREST_M));
    let off = (want.focus - map.middle).with_y(0.0).clamp_length_max(map.radius + 60.0);
    want.focus = Vec3::new(map.middle.x + off.x, want.focus.y, map.middle.z + off.z);
    if want != rig.want {
        rig.want = want;
        rig.flight = None;
    }
}

/// Moves over the ground by what is seen to the right and down.
fn slide(pose: &Pose, by: Vec2) -> Vec3 {
    let right = Vec3::new(pose.yaw.cos(), 0.0, -pose.yaw.sin());
    let back = Vec3::new(pose.yaw.sin(), 0.0, pose.yaw.cos());
    right * by.x + back * by.y / pose.pitch.sin().max(0.35)
}

fn move_camera(
    time: Res<Time>,
    free: Res<FreeRect>,
    window: Query<&Window, With<PrimaryWindow>>,
    mut rig: ResMut<Rig>,
    mut camera: Query<(&mut Transform, &mut Camera), With<StageCamera>>,
) {
    let dt = time.delta_secs();
    let next = match rig.flight {
        Some((from, age)) => {
            let age = age + dt.min(0.12) / FLIGHT_S;
            let t = age.min(1.0);
            rig.flight = (age < 1.0).then_some((from, age));
            from.lerp(rig.want, t * t * t * (t * (t * 6.0 - 15.0) + 10.0))
        }
        None => rig.now.lerp(rig.want, 1.0 - (-dt * 11.0).exp()),
    };
    if rig.now != next {
        rig.now = next;
    }
    let Ok((mut at, mut camera)) = camera.single_mut() else { return };
    let pose = Transform::from_translation(next.eye()).looking_at(next.focus, Vec3::Y);
    if *at != pose {
        *at = pose;
    }
    let Ok(window) = window.single() else { return };
    let size = window.physical_size();
    let middle = free_of(&free, window.size()).center() * window.scale_factor();
    let offset = size.as_vec2() / 2.0 - middle;
    let view = (offset.length() > 0.5).then_some(SubCameraView { full_size: size, offset, size });
    if camera.sub_camera_view != view {
        camera.sub_camera_view = view;
    }
}

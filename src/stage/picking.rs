//! What the pointer is over, what a click selects, where a right click opens a context; the ring that shows it.

use super::StageSystems;
use super::build::{StageMap, StagePart};
use super::camera::{LENS_RAD, StageCamera};
use super::forge::{Forge, Ribbons, Role};
use super::material::{RIBBONS, RibbonMaterial, StageMaterials, VeilMaterial};
use crate::bridge::{Ask, Selection};
use crate::palette;
use bevy::camera::visibility::NoFrustumCulling;
use bevy::prelude::*;
use bevy::window::PrimaryWindow;
use bevy_egui::input::EguiWantsInput;
use sim_core::ids::Subject;

/// Entries of the table of runs that show selection: white, and its outline.
pub(crate) const RUN_RING: u32 = RIBBONS as u32 - 1;
pub(crate) const RUN_OUTLINE: u32 = RIBBONS as u32 - 2;

/// How far beside a cable a click still means it, pixels.
const REACH_PX: f32 = 9.0;
/// A press that moves farther than this is a drag, pixels.
const DRAG_PX: f32 = 5.0;
/// Two clicks within this time are a double click, s.
const DOUBLE_S: f32 = 0.45;

/// A right click on a thing: panels show what fits it.
#[derive(Message, Clone, Copy, Debug)]
pub struct ContextAsked {
    /// What was clicked.
    pub subject: Subject,
    /// Where, in logical pixels of the window.
    pub at: Vec2,
    /// On a line: the share of its length, 0 to 1.
    pub along: Option<f32>,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Selection>()
        .init_resource::<Under>()
        .add_message::<ContextAsked>()
        .add_systems(Startup, spawn_rings.after(super::material::make_materials))
        .add_systems(Update, (find_under, click).chain().in_set(crate::AppSystems::Input).run_if(super::is_shown))
        .add_systems(Update, (show_rings, outline_line).in_set(StageSystems::Follow));
}

/// What is under the pointer.
#[derive(Resource, Default, Clone, Copy)]
struct Under {
    subject: Option<Subject>,
    along: Option<f32>,
}

/// A ring: for the selection or for what is hovered.
#[derive(Component)]
struct Ring {
    selected: bool,
}

fn find_under(
    window: Query<&Window, With<PrimaryWindow>>,
    camera: Query<(&Camera, &GlobalTransform), With<StageCamera>>,
    egui: Option<Res<EguiWantsInput>>,
    buttons: Res<ButtonInput<MouseButton>>,
    map: Res<StageMap>,
    mut under: ResMut<Under>,
    mut selection: ResMut<Selection>,
    mut last: Local<Vec2>,
) {
    let (Ok(window), Ok((camera, eye))) = (window.single(), camera.single()) else { return };
    let busy = egui.is_some_and(|e| e.wants_any_pointer_input());
    let cursor = window.cursor_position().filter(|_| !busy);
    if buttons.get_pressed().len() > 0 && cursor.is_some_and(|c| c.distance(*last) > DRAG_PX) {
        return;
    }
    *last = cursor.unwrap_or(*last);
    let ray = cursor.and_then(|c| camera.viewport_to_world(eye, c).ok());
    let height = window.height().max(1.0);
    let tan = (LENS_RAD / 2.0).tan();
    *under = ray.map_or(Under::default(), |ray| pick(&map, ray, 2.0 * tan / height));
    if selection.hovered != under.subject {
        selection.hovered = under.subject;
    }
}

/// The nearest thing on a ray; `pixel` is the size of a pixel at a distance of one metre.
fn pick(map: &StageMap, ray: Ray3d, pixel: f32) -> Under {
    let mut best: (f32, Under) = (f32::MAX, Under::default());
    for solid in &map.solids {
        let Some(subject) = solid.subject else { continue };
        let low = solid.corners.iter().copied().reduce(Vec3::min).unwrap_or_default();
        let high = solid.corners.iter().copied().reduce(Vec3::max).unwrap_or_default();
        // Small things get a margin of some pixels.
        let far = ray.origin.distance((low + high) / 2.0) * pixel * 3.0;
        let small = (high - low).max_element() < 8.0;
        let grow = if small { far } else { 0.0 };
        if let Some(t) = hit_box(ray, low - grow, high + grow) {
            let t = if small { t - 4.0 } else { t };
            if t < best.0 {
                best = (t, Under { subject: Some(subject), along: None });
            }
        }
    }
    for line in
        map.lines.iter().filter(|l| matches!(l.subject, Subject::Line(_) | Subject::Transformer(_) | Subject::Grid))
    {
        let arc = super::plan::arc_lengths(&line.points);
        let whole = arc.last().copied().unwrap_or(0.0).max(1e-3);
        for (i, pair) in line.points.windows(2).enumerate() {
            let (t, s, gap) = nearest(ray, pair[0], pair[1]);
            // Lines lie before the walls they run along, within the reach of the pointer.
            if gap < (t * pixel * REACH_PX).max(0.5) && t - 3.0 < best.0 {
                let along = (arc[i] + (arc[i + 1] - arc[i]) * s) / whole;
                best = (t - 3.0, Under { subject: Some(line.subject), along: Some(along) });
            }
        }
    }
    best.1
}

fn hit_box(ray: Ray3d, low: Vec3, high: Vec3) -> Option<f32> {
    let inverse = ray.direction.as_vec3().recip();
    let (a, b) = ((low - ray.origin) * inverse, (high - ray.origin) * inverse);
    let near = a.min(b).max_element();
    let far = a.max(b).min_element();
    (far >= near.max(0.0)).then_some(near.max(0.0))
}

/// Distance along a ray, share of a segment, and gap where they come closest.
fn nearest(ray: Ray3d, a: Vec3, b: Vec3) -> (f32, f32, f32) {
    let (d, e, r) = (ray.direction.as_vec3(), b - a, ray.origin - a);
    let (ee, de, dr, er) = (e.length_squared().max(1e-6), d.dot(e), d.dot(r), e.dot(r));
    let s = ((er - de * dr) / (ee - de * de).max(1e-6)).clamp(0.0, 1.0);
    let t = (s * de - dr).max(0.0);
    (t, s, (ray.origin + d * t).distance(a + e * s))
}

#[derive(Default)]
struct Press {
    left: Option<Vec2>,
    right: Option<Vec2>,
    last: Option<(Subject, f32)>,
}

fn click(
    buttons: Res<ButtonInput<MouseButton>>,
    window: Query<&Window, With<PrimaryWindow>>,
    egui: Option<Res<EguiWantsInput>>,
    time: Res<Time>,
    under: Res<Under>,
    mut press: Local<Press>,
    mut selection: ResMut<Selection>,
    mut context: MessageWriter<ContextAsked>,
    mut asks: MessageWriter<Ask>,
) {
    let Some(at) = window.single().ok().and_then(Window::cursor_position) else { return };
    let busy = egui.is_some_and(|e| e.wants_any_pointer_input());
    if buttons.just_pressed(MouseButton::Left) {
        press.left = (!busy).then_some(at);
    }
    if buttons.just_pressed(MouseButton::Right) {
        press.right = (!busy).then_some(at);
    }
    let near = |from: Option<Vec2>| from.is_some_and(|f| f.distance(at) < DRAG_PX);
    if buttons.just_released(MouseButton::Left) && near(press.left.take()) {
        if selection.subject != under.subject {
            selection.subject = under.subject;
        }
        let now = time.elapsed_secs();
        match (under.subject, press.last) {
            (Some(subject), Some((before, when))) if subject == before && now - when < DOUBLE_S => {
                asks.write(Ask::FlyTo(subject));
                press.last = None;
            }
            (subject, _) => press.last = subject.map(|s| (s, now)),
        }
    }
    if buttons.just_released(MouseButton::Right)
        && near(press.right.take())
        && let Some(subject) = under.subject
    {
        selection.subject = Some(subject);
        context.write(ContextAsked { subject, at, along: under.along });
    }
}

fn spawn_rings(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, shared: Res<StageMaterials>) {
    for selected in [true, false] {
        let mut forge = Forge::default();
        forge.state(0, Role::Plain).paint(palette::OUTLINE).ring(Vec3::ZERO, 0.99, 1.09, 48);
        let alpha = if selected { 1.0 } else { 0.6 };
        forge.paint_linear([1.0; 3], alpha).ring(Vec3::Y * 0.02, 1.01, 1.07, 48);
        commands.spawn((
            Mesh3d(meshes.add(forge.mesh())),
            MeshMaterial3d::<VeilMaterial>(shared.veil.clone()),
            Transform::default(),
            Visibility::Hidden,
            Ring { selected },
        ));
    }
}

fn show_rings(
    selection: Res<Selection>,
    map: Res<StageMap>,
    mut rings: Query<(&Ring, &mut Transform, &mut Visibility)>,
) {
    if !selection.is_changed() && !map.is_changed() {
        return;
    }
    for (ring, mut at, mut seen) in &mut rings {
        let subject = if ring.selected { selection.subject } else { selection.hovered };
        let doubled = !ring.selected && selection.hovered == selection.subject;
        let place = subject.filter(|s| !doubled && !is_line(*s)).and_then(|s| map.anchor(s));
        let want = if place.is_some() { Visibility::Inherited } else { Visibility::Hidden };
        seen.set_if_neq(want);
        if let Some((point, wide)) = place {
            let ground = if point.y > 25.0 && wide > 20.0 { point.y * 0.02 } else { 0.0 };
            *at = Transform::from_xyz(point.x, 0.35 + ground, point.z).with_scale(Vec3::splat((wide * 0.66).max(1.8)));
        }
    }
}

fn is_line(subject: Subject) -> bool {
    matches!(subject, Subject::Line(_) | Subject::Grid)
}

/// Marks the outline around a cable.
#[derive(Component)]
struct LineOutline;

/// A selected or hovered cable is framed by two lines beside it.
fn outline_line(
    selection: Res<Selection>,
    map: Res<StageMap>,
    shared: Res<StageMaterials>,
    old: Query<Entity, With<LineOutline>>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut commands: Commands,
) {
    if !selection.is_changed() && !map.is_changed() {
        return;
    }
    for entity in &old {
        commands.entity(entity).despawn();
    }
    let mut ribbons = Ribbons::default();
    let mut wanted = [selection.subject, selection.hovered];
    if wanted[0] == wanted[1] {
        wanted[1] = None;
    }
    for subject in wanted.into_iter().flatten().filter(|s| is_line(*s)) {
        let Some(path) = map.path(subject) else { continue };
        let mut around = Vec::new();
        for side in [1.0, -1.0] {
            let mut points = Vec::new();
            super::terrain::strip(&path.points, 1.7, |p, q, r, s| {
                points.extend(if side > 0.0 { [p, q] } else { [s, r] });
            });
            if side < 0.0 {
                points.reverse();
            }
            around.extend(points);
        }
        around.extend(around.first().copied());
        around.dedup_by(|a, b| a.distance(*b) < 0.05);
        if around.len() > 2 {
            ribbons.path(&around, 0.32, RUN_OUTLINE);
            ribbons.path(&around, 0.14, RUN_RING);
        }
    }
    if !ribbons.is_empty() {
        commands.spawn((
            Mesh3d(meshes.add(ribbons.mesh())),
            MeshMaterial3d::<RibbonMaterial>(shared.ribbon.clone()),
            NoFrustumCulling,
            LineOutline,
            StagePart,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::LinePath;
    use super::*;

    fn ray(from: Vec3, to: Vec3) -> Ray3d {
        Ray3d::new(from, Dir3::new(to - from).expect("two points"))
    }

    #[test]
    fn a_click_on_a_cable_knows_where_along_it() {
        let points = vec![Vec3::new(-10.0, 0.5, 0.0), Vec3::new(10.0, 0.5, 0.0)];
        let subject = Subject::Line(sim_core::ids::LineId(3));
        let map = StageMap { lines: vec![LinePath { subject, run: 0, points }], ..default() };
        let under = pick(&map, ray(Vec3::new(5.0, 80.0, 80.0), Vec3::new(5.0, 0.5, 0.0)), 0.001);
        assert_eq!(under.subject, Some(subject));
        assert!((under.along.expect("on a line") - 0.75).abs() < 0.01);
        let off = pick(&map, ray(Vec3::new(5.0, 80.0, 80.0), Vec3::new(5.0, 0.5, 9.0)), 0.001);
        assert_eq!(off.subject, None);
    }

    #[test]
    fn a_box_is_hit_from_outside_and_missed_beside() {
        let hit = hit_box(ray(Vec3::new(0.0, 10.0, 0.1), Vec3::new(0.1, 0.0, 0.0)), Vec3::NEG_ONE, Vec3::ONE);
        assert!((hit.expect("hit") - 9.0).abs() < 0.1);
        assert_eq!(hit_box(ray(Vec3::new(5.0, 10.0, 0.1), Vec3::new(5.1, 0.0, 0.0)), Vec3::NEG_ONE, Vec3::ONE), None);
    }
}

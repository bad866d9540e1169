// What one sees through: glass, pools of light, glows, rings. No light of its own but its colour.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::{Light, ambient, direct, haze}

// The same scale as in the panels, dark to bright (viridis at five places, sRGB).
const SCALE: array<vec3<f32>, 5> = array(
    vec3(0.267, 0.004, 0.329), vec3(0.231, 0.322, 0.545), vec3(0.129, 0.569, 0.549), vec3(0.369, 0.788, 0.384),
    vec3(0.992, 0.906, 0.145),
);

fn scale_color(share: f32) -> vec3<f32> {
    let at = clamp(share, 0.0, 1.0) * 4.0;
    let i = u32(min(floor(at), 3.0));
    var stops = SCALE;
    return pow(mix(stops[i], stops[i + 1u], at - f32(i)), vec3(2.2));
}

struct Slots { values: array<vec4<f32>, 1024> }

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> slots: Slots;

struct In {
    @builtin(instance_index) instance: u32,
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) data: vec2<f32>,
    @location(3) color: vec4<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) color: vec4<f32>,
}

@vertex
fn vertex(in: In) -> Out {
    let from_local = mesh_functions::get_world_from_local(in.instance);
    var world = mesh_functions::mesh_position_local_to_world(from_local, vec4(in.position, 1.0));
    let slot = slots.values[u32(in.data.x)];
    var rgb = in.color.rgb;
    var alpha = in.color.a;
    var cover = 1.0;
    if in.data.y < 0.5 {
        // Glass.
        let normal = mesh_functions::mesh_normal_local_to_world(in.normal, in.instance);
        rgb = rgb * (ambient(light, normal) + direct(light, normal));
        let warm = vec3(1.0, 0.72, 0.34) * light.sky.w * slot.x * slot.y;
        rgb = max(mix(vec3(0.07, 0.08, 0.11), rgb, slot.x), warm * 0.8);
    } else if in.data.y < 1.5 {
        // A glow that adds light, as strong as its slot says.
        alpha = alpha * slot.y * light.sky.w;
        cover = 0.0;
    } else if in.data.y < 2.5 {
        // A glow that is always there.
        cover = 0.0;
    } else if in.data.y > 3.5 {
        // A disc that faces the eye, never smaller than some pixels; its normal leads from the middle to its edge.
        let eye = view.world_position - world.xyz;
        let pixel = 2.0 * length(eye) / (view.clip_from_view[1][1] * view.viewport.w);
        let out = view.world_from_view[0].xyz * in.normal.x + view.world_from_view[1].xyz * in.normal.y;
        world = vec4(world.xyz + normalize(eye) * 3.0 + out * max(1.2, pixel * 4.2), 1.0);
        let band = mix(vec3(0.06, 0.075, 0.10), scale_color(slot.z), step(0.5, slot.x));
        rgb = mix(band, in.color.rgb, in.color.a);
        alpha = 1.0;
    }
    let share = haze(light, length(world.xyz - view.world_position));
    alpha = alpha * (1.0 - share);
    var out: Out;
    out.position = position_world_to_clip(world.xyz);
    out.color = vec4(rgb * alpha, alpha * cover);
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    return in.color;
}

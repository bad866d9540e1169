// Whatever stands on the ground: Lambert light a face, windows, lamps, and the slate of what has no power.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::{Light, ambient, direct, haze}

struct Slots { values: array<vec4<f32>, 1024> }

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;
// x: has power; y: share of windows lit, or strength of a lamp; z: 1 marks attention.
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
    @location(0) color: vec3<f32>,
}

const SLATE: vec3<f32> = vec3<f32>(0.0685, 0.0823, 0.1170);
const LUMA: vec3<f32> = vec3<f32>(0.2126, 0.7152, 0.0722);
const WARM: vec3<f32> = vec3<f32>(1.0, 0.66, 0.28);

@vertex
fn vertex(in: In) -> Out {
    let from_local = mesh_functions::get_world_from_local(in.instance);
    let world = mesh_functions::mesh_position_local_to_world(from_local, vec4(in.position, 1.0));
    let normal = mesh_functions::mesh_normal_local_to_world(in.normal, in.instance);
    let slot = slots.values[u32(in.data.x)];
    let role = in.data.y;
    let received = ambient(light, normal) + direct(light, normal);
    var base = in.color.rgb;
    var glow = vec3(0.0);
    if role < 0.5 {
        let grey = vec3(dot(base, LUMA));
        base = mix(mix(grey, SLATE * 2.2, 0.55) * 0.72, base, slot.x);
    } else if role < 1.5 {
        // A window: glass by day, warm when its number is below the share that is lit.
        let lit = slot.x * light.sky.w * step(in.color.a, slot.y);
        base = mix(SLATE * 0.8, mix(base, base * 0.6, light.sky.w), slot.x);
        glow = WARM * lit;
    } else {
        glow = base * slot.y;
        base = mix(SLATE, base * 0.5, slot.x * 0.7);
    }
    let color = max(base * received, glow);
    let distance = length(world.xyz - view.world_position);
    var out: Out;
    out.position = position_world_to_clip(world.xyz);
    out.color = mix(color, light.horizon.rgb, haze(light, distance));
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    return vec4(in.color, 1.0);
}

// Ground and roads: the same light, and the silhouettes that the sun projects on them.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::{Light, ambient, direct, haze}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;
// Middle of the shadow picture in the world (x, z) and one over its width.
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> plan: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var shadow: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var shadow_sampler: sampler;

struct In {
    @builtin(instance_index) instance: u32,
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) data: vec2<f32>,
    @location(3) color: vec4<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) lit: vec3<f32>,
    @location(1) shaded: vec3<f32>,
    @location(2) at: vec2<f32>,
}

@vertex
fn vertex(in: In) -> Out {
    let from_local = mesh_functions::get_world_from_local(in.instance);
    let world = mesh_functions::mesh_position_local_to_world(from_local, vec4(in.position, 1.0));
    let indirect = in.color.rgb * ambient(light, in.normal);
    let direct_light = in.color.rgb * direct(light, in.normal);
    let share = haze(light, length(world.xyz - view.world_position));
    var out: Out;
    out.position = position_world_to_clip(world.xyz);
    out.lit = mix(indirect + direct_light, light.horizon.rgb, share);
    out.shaded = mix(indirect * 0.82 + direct_light * (1.0 - light.sun.w), light.horizon.rgb, share);
    out.at = (world.xz - plan.xy) * plan.z + 0.5;
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let covered = textureSampleLevel(shadow, shadow_sampler, in.at, 0.0).r;
    return vec4(mix(in.lit, in.shaded, covered), 1.0);
}

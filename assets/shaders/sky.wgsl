// The sky: a gradient from haze to blue, the sun, and cloud as a veil. Drawn where nothing else is.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::Light

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;

struct In {
    @builtin(instance_index) instance: u32,
    @location(0) position: vec3<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    @location(0) ray: vec3<f32>,
}

@vertex
fn vertex(in: In) -> Out {
    let clip = position_world_to_clip(view.world_position + in.position);
    var out: Out;
    // On the far plane, so that everything stands before it.
    out.position = vec4(clip.xy, 0.0, clip.w);
    out.ray = in.position;
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let ray = normalize(in.ray);
    let height = clamp((ray.y + 0.17) * 1.9, 0.0, 1.0);
    var rgb = mix(light.horizon.rgb, light.zenith.rgb, height * (2.0 - height));
    let towards = max(dot(ray, light.direction.xyz), 0.0);
    let clear = 1.0 - 0.8 * light.glow.w;
    let wide = pow(towards, 6.0) * 0.35 + pow(towards, 90.0) * 0.6;
    rgb = rgb + light.glow.rgb * wide * clear;
    let disc = smoothstep(0.99955, 0.9998, towards) * clear * (1.0 - light.sky.w * 0.6);
    rgb = mix(rgb, vec3(1.0, 0.97, 0.88), disc);
    return vec4(rgb, 1.0);
}

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

// Heaps with flat feet along the horizon, more of them the more of the sky is covered; they drift with the hours.
fn clouds(ray: vec3<f32>) -> f32 {
    let cover = light.glow.w;
    if cover < 0.3 || ray.y < -0.12 || ray.y > 0.2 {
        return 0.0;
    }
    let turn = atan2(ray.x, ray.z) / 6.2831853 * 22.0 + light.ground.w;
    let cell = floor(turn);
    var most = 0.0;
    for (var k = -1; k <= 1; k++) {
        let n = cell + f32(k);
        let dice = fract(sin((n - 22.0 * floor(n / 22.0)) * vec3(12.99, 78.23, 37.72)) * 43758.5);
        let x = (turn - n - 0.2 - 0.6 * dice.x) * 0.14;
        let y = ray.y + 0.085 - 0.10 * dice.y;
        let size = 0.020 + 0.026 * dice.z;
        // Three round heaps on one foot.
        let heaps = min(length(vec2(x, y * 1.5)), min(length(vec2(x - size * 1.3, y * 2.0 + 0.004)), length(vec2(x + size * 1.2, y * 1.8))));
        let heap = (1.0 - smoothstep(size * 0.94, size * 1.02, heaps)) * smoothstep(-0.006, -0.003, y);
        most = max(most, heap * step(dice.z * 0.5 + dice.x * 0.4, cover));
    }
    return most;
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
    // A low sun warms the horizon, most where it stands.
    let low = (1.0 - smoothstep(0.06, 0.42, light.direction.y)) * (1.0 - 0.45 * light.sky.w) * smoothstep(-0.02, 0.04, 0.6 - light.direction.y) * clear;
    let side = dot(normalize(ray.xz), normalize(light.direction.xz)) * 0.5 + 0.5;
    let band = exp(-abs(ray.y + 0.05) * 7.5) * (0.3 + 0.7 * side * side);
    rgb = mix(rgb, vec3(1.0, 0.48, 0.20), min(band * low * 0.95, 0.9));
    rgb = mix(rgb, mix(light.horizon.rgb, vec3(1.0), 0.55 - 0.4 * light.sky.w), clouds(ray) * 0.8);
    let disc = smoothstep(0.99955, 0.9998, towards) * clear * (1.0 - light.sky.w * 0.6);
    rgb = mix(rgb, vec3(1.0, 0.97, 0.88), disc);
    return vec4(rgb, 1.0);
}

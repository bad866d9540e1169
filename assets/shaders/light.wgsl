// The one light of the diorama: sun, sky and ground, worked out a vertex at a time.
#define_import_path gridtwin::light

struct Light {
    // Towards the sun (or moon); w: unused.
    direction: vec4<f32>,
    // Colour times strength of direct light; w: strength of shadows.
    sun: vec4<f32>,
    // Ambient from above; w: darkness, 0 by day, 1 by night.
    sky: vec4<f32>,
    // Ambient from below; w: how far clouds have drifted.
    ground: vec4<f32>,
    // Colour of haze and horizon; w: distance at which haze begins.
    horizon: vec4<f32>,
    // Colour of the sky above; w: one over the depth of the haze.
    zenith: vec4<f32>,
    // Glow around the sun; w: share of the sky under cloud.
    glow: vec4<f32>,
}

fn ambient(light: Light, normal: vec3<f32>) -> vec3<f32> {
    return mix(light.ground.rgb, light.sky.rgb, normal.y * 0.5 + 0.5);
}

fn direct(light: Light, normal: vec3<f32>) -> vec3<f32> {
    return light.sun.rgb * max(dot(normal, light.direction.xyz), 0.0);
}

// Share of haze at a distance.
fn haze(light: Light, distance: f32) -> f32 {
    let d = max(distance - light.horizon.w, 0.0) * light.zenith.w;
    return min(1.0 - exp(-d * d), 0.92);
}

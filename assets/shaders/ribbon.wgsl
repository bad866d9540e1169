// Ribbons that carry something: cables, conductors, trades, votes. Always turned to the eye, never thinner than a
// pixel or two; comets run along them in the direction of what flows.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::{Light, haze}

struct Table {
    // x: metres the comets have run; y: density 0 to 1; z: direction, -1, 0, 1; w: style.
    run: array<vec4<f32>, 512>,
    // rgb: colour; w: strength of the comets.
    color: array<vec4<f32>, 512>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> light: Light;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<uniform> table: Table;

struct In {
    @builtin(instance_index) instance: u32,
    // On the middle line.
    @location(0) position: vec3<f32>,
    // Along the line.
    @location(1) tangent: vec3<f32>,
    // Metres from its start; entry in the table.
    @location(2) data: vec2<f32>,
    // Side, -1 or 1; half its width in metres.
    @location(3) side: vec2<f32>,
}

struct Out {
    @builtin(position) position: vec4<f32>,
    // Metres from the start; side; metres a pixel; haze.
    @location(0) along: vec4<f32>,
    @location(1) @interpolate(flat) slot: u32,
}

const SPACING: f32 = 13.0;
const DEAD: f32 = 1.0;
const HATCH: f32 = 2.0;
const HIDDEN: f32 = 3.0;
const ARC: f32 = 4.0;
const PLAIN: f32 = 5.0;

@vertex
fn vertex(in: In) -> Out {
    let from_local = mesh_functions::get_world_from_local(in.instance);
    let world = mesh_functions::mesh_position_local_to_world(from_local, vec4(in.position, 1.0)).xyz;
    let eye = view.world_position - world;
    let distance = length(eye);
    let across = normalize(cross(in.tangent, eye));
    // About the size of a pixel at this distance, from the projection's scale and the height of the picture.
    let pixel = 2.0 * distance / (view.clip_from_view[1][1] * view.viewport.w);
    let half_width = max(in.side.y, pixel * (1.0 + in.side.y));
    var out: Out;
    out.slot = u32(in.data.y);
    var clip = position_world_to_clip(world + across * half_width * in.side.x);
    if table.run[out.slot].w == HIDDEN {
        clip = vec4(0.0, 0.0, -2.0, 1.0);
    }
    out.position = clip;
    out.along = vec4(in.data.x, in.side.x, pixel, haze(light, distance));
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let run = table.run[in.slot];
    let color = table.color[in.slot];
    let s = in.along.x;
    let edge = 1.0 - smoothstep(0.55, 1.0, abs(in.along.y));
    if run.w == DEAD {
        let dash = step(fract(s / 4.5), 0.6);
        return vec4(mix(color.rgb, light.horizon.rgb, in.along.w), edge * dash * 0.95);
    }
    // How far behind the nearest head, in metres, and which comet that is.
    let behind_all = (run.x - s) * run.z;
    let cell = behind_all / SPACING;
    let number = floor(cell);
    let behind = (cell - number) * SPACING;
    let place = number - 4.0 * floor(number / 4.0);
    let need = select(select(0.62, 0.3, place == 2.0), -1.0, place == 0.0);
    let shown = smoothstep(need, need + 0.12, run.y) * color.w * abs(run.z);
    let length = max(5.5, in.along.z * 7.0);
    let tail = max(1.0 - behind / length, 0.0);
    let head = 1.0 - smoothstep(0.0, max(1.3, in.along.z * 1.8), behind);
    let taper = 1.0 - smoothstep(tail * 0.9 + 0.1, tail * 0.9 + 0.45, abs(in.along.y));
    let comet = tail * sqrt(tail) * shown;
    let night = light.sky.w;
    var base = color.rgb * mix(0.50, 0.34, night);
    if run.w == ARC || run.w == PLAIN {
        base = color.rgb;
    }
    if run.w == HATCH {
        base = mix(base * 0.35, color.rgb, step(0.5, fract(s / 3.2 + in.along.y * 0.2)));
    }
    var rgb = mix(base, color.rgb * 1.7 + 0.10, comet * taper);
    rgb = mix(rgb, vec3(1.0, 1.0, 0.97), head * shown * taper * 0.92);
    let alpha = select(edge * 0.95, edge * (0.5 + 0.45 * comet), run.w == ARC);
    return vec4(mix(rgb, light.horizon.rgb, in.along.w * (1.0 - comet * 0.7)), alpha);
}

// Ribbons that carry something: cables, conductors, trades, votes. Always turned to the eye, and never thinner than
// what can be seen from the back of a room: a core of about three pixels with a dark edge, and arrow-shaped comets of
// twice that width that run in the direction of what flows.
#import bevy_pbr::{mesh_functions, view_transformations::position_world_to_clip, mesh_view_bindings::view}
#import gridtwin::light::{Light, haze}

struct Table {
    // x: metres the comets have run; y: density 0 to 1; z: direction, -1, 0, 1; w: style.
    // For a path that draws itself, x: metres drawn; y: its length; z: 1 from its start, -1 from its end.
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
    // Metres from the start; pixels from the middle; half the core in pixels; haze.
    @location(0) along: vec4<f32>,
    // Half the comets' width in pixels; strength of the dark edge.
    @location(1) wide: vec2<f32>,
    @location(2) @interpolate(flat) slot: u32,
}

const SPACING: f32 = 14.0;
const DEAD: f32 = 1.0;
const HATCH: f32 = 2.0;
const HIDDEN: f32 = 3.0;
const ARC: f32 = 4.0;
const PLAIN: f32 = 5.0;
const GROWS: f32 = 6.0;
const EDGE: vec3<f32> = vec3<f32>(0.010, 0.022, 0.028);

@vertex
fn vertex(in: In) -> Out {
    let from_local = mesh_functions::get_world_from_local(in.instance);
    let world = mesh_functions::mesh_position_local_to_world(from_local, vec4(in.position, 1.0)).xyz;
    let slot = u32(in.data.y);
    let style = table.run[slot].w;
    let eye = view.world_position - world;
    let distance = length(eye);
    let across = normalize(cross(in.tangent, eye));
    // About the size of a pixel at this distance, from the projection's scale and the height of the picture.
    let pixel = 2.0 * distance / (view.clip_from_view[1][1] * view.viewport.w);
    let half = in.side.y;
    let thin = style == ARC || style == PLAIN;
    let core = max(half / pixel, 0.95 + half * select(2.0, 0.9, thin));
    let comet = max(half * 1.5 / pixel, select(core + 1.9, core + 0.9, style == ARC));
    let outer = select(comet, core, style == PLAIN) + 0.8;
    var out: Out;
    out.slot = slot;
    var clip = position_world_to_clip(world + across * outer * pixel * in.side.x);
    if style == HIDDEN {
        clip = vec4(0.0, 0.0, -2.0, 1.0);
    }
    out.position = clip;
    out.along = vec4(in.data.x, outer * in.side.x, core, haze(light, distance));
    out.wide = vec2(comet, select(smoothstep(0.13, 0.24, half), 0.0, thin));
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let run = table.run[in.slot];
    let color = table.color[in.slot];
    let s = in.along.x;
    // Metres of the way in a pixel of the picture, also where one looks along it.
    let stride = clamp(fwidth(s), 0.01, 1.6);
    let d = abs(in.along.y);
    let core = 1.0 - smoothstep(in.along.z - 0.5, in.along.z + 0.5, d);
    let edge = (1.0 - smoothstep(in.along.z + 0.5, in.along.z + 1.5, d)) * in.wide.y;
    let hazy = in.along.w;
    let night = light.sky.w;
    if run.w == DEAD {
        let dash = step(fract(s / max(4.5, stride * 9.0)), 0.6);
        return vec4(mix(color.rgb, light.horizon.rgb, hazy), core * dash * 0.95);
    }
    if run.w == GROWS {
        // Bright dashes as far as the path is drawn, slate ones beyond, and a white point that draws.
        let gone = select(run.y - s, s, run.z > 0.0);
        let drawn = step(gone, run.x);
        let dash = step(fract(gone / max(6.0, stride * 12.0)), 0.62);
        let point = 1.0 - smoothstep(0.0, max(2.5, stride * 5.0), abs(run.x - gone));
        let width = 1.0 - smoothstep(in.wide.x - 0.6, in.wide.x + 0.4, d);
        let bright = mix(color.rgb * 0.4, color.rgb * 1.5 + 0.12, drawn);
        let rgb = mix(mix(EDGE, bright, max(core, drawn * width)), vec3(1.0), point * width);
        return vec4(rgb, max(max(core, drawn * width) * dash, point * width));
    }
    // How far behind the nearest head, in metres, and which comet that is; the sides of a head lag: an arrow.
    let lag = d * stride * 0.9;
    let behind_all = (run.x - s) * run.z - lag;
    let cell = behind_all / SPACING;
    let number = floor(cell);
    let behind = (cell - number) * SPACING;
    let place = number - 4.0 * floor(number / 4.0);
    let need = select(select(0.5, 0.16, place == 2.0), -1.0, place == 0.0);
    let shown = smoothstep(need, need + 0.12, run.y) * color.w * abs(run.z);
    let length = clamp(stride * 22.0, 6.0, SPACING * 0.82);
    let tail = max(1.0 - behind / length, 0.0);
    let head = 1.0 - smoothstep(0.35, 1.0, behind / max(1.5, stride * 4.5));
    let width = mix(in.along.z * 0.55, in.wide.x, tail * tail);
    let body = (1.0 - smoothstep(width - 0.6, width + 0.4, d)) * shown * step(0.001, tail);
    var base = color.rgb * mix(0.62, 0.40, night);
    if run.w == ARC || run.w == PLAIN {
        base = color.rgb;
    }
    if run.w == HATCH {
        base = mix(base * 0.35, color.rgb, step(0.5, fract(s / max(3.2, stride * 8.0) + in.along.y * 0.06)));
    }
    let bright = mix(color.rgb * 1.5 + 0.10, vec3(1.0, 1.0, 0.97), head);
    let glow = body * mix(0.35 + 0.65 * tail, 1.0, head);
    let rgb = mix(mix(EDGE, base, core), bright, glow);
    if run.w == ARC {
        // Trades stand behind the power they are made of: in their own colour, and fainter.
        return vec4(mix(base, base * 1.25 + 0.10 * head, glow), max(core * 0.26, glow * 0.62) * (1.0 - hazy));
    }
    let alpha = max(max(core * 0.97, edge * mix(0.55, 0.35, night)), glow);
    return vec4(mix(rgb, light.horizon.rgb, hazy * (1.0 - glow * 0.7)), alpha);
}

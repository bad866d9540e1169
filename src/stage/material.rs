//! The diorama's own materials: few, cheap, lit a vertex at a time, so that software rendering stays fluent.

use bevy::asset::{load_internal_asset, uuid_handle};
use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{MaterialPipeline, MaterialPipelineKey};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, DepthBiasState, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError,
};
use bevy::shader::ShaderRef;

/// Entries in the table of states that the world's vertices refer to; entry 0 is neutral.
pub const SLOTS: usize = 1024;
/// Entries in the table of what runs along ribbons.
pub const RIBBONS: usize = 512;

const LIGHT: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a001");
const WORLD: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a002");
const GROUND: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a003");
const RIBBON: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a004");
const VEIL: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a005");
const SKY: Handle<Shader> = uuid_handle!("5c2bf8a2-5f9b-4c55-8d2e-7a51a2f7a006");

/// Sun, sky and haze; the fields' meaning stands in `light.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
pub struct Light {
    /// Towards the sun or moon.
    pub direction: Vec4,
    /// Direct light; strength of shadows.
    pub sun: Vec4,
    /// Ambient from above; darkness.
    pub sky: Vec4,
    /// Ambient from below; drift of clouds.
    pub ground: Vec4,
    /// Haze; where it begins.
    pub horizon: Vec4,
    /// Sky above; one over the depth of the haze.
    pub zenith: Vec4,
    /// Glow around the sun; cloud.
    pub glow: Vec4,
}

/// States that vertices refer to by number: x has power, y strength of light.
#[derive(Clone, Debug, ShaderType)]
pub struct SlotTable {
    /// The states.
    pub values: [Vec4; SLOTS],
}

impl Default for SlotTable {
    fn default() -> Self {
        Self { values: [Vec4::new(1.0, 1.0, 0.0, 0.0); SLOTS] }
    }
}

/// What runs along ribbons; the fields' meaning stands in `ribbon.wgsl`.
#[derive(Clone, Debug, ShaderType)]
pub struct RunTable {
    /// Metres run, density, direction, style.
    pub run: [Vec4; RIBBONS],
    /// Colour, strength of the comets.
    pub color: [Vec4; RIBBONS],
}

impl Default for RunTable {
    fn default() -> Self {
        Self { run: [Vec4::new(0.0, 0.0, 0.0, 3.0); RIBBONS], color: [Vec4::ZERO; RIBBONS] }
    }
}

/// Whatever stands on the ground.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub struct WorldMaterial {
    #[uniform(0)]
    pub(crate) light: Light,
    #[uniform(1)]
    pub(crate) slots: SlotTable,
}

/// Ground and roads, which receive silhouettes.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub struct GroundMaterial {
    #[uniform(0)]
    pub(crate) light: Light,
    #[uniform(1)]
    pub(crate) plan: Vec4,
    #[texture(2)]
    #[sampler(3)]
    pub(crate) shadow: Handle<Image>,
}

/// Cables, conductors, trades.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub struct RibbonMaterial {
    #[uniform(0)]
    pub(crate) light: Light,
    #[uniform(1)]
    pub(crate) table: RunTable,
}

/// Glass, glows, rings.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub struct VeilMaterial {
    #[uniform(0)]
    pub(crate) light: Light,
    #[uniform(1)]
    pub(crate) slots: SlotTable,
}

/// The sky.
#[derive(Asset, AsBindGroup, TypePath, Clone, Default)]
pub struct SkyMaterial {
    #[uniform(0)]
    pub(crate) light: Light,
}

/// The shared handles: one of each.
#[derive(Resource, Clone, Default)]
pub struct StageMaterials {
    /// Whatever stands on the ground.
    pub world: Handle<WorldMaterial>,
    /// Ground and roads.
    pub ground: Handle<GroundMaterial>,
    /// Cables, conductors, trades.
    pub ribbon: Handle<RibbonMaterial>,
    /// Glass, glows, rings.
    pub veil: Handle<VeilMaterial>,
    /// The sky.
    pub sky: Handle<SkyMaterial>,
}

type Layout<'a> = (&'a mut RenderPipelineDescriptor, &'a MeshVertexBufferLayoutRef);
type Specialized = Result<(), SpecializedMeshPipelineError>;

fn lay_out(
    (descriptor, layout): Layout,
    fourth: Option<bevy::mesh::MeshVertexAttribute>,
    two_sided: bool,
) -> Specialized {
    let mut attributes = vec![
        Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
        Mesh::ATTRIBUTE_NORMAL.at_shader_location(1),
        Mesh::ATTRIBUTE_UV_0.at_shader_location(2),
    ];
    attributes.extend(fourth.map(|a| a.at_shader_location(3)));
    descriptor.vertex.buffers = vec![layout.0.get_layout(&attributes)?];
    if two_sided {
        descriptor.primitive.cull_mode = None;
    }
    if let Some(depth) = &mut descriptor.depth_stencil {
        depth.bias = DepthBiasState::default();
    }
    Ok(())
}

macro_rules! diorama {
    ($name:ident, $shader:ident, $mode:expr, $bias:expr, $fourth:expr, $two_sided:expr) => {
        impl Material for $name {
            fn vertex_shader() -> ShaderRef {
                $shader.into()
            }
            fn fragment_shader() -> ShaderRef {
                $shader.into()
            }
            fn alpha_mode(&self) -> AlphaMode {
                $mode
            }
            fn depth_bias(&self) -> f32 {
                $bias
            }
            fn enable_prepass() -> bool {
                false
            }
            fn enable_shadows() -> bool {
                false
            }
            fn specialize(
                _pipeline: &MaterialPipeline,
                descriptor: &mut RenderPipelineDescriptor,
                layout: &MeshVertexBufferLayoutRef,
                _key: MaterialPipelineKey<Self>,
            ) -> Specialized {
                lay_out((descriptor, layout), $fourth, $two_sided)
            }
        }
    };
}

diorama!(WorldMaterial, WORLD, AlphaMode::Opaque, 0.0, Some(Mesh::ATTRIBUTE_COLOR), false);
diorama!(GroundMaterial, GROUND, AlphaMode::Opaque, 0.0, Some(Mesh::ATTRIBUTE_COLOR), false);
diorama!(RibbonMaterial, RIBBON, AlphaMode::Blend, 1.0e5, Some(Mesh::ATTRIBUTE_UV_1), true);
diorama!(VeilMaterial, VEIL, AlphaMode::Premultiplied, 0.0, Some(Mesh::ATTRIBUTE_COLOR), true);
diorama!(SkyMaterial, SKY, AlphaMode::Blend, -1.0e6, None, true);

pub(super) fn plugin(app: &mut App) {
    load_internal_asset!(app, LIGHT, "../../assets/shaders/light.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, WORLD, "../../assets/shaders/world.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, GROUND, "../../assets/shaders/ground.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, RIBBON, "../../assets/shaders/ribbon.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, VEIL, "../../assets/shaders/veil.wgsl", Shader::from_wgsl);
    load_internal_asset!(app, SKY, "../../assets/shaders/sky.wgsl", Shader::from_wgsl);
    app.add_plugins((
        MaterialPlugin::<WorldMaterial>::default(),
        MaterialPlugin::<GroundMaterial>::default(),
        MaterialPlugin::<RibbonMaterial>::default(),
        MaterialPlugin::<VeilMaterial>::default(),
        MaterialPlugin::<SkyMaterial>::default(),
    ))
    .init_resource::<StageMaterials>()
    .add_systems(Startup, make_materials);
}

pub(super) fn make_materials(
    mut shared: ResMut<StageMaterials>,
    mut world: ResMut<Assets<WorldMaterial>>,
    mut ground: ResMut<Assets<GroundMaterial>>,
    mut ribbon: ResMut<Assets<RibbonMaterial>>,
    mut veil: ResMut<Assets<VeilMaterial>>,
    mut sky: ResMut<Assets<SkyMaterial>>,
    mut images: ResMut<Assets<Image>>,
) {
    let shadow = images.add(super::shadow::blank());
    *shared = StageMaterials {
        world: world.add(WorldMaterial::default()),
        ground: ground.add(GroundMaterial { shadow, ..default() }),
        ribbon: ribbon.add(RibbonMaterial::default()),
        veil: veil.add(VeilMaterial::default()),
        sky: sky.add(SkyMaterial::default()),
    };
}

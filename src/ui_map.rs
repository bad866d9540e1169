//! `--ui-map FILE`: label, role and rectangle of every widget, once a second, for checks that click by label.

use crate::args::Args;
use crate::files::write_atomically;
use bevy::prelude::*;
use bevy::time::common_conditions::on_timer;
use bevy_egui::egui::accesskit::Node;
use bevy_egui::{EguiContext, EguiOutput, EguiPostUpdateSet, PrimaryEguiContext};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(First, speak).add_systems(
        PostUpdate,
        write.after(EguiPostUpdateSet::ProcessOutput).run_if(on_timer(Duration::from_secs(1))),
    );
}

/// The labels come from what the panels tell a screen reader.
fn speak(mut contexts: Query<&mut EguiContext, With<PrimaryEguiContext>>) {
    for mut context in &mut contexts {
        context.get_mut().enable_accesskit();
    }
}

fn write(args: Res<Args>, outputs: Query<&EguiOutput, With<PrimaryEguiContext>>) {
    let (Some(path), Ok(output)) = (&args.ui_map, outputs.single()) else { return };
    let Some(update) = &output.platform_output.accesskit_update else { return };
    let widgets: Vec<Value> =
        update.nodes.iter().filter_map(|(_, node)| widget(node, output.pixels_per_point.into())).collect();
    let text = format!("{:#}\n", json!({ "pixels_per_point": output.pixels_per_point, "widgets": widgets }));
    if let Err(e) = write_atomically(path, text.as_bytes()) {
        warn!("{}: {e}", path.display());
    }
}

/// A widget with a label and a place, in physical pixels of the window.
fn widget(node: &Node, scale: f64) -> Option<Value> {
    let label = node.label().or_else(|| node.value())?;
    let r = node.bounds()?;
    let rect = [r.x0 * scale, r.y0 * scale, r.x1 * scale, r.y1 * scale];
    let role = format!("{:?}", node.role());
    Some(json!({ "label": label, "role": role, "rect": rect, "enabled": !node.is_disabled() }))
}

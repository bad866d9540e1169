//! A form for a call: who, which function, its arguments, money that goes along.

use crate::panels::data::PanelData;
use bevy_egui::egui::{self, ComboBox, DragValue, Label, RichText, TextEdit, Ui};
use sim_core::ledger::contract::FunctionInfo;

/// What is written into it.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Place of the sender in the list.
    pub who: usize,
    pub function: String,
    pub args: Vec<String>,
    /// Currency.
    pub attach: f64,
}

impl Form {
    /// Lets one choose the sender.
    pub(super) fn who(&mut self, ui: &mut Ui, data: &PanelData<'_>, salt: &str, names: &[String]) {
        let label = data.t("editor-who");
        let shown = names.get(self.who).cloned().unwrap_or_default();
        ui.label(RichText::new(&label).weak());
        let combo = ComboBox::from_id_salt((salt, "who")).selected_text(shown).width(120.0).show_ui(ui, |ui| {
            for (i, name) in names.iter().enumerate() {
                ui.selectable_value(&mut self.who, i, name);
            }
        });
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, &label));
    }

    /// Lets one choose one of the functions that transactions may call.
    pub(super) fn function(&mut self, ui: &mut Ui, data: &PanelData<'_>, salt: &str, functions: &[FunctionInfo]) {
        let public: Vec<&FunctionInfo> = functions.iter().filter(|f| f.is_public && f.name != "init").collect();
        if !public.iter().any(|f| f.name == self.function) {
            self.function = public.first().map_or_else(String::new, |f| f.name.clone());
        }
        let label = data.t("editor-function");
        ui.label(RichText::new(&label).weak());
        let combo = ComboBox::from_id_salt((salt, "function")).selected_text(&self.function).show_ui(ui, |ui| {
            for f in public {
                ui.selectable_value(&mut self.function, f.name.clone(), &f.name).on_hover_text(&f.doc);
            }
        });
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, &label));
    }

    /// A field for each parameter.
    pub(super) fn arguments(&mut self, ui: &mut Ui, data: &PanelData<'_>, parameters: &[String]) {
        self.args.resize(parameters.len(), String::new());
        ui.horizontal_wrapped(|ui| {
            for (name, value) in parameters.iter().zip(&mut self.args) {
                ui.label(RichText::new(name).monospace().weak());
                let response = ui.add(TextEdit::singleline(value).desired_width(88.0));
                response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, name));
                response.on_hover_text(data.t("term-editor-arguments"));
            }
        });
    }

    /// Money that goes along.
    pub(super) fn money(&mut self, ui: &mut Ui, data: &PanelData<'_>) {
        ui.label(RichText::new(data.t("editor-attach")).weak()).on_hover_text(data.t("term-editor-attach"));
        let suffix = format!(" {}", data.scene.file.site.currency);
        ui.add(DragValue::new(&mut self.attach).range(0.0..=100.0).speed(0.1).max_decimals(2).suffix(suffix));
    }
}

/// What went wrong, in the colour of alarm with its shape.
pub(super) fn complain(ui: &mut Ui, words: &str) {
    let colour = crate::panels::theme::fault(ui);
    ui.add(Label::new(RichText::new(format!("▲ {words}")).color(colour)).wrap());
}

//! What can be done to a thing: the faults that fit it, its repair, its switching. For inspector, context menu and menus.

use super::data::PanelData;
use super::words::fault_key;
use sim_core::command::{Command, FaultKind};
use sim_core::ids::Subject;
use sim_core::scene::schema::SwitchKind;
use sim_core::snapshot::DeviceStatus;

/// What an action does to the community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Breaks,
    Mends,
    Switches,
}

/// Something that can be done to a thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Action {
    pub label: String,
    pub sort: Sort,
    pub command: Command,
}

/// What can be done to `subject`; `along` says where on a cable the pointer was, 0 to 1.
pub(crate) fn actions(data: &PanelData<'_>, subject: Subject, along: Option<f64>) -> Vec<Action> {
    let name = data.scene.name(subject).to_owned();
    if data.study.is_some() {
        return switch(data, subject, &name).into_iter().take(1).collect();
    }
    match subject {
        Subject::Line(_) => line(data, subject, &name, along),
        Subject::Switch(_) => switch(data, subject, &name),
        Subject::Device(i) => {
            let failed = data.now.devices.get(i.index()).is_some_and(|d| d.status == DeviceStatus::Failed);
            vec![fail_or_repair(data, &name, failed)]
        }
        Subject::Gateway(i) => {
            vec![fail_or_repair(data, &name, data.now.gateways.get(i.index()) == Some(&false))]
        }
        Subject::Validator(i) => {
            // A validator with power and a working gateway that is silent all the same has failed itself; in any
            // other state failing it on top is possible, and repairing it does no harm.
            let dark = data.now.validators.get(i.index()).is_some_and(|v| !v.powered || !v.connected);
            let mut all = vec![fail_or_repair(data, &name, false)];
            if dark {
                all.push(fail_or_repair(data, &name, true));
            }
            all
        }
        Subject::Grid | Subject::Transformer(_) => vec![grid(data)],
        _ => Vec::new(),
    }
}

fn line(data: &PanelData<'_>, subject: Subject, name: &str, along: Option<f64>) -> Vec<Action> {
    let at = along.unwrap_or(0.5).clamp(0.0, 1.0);
    let mut all: Vec<Action> = [FaultKind::ThreePhase, FaultKind::TwoPhase, FaultKind::PhaseToGround]
        .into_iter()
        .map(|kind| Action {
            label: data.t(fault_key(kind)),
            sort: Sort::Breaks,
            command: Command::Fault { cable: name.to_owned(), at, kind, resistance_ohm: 0.0 },
        })
        .collect();
    all.push(Action {
        label: data.t("action-open-conductor"),
        sort: Sort::Breaks,
        command: Command::OpenConductor { cable: name.to_owned(), phase: 1 },
    });
    let Subject::Line(id) = subject else { return all };
    if data.now.lines.get(id.index()).is_some_and(|l| l.fault_at.is_some() || l.broken || l.isolated) {
        all.insert(0, repair(data, name));
    }
    all
}

fn switch(data: &PanelData<'_>, subject: Subject, name: &str) -> Vec<Action> {
    let Subject::Switch(id) = subject else { return Vec::new() };
    let Some(view) = data.now.switches.get(id.index()) else { return Vec::new() };
    let label = data.t(if view.closed { "action-open" } else { "action-close" });
    let command = Command::Operate { switch: name.to_owned(), closed: !view.closed };
    let mut all = vec![Action { label, sort: Sort::Switches, command }];
    if view.jammed {
        all.push(repair(data, name));
    } else {
        let command = Command::Jam { switch: name.to_owned() };
        all.push(Action { label: data.t("action-jam"), sort: Sort::Breaks, command });
    }
    if data.scene.file.switches.get(id.index()).is_some_and(|s| s.kind == SwitchKind::Pcc) {
        all.push(grid(data));
    }
    all
}

fn grid(data: &PanelData<'_>) -> Action {
    if data.now.grid_alive {
        Action { label: data.t("action-lose-grid"), sort: Sort::Breaks, command: Command::LoseGrid }
    } else {
        Action { label: data.t("action-restore-grid"), sort: Sort::Mends, command: Command::RestoreGrid }
    }
}

fn fail_or_repair(data: &PanelData<'_>, name: &str, failed: bool) -> Action {
    if failed {
        return repair(data, name);
    }
    let command = Command::Fail { element: name.to_owned() };
    Action { label: data.t("action-fail"), sort: Sort::Breaks, command }
}

fn repair(data: &PanelData<'_>, name: &str) -> Action {
    let command = Command::Repair { element: name.to_owned() };
    Action { label: data.t("action-repair"), sort: Sort::Mends, command }
}

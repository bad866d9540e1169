//! The control room: one panel a file; each is a function of a `Ui`, what it may read and its own small state that
//! returns what the user asked for. So panels are tested without a window.

mod actions;
mod attacks;
mod bid;
mod bill;
mod burst;
mod business;
mod chain;
mod context;
mod contract;
mod controls;
mod curve;
mod data;
mod diagram;
mod dock;
mod explorer;
mod facts;
mod files;
mod fonts;
mod footprint;
mod guard;
mod inspector;
mod job;
mod keys;
mod lab;
mod legend;
mod limits;
mod log;
mod look;
mod market;
mod marks;
mod menu;
mod names;
mod neighbours;
mod numbers;
mod outcome;
mod oversight;
mod plot;
mod pointer;
mod power;
mod privacy;
mod profile;
mod pulse;
#[cfg(test)]
mod raster;
mod reasons;
mod scale;
mod severity;
mod sheet;
mod shell;
mod storage;
mod study;
mod study_facts;
mod systems;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod testing_chain;
#[cfg(test)]
mod testing_market;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_attacks;
#[cfg(test)]
mod tests_chain;
#[cfg(test)]
mod tests_lab;
#[cfg(test)]
mod tests_market;
#[cfg(test)]
mod tests_neighbours;
#[cfg(test)]
mod tests_network;
#[cfg(test)]
mod tests_plots;
#[cfg(test)]
mod tests_tally;
#[cfg(test)]
mod tests_teaching;
#[cfg(test)]
mod tests_work;
mod theme;
mod time_bar;
mod timeline;
mod trace;
mod tree;
mod undo;
mod why;
mod widgets;
mod words;

pub use context::ContextAsked;
pub use data::PanelAsk;
pub(crate) use data::{PanelData, Reply};
pub use dock::Dock;
pub use files::{Notice, Recent};
pub use look::{Layers, Look, MapLayer, Theme};
pub(crate) use names::label;
pub use systems::{Free, Panels, Verdict, plugin};
pub(crate) use theme::{GRID, HEADING};
pub(crate) use words::kind_name;

//! Network files of other tools by their ending.

use crate::Failure;
use crate::files::read_text;
use sim_core::network::Network;
use sim_core::network::import::matpower;
use std::path::Path;

/// The ending of a file's name in small letters.
pub(crate) fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Reads a network file.
pub(crate) fn read_network(path: &Path) -> Result<Network, Failure> {
    let name = path.display().to_string();
    match ending(path).as_str() {
        "m" => {
            let text = read_text(path, matpower::MAX_BYTES as u64)?;
            matpower::read(&name, &text).map_err(|e| Failure::Input(e.to_string().replace('\n', "\ngridsim: ")))
        }
        other => {
            Err(Failure::Input(format!("{name}: no reader for the ending '{other}'; expected .m or a scene .ron")))
        }
    }
}

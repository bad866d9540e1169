//! Network files of other tools by their ending.

use crate::Failure;
use crate::files::read_text;
use crate::folder::{ScriptFolder, read_lossy};
use sim_core::network::Network;
use sim_core::network::import::{ImportError, matpower, opendss};
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
            matpower::read(&name, &text).map_err(told)
        }
        "dss" => Ok(read_script(path)?.network),
        other => Err(Failure::Input(format!(
            "{name}: no reader for the ending '{other}'; expected .m, .dss or a scene .ron"
        ))),
    }
}

/// Reads an OpenDSS script with the files it refers to.
pub(crate) fn read_script(path: &Path) -> Result<opendss::Case, Failure> {
    let name = path.display().to_string();
    let failed = |why: String| Failure::Input(format!("{name}: {why}"));
    let folder = ScriptFolder::of(path).map_err(|e| failed(e.to_string()))?;
    let text = read_lossy(path).map_err(failed)?;
    opendss::read(&name, &text, &folder).map_err(told)
}

fn told(e: ImportError) -> Failure {
    Failure::Input(e.to_string().replace('\n', "\ngridsim: "))
}

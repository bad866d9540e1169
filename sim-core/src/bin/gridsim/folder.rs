//! The folder of a script: the files below it, and none besides. The app has this file too (`src/bridge/open.rs`).

use sim_core::network::import::opendss::{Folder, MAX_BYTES};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Folder of the first file, resolved.
pub(crate) struct ScriptFolder {
    root: PathBuf,
}

impl ScriptFolder {
    /// The folder that holds `script`.
    ///
    /// # Errors
    /// Why it cannot be found.
    pub(crate) fn of(script: &Path) -> std::io::Result<Self> {
        let parent = script.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { root: parent.canonicalize()? })
    }

    /// The file of a path in any case: scripts are often written where small and capital letters are the same.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let mut at = self.root.clone();
        for part in path.split('/') {
            let exact = at.join(part);
            at = if exact.exists() {
                exact
            } else {
                let mut entries = std::fs::read_dir(&at).ok()?.flatten();
                entries.find(|e| e.file_name().to_string_lossy().eq_ignore_ascii_case(part))?.path()
            };
        }
        Some(at)
    }
}

impl Folder for ScriptFolder {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.find(path).ok_or("there is no such file")?;
        let real = found.canonicalize().map_err(|e| e.to_string())?;
        if !real.starts_with(&self.root) {
            return Err("it is a link that leaves the folder of the first file".to_owned());
        }
        if !real.is_file() {
            return Err("it is no file".to_owned());
        }
        read_lossy(&real)
    }
}

/// The text of a file; bytes that are no UTF-8 (accents of older scripts) become a sign that stands for them.
pub(crate) fn read_lossy(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! Reading and writing files: clear messages, atomic writes.

use crate::Failure;
use sim_core::output;
use sim_core::recorder::Recorder;
use sim_core::scene::{self, Scene};
use sim_core::world::World;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes that tell what kind a file is of.
const LOOKED_AT: u64 = 256;

/// Reads a file of at most `most` bytes. A device or a pipe tells no size beforehand, so no more is taken from any.
pub(crate) fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    read_looking(path, most, |_| Ok(()))
}

/// The same; its first bytes are looked at before a file that is too long is refused.
fn read_looking(path: &Path, most: u64, look: impl Fn(&[u8]) -> Result<(), Failure>) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    let refused = |e: std::io::Error| Failure::Input(format!("{name}: {}", reason(&e)));
    let long = |size| Failure::Input(format!("{name}: {size} bytes; at most {most} are read. Is it the right file?"));
    let file = fs::File::open(path).map_err(refused)?;
    let size = file.metadata().map_err(refused)?.len();
    let mut bytes = Vec::new();
    let mut file = file.take(LOOKED_AT.min(most));
    file.read_to_end(&mut bytes).map_err(refused)?;
    look(&bytes)?;
    if size > most {
        return Err(long(size.to_string()));
    }
    file.set_limit(most + 1 - bytes.len() as u64);
    file.read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > most { Err(long(format!("more than {most}"))) } else { Ok(bytes) }
}

/// Reads a text file of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String, Failure> {
    read_text_looking(path, most, |_| Ok(()))
}

/// The same for a text that might be of another kind: its first bytes are looked at before anything is said of its size.
pub(crate) fn read_text_looking(
    path: &Path,
    most: u64,
    look: impl Fn(&[u8]) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let (name, bytes) = (path.display(), read_looking(path, most, look)?);
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        Failure::Input(format!("{name}:{line}: not text (byte {at} is no UTF-8); expected a text file"))
    })
}

/// The lines of a file that may be long, one by one, without their ends; none may be longer than `most` bytes.
pub(crate) fn read_lines(path: &Path, most: u64) -> Result<impl Iterator<Item = Result<Vec<u8>, Failure>>, Failure> {
    let name = path.display().to_string();
    let refused = |e: &std::io::Error| Failure::Input(format!("{name}: {}", reason(e)));
    let file = fs::File::open(path).map_err(|e| refused(&e))?;
    if file.metadata().map_err(|e| refused(&e))?.is_dir() {
        return Err(Failure::Input(format!("{name}: it is a folder")));
    }
    let (mut reader, mut number) = (BufReader::new(file), 0_u64);
    Ok(std::iter::from_fn(move || {
        let mut line = Vec::new();
        number += 1;
        match reader.by_ref().take(most + 1).read_until(b'\n', &mut line) {
            Err(e) => Some(Err(Failure::Input(format!("{name}:{number}: {}", reason(&e))))),
            Ok(0) => None,
            Ok(_) => {
                line.pop_if(|last| *last == b'\n');
                let is_long = line.len() as u64 > most;
                let long =
                    || Failure::Invalid(format!("{name}:{number}: longer than {most} bytes. Is it the right file?"));
                Some(if is_long { Err(long()) } else { Ok(line) })
            }
        }
    }))
}

/// Reads and validates a scene.
pub(crate) fn read_scene(path: &Path) -> Result<Arc<Scene>, Failure> {
    let text = read_text(path, scene::MAX_BYTES as u64)?;
    match scene::parse(&text) {
        Ok(scene) => Ok(Arc::new(scene)),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(|e| format!("{}:{e}", path.display())).collect();
            Err(Failure::Input(lines.join("\ngridsim: ")))
        }
    }
}

/// Writes a file beside its target, flushes it and puts it in place.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let mut file = fs::File::create(&beside)?;
        let done = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
        if done.is_err() {
            let _ = fs::remove_file(&beside);
        }
        done
    };
    write().map_err(|e| Failure::Input(format!("{}: cannot be written: {}", path.display(), reason(&e))))
}

/// Writes what a run and its replay have in common: series, events, the chains, and what was proven of attacks. A file that
/// this run has no content for goes, so that the folder never mixes the results of two runs.
pub(crate) fn write_results(folder: &Path, world: &World, recorder: &Recorder) -> Result<(), Failure> {
    let scene = world.scene();
    let all = [
        ("series.csv", Some(output::series_csv(scene, recorder))),
        ("events.jsonl", Some(output::events_jsonl(scene, recorder.events()))),
        ("chain.jsonl", Some(output::chain_jsonl(recorder))),
        ("neighbour-chain.jsonl", output::far_chain_jsonl(recorder)),
        ("evidence.jsonl", output::evidence_jsonl(world)),
    ];
    all.into_iter().try_for_each(|(name, text)| match (folder.join(name), text) {
        (path, Some(text)) => write_atomically(&path, text.as_bytes()),
        (path, None) => remove_older(&path),
    })
}

/// Removes a file that an older run may have left.
fn remove_older(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            let (name, reason) = (path.display(), reason(&e));
            Err(Failure::Input(format!("{name}: left by an older run and cannot be removed: {reason}")))
        }
        _ => Ok(()),
    }
}

/// Makes the folder for results and checks that it can be written to, before any work is done.
pub(crate) fn prepare_folder(path: &Path) -> Result<(), Failure> {
    let probe = path.join(format!(".gridsim-{}.tmp", std::process::id()));
    fs::create_dir_all(path)
        .and_then(|()| fs::File::create(&probe).map(drop))
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|e| Failure::Input(format!("{}: no files can be written there: {}", path.display(), reason(&e))))
}

/// Prints to stdout; a reader that went away ends the program quietly.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Other(e.into())),
        _ => Ok(()),
    }
}

fn reason(e: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match e.kind() {
        K::NotFound => "there is no such file or folder",
        K::PermissionDenied => "permission denied",
        K::ReadOnlyFilesystem => "the file system is read-only",
        K::StorageFull => "the disk is full",
        K::IsADirectory => "it is a folder",
        K::NotADirectory => "a part of the path is no folder",
        _ => "the operating system refused",
    }
}

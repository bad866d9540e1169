//! A saved run: the world's state and all that was recorded, to be continued as if it had never stopped.

use crate::digest::Hash;
use crate::recorder::Recorder;
use crate::scene::Scene;
use crate::world::{World, WorldError};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;
use thiserror::Error;

/// The format of saved runs.
pub const FORMAT: u32 = 6;
/// The first bytes of a saved run.
const MAGIC: [u8; 8] = *b"GRIDSAVE";

/// What is wrong with a saved run.
#[derive(Debug, Error)]
pub enum SaveError {
    /// Not a saved run, or cut short.
    #[error("this is no saved run, or it is damaged; expected a file that `gridsim run --save-at` wrote")]
    Damaged,
    /// Made by a newer program.
    #[error("the saved run has format {found}, this program reads {FORMAT}: use a newer Gridtwin")]
    Newer {
        #[doc = "its format"]
        found: u32,
    },
    /// Made by an older program.
    #[error("the saved run has format {found}, this program reads {FORMAT}: run the scene anew and save it again")]
    Older {
        #[doc = "its format"]
        found: u32,
    },
    /// Made with another scene.
    #[error("the saved run belongs to another scene: continue it with the scene it was made with, unedited")]
    OtherScene,
    /// The state does not fit.
    #[error(transparent)]
    World(#[from] WorldError),
}

#[derive(Serialize, Deserialize)]
struct File<'a> {
    scene: Hash,
    state: Vec<u8>,
    #[serde(borrow)]
    recorder: &'a [u8],
}

/// Writing and reading of saved runs.
pub struct Save;

impl Save {
    /// The bytes of a run.
    #[must_use]
    pub fn of(world: &World, recorder: &Recorder) -> Vec<u8> {
        let recorder = postcard::to_stdvec(recorder).unwrap_or_default();
        let file = File { scene: world.scene().digest, state: world.save_state(), recorder: &recorder };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        bytes.extend(postcard::to_stdvec(&file).unwrap_or_default());
        let check = crate::digest::compute_digest(&bytes);
        bytes.extend(check);
        bytes
    }

    /// A run from bytes, for the scene it was made with.
    ///
    /// # Errors
    /// When the bytes are no saved run, or one of another scene or format.
    pub fn load(bytes: &[u8], scene: Arc<Scene>) -> Result<(World, Recorder), SaveError> {
        let (body, check) = bytes.split_last_chunk::<32>().ok_or(SaveError::Damaged)?;
        let rest = body.strip_prefix(&MAGIC).ok_or(SaveError::Damaged)?;
        let (format, rest) = rest.split_first_chunk::<4>().ok_or(SaveError::Damaged)?;
        let format = u32::from_le_bytes(*format);
        match format.cmp(&FORMAT) {
            Ordering::Greater => return Err(SaveError::Newer { found: format }),
            Ordering::Less => return Err(SaveError::Older { found: format }),
            Ordering::Equal => {}
        }
        if crate::digest::compute_digest(&body.to_vec()) != *check {
            return Err(SaveError::Damaged);
        }
        let file: File<'_> = postcard::from_bytes(rest).map_err(|_| SaveError::Damaged)?;
        if file.scene != scene.digest {
            return Err(SaveError::OtherScene);
        }
        let recorder = postcard::from_bytes(file.recorder).map_err(|_| SaveError::Damaged)?;
        Ok((World::load_state(scene, &file.state)?, recorder))
    }
}

//! Work that takes longer than a frame, done beside the window's thread. It is no part of the simulation: it reads a copy
//! of what it was given, and who no longer wants it drops it.

use bevy_egui::egui::Context;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the window looks whether it is done.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Work that is being done.
pub(super) struct Job<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Job<T> {
    /// Begins.
    pub(super) fn begin(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Some(std::thread::spawn(work)))
    }

    /// What came of it, once it is there, and once only; until then the window is drawn again soon. Work that broke off
    /// gives nothing.
    pub(super) fn poll(&mut self, ctx: &Context) -> Option<T> {
        if self.0.as_ref().is_some_and(|h| !h.is_finished()) {
            ctx.request_repaint_after(LOOK);
            return None;
        }
        self.0.take()?.join().ok()
    }
}

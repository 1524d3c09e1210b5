//! The way from the doors of the shell (web, websocket) to the engine.

use crate::desktop::DesktopInput;

/// What the doors need of the engine's loop. Neither call waits for the engine.
pub trait EngineDoor: Send + Sync {
    /// Puts what a websocket brought into the engine's queue.
    fn desktop(&self, input: DesktopInput);
}

//! Process groups: an adapter with all that it has started, which ends together.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Groups that run, by the id of their first process.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the command in a group of its own.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    // Held meanwhile, so that whoever ends all of them misses none.
    let mut running = running();
    let child = command.spawn()?;
    running.insert(child.id());
    Ok(child)
}

/// Ends the child, with its group, and waits for it.
pub(super) fn end(child: &mut Child) {
    // The group first: what the child has started may outlive it. Once only, since ids are used again some time.
    if running().remove(&child.id()) {
        kill(child.id());
    }
    // Both fail for a child that has ended.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn kill(id: u32) {
    let id = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // It fails for a group that has ended.
        let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill(_: u32) {}

/// Ends all adapters, and then this process, when it is interrupted: in groups of their own they do not get the terminal's signal.
pub fn end_children_on_interrupt() {
    // It fails if there is a handler already, which does the same.
    let _ = ctrlc::set_handler(|| {
        // Kept to the end: whoever asks one of them would start it anew, and take what happened here for a crash.
        let running = running();
        running.iter().for_each(|&id| kill(id));
        std::process::exit(130);
    });
}

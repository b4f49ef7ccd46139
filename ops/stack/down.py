"""`itilnext down`: ends the stack of a data folder, and sees to it that nothing of it is left running.

The supervisor is asked, and ends its children in order. Only processes whose id and start time are on record are ever
signalled: a number alone may be somebody else's by now. What is left is ended under the lock: else the record could be
that of a stack which has just come up.
"""

import time

import psutil

from ops.console import CommandFailed
from ops.stack.data import DataFolder

STOPPED_WITHIN = 90.0
"""Seconds a supervisor gets: workers take up to 30 to finish, the servers 20 more."""
_POLL_SECONDS = 0.05


def stop_stack(folder: DataFolder) -> bool:
    """End what runs on this folder; returns when it has ended. False: nothing was up.

    Raises:
        CommandFailed: the supervisor could not be ended, e.g. because it is another user's, or is not known; or the
            folder is none.
    """
    was_up = False
    deadline = time.monotonic() + STOPPED_WITHIN
    asked: set[psutil.Process] = set()
    while folder.is_up:
        was_up = True
        supervisor = _supervisor(folder)
        is_late = time.monotonic() > deadline
        if supervisor is None:
            if is_late:
                raise _unknown_holder(folder)
        elif is_late:
            _signal(supervisor, kill=True)
        elif supervisor not in asked:
            _signal(supervisor, kill=False)
            asked.add(supervisor)
        time.sleep(_POLL_SECONDS)
    if folder.read() is not None:
        with folder.held() as ours:
            if ours:  # else a stack has come up meanwhile, and has ended what was left
                end_leftovers(folder)
    return was_up


def end_leftovers(folder: DataFolder) -> None:
    """Kill what a killed supervisor has left; on Linux nothing, elsewhere there may be. Call with the lock held."""
    record = folder.read()
    known = record.processes.values() if record else ()
    left = [process for identity in known if identity and (process := identity.process())]
    for process in left:
        _signal(process, kill=True)
    psutil.wait_procs(left)


def _supervisor(folder: DataFolder) -> psutil.Process | None:
    """The supervisor on record; None in the moments before it has written its own, and after it has ended."""
    record = folder.read()
    return record.supervisor.process() if record else None


def _unknown_holder(folder: DataFolder) -> CommandFailed:
    return CommandFailed(
        f"A process that is not on record has held {folder.lock_file} for {STOPPED_WITHIN:.0f} s.",
        f"See which it is with `fuser {folder.lock_file}`, and end it.",
    )


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return  # it has ended by itself, which is what is wanted
    except psutil.AccessDenied as error:
        raise CommandFailed(
            f"Process {process.pid} of this stack is another user's.", "Run this as the user who started the stack."
        ) from error

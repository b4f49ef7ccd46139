"""What runs on a data folder as of now."""

from ops.console import CommandFailed
from ops.stack.data import DataFolder, StackRecord


def current_stack(folder: DataFolder) -> StackRecord:
    """Return what runs on this folder.

    Raises:
        CommandFailed: nothing does, or it is not ready yet; the message says what to do.
    """
    record = folder.read() if folder.is_up else None
    if record is None:
        raise CommandFailed(
            f"No stack of this machine is up on {folder.path}.",
            "Start one with `itilnext up`; how a fleet does that was started otherwise, `itilnext doctor` tells.",
        )
    if not record.ready:
        raise CommandFailed(f"The stack on {folder.path} is still starting.", "Ask again in a moment.")
    return record

"""Become another program that does not outlive its parent: `launcher.py PARENT_PID PROGRAM [ARGUMENT ...]`.

The kernel is asked (Linux's PR_SET_PDEATHSIG, which survives exec) to kill this process when its parent dies, however
that happens; then the program takes this process over, id included. A file of its own rather than a function run
between fork and exec, where a program with threads may hold a lock for ever. It is run as a script without the
project on its path: nothing but the standard library may be imported here.

Elsewhere than on Linux there is no such request; what a killed supervisor leaves there is ended by the next
`itilnext up` or `down` on the same data.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with(parent: int) -> None:
    """Have this process killed when `parent` dies, and leave at once when it already has."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    if os.getppid() != parent:
        sys.exit("the parent process is gone")


def main() -> None:
    """Take over this process with the program named in the arguments."""
    die_with(int(sys.argv[1]))
    program = sys.argv[2:]
    os.execvp(program[0], program)  # noqa: S606  the point of this file


if __name__ == "__main__":
    main()

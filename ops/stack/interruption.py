"""Being asked to stop: by Ctrl-C, by a signal, or by the terminal that goes away. One meaning for all of them."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heeded() -> tuple[signal.Signals, ...]:
    """Return the signals to stop on: all but those we were started to ignore, as `nohup` has a hang-up ignored."""
    return tuple(number for number in STOP_SIGNALS if signal.getsignal(number) != signal.SIG_IGN)


@contextmanager
def interruptible() -> Iterator[None]:
    """Have every request to stop raise KeyboardInterrupt, so that what is waited for is ended on the way out."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in heeded()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

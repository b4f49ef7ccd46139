"""Where the console script `itilnext` and `python -m ops` begin: Ctrl-C ends them quietly from the first moment.

Nothing heavy is imported at the top: until the command line is there, nobody turns an interruption into an exit code.
"""

import signal


def main() -> None:
    """Run the command line; leaves with the exit codes of SPEC section 10."""
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ops.cli import build_app  # noqa: PLC0415  as said above

    app = build_app()
    signal.signal(signal.SIGINT, asked)
    app()


if __name__ == "__main__":
    main()

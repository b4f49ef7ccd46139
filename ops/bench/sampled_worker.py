"""A ticket worker as an operator runs it, with its CPU time sampled: `python -m ops.bench.sampled_worker FILE`.

The samples are in the file, as JSON, when it has ended.
"""

import sys
from pathlib import Path

from ops.bench.sampler import Sampler
from ops.cli import build_app


def main() -> None:
    """Run the worker until it is asked to stop."""
    sampler = Sampler()
    sampler.start()
    try:
        build_app()(["worker", "ticket"], standalone_mode=False)
    finally:
        Path(sys.argv[1]).write_text(sampler.stop().model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()

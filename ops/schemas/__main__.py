"""`python -m ops.schemas FOLDER`: write the published contract there. What would break its readers is not written."""

import sys
from pathlib import Path

from ops.schemas.publishing import Incompatible, publish


def main() -> None:
    """Write the files; leave with 1 where the ones that are there can't be replaced."""
    try:
        for path in publish(Path(sys.argv[1])):
            sys.stdout.write(f"{path}\n")
    except Incompatible as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

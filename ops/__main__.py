"""`python -m ops` does what the console script `itilnext` does. Nothing else happens here."""

from ops.cli import main

if __name__ == "__main__":
    main()

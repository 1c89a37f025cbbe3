"""``python -m queuack``: the command line."""

from queuack.cli import main

if __name__ == "__main__":
    main()

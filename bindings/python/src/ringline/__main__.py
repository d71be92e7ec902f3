"""`python -m ringline doctor`: what this machine allows."""

import sys

from . import __version__
from ._doctor import doctor
from ._library import path


def main() -> int:
    if sys.argv[1:] == ["doctor"]:
        print(doctor(), end="")
        return 0
    if sys.argv[1:] == ["--version"]:
        print(f"ringline {__version__} ({path})")
        return 0
    print("usage: python -m ringline doctor | --version", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

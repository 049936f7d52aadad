"""The command `track` of a wheel: the program lies in this package."""
from __future__ import annotations

import os
import sys


def main() -> None:
    program = os.path.join(os.path.dirname(__file__), 'track')
    try:
        os.execv(program, ['track', *sys.argv[1:]])
    except OSError as e:
        raise SystemExit(f'track: {program}: {e.strerror}') from None

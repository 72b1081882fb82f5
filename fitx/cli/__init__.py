"""The command line: one file a command. The only room that prints or exits.

Standard output is the result; progress, warnings and errors go to standard error. Exit 0 done; 1 the data or the fit is
at fault; 2 the command line is; 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run `fitx` with the process's arguments and leave with its exit code."""
    try:
        gc.set_threshold(50_000)  # imports make many objects and no garbage: a tenth of the start-up
        from fitx.cli import interrupts

        interrupts.install()
    except KeyboardInterrupt:  # in the moment before it is answered otherwise
        os._exit(130)
    from fitx.cli.streams import secure

    secure()
    from fitx.cli.app import run

    code = run(sys.argv[1:])
    interrupts.hold()
    sys.exit(code)

"""Fuzzing: random and mutated input, to find what makes fitx crash, hang or fail without an error of its own.

    python -m tests.fuzz TARGET [--seconds 600] [--seed 0] [--keep FOLDER] [--engine auto|atheris|random]
    python -m tests.fuzz TARGET --replay FILE

from the root of a clone, in an environment with fitx. Targets: `reader` (bytes), `parser` (text), `model` (JSON trees),
`cli` (argument lists), `export` (formulas written and read back) and `core` (programs and arrays). A process runs the
cases and another watches it: a crash, a case over 5 s, and an exception that is not fitx's own are faults. Each is
printed and its input is kept in the folder as a file for `--replay`; the run goes on, and ends with the counts: cases,
accepted, refused by kind, faults. The exit code is 1 if there were faults.

Two engines take turns of a tenth of the time each, in a new process. One mutates inputs that were accepted or answered
in a new way. The other is atheris, where it is installed (it has wheels for some systems and versions of Python, and is
no dependency of the tests): it goes on from inputs that reach new lines of fitx. One may be chosen by `--engine`.

What was found stands in tests/test_fuzz_found.py; tests/test_fuzz_quick.py runs every target for a moment.

A target is a module with three functions:

    seeds(rng) -> list[bytes]           inputs to begin with
    mutate(data, rng) -> bytes          another input near this one
    one(data) -> str                    runs the case: "accepted", or the refusal; whatever it raises is a fault
"""

TARGETS = ("reader", "parser", "model", "cli", "export", "core")

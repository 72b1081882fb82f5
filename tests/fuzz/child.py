"""The process that runs the cases: an engine makes inputs, the target runs them, one line a case tells the outcome."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from .guard import watch_over
from .slate import Slate

_MEMORY = 6 * 2**30  # bytes of addresses: a case that wants more is a fault, not the machine's end
_LONGEST = 2**20
_POOL = 1000


def load(target: str) -> ModuleType:
    """The target's module, ready for its first case."""
    return importlib.import_module(f".{target}", __package__)


def replay(target: str, path: Path) -> int:
    """Run one input and print the outcome; an exception shows its traceback."""
    data = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        print(load(target).one(data))
    return 0


def run(target: str, channel: str, engine: str, seed: int) -> None:
    """Run cases until the watching process ends this one. channel: number of the pipe, slate and folder for work."""
    pipe, slate, place = channel.split(",", 2)
    faulthandler.enable(all_threads=True)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(place)
    os.environ["TMPDIR"] = place
    tempfile.tempdir = None
    os.fsync = lambda _: None  # not a test of the disk
    if engine == "atheris":
        _with_atheris(target, _Runner(int(pipe), Path(slate), place), seed)
    else:
        _at_random(load(target), _Runner(int(pipe), Path(slate), place), seed)


def shape(text: str) -> str:
    """The kind of an answer: what is in backticks, quotes or brackets, and numbers, may differ."""
    said = text.partition("\n\n")[0][:300]
    plain = re.sub(r"`.*[`…]|`.*|'.*'|\"[^\"]*\"?|\([^)]*\)?", "_", said, flags=re.DOTALL).split("\n")[0]
    return " ".join(re.sub(r"[^\s:,_]*\d[^\s:,]*", "#", plain).split())[:90]


class _Runner:
    """Runs one case at a time and tells the outcome through the pipe."""

    def __init__(self, pipe: int, slate: Path, place: str) -> None:
        self.pipe, self.slate, self.number = pipe, Slate(slate), 0
        self.trespasses = watch_over(place)
        self.one: Any = None

    def __call__(self, data: bytes) -> str:
        """The outcome's kind."""
        self.number += 1
        self.slate.begin(self.number, data)
        began = time.process_time()
        self.trespasses.clear()
        try:
            kind = shape(self.one(data))
            if self.trespasses:
                raise RuntimeError("; ".join(self.trespasses))
        except Exception as error:
            kind = self._fault(error, data)
        self.slate.end(self.number)
        self._tell(f"case {kind} {time.process_time() - began:.3f}")
        return kind

    def _fault(self, error: Exception, data: bytes) -> str:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f"{os.sep}fitx{os.sep}" in f.filename] or frames
        text = "".join(traceback.format_exception(error))
        kind = f"FAULT {type(error).__name__} in {Path(own[-1].filename).name}:{own[-1].name}"
        if not frames or own is frames or type(error) in (AssertionError, RuntimeError):
            kind += f": {shape(str(error).rpartition('Error: ')[2])}"
        self._tell("fault " + repr((kind, text[-3000:], data)))
        return kind

    def _tell(self, line: str) -> None:
        os.write(self.pipe, line.encode("utf-8", "backslashreplace") + b"\n")


def _seeds(target: ModuleType, rng: random.Random) -> list[bytes]:
    """The target's seeds, made once a run: some are fits."""
    kept = Path("seeds.json")
    if not kept.exists():
        made = json.dumps([data.hex() for data in target.seeds(rng)])
        kept.write_text(made)
    return [bytes.fromhex(text) for text in json.loads(kept.read_text())]


def _warm(one: Callable[[bytes], str], seeds: list[bytes]) -> None:
    """Import what is imported late: it would count as the first case's time."""
    for data in seeds[:: max(1, len(seeds) // 5)]:
        with contextlib.suppress(Exception):
            one(data)


def _at_random(target: ModuleType, run_case: _Runner, seed: int) -> None:
    """Mutations of what was accepted, and of what was answered in a new way."""
    rng = random.Random(seed)
    good = _seeds(target, rng)
    _warm(target.one, good)
    new = list(good)
    run_case.one = target.one
    known: set[str] = set()
    while True:
        data = rng.choice(good if rng.random() < 0.6 else new)
        for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 5))):
            data = target.mutate(data, rng)
        kind = run_case(data[:_LONGEST])
        if kind == "accepted":
            if len(good) < _POOL:
                good.append(data)
            else:
                good[rng.randrange(_POOL)] = data
        elif kind not in known and not kind.startswith("FAULT"):
            known.add(kind)
            new.append(data)


def _with_atheris(name: str, run_case: _Runner, seed: int) -> None:
    import atheris

    atheris.instrument_imports(include=["fitx"]).__enter__()
    target = load(name)
    run_case.one = target.one
    corpus = Path("corpus")
    corpus.mkdir(exist_ok=True)
    seeds = _seeds(target, random.Random(seed))
    _warm(target.one, seeds)
    if not any(corpus.iterdir()):
        for k, data in enumerate(seeds):
            (corpus / f"seed{k}").write_bytes(data)

    def mutate(data: bytes, longest: int, number: int) -> bytes:
        rng = random.Random(number)
        for _ in range(rng.choice((1, 1, 2, 3, 5))):
            data = target.mutate(data, rng)
        return data[:longest]

    quiet = [f"-handle_{s}=0" for s in ("segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2")]
    limits = [
        f"-seed={seed + 1}",
        f"-max_len={_LONGEST}",
        "-timeout=99999",
        "-rss_limit_mb=0",
        "-verbosity=0",
        "-close_fd_mask=0",
    ]
    atheris.Setup([sys.argv[0], "corpus", *quiet, *limits], lambda data: run_case(data) and None, custom_mutator=mutate)
    atheris.Fuzz()

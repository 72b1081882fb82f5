"""The process that watches: it collects outcomes, notices crashes and hangs, begins again, and prints the counts."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .slate import Slate

HANG = 5.0  # seconds of the processor, for one case
_PATIENCE = 30.0  # seconds by the clock: others may use the machine, too
_START = 600.0  # seconds by the clock: seeds may be fits
_NO_CASE = "FAULT end between cases"
_KEPT = 3  # inputs of one kind of fault


@dataclass
class Tally:
    """Outcomes by kind, and faults with their inputs' files."""

    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    starts: int = 0


def watch(target: str, engine: str, seed: int, seconds: float, keep: Path | None, root: Path) -> int:
    """Fuzz `target` for so many seconds; prints faults and counts. The exit code."""
    keep = keep or Path(tempfile.mkdtemp(prefix=f"fuzz-{target}-"))
    keep.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    engines = ["random"]
    if importlib.util.find_spec("atheris") is not None and target != "cli":  # where most of the time goes to imports
        engines.append("atheris")
    if engine != "auto":
        engines = [engine]
    rest = seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-work-") as place:
        while rest > 0 and tally.faults[_NO_CASE] < 3:
            chosen = engines[tally.starts % len(engines)]
            child = _Child(target, chosen, seed + tally.starts, keep, root, Path(place), tally)
            rest -= child.run(min(rest, max(20.0, seconds / 10)))
            tally.starts += 1
    _print(target, engines, seed, seconds, keep, tally)
    return 1 if tally.faults else 0


def _print(target: str, engines: list[str], seed: int, seconds: float, keep: Path, tally: Tally) -> None:
    cases = sum(tally.kinds.values())
    refused = {k: n for k, n in tally.kinds.most_common() if k != "accepted" and not k.startswith("FAULT")}
    print(f"\n{target}, seed {seed}, {seconds:g} s, {' and '.join(engines)}: {cases} cases, "
          f"{tally.kinds['accepted']} accepted, {sum(refused.values())} refused in {len(refused)} kinds, "
          f"{sum(tally.faults.values())} faults in {len(tally.faults)} kinds; slowest case {tally.slowest:.1f} s "
          f"of the processor; {tally.starts} starts")  # fmt: skip
    for kind, count in list(refused.items())[:25]:
        print(f"  {count:8} {kind}")
    if len(refused) > 25:
        print(f"  {sum(list(refused.values())[25:]):8} in {len(refused) - 25} other kinds")
    for kind, count in tally.faults.most_common():
        print(f"  {count:8} {kind}")
    if tally.faults:
        print(f"inputs in {keep}; python -m tests.fuzz {target} --replay FILE")


class _Child:
    """One process that runs cases, from its start to its end."""

    def __init__(self, target: str, engine: str, seed: int, keep: Path, root: Path, place: Path, tally: Tally) -> None:
        self.target, self.seed, self.keep, self.tally, self.place = target, seed, keep, tally, place
        slate = place.with_name(place.name + ".slate")
        self.slate = Slate(slate, new=True)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  closed in `run`
        self.outcomes, pipe = os.pipe()
        command = [sys.executable, "-X", "faulthandler", "-m", "tests.fuzz", target, "--engine", engine]
        command += ["--seed", str(seed), "--child", f"{pipe},{slate},{place}"]
        caches = dict.fromkeys(("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(place))
        self.process = subprocess.Popen(
            command, cwd=root, env=os.environ | caches, pass_fds=[pipe], stdin=subprocess.DEVNULL,
            stdout=self.errors, stderr=self.errors,
        )  # fmt: skip
        os.close(pipe)
        self.rest = b""
        self.path = slate

    def run(self, seconds: float) -> float:
        """Collect outcomes for so many seconds from the first case on, or until the process ends, by itself or because
        a case hangs. The seconds that it took."""
        seen: tuple[int, float] = (-1, 0.0)
        start, cases = time.monotonic(), 0.0  # of the process, and of its first case
        try:
            while not cases or time.monotonic() - cases < seconds:
                ready, _, _ = select.select([self.outcomes], [], [], 0.2)
                if ready and not self._read():
                    self._crash()
                    break
                number, spent, data = self.slate.read()
                cases = cases or (time.monotonic() if number else 0.0)
                if not cases and time.monotonic() - start > _START:
                    print(f"seed {self.seed}: no case after {_START:g} s\n{self._told()}")
                    self.tally.faults[_NO_CASE] += 1
                    break
                if number != seen[0]:
                    seen = (number, self._processor())
                used = self._processor() - seen[1]
                if spent > HANG and (used > HANG or spent > _PATIENCE):
                    self.process.send_signal(signal.SIGABRT)  # faulthandler shows where it is
                    self._wait()
                    self._record(f"FAULT hang: over {HANG:g} s", data, self._told())
                    break
            return time.monotonic() - cases if cases else 0.0
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.outcomes)
            self.errors.close()
            self.path.unlink()

    def _read(self) -> bool:
        """Take in what the process tells; False where it has ended."""
        chunk = os.read(self.outcomes, 2**16)
        lines = (self.rest + chunk).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            word, _, rest = line.decode("utf-8", "replace").partition(" ")
            if word == "case":
                kind, _, seconds = rest.rpartition(" ")
                self.tally.kinds[kind] += 1
                self.tally.slowest = max(self.tally.slowest, float(seconds))
            elif word == "fault":
                kind, text, data = ast.literal_eval(rest)
                self._record(kind, data, text)
        return bool(chunk)

    def _crash(self) -> None:
        self._wait()
        code = self.process.returncode
        _, seconds, data = self.slate.read()
        if not seconds and not data:
            print(f"seed {self.seed}: the process ended between cases with code {code}\n{self._told()}")
            self.tally.faults[_NO_CASE] += 1
            return
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._record(f"FAULT crash: {name}", data, self._told())

    def _record(self, kind: str, data: bytes, text: str) -> None:
        self.tally.faults[kind] += 1
        if kind.startswith(("FAULT hang", "FAULT crash")):
            self.tally.kinds[kind] += 1
        if self.tally.faults[kind] > _KEPT:
            return
        file = self.keep / f"{self.target}-{hashlib.sha256(data).hexdigest()[:10]}"
        file.write_bytes(data)
        print(f"seed {self.seed}: {kind}; input {file}: {data[:300]!r}\n{text[-2500:]}\n", flush=True)

    def _processor(self) -> float:
        """Seconds of the processor so far; where the system does not tell, those of the clock."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return time.monotonic()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _wait(self) -> None:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _told(self) -> str:
        self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, self.errors.tell() - 6000))
        return self.errors.read().decode("utf-8", "replace")

"""Signals at random moments of `fitx fit hard.csv --save m.json`: `python tests/fuzz/signals.py --runs 200`.

Each run gets SIGINT (as a terminal sends it: to the whole group of processes), SIGTERM, SIGKILL, or two SIGINT, at some
moment between its start and its end. Afterwards: the model file, where there is one, loads and predicts; nothing is
left beside it, except after SIGKILL, and that does not trouble later runs; the exit code is 130 (0 where the run was
quicker); no traceback; no process is left running. Before fitx's first line is read a signal meets Python itself, which
dies of it (minus the signal), and in a moment of its start after SIGINT says where: "Python's start".

Exit 1 with the cases where one of these is not so. The table counts what happened.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

import fitx
from fitx.interim import INTERIM

PATIENCE = 120.0  # seconds after which a run that goes on is a fault
SIGNALS = {"INT": [signal.SIGINT], "TERM": [signal.SIGTERM], "KILL": [signal.SIGKILL], "INT INT": [signal.SIGINT] * 2}


def hard_table(path: Path) -> None:
    """A law with noise in four features, which no method has at once."""
    r = np.random.default_rng(0)
    x = r.uniform(0.5, 3, (300, 4))
    y = x[:, 0] * np.exp(-x[:, 1] / x[:, 2]) + np.sin(x[:, 3] * x[:, 0]) + r.normal(0, 0.05, 300)
    np.savetxt(path, np.c_[x, y], delimiter=",", header="a,b,c,d,y", comments="")


def start(folder: Path, limit: float, mark: str) -> subprocess.Popen[bytes]:
    """The command, in a group of processes of its own, as a shell starts it. mark: what tells its processes."""
    script = Path(sysconfig.get_path("scripts")) / "fitx"
    command = [script] if script.exists() else [sys.executable, "-P", "-m", "fitx"]
    return subprocess.Popen(
        [*command, "fit", "hard.csv", "--save", "m.json", "--time-limit", f"{limit:g}"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "FITX_RUN": mark, "PYTHONSAFEPATH": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )  # fmt: skip


def members(mark: str) -> dict[int, str]:
    """The processes of a run that are still there, and their command lines."""
    found = {}
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"FITX_RUN={mark}\0".encode() in environment.read_bytes():
                line = (environment.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(environment.parent.name)] = line[:200]
        except OSError:
            continue
    return found


def send(p: subprocess.Popen[bytes], name: str, r: random.Random) -> None:
    """The signals of a case; the second follows within a second."""
    for k, number in enumerate(SIGNALS[name]):
        if k:
            time.sleep(r.uniform(0, 1))
        if p.poll() is None:
            (os.killpg if number == signal.SIGINT else os.kill)(p.pid, number)


def state(model: Path, before: bytes | None) -> str:
    """What the model file is now; ValueError where it is damaged."""
    if not model.exists():
        return "none"
    fit = fitx.load(model)
    assert np.isfinite(fit.predict(np.full((3, 4), 1.5))).all(), "the model predicts no numbers"
    if model.read_bytes() == before:
        return "old"
    return "interim" if INTERIM in fit.warnings else "result"


def one(folder: Path, name: str, moment: float, limit: float, r: random.Random) -> tuple[str, list[str]]:
    """One run: the outcome in words, and what is wrong with it."""
    model = folder / "m.json"
    before = model.read_bytes() if model.exists() else None
    stale = set(folder.iterdir())
    mark = f"{os.getpid()}-{r.getrandbits(64)}"
    p = start(folder, limit, mark)
    time.sleep(moment)
    send(p, name, r)
    try:
        out, err = p.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
        return "hangs", [f"still running after {PATIENCE:g} s: {err.decode()[-300:]}"]
    wrong = []
    last = SIGNALS[name][-1]
    early = p.returncode in (-last, 1) and not out and b"fitx/" not in err and (not err or b"KeyboardInterrupt" in err)
    if p.returncode not in ((-9, 0) if last == signal.SIGKILL else (130, 0)) and not early:
        wrong.append(f"exit code {p.returncode}")
    if any(word in err for word in (b"Traceback", b"Exception ignored", b"fault of fitx", b"Error")) and not early:
        wrong.append(f"on standard error: {err.decode()[-2000:]}")
    if out and (out.count(b"\n") != 1 or p.returncode not in (0, 130, -9)):
        wrong.append(f"exit {p.returncode}, on standard output: {out.decode()[-300:]}")
    try:
        now = state(model, before)
    except Exception as e:
        now = "damaged"
        wrong.append(f"the model: {type(e).__name__}: {e}")
    left = set(folder.iterdir()) - stale - {model}
    if left and last != signal.SIGKILL:
        wrong.append(f"left behind: {sorted(f.name for f in left)}")
    end = time.monotonic() + 20
    while (orphans := members(mark)) and time.monotonic() < end:
        time.sleep(0.2)
    if orphans:
        wrong.append(f"still running: {sorted(orphans.values())}")
    for number in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    said = "formula printed" if out else "Python's start" if early and last != signal.SIGKILL else "nothing printed"
    return f"exit {p.returncode}, {said}, model: {now}" + (", a temporary file" if left else ""), wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=3.0, help="--time-limit of the runs")
    asked = parser.parse_args()
    r = random.Random(asked.seed)
    counts: Counter[tuple[str, str]] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        hard_table(folder / "hard.csv")
        began = time.monotonic()
        with start(folder, asked.limit, "whole") as p:
            p.communicate()
        whole = time.monotonic() - began
        print(f"an undisturbed run takes {whole:.1f} s, exit {p.returncode}", flush=True)
        names = list(SIGNALS)
        for k in range(asked.runs):
            name = names[k % len(names)]
            if r.random() < 0.5:  # else the model of an earlier run is there
                (folder / "m.json").unlink(missing_ok=True)
            moment = r.uniform(0, whole)
            outcome, wrong = one(folder, name, moment, asked.limit, r)
            counts[name, outcome] += 1
            faults += bool(wrong)
            for text in wrong:
                print(f"run {k}, {name} after {moment:.2f} s: {text}", flush=True)
        for (name, outcome), n in sorted(counts.items()):
            print(f"{name:8} {n:4}  {outcome}")
    print(f"{asked.runs} runs, {faults} with a fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

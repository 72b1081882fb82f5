"""Progress on a terminal, interrupts and kills of the command line, in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.interim import INTERIM

PATIENCE = 120.0  # seconds after which a test that waits fails
# The command line with a method that proposes a line and then goes on for ever; or that waits for ever at once.
ENDLESS = """
import sys, time
import numpy as np
import fitx.settings
from fitx.cli import main
from fitx.fitters.base import Fitter, Proposal
from fitx.formula import Const, Var

class Endless(Fitter):
    name, summary, interrupted = "endless", "for tests", False

    def propose(self, data, context):
        for name in {before!r}:
            b, a = np.polyfit(data.X[:, 0], data.y, 1)
            yield Proposal(Const(float(a)) + Const(float(b)) * Var(data.names[0]), name, refit=self.refit)
        print("at work", file=sys.stderr, flush=True)
        try:
            while True:
                time.sleep(0.01)
        finally:
            Endless.interrupted = True

    def refit(self, data):
        while {stuck!r} and self.interrupted:
            print("stuck", file=sys.stderr, flush=True)
            time.sleep(0.1)
        return next(self.propose(data, None))

fitx.settings.get_fitter = lambda name: Endless()
main()
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    r = np.random.default_rng(0)
    x = r.uniform(-2, 5, 100)
    path = tmp_path / "table.csv"
    header = "[red]x[/red],y"
    np.savetxt(path, np.c_[x, 3 * x - 2 + r.normal(0, 0.5, 100)], delimiter=",", header=header, comments="")
    return path


def endless(table: Path, model: Path, before: tuple[str, ...] = ("line",), stuck: bool = False) -> list[str]:
    code = ENDLESS.format(before=before, stuck=stuck)
    return [sys.executable, "-P", "-c", code, "fit", str(table), "-m", "endless", "--save", str(model)]


def start(command: list[str]) -> subprocess.Popen[bytes]:
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    guard = threading.Timer(2 * PATIENCE, p.kill)  # a test that fails must not wait for ever
    guard.daemon = True
    guard.start()
    return p


def wait_for(path: Path, p: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert p.poll() is None, p.communicate()
        assert time.monotonic() < end, "nothing was saved"
        time.sleep(0.02)


def read_until(p: subprocess.Popen[bytes], line: bytes) -> None:
    assert p.stderr is not None
    guard = threading.Timer(PATIENCE, p.kill)
    guard.start()
    while (got := p.stderr.readline()) != line:
        assert got, "the process ended"
    guard.cancel()


class TestSignals:
    def test_a_killed_process_leaves_the_best_so_far(self, table: Path, tmp_path: Path) -> None:
        model = tmp_path / "m.json"
        with start(endless(table, model)) as p:
            wait_for(model, p)
            p.kill()
            assert p.communicate()[0] == b""
        fit = fitx.load(model)
        assert fit.warnings[0] == INTERIM
        assert (fit.method, fit.label, fit.features) == ("endless", "line", ("[red]x[/red]",))
        np.testing.assert_allclose(fit.predict([0.0, 1.0]), [-2, 1], atol=0.3)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "fitx", "predict", str(model), str(table)], capture_output=True
        )
        assert done.returncode == 0
        assert done.stdout.count(b"\n") == 101

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_signal_prints_and_saves_the_best_so_far(self, table: Path, tmp_path: Path, number: int) -> None:
        model = tmp_path / "m.json"
        with start(endless(table, model)) as p:
            wait_for(model, p)
            p.send_signal(number)
            out, err = p.communicate(timeout=PATIENCE)
        assert p.returncode == 130
        assert out.endswith(b"`[red]x[/red]`\n") or b"`[red]x[/red]`" in out
        assert out.count(b"\n") == 1
        assert b"warning: interrupted: this is the best formula so far" in err
        assert b"Traceback" not in err
        fit = fitx.load(model)
        assert fit.label == "line"
        assert INTERIM not in fit.warnings
        assert "interrupted: this is the best formula so far" in fit.warnings

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_before_there_is_a_formula_it_is_said(self, table: Path, tmp_path: Path, number: int) -> None:
        model = tmp_path / "m.json"
        with start(endless(table, model, before=())) as p:
            read_until(p, b"at work\n")
            p.send_signal(number)
            out, err = p.communicate(timeout=PATIENCE)
        assert (p.returncode, out, err) == (130, b"", b"interrupted before there was a result\n")
        assert not model.exists()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_second_signal_leaves_at_once(self, table: Path, tmp_path: Path, number: int) -> None:
        model = tmp_path / "m.json"
        with start(endless(table, model, stuck=True)) as p:
            read_until(p, b"at work\n")
            wait_for(model, p)
            p.send_signal(number)
            read_until(p, b"stuck\n")
            p.send_signal(number)
            out, err = p.communicate(timeout=PATIENCE)
        assert (p.returncode, out) == (130, b"")
        assert b"Traceback" not in err
        assert fitx.load(model).warnings[0] == INTERIM

    def test_while_the_table_is_read(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-P", "-c", "import sys\nfrom fitx.cli import main, interrupts\n"
             "real = interrupts.install\ndef install():\n    real(); print('ready', file=sys.stderr, flush=True)\n"
             "interrupts.install = install; main()", "fit", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as p:  # fmt: skip
            read_until(p, b"ready\n")
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=PATIENCE)
        assert (p.returncode, out) == (130, b"")
        assert err in (b"", b"interrupted before there was a result\n")  # silent before the command has begun


def on_terminal(command: list[str], columns: int = 100, interrupt: bool = False, **env: str) -> tuple[int, bytes, str]:
    """Exit code, standard output, and what a terminal on standard error got."""
    pty = pytest.importorskip("pty")
    fcntl, termios, struct = (pytest.importorskip(name) for name in ("fcntl", "termios", "struct"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")}
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**clean, "TERM": "xterm", **env})
    os.close(theirs)
    guard = threading.Timer(PATIENCE, p.kill)
    guard.start()
    got = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's way of saying that the other end was closed
            break
        if not piece:
            break
        got += piece
        if interrupt and b"best" in got:
            interrupt = False
            p.send_signal(signal.SIGINT)
    guard.cancel()
    os.close(ours)
    assert p.stdout is not None
    out = p.stdout.read()
    p.stdout.close()
    return p.wait(PATIENCE), out, got.decode()


class TestTerminal:
    def search(self, table: Path, *more: str) -> list[str]:
        return [sys.executable, "-P", "-m", "fitx", "fit", str(table), "-m", "poly", "-m", "mars", *more]

    def test_it_draws_on_standard_error_and_is_gone_in_the_end(self, table: Path) -> None:
        code, out, err = on_terminal(self.search(table))
        assert code == 0
        assert b"\x1b" not in out
        assert out.count(b"\n") == 1
        assert "size  error       formula" in err
        assert re.search(r"best  rmse [\d.]+  .*`\[red\]x\[/red\]`", err)
        assert err.rstrip().endswith("\x1b[2K")  # the last line of the display was wiped
        assert err.count("\x1b[?25l") <= err.count("\x1b[?25h")  # the cursor is there

    def test_no_color_and_a_narrow_terminal(self, table: Path) -> None:
        code, out, err = on_terminal(self.search(table), columns=24, NO_COLOR="1")
        assert code == 0
        assert b"\x1b" not in out
        assert not re.search(r"\x1b\[[\d;]*(3\d|4\d|9\d)m", err)
        drawn = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", err)
        assert max(len(line) for line in re.split(r"[\r\n]", drawn)) <= 24

    def test_other_ways(self, table: Path) -> None:
        for env, flag in (({"TERM": "dumb"}, "auto"), ({}, "plain"), ({}, "none")):
            code, out, err = on_terminal(self.search(table, "--progress", flag), **env)
            assert code == 0
            assert out.count(b"\n") == 1
            assert "\x1b" not in err
            assert ("poly degree 1: rmse" in err) == (flag != "none")
            assert (err == "") == (flag == "none")

    def test_piped_it_is_silent(self, table: Path) -> None:
        done = subprocess.run(self.search(table), capture_output=True, timeout=PATIENCE)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_an_interrupt_ends_it_cleanly(self, table: Path, tmp_path: Path) -> None:
        code, out, err = on_terminal(endless(table, tmp_path / "m.json"), interrupt=True)
        assert code == 130
        assert out.count(b"\n") == 1
        assert b"\x1b" not in out
        assert err.rpartition("\x1b[2K")[2] == "warning: interrupted: this is the best formula so far\r\n"

    def test_an_error_ends_it_cleanly(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text("x,y\n1,2\n1,3\n2,4\n")
        code, out, err = on_terminal([sys.executable, "-P", "-m", "fitx", "fit", str(path), "-m", "lagrange"])
        assert (code, out) == (1, b"")
        assert err.rpartition("\x1b[2K")[2].startswith("Error: ")

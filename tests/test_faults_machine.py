"""Faults of the machine: outputs that are closed, full or gone, places that take no file, writes that fail midway."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fitx
from fitx import FitxError, model_file
from fitx.cli import interrupts

FITX = [sys.executable, "-P", "-m", "fitx"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="files of POSIX systems")
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
PATIENCE = 300.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a table and a model of it."""
    x = np.arange(20.0)
    np.savetxt(tmp_path / "t.csv", np.c_[x, 3 * x - 2 + np.sin(9 * x)], delimiter=",", header="x,y", comments="")
    fitx.fit(x, 2 * x, method="poly").save(tmp_path / "m.json")
    return tmp_path


def run(place: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    kinds = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
    return subprocess.run([*FITX, *arguments], cwd=place, timeout=PATIENCE, check=False, **kinds)


def one_error(text: bytes) -> str:
    """The error, where `text` is one and nothing else."""
    assert text.startswith(b"Error: ")
    assert text.count(b"Error") == 1
    assert b"Traceback" not in text
    return text.decode()


def temporary(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.endswith(".tmp")]


FIT = ["fit", "t.csv", "-m", "poly"]
COMMANDS: list[Sequence[str]] = [
    FIT, ["predict", "m.json", "t.csv"], ["export", "m.json", "--to", "c"], ["methods"], ["fit", "--help"],
]  # fmt: skip


@POSIX
class TestStandardOutput:
    @pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
    def test_a_reader_that_has_left_is_no_fault(self, place: Path, arguments: Sequence[str]) -> None:
        """Exit 0: the work is done, and the reader had what it wanted. `cmd | head -1` under pipefail passes."""
        ours, theirs = os.pipe()
        os.close(ours)
        done = run(place, *arguments, stdout=theirs)
        os.close(theirs)
        assert (done.returncode, done.stderr) == (0, b"")

    @FULL
    @pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
    def test_a_full_one_is_an_error(self, place: Path, arguments: Sequence[str]) -> None:
        with open("/dev/full", "wb") as full:
            done = run(place, *arguments, stdout=full)
        assert done.returncode == 1
        assert "cannot write to standard output: No space left on device" in one_error(done.stderr)

    def test_files_are_written_whatever_becomes_of_it(self, place: Path) -> None:
        ours, theirs = os.pipe()
        os.close(ours)
        outputs = ("new.json", "fit.svg", "fit.html")
        files = ["--save", outputs[0], "--plot", outputs[1], "--report", outputs[2], "--format", "json"]
        assert run(place, *FIT, *files, stdout=theirs).returncode == 0
        os.close(theirs)
        assert all((place / name).stat().st_size > 500 for name in outputs)
        assert fitx.load(place / "new.json").method == "poly"

    @pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
    def test_a_closed_one_is_not_some_other_file(self, place: Path, closed: str) -> None:
        command = " ".join([sys.executable, "-P", "-m", "fitx", *FIT, "--save", "new.json", closed])
        done = subprocess.run(["sh", "-c", command], cwd=place, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout.decode()
        assert done.stdout.startswith(b"" if ">&- " in f" {closed} " else b"2.9")
        assert done.stderr == b""
        assert fitx.load(place / "new.json").method == "poly"

    @FULL
    def test_standard_error_that_is_full_stops_nothing(self, place: Path) -> None:
        with open("/dev/full", "wb") as full:
            done = run(place, *FIT, "--progress", "plain", "--holdout", "0", stderr=full)
            assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)
            assert run(place, "fit", "missing.csv", stderr=full).returncode == 1


class TestPlaces:
    """Exit 2, before the work, where a place can be seen to take no file."""

    def places(self, place: Path, flag: str) -> list[str]:
        ending = {"--save": ".json", "--plot": ".svg", "--report": ".html", "--output": ".csv"}[flag]
        folder = place / f"folder{ending}"
        folder.mkdir()
        (place / "file").write_text("")
        found = [str(folder), str(place / "file" / f"x{ending}"), str(place / "nowhere" / f"x{ending}")]
        return [*found, f"/proc/x{ending}"] if os.path.isdir("/proc/self") else found

    @pytest.mark.parametrize("flag", ["--save", "--plot", "--report", "--output"])
    def test_said_before_the_work(self, place: Path, flag: str) -> None:
        command = ["predict", "m.json", "t.csv"] if flag == "--output" else ["fit", "missing.csv"]
        for target in self.places(place, flag):
            done = run(place, *command, flag, target)
            assert (done.returncode, done.stdout) == (2, b"")
            assert f"cannot save to `{target}`" in one_error(done.stderr)
        assert not temporary(place)

    @POSIX
    @pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="nothing is forbidden to root")
    def test_permission(self, place: Path) -> None:
        model = place / "m.json"
        model.chmod(0o444)
        before = model.read_bytes()
        done = run(place, *FIT, "--save", "m.json")
        assert (done.returncode, model.read_bytes()) == (2, before)
        assert "it may not be written" in one_error(done.stderr)
        place.chmod(0o555)
        done = run(place, *FIT, "--save", "new.json")
        place.chmod(0o755)
        assert done.returncode == 2
        assert "its folder may not be written" in one_error(done.stderr)


@POSIX
class TestFullDisk:
    """The size of files is limited, as on a full disk; what is there stays, what is not said is printed."""

    def run(self, place: Path, *arguments: str, size: int = 100) -> subprocess.CompletedProcess[bytes]:
        resource = pytest.importorskip("resource")
        return run(place, *arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))

    @pytest.mark.parametrize(("flag", "name"), [("--save", "m.json"), ("--plot", "p.svg"), ("--report", "r.html")])
    def test_the_formula_is_printed_and_the_old_file_stays(self, place: Path, flag: str, name: str) -> None:
        target = place / name
        if not target.exists():
            target.write_text("old")
        before = target.read_bytes()
        done = self.run(place, *FIT, flag, name)
        assert (done.returncode, done.stdout.count(b"\n")) == (1, 1)
        assert f"cannot write `{name}`: File too large" in one_error(done.stderr)
        assert target.read_bytes() == before
        assert not temporary(place)

    def test_each_file_that_fails_is_said(self, place: Path) -> None:
        done = self.run(place, *FIT, "--save", "s.json", "--plot", "p.svg")
        assert (done.returncode, done.stdout.count(b"\n")) == (1, 1)
        assert [done.stderr.count(f"cannot write `{name}`".encode()) for name in ("s.json", "p.svg")] == [1, 1]
        assert sorted(p.name for p in place.iterdir()) == ["m.json", "t.csv"]

    def test_predictions(self, place: Path) -> None:
        (place / "out.csv").write_text("old")
        done = self.run(place, "predict", "m.json", "t.csv", "--output", "out.csv", size=20)
        assert (done.returncode, done.stdout) == (1, b"")
        assert "cannot write `out.csv`: File too large" in one_error(done.stderr)
        assert (place / "out.csv").read_text() == "old"
        assert not temporary(place)


@POSIX
class TestDevices:
    @FULL
    def test_a_device_is_written_and_stays_one(self, place: Path) -> None:
        for name, code in (("/dev/null", 0), ("/dev/full", 1)):
            before = os.stat(name)
            assert run(place, *FIT, "--save", name).returncode == code
            assert run(place, "predict", "m.json", "t.csv", "--output", name).returncode == code
            after = os.stat(name)
            assert stat.S_ISCHR(after.st_mode)
            assert (after.st_ino, after.st_rdev) == (before.st_ino, before.st_rdev)

    def test_a_pipe_gets_the_result_alone(self, place: Path) -> None:
        pipe = place / "pipe"
        os.mkfifo(pipe)
        got: list[bytes] = []
        reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
        reader.start()
        assert run(place, *FIT, "--save", "pipe").returncode == 0
        reader.join(PATIENCE)
        (place / "copy.json").write_bytes(got[0])
        assert fitx.load(place / "copy.json").method == "poly"

    def test_a_link_is_followed(self, place: Path) -> None:
        (place / "sub").mkdir()
        (place / "link.json").symlink_to("sub/real.json")
        assert run(place, *FIT, "--save", "link.json").returncode == 0
        assert (place / "link.json").is_symlink()
        assert fitx.load(place / "sub" / "real.json").method == "poly"


class TestWriting:
    def fails(self, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException) -> None:
        def fail(*args: object) -> None:
            raise error

        monkeypatch.setattr(model_file.os, step, fail)

    @pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
    def test_the_old_content_survives_a_failure_of_each_step(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        path = tmp_path / "m.json"
        path.write_text("old")
        self.fails(monkeypatch, step, OSError(5, "Input/output error"))
        with pytest.raises(FitxError, match=r"cannot write `.*m.json`: Input/output error"):
            model_file.write_whole(path, "new")
        self.fails(monkeypatch, step, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            model_file.write_whole(path, "new")
        assert (path.read_text(), [p.name for p in tmp_path.iterdir()]) == ("old", ["m.json"])

    def test_a_reader_that_holds_the_file_open_keeps_the_old_content(self, tmp_path: Path) -> None:
        path = tmp_path / "m.json"
        path.write_text("old")
        with open(path) as reader:
            try:
                model_file.write_whole(path, "new")
            except FitxError:  # Windows does not replace a file in use, and says so
                assert os.name == "nt"
            assert reader.read() == "old"

    def test_a_folder_that_vanished(self, tmp_path: Path) -> None:
        with pytest.raises(FitxError, match="No such file or directory"):
            model_file.write_whole(tmp_path / "gone" / "m.json", "new")

    def test_what_a_killed_process_left_does_not_trouble_the_next(self, tmp_path: Path) -> None:
        (tmp_path / ".m.json.0123456789ab.tmp").write_text("{")
        model_file.write_whole(tmp_path / "m.json", "new")
        assert (tmp_path / "m.json").read_text() == "new"

    @POSIX
    def test_permissions_are_those_of_the_file_that_was_there(self, tmp_path: Path) -> None:
        path = tmp_path / "m.json"
        model_file.write_whole(path, "one")
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
        path.chmod(0o640)
        model_file.write_whole(path, "two")
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o640)

    def test_a_name_as_long_as_names_may_be(self, tmp_path: Path) -> None:
        path = tmp_path / ("m" * 250 + ".json")
        model_file.write_whole(path, "new")
        assert path.read_text() == "new"

    def test_many_writers_and_a_reader(self, tmp_path: Path) -> None:
        path = tmp_path / "m.json"
        contents = {c * 200_000 for c in "abc"}
        model_file.write_whole(path, "a" * 200_000)
        writers = [threading.Thread(target=lambda c=c: [model_file.write_whole(path, c) for _ in range(20)])
                   for c in contents]  # fmt: skip
        for t in writers:
            t.start()
        while any(t.is_alive() for t in writers):
            assert path.read_text() in contents
        for t in writers:
            t.join()
        assert [p.name for p in tmp_path.iterdir()] == ["m.json"]


@POSIX
class TestLeaving:
    CODE = """
import os, signal, sys
from fitx import model_file
from fitx.cli import interrupts
interrupts.install()
def fsync(number):
    for _ in range({signals}):
        os.kill(os.getpid(), signal.{name})
if {at_work}:
    interrupts.begin()
model_file.os.fsync = fsync
try:
    model_file.write_whole(sys.argv[1], "new")
except KeyboardInterrupt:
    os._exit(99)
"""

    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
    @pytest.mark.parametrize(("at_work", "signals", "code"), [(False, 1, 130), (True, 1, 99)])
    def test_in_the_midst_of_writing(self, tmp_path: Path, name: str, at_work: bool, signals: int, code: int) -> None:
        path = tmp_path / "m.json"
        path.write_text("old")
        script = tmp_path / "script.py"
        script.write_text(self.CODE.format(name=name, signals=signals, at_work=at_work))
        done = subprocess.run(
            [sys.executable, "-P", str(script), str(path)],
            capture_output=True, timeout=PATIENCE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )  # fmt: skip
        said = b"" if at_work else f"{interrupts.NOTHING_YET}\n".encode()
        assert (done.returncode, done.stdout, done.stderr) == (code, b"", said)
        assert (path.read_text(), temporary(tmp_path)) == ("old", [])

    @pytest.mark.parametrize("where", ["while a module is imported", "in a destructor", "in code made from text"])
    def test_an_interrupt_waits_where_it_would_do_harm(self, tmp_path: Path, where: str) -> None:
        """An import is finished first, and an exception that Python would swallow is raised later."""
        busy = (
            "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(0.1)\nprint('whole', flush=True)"
        )
        (tmp_path / "slow.py").write_text(busy)
        act = {
            "while a module is imported": "import slow",
            "in a destructor": f"Busy = type('Busy', (), {{'__del__': lambda self: exec({busy!r})}}); Busy()",
            "in code made from text": f"exec({busy!r})",
        }[where]
        (tmp_path / "script.py").write_text(
            "import sys, time\nsys.path.append(sys.argv[1])\nfrom fitx.cli import interrupts\ninterrupts.install()\n"
            f"interrupts.begin()\ntry:\n    {act}\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    sys.exit(99)\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", str(tmp_path / "script.py"), str(tmp_path)], capture_output=True, timeout=PATIENCE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (99, b"whole\n", b"")

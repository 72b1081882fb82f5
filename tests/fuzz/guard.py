"""What no input may bring about: writing outside the run's folder, other programs, connections, unpickling."""

from __future__ import annotations

import os
import sys

_NEVER = {
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "pty.spawn", "socket.connect",
    "socket.bind", "pickle.find_class", "ctypes.dlopen.text", "webbrowser.open", "urllib.Request", "shutil.rmtree",
}  # fmt: skip
_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch_over(place: str) -> list[str]:
    """A list to which every trespass from now on is added, in words. place: the folder that may be written to."""
    seen: list[str] = []
    inside = os.path.realpath(place)

    def allowed(path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # an open file's number
        text = os.fsdecode(path)
        full = text if os.path.isabs(text) else os.path.join(inside, text)
        full = os.path.normpath(full)
        return full.startswith((inside + os.sep, "/dev/null", "/proc/self")) or full == inside or "__pycache__" in full

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if event in _NEVER and arguments[0] != "fc-list":  # by which matplotlib looks for fonts
            seen.append(f"{event} {arguments!r}"[:200])
        elif event == "open":
            path, mode, flags = arguments
            writing = any(c in "wax+" for c in mode) if isinstance(mode, str) else bool(int(flags or 0) & _WRITING)  # type: ignore[call-overload]
            if writing and not allowed(path):
                seen.append(f"wrote to {path!r}")
        elif event in _CHANGES and not all(
            allowed(p) for p in arguments[: 1 if event in ("os.chmod", "os.mkdir") else 2]
        ):
            seen.append(f"{event} {arguments!r}"[:200])

    sys.addaudithook(look)
    return seen

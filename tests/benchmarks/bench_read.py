"""Reading ten million rows by two columns: seconds and peak memory, each form in a process of its own.

    python tests/benchmarks/bench_read.py [ROWS]

Prints one line a form, and beside them duckdb's own sum over the same file, which reads everything and keeps nothing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FORMS = ("parquet", "csv", "jsonl")


def make(folder: Path, rows: int) -> None:
    """Write the same random table in each form."""
    import duckdb

    with duckdb.connect() as connection:
        connection.sql("SELECT setseed(0.5)").fetchall()
        made = f"SELECT random() * 10 AS x, random() AS y FROM range({rows})"
        connection.sql(made).write_parquet(str(folder / "t.parquet"))
        table = connection.read_parquet(str(folder / "t.parquet"))
        table.write_csv(str(folder / "t.csv"))
        connection.execute(f"COPY (FROM '{folder / 't.parquet'}') TO '{folder / 't.jsonl'}' (FORMAT json)")


def measure(what: str, path: str) -> None:
    """Read one file in this process and print how long it took and how much memory it needed."""
    start = time.perf_counter()
    if what == "fitx":
        from fitx.read import read

        rows = len(read(path))
    else:
        import duckdb

        rows = duckdb.sql(f"SELECT count(*), sum(x), sum(y) FROM '{path}'").fetchall()[0][0]
    seconds = time.perf_counter() - start
    peak = _peak()
    print(f"{what:7} {Path(path).suffix[1:]:8} {rows:>10} rows {seconds:6.2f} s {peak:6.0f} MiB peak")


def _peak() -> float:
    """MiB at most resident in this process; getrusage would count the parent's too, from before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Make the files, then measure each form three times."""
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory(prefix="fitx-bench-") as folder:
        make(Path(folder), rows)
        for form in FORMS:
            for what in ("fitx", "duckdb"):
                for _ in range(3):
                    subprocess.run([sys.executable, __file__, what, str(Path(folder) / f"t.{form}")], check=True)


if __name__ == "__main__":
    main()

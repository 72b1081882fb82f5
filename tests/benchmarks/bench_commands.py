"""Whole commands: start-up against `import numpy, sympy`, and ten million rows against reading alone.

    python tests/benchmarks/bench_commands.py [--rows 10000000] [--runs 5]

Each pair is run in turn, A B A B ..., and the ratio is the median of the pairs' ratios. Peak memory is VmHWM of the
process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READ = "import sys; from fitx.read import read; print(len(read(sys.argv[1])))"
FIT = "import sys; from fitx.cli.app import run; sys.exit(run(sys.argv[1:]))"
WATCH = """
import atexit, sys
atexit.register(lambda: open(sys.argv.pop(), 'w').write(
    next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]))
"""


def run(code: str, *args: str) -> tuple[float, float, str]:
    """Seconds, peak MiB (0 where /proc is not there) and standard output of one process."""
    with tempfile.NamedTemporaryFile() as note:
        watch = WATCH.replace("sys.argv.pop()", repr(note.name)) if os.path.exists("/proc/self/status") else ""
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", watch + code, *args], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(done.stderr)
        peak = float(note.read() or 0) / 1024
    return seconds, peak, done.stdout.strip()


def pair(name: str, a: tuple[str, ...], b: tuple[str, ...], runs: int) -> None:
    """Run A and B in turn and print medians and the ratio."""
    run(*a)
    run(*b)
    results = [(run(*a), run(*b)) for _ in range(runs)]
    ratio = statistics.median(x[0] / y[0] for x, y in results)
    sa, sb = (statistics.median(r[i][0] for r in results) for i in (0, 1))
    ma, mb = (max(r[i][1] for r in results) for i in (0, 1))
    print(f"{name:34} {sa:6.2f} s {ma:6.0f} MiB   against {sb:6.2f} s {mb:6.0f} MiB   ratio {ratio:.2f}")
    print(f"    {results[0][0][2][:110]}")


def main() -> None:
    """Make the tables and run the pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        duckdb.sql("SELECT range / 10.0 AS x, 1 + x - 0.1 * x * x + random() AS y FROM range(100)").write_csv(
            str(small)
        )
        fit = (FIT, "fit", str(small), "--method", "poly")
        pair("fit 100 rows / import numpy, sympy", fit, ("import numpy, sympy",), args.runs)
        made = f"SELECT random() * 4 - 1 AS x FROM range({args.rows})"
        made = f"SELECT x, 1 + x - 2*x^2 + 0.5*x^3 - 0.1*x^5 + 0.2*(random() - 0.5) AS y FROM ({made})"
        parquet, csv = Path(folder) / "t.parquet", Path(folder) / "t.csv"
        duckdb.sql(made).write_parquet(str(parquet))
        duckdb.read_parquet(str(parquet)).write_csv(str(csv))
        for path in (parquet, csv):
            fit = (FIT, "fit", str(path), "--method", "poly", "--set", "poly.degree=5")
            pair(f"fit {args.rows:,} rows, {path.suffix[1:]} / reading", fit, (READ, str(path)), args.runs)


if __name__ == "__main__":
    main()

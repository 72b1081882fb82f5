"""py-earth2 on binary tables: `python run_pyearth.py TRAIN TEST ROWS COLUMNS WEIGHTS REPEATS`, as run_r_earth.R.

Prints one line: version, least elapsed and processor seconds of fit() alone, GCV, GRSq, test R2, terms, peak memory in
MiB. Its own defaults but max_degree=2.
"""

from __future__ import annotations

import resource
import sys
import time
from importlib.metadata import version

import numpy as np
from pyearth import Earth


def main() -> None:
    train, test, rows, p, weighted, repeats = sys.argv[1:7]
    table = np.fromfile(train).reshape(int(p) + 2, int(rows)).T
    held = np.fromfile(test).reshape(int(p) + 2, -1).T
    X, y, w = np.array(table[:, : int(p)], order="F"), table[:, int(p)].copy(), table[:, int(p) + 1].copy()
    wall, cpu = [], []
    for _ in range(int(repeats)):
        model = Earth(max_degree=2)
        began, used = time.perf_counter(), time.process_time()
        model.fit(X, y, sample_weight=w if weighted == "1" else None)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    z = held[:, int(p)]
    r2 = 1 - np.sum((z - np.ravel(model.predict(np.asfortranarray(held[:, : int(p)])))) ** 2) / np.sum(
        (z - z.mean()) ** 2
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(version("py-earth2"), min(wall), min(cpu), model.gcv_, model.grsq_, r2, model.basis_.plen(), peak)


main()

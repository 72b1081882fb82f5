"""What must be settled before NumPy and fitx come in: the threads of BLAS, and which clock a fit goes by."""

from __future__ import annotations

import os
import time

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def settle(jobs: int, cpu: bool) -> None:
    """BLAS gets `jobs` threads; cpu: fits count processor time instead of the time on the wall."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(jobs)
    if cpu:
        time.perf_counter = time.process_time

"""Settings that all tests share."""

import os
import signal

from hypothesis import HealthCheck, settings

# Deadlines would be tests of time; the long profile is chosen by the command for longer checks, `same` where
# environments are compared.
settings.register_profile("default", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", parent=settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile(os.environ.get("FITX_HYPOTHESIS", "default"))

# Tests start `python -c ...` and `python -m fitx` from the root of a clone, where the folder fitx, which has no
# compiled core, must not stand before the package that is installed.
os.environ["PYTHONSAFEPATH"] = "1"

# A command that is started in the background has interrupts ignored, and so would those that the tests interrupt: fitx
# leaves it so, as `nohup` wants it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

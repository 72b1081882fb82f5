"""Electricity of an office on 300 days, in kW: 40, and 2 more for each degree below 14; on working days 20 more, and
one more for each degree below 14; half a kW less for each hour of sunshine; noise of 1 kW. The wind has no part in it.
"""

import numpy as np

random = np.random.default_rng(1)
temperature = random.uniform(-5, 30, 300)
sunshine = random.uniform(0, 14, 300)
wind = random.uniform(0, 12, 300)
working = (random.uniform(size=300) < 5 / 7) * 1
cold = np.maximum(0, 14 - temperature)
power = 40 + 2 * cold + working * (20 + cold) - 0.5 * sunshine + random.normal(size=300)
print("# source: simulated by simulate.py, which says the rule")
print("temperature,sunshine,wind,working,power")
for row in zip(temperature, sunshine, wind, working, power, strict=True):
    print("{:.1f},{:.1f},{:.1f},{:d},{:.1f}".format(*row))

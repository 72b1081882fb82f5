"""Heights of a thrown ball in 25 frames of a film: 1.5 + 6*time - 9.81*time**2/2, errors grow with its speed."""

import numpy as np

time = np.arange(25) * 0.05
error = 0.005 + 0.01 * abs(6 - 9.81 * time)
height = 1.5 + 6 * time - 9.81 * time**2 / 2 + error * np.random.default_rng(1).normal(size=25)
print("# source: simulated by simulate.py, which says the rule; error: standard deviation of the height")
print("time,height,error\ns,m,m")
for row in zip(time, height, error, strict=True):
    print("{:.2f},{:.3f},{:.3f}".format(*row))

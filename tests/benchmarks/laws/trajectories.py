"""Laws along trajectories: right-hand sides of differential equations, sampled where the systems go, 400 rows.

Rows of a trajectory are correlated, cover a thin part of the box, and crowd where the motion is slow.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# name: (variables, right-hand sides, starts, time)
SYSTEMS: dict[str, tuple[str, tuple[str, ...], tuple[tuple[float, ...], ...], float]] = {
    "lotka_volterra": ("x y", ("1.1*x - 0.4*x*y", "0.1*x*y - 0.4*y"), ((10.0, 5.0), (4.0, 2.0)), 25.0),
    "rosenzweig_macarthur": (
        "x y", ("x*(1 - x/8) - x*y/(1 + 0.5*x)", "0.6*x*y/(1 + 0.5*x) - 0.5*y"), ((2.0, 1.0), (6.0, 2.0)), 30.0,
    ),
    "competition": ("x y", ("x*(3 - x - 2*y)", "y*(2 - x - y)"), ((0.3, 1.4), (2.0, 0.6)), 6.0),
    "pendulum_damped": ("q w", ("w", "-0.25*w - 9.81*sin(q)"), ((2.5, 0.0), (0.5, 4.0)), 8.0),
    "pendulum_driven_frame": ("q w", ("w", "sin(q)*(cos(q) - 0.7)"), ((0.4, 0.2), (2.0, 0.1)), 20.0),
    "van_der_pol": ("x v", ("v", "1.5*(1 - x**2)*v - x"), ((0.5, 0.0), (3.0, -1.0)), 15.0),
    "duffing": ("x v", ("v", "x - x**3 - 0.3*v"), ((1.8, 0.0), (-0.2, 1.4)), 15.0),
    "fitzhugh_nagumo": ("v w", ("v - v**3/3 - w + 0.5", "0.08*(v + 0.7 - 0.8*w)"), ((-1.0, 1.0), (1.5, 0.2)), 60.0),
    "brusselator": ("x y", ("1 - 4*x + x**2*y", "3*x - x**2*y"), ((1.0, 1.0), (3.0, 1.5)), 12.0),
    "glycolysis": (
        "x y", ("0.08*y + x**2*y - x", "0.6 - 0.08*y - x**2*y"), ((0.3, 1.5), (2.0, 0.5)), 25.0,
    ),
    "lorenz": ("x y z", ("10*(y - x)", "x*(28 - z) - y", "x*y - 8*z/3"), ((1.0, 2.0, 20.0),), 10.0),
    "roessler": ("x y z", ("-y - z", "x + 0.2*y", "0.2 + z*(x - 5.7)"), ((4.0, 0.0, 1.0),), 30.0),
    "sir_epidemic": ("S I", ("-1.4*S*I", "1.4*S*I - 0.5*I"), ((0.99, 0.01), (0.7, 0.1)), 15.0),
    "chemostat": (
        "s b", ("0.3*(4 - s) - 1.2*s*b/(0.6*(s + 0.9))", "1.2*s*b/(s + 0.9) - 0.3*b"), ((4.0, 0.1), (1.0, 1.5)), 15.0,
    ),
    "toggle_switch": ("u v", ("3/(1 + v**2) - u", "3/(1 + u**2) - v"), ((0.2, 0.1), (1.0, 3.0)), 8.0),
    "goodwin_loop": ("x z", ("4/(1 + z**4) - 0.5*x", "0.7*x - 0.4*z"), ((0.2, 0.3), (3.0, 2.0)), 15.0),
    "glider_flight": ("v g", ("-0.1*v**2 - sin(g)", "v - cos(g)/v"), ((1.6, 0.4), (2.4, -0.6)), 12.0),
    "phase_lock": ("f w", ("w", "0.8 - 0.6*w - sin(f)"), ((0.0, 0.0), (2.0, -1.0)), 12.0),
    "kuramoto_pair": ("a b", ("1 + 0.4*sin(b - a)", "1.3 - 0.4*sin(b - a)"), ((0.0, 2.0), (1.0, 0.0)), 6.0),
    "stirred_reactor": (
        "c T", ("1 - c - 0.5*c*exp(T/(1 + 0.1*T))", "5*c*exp(T/(1 + 0.1*T))/4 - 1.6*T"), ((1.0, 0.0), (0.4, 2.5)), 10.0,
    ),
    "falling_with_drag": ("v", ("9.81 - 0.31*v**2",), ((0.0,), (9.0,)), 2.0),
    "logistic_growth": ("n", ("0.9*n*(1 - n/12)",), ((0.4,), (18.0,)), 9.0),
    "gompertz_growth": ("n", ("0.7*n*log(9/n)",), ((0.2,), (14.0,)), 7.0),
    "budworm": ("n", ("0.55*n*(1 - n/10) - n**2/(1 + n**2)",), ((0.4,), (12.0,)), 20.0),
    "kepler_radial": ("r p", ("p", "1.2/r**3 - 1/r**2"), ((1.0, 0.5), (2.0, 0.4)), 15.0),
    "two_tanks": ("a b", ("0.8 - 0.5*sqrt(a)", "0.5*sqrt(a) - 0.4*sqrt(b)"), ((0.3, 4.0), (6.0, 1.0)), 20.0),
    "josephson_voltage": ("f v", ("v", "1.2 - sin(f) - 0.5*v*(1 + 0.3*cos(f))"), ((0.0, 0.0), (1.0, 2.0)), 10.0),
    "michaelis_decay": ("s", ("-2.1*s/(s + 0.7)",), ((5.0,), (1.5,)), 3.0),
}  # fmt: skip


def load() -> list[dict[str, Any]]:
    """One law for each right-hand side that is more than one variable."""
    found = []
    for name, (variables, sides, _, _) in SYSTEMS.items():
        names = variables.split()
        rows = trajectory(name)
        ranges = {v: [float(rows[:, i].min()), float(rows[:, i].max())] for i, v in enumerate(names)}
        for v, side in zip(names, sides, strict=True):
            if side not in names:
                found.append({
                    "name": f"{name}_d{v}", "suite": "trajectories", "formula": side, "variables": ranges,
                    "target": f"d{v}", "n_vars": len(names), "sampling": "trajectory", "system": name,
                })  # fmt: skip
    return found


@cache
def trajectory(name: str, rows: int = 400) -> Array:
    """States (rows, d) at even times, shared among the system's starts."""
    from scipy.integrate import solve_ivp

    from laws import evaluate

    variables, sides, starts, time = SYSTEMS[name]
    names = variables.split()

    def slope(t: float, state: Array) -> Array:
        columns = dict(zip(names, state, strict=True))
        return np.array([float(evaluate(side, columns)) for side in sides])

    parts = []
    for i, start in enumerate(starts):
        count = rows // len(starts) + (i < rows % len(starts))
        times = np.linspace(0, time, count)
        parts.append(solve_ivp(slope, (0, time), start, t_eval=times, rtol=1e-9, atol=1e-11).y.T)
    return np.concatenate(parts)

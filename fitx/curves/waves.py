"""Waves: their angular frequencies come from the periodogram of Lomb and Scargle."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import cycles, inside, phase, rate
from fitx.curves.starts_waves import frequency, harmonics, sine, two_sines

_WAVE = "a: amplitude; w: angular frequency; p: phase"
_A = (("a", "w", "p"),)
_LOMB = "Lomb 1976, doi:10.1007/BF00648343"

FAMILIES = (
    Family("sine", "a*sin(w*x + p)", _WAVE, _LOMB, {"a": 3.0, "w": 2.3, "p": 0.7}, (0, 10), sine, waves=_A),
    Family(
        "sine_offset", "a*sin(w*x + p) + c", _WAVE + "; c: mean", _LOMB, {"a": 3.0, "w": 2.3, "p": 0.7, "c": 2.0},
        (0, 10), sine, waves=_A,
    ),
    Family(
        "sine_line", "a*sin(w*x + p) + b*x + c", _WAVE + "; b, c: trend", _LOMB,
        {"a": 3.0, "w": 2.3, "p": 0.7, "b": 0.5, "c": 2.0}, (0, 10), sine, waves=_A,
    ),
    Family(
        "damped_sine", "a*exp(-k*x)*sin(w*x + p)", _WAVE + "; k: rate of damping",
        "Lord Rayleigh 1877, Theory of Sound", {"a": 4.0, "k": 0.35, "w": 3.0, "p": 0.7}, (0, 10),
        {"k": rate, "w": frequency, "p": phase}, waves=_A,
    ),
    Family(
        "damped_sine_offset", "a*exp(-k*x)*sin(w*x + p) + c", _WAVE + "; k: rate of damping; c: rest position",
        "Lord Rayleigh 1877, Theory of Sound", {"a": 4.0, "k": 0.35, "w": 3.0, "p": 0.7, "c": 2.0}, (0, 10),
        {"k": rate, "w": frequency, "p": phase}, waves=_A,
    ),
    Family(
        "sine2", "a*sin(w*x + p) + b*sin(v*x + q) + c",
        "a, b: amplitudes; w, v: angular frequencies; p, q: phases; c: mean", "Thomson 1881, tides; " + _LOMB,
        {"a": 3.0, "w": 2.3, "p": 0.7, "b": 1.5, "v": 5.1, "q": 0.2, "c": 1.0}, (0, 10), two_sines,
        waves=(*_A, ("b", "v", "q")),
    ),
    Family(
        "harmonics", "a*sin(w*x + p) + b*sin(2*w*x + q) + c",
        "a, b: amplitudes; w: angular frequency of the first; p, q: phases; c: mean", "Fourier 1822",
        {"a": 3.0, "w": 1.6, "p": 0.7, "b": 1.5, "q": 0.2, "c": 1.0}, (0, 10), harmonics,
        waves=(*_A, ("b", "w", "q")),
    ),
    Family(
        "sinc", "a*sin(w*(x - m))/(w*(x - m))", "a: height; w: angular frequency; m: place", "Woodward and Davies 1952",
        {"a": 4.0, "w": 2.6, "m": 4.9}, (0, 10), {"w": cycles, "m": inside},
    ),
    Family(
        "sinc2", "a*(sin(w*(x - m))/(w*(x - m)))**2", "a: height; w: angular frequency; m: place",
        "Fraunhofer 1821, diffraction by a slit", {"a": 4.0, "w": 1.4, "m": 4.9}, (0, 10),
        {"w": cycles, "m": inside},
    ),
)  # fmt: skip

"""Peaks: one, and sums of two or three, with and without a straight background."""

from __future__ import annotations

from fitx.curves.family import Family
from fitx.curves.starts import Estimator, fixed, inside, level, steepness, tail, width
from fitx.curves.starts_peaks import gauss, lorentz, peaks

_ONE: dict[str, Estimator] = {"m": inside, "s": width}
_LINE = " + c + d*x"
_OF_GAUSS = "a: height; m: place; s: standard deviation"
_OF_LORENTZ = "a: height; m: place; s: half width at half height"
_OF_LINE = "; c, d: of the background"
_GAUSS, _LORENTZ = "Gauss 1809, Theoria motus", "Lorentz 1906"


def _gauss(i: str = "") -> str:
    return f"a{i}*exp(-(x - m{i})**2/(2*s{i}**2))"


def _lorentz(i: str = "") -> str:
    return f"a{i}/(1 + ((x - m{i})/s{i})**2)"


_SINGLE = {"a": 5.0, "m": 4.2, "s": 0.8}
_FIRST, _SECOND, _THIRD = (
    {"a1": 5.0, "m1": 2.5, "s1": 0.6}, {"a2": 3.0, "m2": 5.5, "s2": 0.9}, {"a3": 4.0, "m3": 8.3, "s3": 0.4},
)  # fmt: skip
_BACKGROUND = {"c": 2.0, "d": -0.15}
_TWO, _THREE = {**_FIRST, **_SECOND}, {**_FIRST, **_SECOND, **_THIRD}
_SPAN = (0.0, 10.0)

FAMILIES = (
    Family("gaussian", _gauss(), _OF_GAUSS, _GAUSS, _SINGLE, _SPAN, _ONE),
    Family(
        "gaussian_offset", _gauss() + " + c", _OF_GAUSS + "; c: background", _GAUSS, {**_SINGLE, "c": 2.0}, _SPAN,
        _ONE,
    ),
    Family("gaussian_line", _gauss() + _LINE, _OF_GAUSS + _OF_LINE, _GAUSS, {**_SINGLE, **_BACKGROUND}, _SPAN, _ONE),
    Family("lorentzian", _lorentz(), _OF_LORENTZ, _LORENTZ, _SINGLE, _SPAN, _ONE),
    Family(
        "lorentzian_offset", _lorentz() + " + c", _OF_LORENTZ + "; c: background", _LORENTZ, {**_SINGLE, "c": 2.0},
        _SPAN, _ONE,
    ),
    Family(
        "lorentzian_line", _lorentz() + _LINE, _OF_LORENTZ + _OF_LINE, _LORENTZ, {**_SINGLE, **_BACKGROUND}, _SPAN,
        _ONE,
    ),
    Family(
        "sech2", "a/cosh((x - m)/s)**2", "a: height; m: place; s: width", "Korteweg and de Vries 1895", _SINGLE, _SPAN,
        _ONE,
    ),
    Family(
        "pseudo_voigt", "a/(1 + ((x - m)/s)**2) + b*exp(-log(2)*((x - m)/s)**2)",
        "a, b: heights of the Lorentzian and the Gaussian part; m: place; s: half width at half height",
        "Wertheim et al. 1974, doi:10.1063/1.1686503", {"a": 2.0, "b": 3.0, "m": 4.2, "s": 0.8}, _SPAN, _ONE,
    ),
    Family(
        "pearson7", "a/(1 + ((x - m)/s)**2)**p", "a: height; m: place; s: width; p: 1 Lorentzian, large Gaussian",
        "Pearson 1895; Moffat 1969", {"a": 5.0, "m": 4.2, "s": 1.0, "p": 2.0}, _SPAN, {**_ONE, "p": fixed(0.7, 2.0)},
    ),
    Family(
        "fano", "c + (a + b*(x - m)/s)/(1 + ((x - m)/s)**2)",
        "c: background; a: absorption; b: dispersion; m: place; s: half width",
        "Fano 1961, doi:10.1103/PhysRev.124.1866", {"c": 2.0, "a": 2.0, "b": 3.0, "m": 4.2, "s": 0.8}, _SPAN, _ONE,
    ),
    Family(
        "lognormal", "a*exp(-log(x/m)**2/(2*s**2))", "a: height; m: place; s: width on the logarithmic scale",
        "Galton 1879", {"a": 5.0, "m": 2.5, "s": 0.5}, (0.1, 10), {"m": level, "s": fixed(0.1, 0.3, 1.0)}, x="positive",
    ),
    Family(
        "gamma_peak", "a*x**b*exp(-x/T)", "a: scale; b: rise; T: time of the decline", "Pearson 1895; Wood 1967",
        {"a": 3.0, "b": 2.2, "T": 1.3}, (0, 12), {"b": fixed(0.3, 1.0, 3.0), "T": level}, x="nonnegative",
    ),
    Family(
        "weibull_peak", "a*(x/T)**(b - 1)*exp(-(x/T)**b)", "a: scale; T: scale of x; b: shape",
        "Weibull 1951, doi:10.1115/1.4010337", {"a": 5.0, "T": 4.0, "b": 2.8}, (0.05, 10), {"T": level, "b": steepness},
        x="positive",
    ),
    Family(
        "tailing_peak", "piecewise(2*s**2 + t*(x - m) > 0, a*exp(-(x - m)**2/(2*s**2 + t*(x - m))), 0)",
        "a: height; m: place; s: width; t: tailing; the exponential-Gaussian hybrid of chromatography",
        "Lan and Jorgenson 2001, doi:10.1016/S0021-9673(01)00594-5", {"a": 5.0, "m": 3.2, "s": 0.5, "t": 0.6}, _SPAN,
        {**_ONE, "t": tail},
    ),
    Family(
        "maxwell", "a*x**2*exp(-x**2/(2*s**2))", "a: scale; s: most probable x over root 2", "Maxwell 1860",
        {"a": 3.0, "s": 2.0}, (0, 10), {"s": level},
    ),
    Family(
        "gaussian2", f"{_gauss('1')} + {_gauss('2')}", "a1, a2: heights; m1, m2: places; s1, s2: standard deviations",
        _GAUSS, _TWO, _SPAN, peaks(2, gauss),
    ),
    Family(
        "gaussian2_line", f"{_gauss('1')} + {_gauss('2')}{_LINE}",
        "a1, a2: heights; m1, m2: places; s1, s2: standard deviations" + _OF_LINE, _GAUSS, {**_TWO, **_BACKGROUND},
        _SPAN, peaks(2, gauss),
    ),
    Family(
        "lorentzian2", f"{_lorentz('1')} + {_lorentz('2')}", "a1, a2: heights; m1, m2: places; s1, s2: half widths",
        _LORENTZ, _TWO, _SPAN, peaks(2, lorentz),
    ),
    Family(
        "lorentzian2_line", f"{_lorentz('1')} + {_lorentz('2')}{_LINE}",
        "a1, a2: heights; m1, m2: places; s1, s2: half widths" + _OF_LINE, _LORENTZ, {**_TWO, **_BACKGROUND}, _SPAN,
        peaks(2, lorentz),
    ),
    Family(
        "gaussian3", f"{_gauss('1')} + {_gauss('2')} + {_gauss('3')}",
        "a1 to a3: heights; m1 to m3: places; s1 to s3: standard deviations", _GAUSS, _THREE, _SPAN, peaks(3, gauss),
    ),
    Family(
        "gaussian3_line", f"{_gauss('1')} + {_gauss('2')} + {_gauss('3')}{_LINE}",
        "a1 to a3: heights; m1 to m3: places; s1 to s3: standard deviations" + _OF_LINE, _GAUSS,
        {**_THREE, **_BACKGROUND}, _SPAN, peaks(3, gauss),
    ),
    Family(
        "lorentzian3", f"{_lorentz('1')} + {_lorentz('2')} + {_lorentz('3')}",
        "a1 to a3: heights; m1 to m3: places; s1 to s3: half widths", _LORENTZ, _THREE, _SPAN, peaks(3, lorentz),
    ),
)  # fmt: skip

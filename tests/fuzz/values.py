"""Values for the options and arguments of the command line, good ones first, by the parameter's name."""

from __future__ import annotations

from fitx.export import FORMATS
from fitx.plugins import all_fitters

from .mutations import NAMES

_TEXT = """
table: t1.csv | t3.csv | text.csv | gaps.csv | names.csv | lines.jsonl | one.csv | none.csv | binary | - | no.csv
model: m1.json | m3.json | named.json | damaged.json | t1.csv | no.json | folder
formula: a*x + b | a*exp(-b*x) + c | f(x) + a | a*x1 + b*x2 + c | a*log(x) | 1/(x - a) | f(x1, x2) | a | x | a*sin(b*x
column: y | x | x1 | x2 | x1,x2 | a,b | Temp (°C) | "a,b",x | x,x | y,x | s | g | w | text | none | ,
output: out.json | out.png | out.svg | out.pdf | out.html | out | folder | no-folder/out.json | m1.json
per_group: a | b | a,b | c
units: x=m,y=s | x1=m,x2=m,y=m**2 | x=m/s^2,y=kg | x= | q=m | x=?
missing: drop | error | x
loss: linear | lad | huber,lad | soft_l1 | cauchy | x
metric: rmse | mae | x
range_: -5,50 | 0,1 | -1e308,1e308 | 1,0 | a,b | 0 | nan,1 | -inf,inf
max_complexity: 9 | 3 | 1 | 0 | -1 | 1e3
time_limit: 0.2 | 0.5 | 1 | 0 | -1 | nan | inf | x
jobs: 1 | 2 | 99999999999 | 0 | -1
digits: 5 | 1 | 17 | 0 | 18
holdout: 0.25 | 0 | 0.5 | 0.999 | 1 | -0.1 | nan
split: random | last | group:g | group: | group:no | x
seed: 0 | 1 | -1 | 99999999999999999999
start: a=1 | a=1,b=2 | a=1e308 | a=nan | a | q=1
bounds: a=0:10 | a=0: | b=-1:1 | a=: | a=5:1 | a=nan:1 | q=0:1
fix: a=0 | b=1,c=2 | a=inf | q=0
progress: none | plain | auto | x
interval: 0.95 | 0.5 | 0 | 1 | nan
what: all | fit | front | x
set_: poly.degree=2 | poly.degree | x.y=1 | = | poly.=1 | .degree=1
"""
VALUES: dict[str, list[str]] = {
    name: values.split(" | ") for name, _, values in (line.partition(": ") for line in _TEXT.strip().split("\n"))
}
VALUES["column"] += [*NAMES, ""]
VALUES |= dict.fromkeys(("target", "features", "weights", "sigma", "group"), VALUES["column"])
VALUES |= dict.fromkeys(("save", "plot", "report", "file"), VALUES["output"])
VALUES |= {name: [*FORMATS, "x"] for name in ("format", "to")}
VALUES |= {name: [*all_fitters(), "gp", "auto", "x"] for name in ("method", "name")}
VALUES["set_"] += [
    f"{name}.{option.name}={value}"
    for name, fitter in all_fitters().items()
    for option in fitter.options
    for value in ("1", "2", "0", "true", "x", "-1", "1e9", "0.5", "", *option.choices, str(option.default))
]

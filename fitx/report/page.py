"""The page of a fit: one HTML file that asks for nothing from outside, works offline and without its script."""

from __future__ import annotations

import base64
import hashlib
import math
import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitx.errors import FitxError
from fitx.export import FORMATS, export
from fitx.report.again import again
from fitx.report.drawing import fit_drawing, front_drawing
from fitx.report.markup import Markup, join, table, tag
from fitx.report.maths import mathml
from fitx.report.panels import chosen_index
from fitx.report.rows import Shown, drawn_rows, of_candidate, shown_rows

if TYPE_CHECKING:
    from fitx.result import Fit, Found
    from fitx.score import Score

DRAWN = 1500  # rows in the chosen formula's picture
DRAWN_OTHERS = 500  # rows in that of another


def report(fit: Fit, path: str | Path, X: Any = None, y: Any = None, command: str | None = None) -> None:
    """Write the page; see `Fit.report`."""
    from fitx.model_file import write_whole
    from fitx.report.endings import check_page

    check_page(path)
    write_whole(path, page(fit, X, y, command))


def page(fit: Fit, X: Any = None, y: Any = None, command: str | None = None) -> str:
    """The page as text."""
    s = shown_rows(fit, X, y) if X is not None or y is not None or fit.given.X is not None else None
    name = f"{fit.target} by {', '.join(fit.features)}"
    script, css = (Path(__file__).with_name(n).read_text(encoding="utf-8") for n in ("page.js", "page.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=f"fitx {fit.version}"),
        tag("title", f"{name[:120]} - fitx"),
        tag("style", Markup(css)),
    )
    main = tag(
        "main", _formula(fit), _warnings(fit), _scores(fit), _picture(fit, s), _parameters(fit), _front(fit, s),
        _how(fit, s), _again(fit, command), id="main",
    )  # fmt: skip
    body = tag(
        "body",
        tag("a", "To the formula", class_="skip", href="#main"),
        tag("header", tag("h1", name), tag("p", _headline(fit), class_="soft")),
        main,
        tag("p", id="said", role="status", class_="soft"),
        tag("script", Markup(script)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _headline(fit: Fit) -> str:
    h = fit.holdout
    error = (
        f"no held-out error: {h.how}" if h.r2 is None else f"held-out rmse {_figure(h.rmse)}, r2 {h.r2:.6g} ({h.how})"
    )
    return f"{error}; found by {' '.join(filter(None, (fit.method, fit.label)))}"


def _formula(fit: Fit) -> Markup:
    return tag("section", tag("h2", "Formula"), _equation(fit, fit.target), _code(fit, "the chosen formula"))


def _equation(found: Found, target: str) -> Markup:
    maths = mathml(found)
    return tag("div", f"{target} = ", maths, class_="formula", tabindex=0, role="group", aria_label="formula")


def _code(found: Found, whose: str) -> Markup:
    """The formula in every format there is, each with a button that copies it."""
    blocks = []
    for name in ("text", *(f for f in FORMATS if f != "text")):
        try:
            text = export(found, name)
        except (
            FitxError,
            AttributeError,
            TypeError,
            ValueError,
            KeyError,
        ):  # a format for whole fits, or that declines
            continue
        blocks.append(
            tag("details", tag("summary", name), _block(text, f"Copy {name} of {whose}"), open_=name == "text")
        )
    return join(*blocks)


def _block(text: str, label: str) -> Markup:
    copy = tag("button", "Copy", class_="copy", type_="button", aria_label=label)
    return tag("div", copy, tag("pre", tag("code", text), tabindex=0), class_="code")


def _warnings(fit: Fit) -> Markup | None:
    found = [tag("p", text, class_="warning") for text in fit.warnings]
    return tag("section", tag("h2", "Warnings"), *found) if found else None


def _scores(fit: Fit) -> Markup:
    rows = [("held-out rows", fit.holdout), ("rows fitted", fit.train)]
    rows += [(f"held-out rows, {b.name} instead", b.score) for b in fit.baselines]
    return tag("section", tag("h2", "Errors"), _score_table(rows))


def _score_table(rows: list[tuple[str, Score]]) -> Markup:
    return table(
        ("", "r2", "rmse", "mae", "largest", "rows"),
        [(w, *(_figure(v) for v in (s.r2, s.rmse, s.mae, s.max_abs)), f"{s.n:,}" if s.n else "-") for w, s in rows],
    )


def _picture(fit: Fit, s: Shown | None) -> Markup:
    if s is None:
        words = "The page was made without the rows: give X and y for their pictures."
        return tag("section", tag("h2", "Pictures"), tag("p", words, class_="soft"))
    s = replace(s, drawn=drawn_rows(s.y, s.p, DRAWN))
    label = "Rows and formula, residuals" if len(fit.features) == 1 else "Agreement, residuals, partial dependence"
    return tag("section", tag("h2", "Pictures"), fit_drawing(fit, fit, s, "fit", label))


def _parameters(fit: Fit) -> Markup | None:
    if not fit.parameters:
        return None
    rows = []
    for p in fit.parameters:
        ci = p.ci95
        ends = "" if ci is None else f"{ci[0]:.6g} to {ci[1]:.6g}"
        rows.append((p.name, f"{p.value:.10g}", _figure(p.stderr), ends))
    head = ("parameter", "value", "std. error", "95 % interval")
    return tag("section", tag("h2", "Parameters"), table(head, rows))


def _front(fit: Fit, s: Shown | None) -> Markup | None:
    if not fit.candidates:
        return None
    own = chosen_index(fit)
    rows = []
    for i, c in enumerate(fit.candidates):
        text = str(c)
        button = tag(
            "button", text if len(text) <= 160 else text[:159] + "…", type_="button", data_candidate=i,
            aria_pressed="true" if i == own else "false",
        )  # fmt: skip
        mark = "chosen" if i == own else ""
        rows.append((str(c.complexity), _figure(c.validation.rmse), c.method, button, mark))
    return tag(
        "section",
        tag("h2", "Formulas considered"),
        tag(
            "p",
            "A click on a point, or the arrow keys on it, shows that formula, its picture and its code.",
            class_="soft",
        ),
        front_drawing(fit),
        table(("complexity", "error", "method", "formula", ""), rows),
        *(_candidate(fit, i, s, i == own) for i in range(len(fit.candidates))),
    )


def _candidate(fit: Fit, i: int, s: Shown | None, own: bool) -> Markup:
    c = fit.candidates[i]
    what = f"formula {i + 1} of {len(fit.candidates)}"
    drawing = None
    if s is not None:
        mine = of_candidate(s, c)
        mine = replace(mine, drawn=drawn_rows(mine.y, mine.p, DRAWN_OTHERS))
        drawing = fit_drawing(fit, c, mine, f"c{i}", f"Picture of {what}")
    return tag(
        "section",
        tag("h3", f"Formula {i + 1} of {len(fit.candidates)}{', the chosen one' if own else ''}"),
        _equation(c, fit.target),
        _score_table([("rows that chose", c.validation), ("rows fitted", c.train)]),
        drawing,
        _code(c, what),
        class_="candidate", data_candidate=i, data_chosen=own, aria_label=what,
    )  # fmt: skip


def _how(fit: Fit, s: Shown | None) -> Markup:
    how = fit.how
    options = how.get("options") or {}
    import numpy as np

    facts = {
        "rows": f"{how.get('rows', '')}" + (f", from {how['source']}" if how.get("source") else ""),
        "target": fit.target,
        "features": ", ".join(fit.features),
        "methods": ", ".join(str(m) for m in how.get("methods", ())),
        "options": ", ".join(f"{k}={v}" for k, v in options.items()) if hasattr(options, "items") else "",
        "held out": fit.holdout.how,
        "in the pictures": "" if s is None or s.which == fit.holdout.how else s.which,
        "seed": str(fit.seed),
        "loss": fit.loss,
        "units": ", ".join(f"{k} in {v}" for k, v in fit.units.items()),
        "dates": ", ".join(f"{k} in days since {v}" for k, v in fit.dates.items()),
        "took": f"{fit.seconds:.3g} s",
        "fitted by": f"fitx {fit.version}",
        "page made by": f"Python {platform.python_version()}, NumPy {np.__version__}",
    }
    lines = [join(tag("dt", k), tag("dd", v)) for k, v in facts.items() if v]
    return tag("section", tag("h2", "How it was fitted"), tag("dl", *lines))


def _again(fit: Fit, command: str | None) -> Markup:
    note = None
    if command is None:
        note = tag(
            "p",
            "Put together from what the fit keeps; time limit, bounds, weights and the like are not.",
            class_="soft",
        )
    text = again(fit) if command is None else command
    return tag("section", tag("h2", "To make it again"), _block(text, "Copy the command"), note)


def _figure(v: float | None) -> str:
    return "-" if v is None or math.isnan(v) else f"{v:.5g}"

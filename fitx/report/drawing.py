"""Pictures inside the page: SVG with real text that follows the page's colours, and points that can be chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from fitx.report.markup import Markup, from_xml
from fitx.report.panels import chosen_index, front_error
from fitx.report.picture import fit_figure, front_figure
from fitx.report.rows import Shown
from fitx.report.style import BLUE, INK, rendered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fitx.result import Fit, Found

SVG = "{http://www.w3.org/2000/svg}"
_HIT = 11  # radius around a point that answers to a click


def fit_drawing(fit: Fit, found: Found, s: Shown, prefix: str, label: str) -> Markup:
    """The panels of one formula; partial dependence for the chosen one only."""
    figure = fit_figure(fit, found, s, front=False, titled=False, dependence=found is fit)
    return from_xml(_inline(figure, prefix, label))


def front_drawing(fit: Fit) -> Markup:
    """Error against complexity; each point is one of a group of radio buttons."""
    root = _inline(front_figure(fit), "front", "Error against complexity of the formulas that were considered")
    root.set("role", "radiogroup")
    own = chosen_index(fit)
    own = 0 if own is None else own
    for i, c in enumerate(fit.candidates):
        group = next((g for g in root.iter(f"{SVG}g") if g.get("id") == f"front-front-{i}"), None)
        use = None if group is None else next(group.iter(f"{SVG}use"), None)
        if group is None or use is None:
            continue
        where = f"{'chosen: ' if i == own else ''}complexity {c.complexity}, error {front_error(c):.4g}"
        group.attrib |= {
            "class": "point", "role": "radio", "data-candidate": str(i), "tabindex": "0" if i == own else "-1",
            "aria-checked": "true" if i == own else "false", "aria-label": f"{where}: {str(c)[:200]}",
        }  # fmt: skip
        place = {"cx": use.get("x", "0"), "cy": use.get("y", "0"), "r": str(_HIT)}
        ElementTree.SubElement(group, f"{SVG}circle", {**place, "class": "hit"})
    return from_xml(root)


def _inline(figure: Figure, prefix: str, label: str) -> ElementTree.Element:
    """The figure as an element: ids of its own, no fixed size, no background, ink in the page's colour."""
    figure.patch.set_visible(False)
    for ax in figure.axes:
        ax.patch.set_visible(False)
    root = ElementTree.fromstring(rendered(figure, "svg", **{"svg.fonttype": "none"}))  # comments are gone with this
    for child in [c for c in root if c.tag not in (f"{SVG}g", f"{SVG}defs")]:  # metadata, title
        root.remove(child)
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    for e in root.iter():
        if e.tag == f"{SVG}style":  # would hold for the whole page
            e.text = ""
        for key, value in list(e.attrib.items()):
            e.set(key, _its_own(key, value, prefix))
    used = set(re.findall(rf"#({prefix}-[^)\"]*)", ElementTree.tostring(root, encoding="unicode")))
    for e in root.iter():
        name = e.get("id", "")
        if name and name not in used and not name.startswith(f"{prefix}-front-"):
            del e.attrib["id"]
    root.attrib |= {"role": "img", "aria-label": label, "class": "drawing"}
    return root


def _its_own(key: str, value: str, prefix: str) -> str:
    """An attribute with ids that no other drawing has, and the page's colours and fonts."""
    if key == "id":
        return f"{prefix}-{value}"
    if key.endswith("href") and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    if key == "style":
        value = value.replace(INK, "currentColor").replace(BLUE.lower(), "var(--line1)")
        value = value.replace("'DejaVu Sans'", "'DejaVu Sans', system-ui")
    return value.replace("url(#", f"url(#{prefix}-")

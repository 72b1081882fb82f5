"""The page of a fit: well formed, nothing from outside, every text shown as text; in a browser: click, keys, copy."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.errors import UsageError
from fitx.export import FORMATS
from fitx.report.again import again
from fitx.report.markup import Markup, join, tag
from fitx.report.maths import mathml
from fitx.report.page import page

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(2)>']
TARGET = "</script><script>alert(3)</script>"
VOID = {"meta", "br", "link"}


def made(n: int = 60) -> fitx.Fit:
    r = np.random.default_rng(0)
    X = r.uniform(1, 3, (n, 2))
    y = X[:, 0] ** 2 + X[:, 1] + r.normal(0, 0.01, n)
    return fitx.fit(X, y, method="poly", feature_names=HOSTILE, target_name=TARGET)


@pytest.fixture(scope="module")
def hostile() -> fitx.Fit:
    return made()


@pytest.fixture(scope="module")
def html(hostile: fitx.Fit) -> str:
    return page(hostile)


class Reader(HTMLParser):
    """Elements with their attributes, the text, and whether every element that begins ends."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({k for k, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == name]


class TestPage:
    def test_every_element_ends_and_ids_are_unique(self, html: str) -> None:
        found = Reader(html)
        assert found.open == []
        ids = [a["id"] for _, a in found.elements if "id" in a]
        assert len(ids) == len(set(ids))
        used = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', html)
        assert {a or b for a, b in used} <= set(ids)

    def test_nothing_comes_from_outside(self, html: str) -> None:
        found = Reader(html)
        outside = re.compile(r"https?:|//[a-z]+\.|@import|url\((?!#)")
        for element in ("style", "script"):
            (inside,) = re.findall(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
            assert not outside.search(inside)
        for name, attributes in found.elements:
            assert name not in {"link", "img", "iframe", "object", "embed", "base", "form"}
            assert not {"src", "action", "srcset"} & set(attributes)
            assert not any(k.startswith("on") for k in attributes)
            assert not any(outside.search(v or "") for v in attributes.values())
            assert (attributes.get("href") or "#").startswith("#")
        policy = next(a["content"] for a in found.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
        assert policy is not None
        assert policy.startswith("default-src 'none';")
        assert "'unsafe-inline'" not in policy.partition("script-src")[2]

    def test_hostile_names_are_text(self, html: str) -> None:
        found = Reader(html)
        assert len(found.named("script")) == 1
        for name in [*HOSTILE, TARGET]:
            assert name in found.text
        script = html.split("<script>")[1].split("</script>")[0]
        assert script == (Path(fitx.__file__).parent / "report" / "page.js").read_text(encoding="utf-8")
        assert "<img" not in html
        assert "<script>alert" not in html

    def test_it_says_what_was_fitted_and_how(self, hostile: fitx.Fit, html: str) -> None:
        text = Reader(html).text
        for said in (
            str(hostile), hostile.holdout.how, f"fitx {hostile.version}", "NumPy", "seed",
            "fitx.fit(X, y, method='poly'",
            f"{hostile.holdout.rmse:.5g}", *(p.name for p in hostile.parameters), *(str(c) for c in hostile.candidates),
        ):  # fmt: skip
            assert said in text
        assert hostile.holdout.n == 15

    def test_code_in_every_format_and_as_many_copy_buttons(self, html: str, hostile: fitx.Fit) -> None:
        summaries = re.findall(r"<summary>(\w+)</summary>", html)
        assert set(summaries) == set(FORMATS)
        buttons = [a for a in Reader(html).named("button") if a.get("class") == "copy"]
        assert len(buttons) == len(summaries) + 1  # and the command
        assert all(a["aria-label"] for a in buttons)

    def test_a_point_a_panel_and_a_button_for_each_candidate(self, html: str, hostile: fitx.Fit) -> None:
        n = len(hostile.candidates)
        found = Reader(html)
        points = [a for a in found.named("g") if a.get("role") == "radio"]
        assert len(points) == n > 1
        assert [a["aria-checked"] for a in points].count("true") == 1
        assert [a["tabindex"] for a in points].count("0") == 1
        for name in ("section", "button"):
            assert [a["data-candidate"] for a in found.named(name) if "data-candidate" in a] == [
                str(i) for i in range(n)
            ]

    def test_the_same_fit_gives_the_same_page(self, hostile: fitx.Fit, html: str) -> None:
        assert page(hostile) == html

    def test_without_rows_there_are_no_pictures_of_rows(self, hostile: fitx.Fit, tmp_path: Path) -> None:
        hostile.save(tmp_path / "m.json")
        loaded = fitx.load(tmp_path / "m.json")
        text = page(loaded)
        assert "made without the rows" in text
        assert text.count("<svg") == 1
        assert page(loaded, hostile.given.X, hostile.given.y).count("<svg") == 2 + len(hostile.candidates)

    def test_warnings_stand_on_the_page(self) -> None:
        with pytest.warns(fitx.FitxWarning):
            fit = fitx.fit([1.0, 2, 3], [1.0, 4, 9], method="lagrange")
        assert Reader(page(fit)).text.count("3 rows are too few to hold any out") >= 2

    def test_one_feature_and_large_formulas(self) -> None:
        x = np.linspace(0.1, 5, 80)
        fit = fitx.fit(x, np.sin(3 * x), method="spline")
        found = Reader(page(fit))
        assert found.open == []
        assert "95 % interval of a new row" in found.text

    def test_another_ending_is_refused(self, hostile: fitx.Fit, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"a report ends in \.html"):
            hostile.report(tmp_path / "r.pdf")


class TestMarkup:
    def test_texts_and_attributes_are_escaped(self) -> None:
        assert tag("p", "<b>", Markup("<i></i>"), None, title='"&<', hidden=True, open_=False) == (
            '<p title="&quot;&amp;&lt;" hidden>&lt;b&gt;<i></i></p>'
        )
        assert join("a\x00\x1b", "\n") == "a\\x00\\x1b\n"

    def test_maths_of_any_name(self, hostile: fitx.Fit) -> None:
        text = mathml(hostile)
        assert text.startswith("<math")
        root = ElementTree.fromstring(text)
        assert root.get("displaystyle") == "true"
        assert any(HOSTILE[0] in (e.text or "") for e in root.iter())
        assert not any(e.tag in ("script", "img") for e in root.iter())


class TestAgain:
    def test_the_call_and_the_command(self, hostile: fitx.Fit, tmp_path: Path) -> None:
        text = again(hostile)
        assert text.startswith("import fitx\n\nfit = fitx.fit(X, y, method='poly', feature_names=[")
        compile(text, "again", "exec", dont_inherit=True)
        table = tmp_path / "my table.csv"
        table.write_text('"a,b",y\n' + "".join(f"{i},{i * i}\n" for i in range(60)))
        model = tmp_path / "m.json"
        assert (
            run(["fit", str(table), "--method", "poly", "--seed", "3", "--set", "poly.degree=2", "--save", str(model)])
            == 0
        )
        fit = fitx.load(model)
        words = shlex.split(again(fit))
        assert words[:2] == ["fitx", "fit"]
        assert words[3:] == [
            "--target", "y", "--features", '"a,b"', "--method", "poly", "--set", "poly.degree=2", "--seed", "3",
        ]  # fmt: skip

    def test_the_command_line_writes_the_command_it_was_given(self, tmp_path: Path, capsys: Any) -> None:
        table = tmp_path / "t.csv"
        table.write_text("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(60)))
        out = tmp_path / "r.html"
        arguments = ["fit", str(table), "--method", "poly", "--time-limit", "60", "--report", str(out)]
        assert run(arguments) == 0
        assert capsys.readouterr().out == "x**2\n"
        assert f"fitx {' '.join(arguments)}" in Reader(out.read_text(encoding="utf-8")).text
        assert run(["fit", str(table), "--report", "r.txt"]) == 2
        assert "a report ends in .html" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("there is no chromium with chromedriver here (Debian: apt-get install chromium chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1000,1400"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield found
    finally:
        found.quit()


class TestInABrowser:
    @pytest.fixture
    def opened(self, browser: Any, html: str, tmp_path: Path) -> Any:
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        browser.get_log("browser")
        browser.get(path.as_uri())
        return browser

    @staticmethod
    def shown(browser: Any) -> list[str]:
        panels = browser.find_elements("css selector", ".candidate")
        return [p.get_attribute("data-candidate") for p in panels if p.is_displayed()]

    def test_nothing_of_it_is_run_and_nothing_is_wrong(self, opened: Any) -> None:
        assert [e for e in opened.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []
        assert "alert(3)" in opened.title
        assert opened.find_elements("css selector", "img") == []
        loaded = opened.execute_script("return performance.getEntriesByType('resource').length")
        assert loaded == 0

    def test_click_on_a_point_and_on_a_button(self, opened: Any, hostile: fitx.Fit) -> None:
        first = self.shown(opened)
        assert len(first) == 1
        other = "0" if first != ["0"] else "1"
        point = opened.find_element("css selector", f'.point[data-candidate="{other}"] .hit')
        opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", point)
        from selenium.webdriver import ActionChains

        ActionChains(opened).move_to_element(point).click().perform()
        assert self.shown(opened) == [other]
        panel = opened.find_element("css selector", f'.candidate[data-candidate="{other}"]')
        assert str(hostile.candidates[int(other)]) in panel.text
        assert panel.find_element("css selector", "svg.drawing").is_displayed()
        button = opened.find_element("css selector", f'button[data-candidate="{first[0]}"]')
        opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        assert self.shown(opened) == first
        assert button.get_attribute("aria-pressed") == "true"

    def test_arrow_keys_enter_home_and_end(self, opened: Any, hostile: fitx.Fit) -> None:
        from selenium.webdriver import Keys

        n = len(hostile.candidates)
        at = int(self.shown(opened)[0])
        opened.execute_script("document.querySelector('.point[tabindex=\"0\"]').focus()")
        for key, expected in (
            (Keys.ARROW_RIGHT, (at + 1) % n), (Keys.ARROW_LEFT, at), (Keys.HOME, 0), (Keys.ARROW_UP, n - 1),
            (Keys.END, n - 1),
        ):  # fmt: skip
            opened.switch_to.active_element.send_keys(key)
            assert self.shown(opened) == [str(expected)]
            assert opened.switch_to.active_element.get_attribute("data-candidate") == str(expected)
            assert opened.switch_to.active_element.get_attribute("aria-checked") == "true"
        opened.find_element("css selector", 'button[data-candidate="0"]').send_keys(Keys.ENTER)
        assert self.shown(opened) == ["0"]

    def test_the_tab_key_reaches_formula_code_points_and_buttons_in_order(self, opened: Any) -> None:
        from selenium.webdriver import Keys

        seen = []
        for _ in range(60):
            opened.switch_to.active_element.send_keys(Keys.TAB)
            e = opened.switch_to.active_element
            seen.append(e.get_attribute("class") or e.tag_name)
            if e.get_attribute("data-candidate") and e.tag_name == "button":
                break
        order = [seen.index(c) for c in ("skip", "formula", "summary", "copy", "point", "button")]
        assert order == sorted(order)
        assert seen.count("point") == 1

    def test_copy_puts_the_code_on_the_clipboard(self, opened: Any, hostile: fitx.Fit) -> None:
        opened.execute_cdp_cmd(
            "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        )
        button = opened.find_element("css selector", "button.copy")
        button.click()
        text = opened.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0], e => arguments[0]('' + e))"
        )
        assert text == str(hostile)
        assert button.text == "Copied"
        assert opened.find_element("id", "said").text == "Copied"

    def test_light_and_dark(self, opened: Any) -> None:
        seen = set()
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            style = "getComputedStyle(document.querySelector(arguments[0]))"
            paper = opened.execute_script(f"return {style}.backgroundColor", "body")
            ink = opened.execute_script(f"return {style}.fill", "svg.drawing text")
            seen.add((paper, ink))
        assert len(seen) == 2
        assert {paper for paper, _ in seen} == {"rgb(255, 255, 255)", "rgb(21, 24, 28)"}

    def test_printed_it_shows_one_candidate(self, opened: Any) -> None:
        import base64

        pdf = opened.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        assert base64.b64decode(pdf).startswith(b"%PDF")
        assert len(self.shown(opened)) == 1

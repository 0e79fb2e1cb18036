"""What the tests of the page share: subjects, a reader of HTML, questions that a page must pass, and a browser."""

import dataclasses
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

import lstm_ref.cell as cell
import oracle
from oracle import subjects
from oracle.cases import Case
from oracle.mutation.planting import Text, planted
from oracle.report.page import writing
from oracle.verdict import Report, Verdict

EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&amp;\x1b[31m"
EVIL_LEAF = "w$\\frac{$]]>--></text><script>document.title='owned'</script>"
CARRY = "np.multiply(s_total_bar, f, out=s_prev_bar)", "np.copyto(s_prev_bar, s_total_bar)"
CASE = Case({"T": 4, "B": 2, "D": 3, "H": 5}, seed=3)


def multiply(x, w):
    """A forward."""
    return x * w, (x, w)


def right(y_bar, cache):
    """Its backward."""
    x, w = cache
    return y_bar * w, y_bar * x


def wrong(y_bar, cache):
    """A backward that is wrong in the second gradient."""
    _, w = cache
    return y_bar * w, y_bar * w


def raising(y_bar, cache):
    """A backward that raises something hostile."""
    raise ValueError(EVIL)


def subject(backward=wrong, name=EVIL, leaf=EVIL_LEAF):
    """A small subject, of hostile names."""
    return oracle.Subject.from_functions(multiply, backward, inputs={"x": "D", leaf: "D"}, name=name)


def carry_lost():
    """Inside the block, the cell's carry lacks the factor f."""
    return planted(Text(cell.step_vjp, *CARRY))


def lstm(**sizes):
    """The standard LSTM, at these sizes alone where some are given."""
    found = subjects.load("lstm-standard")
    pinned = {name: (size, size) for name, size in sizes.items()}
    return oracle.Subject(**{**vars_of(found), "sizes": pinned}) if sizes else found


def vars_of(found):
    """The fields of a subject."""
    return {name: getattr(found, name) for name in type(found).__dataclass_fields__}


def said(verdict, case=CASE):
    """A report that says no more than a verdict and the case that was heard."""
    return Report("lstm", verdict, (), heard=(case,), failing_case=None if verdict is Verdict.CERTIFIED else case)


# ---- reading


@dataclass
class Page(HTMLParser):
    """The elements of a page, their attributes, and the text inside each kind."""

    elements: list = field(default_factory=list)
    texts: dict = field(default_factory=dict)
    open: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attributes):
        """Remember an element."""
        self.elements.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        """Remember an element without content."""
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        """Close the innermost element of this name."""
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, text):
        """Remember text by the element it stands in."""
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(text)

    @property
    def text(self):
        """All text that is shown."""
        return "".join(t for tag, texts in self.texts.items() if tag not in ("script", "style") for t in texts)


def read(html):
    """The page as a browser would see its elements."""
    page = Page()
    page.feed(html)
    page.close()
    return page


def strangers(html):
    """Elements and attributes that a page has of its own in no case: they came out of a name."""
    page = read(html)
    found = [tag for tag, _ in page.elements if tag in ("img", "iframe", "object", "embed", "link", "b0ld")]
    found += [f"{tag} {name}" for tag, attributes in page.elements for name in attributes if name.startswith("on")]
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    return found + [f"{len(scripts)} scripts"] * (scripts != [{"type": "application/json", "id": "report"}, {}])


def reaching_out(html):
    """Addresses that a page would fetch."""
    page = read(html)
    names = ("src", "href", "xlink:href", "action", "data", "srcset")
    addresses = [a[name] for _, a in page.elements for name in names if name in a]
    styles = " ".join([*page.texts.get("style", []), *(a.get("style") or "" for _, a in page.elements)])
    addresses += re.findall(r"url\(([^)]*)\)", styles) + re.findall(r"@import[^;]*", styles)
    return [one for one in addresses if not one.strip("'\"").startswith(("#", "data:image/"))]


def unnamed(html):
    """How many figures lack a name or a description with numbers."""
    figures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    good = re.compile(
        r'<svg[^>]* role="img" aria-labelledby="(\S+) (\S+)">'
        r'<title id="\1">[^<]+</title><desc id="\2">[^<]*\d[^<]*</desc>'
    )
    return sum(not good.match(one) for one in figures)


def drawn_figures(html):
    """How many figures a page has."""
    return html.count("<svg ")


# ---- a browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_BROWSER = "there is no Chromium here; on Debian: apt-get install chromium"
MEASURE = """
window.addEventListener("load", function () {
  var root = document.documentElement, height = document.body.offsetHeight;
  root.setAttribute("data-drawn", performance.now());
  root.setAttribute("data-width", window.innerWidth);
  root.setAttribute("data-overflow", root.scrollWidth - root.clientWidth);
  root.setAttribute("data-ground", getComputedStyle(document.body).backgroundColor);
  var text = document.querySelector("svg text");
  root.setAttribute("data-label", text ? getComputedStyle(text).fill : "");
  var boxes = Array.from(document.querySelectorAll("svg")).map(function (s) { return s.getBoundingClientRect(); });
  root.setAttribute("data-empty", boxes.filter(function (b) { return b.width < 100 || b.height < 50; }).length);
  document.getElementById("theme").click();
  root.setAttribute("data-toggled", getComputedStyle(document.body).backgroundColor);
});
"""


def measured(monkeypatch, further=MEASURE):
    """From now on pages measure themselves when they are opened."""
    plain = writing._file
    monkeypatch.setattr(writing, "_file", lambda name: plain(name) + (further if name == "theme.js" else ""))


FRAME = """<!DOCTYPE html><html><body style="margin:0"><iframe width="{width}" height="900" style="border:0"
srcdoc="{html}"></iframe><script>
window.addEventListener("load", function () {{
  var inner = document.querySelector("iframe").contentDocument.documentElement;
  Array.from(inner.attributes).forEach(function (a) {{ document.documentElement.setAttribute(a.name, a.value); }});
}});</script></body></html>"""
NARROWEST = 500  # pixels of a headless window; narrower pages stand in a frame


def framed(html, width):
    """A page that holds another in a frame, and takes over what that one has measured."""
    return FRAME.format(width=width, html=html.replace("&", "&amp;").replace('"', "&quot;"))


def opened(html, width=1280, dark=False, folder=None):
    """The attributes of a page's root element after a browser has drawn it, and the title."""
    html = framed(html, width) if width < NARROWEST else html
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        file = Path(folder or place, "page.html")
        file.write_text(html, encoding="utf-8")
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        command += [
            f"--user-data-dir={place}/profile",
            f"--window-size={width},900",
            *scheme,
            "--dump-dom",
            file.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    dom = done.stdout.decode("utf-8", "replace")
    (root,) = [attributes for tag, attributes in read(dom).elements if tag == "html"]
    title = re.search(r"<title>(.*?)</title>", dom)
    return {**root, "title": title[1] if title else ""}


def near(one, other):
    """Whether arrays agree to rounding."""
    return bool(np.allclose(one, other, rtol=1e-12, atol=1e-300))


def dataclasses_replace(report, **changes):
    """The report with some fields changed."""
    return dataclasses.replace(report, **changes)

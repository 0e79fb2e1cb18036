"""Takes the pictures of the documentation again: python docs/screenshots/take.py, with Chromium on the PATH.

The factor of the carry is left out in a copy of the LSTM's cell; what the terminal and the page show of that is
photographed, and so is the page of the cell as it is.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops
from rich.console import Console

import oracle
from oracle import subjects
from oracle.report.json import to_dict
from oracle.report.page import page
from oracle.report.terminal import Terminal

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CARRY = "np.multiply(s_total_bar, f, out=s_prev_bar)", "s_prev_bar[...] = s_total_bar"
FRAME = '<body style="margin:0"><iframe width="{width}" height="{height}" style="border:0" srcdoc="{html}"></iframe>'
ENTRIES = "article > :not(h4, .maps), .top, .card, footer { display: none !important }"  # the heat maps alone


def picture(html: str, name: str, width: int, most: int = 2600, dark: bool = False) -> None:
    """A picture of a page, in so many pixels, as high as the page is, or as `most`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        source, shot = Path(place, "page.html"), Path(place, "page.png")
        quoted = html.replace("&", "&amp;").replace('"', "&quot;")
        source.write_text(FRAME.format(width=width, height=most, html=quoted), encoding="utf-8")
        command = [chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={place}/profile", f"--window-size={max(width, 500)},{most}"]
        command += ["--blink-settings=preferredColorScheme=0"] if dark else []
        command += [f"--screenshot={shot}", source.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        kept(Image.open(shot).convert("RGB").crop((0, 0, width, most))).save(HERE / f"{name}.png", optimize=True)


def kept(image: Image.Image) -> Image.Image:
    """The picture without the empty rows at its end, in 256 colours."""
    ground = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    box = ImageChops.difference(image, ground).getbbox()
    bottom = image.height if box is None else min(image.height, box[3] + 16)
    return image.crop((0, 0, image.width, bottom)).quantize(256)


def chromium() -> str:
    """The browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        sys.exit("there is no Chromium here; on Debian: apt-get install chromium")
    return found


def terminal(report: oracle.Report, name: str) -> None:
    """A picture of what a wide terminal shows."""
    shown = Terminal()
    shown.out = Console(record=True, width=194, file=io.StringIO(), force_terminal=True, highlight=False)
    shown.end(report)
    svg = shown.out.export_svg(title="oracle verify lstm-standard", font_aspect_ratio=0.61)
    picture(f"<body style='margin:0;background:#fff'>{svg}</body>", name, 1740)


def verified() -> tuple[oracle.Report, str]:
    """The report on the standard LSTM, and its page."""
    subject = subjects.load("lstm-standard")
    report = oracle.verify(subject)
    return report, page(to_dict([report], report.seconds), [report], [subject], 30)


def wrong() -> None:
    """The pictures of a wrong cell, in a process that has imported it."""
    report, html = verified()
    assert not report.ok
    terminal(report, "terminal-wrong")
    picture(html, "page-wrong-1280-light", 1280, 2300)
    picture(html, "page-wrong-390-dark", 390, 2300, dark=True)
    picture(html.replace("</style>", f"{ENTRIES}</style>", 1), "page-entries-1280-light", 1280)


def main() -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "lstm_ref", Path(place, "lstm_ref"))
        cell = Path(place, "lstm_ref", "cell.py")
        text = cell.read_text(encoding="utf-8")
        assert text.count(CARRY[0]) == 1
        cell.write_text(text.replace(*CARRY), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": place}
        subprocess.run([sys.executable, __file__, "--wrong"], check=True, env=environment, cwd=place)
    report, html = verified()
    assert report.ok
    picture(html, "page-right-1280-dark", 1280, 1500, dark=True)
    picture(html, "page-right-390-light", 390, 1500)


if __name__ == "__main__":
    wrong() if "--wrong" in sys.argv else main()

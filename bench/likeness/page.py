"""The page: a table of means, and for each case input, reference, result and their difference."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from likeness.figures import Likeness, Pixels

#: Times by which the pictures of differences are brightened.
GAIN = 8
_PAGE = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Compared with reference</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; margin-bottom: 2em; }
td, th { padding: .3em .8em; text-align: right; border-bottom: 1px solid #ccc; }
td:first-child, th:first-child { text-align: left; }
figure { display: inline-block; margin: 0 .5em 1em 0; vertical-align: top; }
img { width: 16em; } figcaption { font-size: 85%; max-width: 19em; }
</style>
<h1>Compared with <code>reference</code></h1>
<p>{{ about }}</p>
<table><tr><th>variant</th><th>cases</th><th>PSNR, dB</th><th>worst</th><th>SSIM</th><th>LPIPS</th>
<th>inside the edit</th><th>outside</th><th>seconds</th><th>times as fast</th></tr>
{% for row in rows %}<tr><td>{{ row.variant }}</td>
{% if row.reason %}<td colspan="9" style="text-align: left">not run: {{ row.reason }}</td>
{% else %}<td>{{ row.cases }}</td>
{% for name in columns %}
<td>{{ "%.4g" | format(row[name]) if row[name] is not none else "" }}</td>{% endfor %}
{% endif %}</tr>
{% endfor %}</table>
<p>Inside and outside: mean difference in levels of 255, where the reference changed the input and where it
did not. Another seed shows how far apart two results of the reference itself are. Pictures of differences
are {{ gain }} times as bright.</p>
{% for case in cases %}<h2>{{ case.name }}</h2><p>{{ case.instruction }}</p>
{% for figure in case.figures %}<figure>
<a href="{{ figure.file }}"><img src="{{ figure.file }}" loading="lazy"></a>
{% if figure.apart %}<br><img src="{{ figure.apart }}" loading="lazy">{% endif %}
<figcaption>{{ figure.caption }}</figcaption></figure>
{% endfor %}{% endfor %}</html>
""")
COLUMNS = ("psnr", "worst_psnr", "ssim", "lpips", "inside", "outside", "seconds", "speed_up")


def summary(found: Sequence[Likeness]) -> dict[str, Any]:
    """Means over the cases, and the worst PSNR."""

    def mean(figure: Callable[[Likeness], float | None]) -> float | None:
        values = [value for each in found if (value := figure(each)) is not None]
        return statistics.fmean(values) if values else None

    return {
        "cases": len(found),
        "psnr": mean(lambda each: each.psnr),
        "worst_psnr": min(each.psnr for each in found),
        "ssim": mean(lambda each: each.ssim),
        "lpips": mean(lambda each: each.lpips),
        "inside": mean(lambda each: each.inside),
        "outside": mean(lambda each: each.outside),
    }


def write_difference(reference: Pixels, other: Pixels, path: Path) -> None:
    apart = np.abs(reference.astype(np.int16) - other) * GAIN
    Image.fromarray(apart.clip(0, 255).astype(np.uint8)).save(path, quality=90)


def write_page(
    path: Path, about: str, rows: Sequence[Mapping[str, Any]], cases: Sequence[Mapping[str, Any]]
) -> None:
    text = _PAGE.render(about=about, rows=rows, cases=cases, columns=COLUMNS, gain=GAIN)
    path.write_text(text, encoding="utf-8")

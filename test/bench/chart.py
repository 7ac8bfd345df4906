"""A chart of what ./dev bench measured: an SVG for a page, without anything from outside.

usage: chart.py BENCH.JSON >BENCH.SVG

Each figure is a bar: how much of its bound it needs. What ends before the line is met; what goes beyond it is missed, is
hatched, and says so. So it can be read without colour, on a light page and on a dark one.
"""

import html
import json
import pathlib
import sys

LABEL, BAR, VALUE = 490, 300, 300   # widths of the columns
ROW, HEAD, FOOT = 26, 40, 34
SHARE_MAX = 1.5                     # of the bound; a longer bar is cut, and ends in an arrow
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } .soft { fill: #59636e } .suite { font-weight: 600 }
  .met { fill: #3a7ca5 } .missed { fill: url(#hatched) } .hatch { stroke: #c4432b } .line { stroke: #1f2328 }
  .track { fill: #818b98; fill-opacity: .15 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .soft { fill: #9198a1 } .met { fill: #6cb6e0 } .hatch { stroke: #ff7b64 } .line { stroke: #e6edf3 }
  }
"""


def share(row):
    """Of the bound; 0 of 0 is nothing of it."""
    judged = row["value"] if row["bounded"] == "value" else row["ratio"]
    if judged is None:
        return 0.0
    return judged / row["bound"] if row["bound"] else (0.0 if judged == 0 else float("inf"))


def short(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def value_text(row):
    text = f"{short(row['value'])} {row['unit']}".strip()
    return text if row["ratio"] is None else f"{text}, {short(row['ratio'])} \u00d7 {row['peer']}"


def bar(row, top):
    part = share(row)
    width = max(min(part, SHARE_MAX) / SHARE_MAX * BAR, 1)
    kind = "met" if row["bound_met"] else "missed"
    label = html.escape(row["what"] + ("" if row["bound_met"] else " (missed)"))
    parts = [f'<text x="{LABEL - 12}" y="{top + 17}" text-anchor="end">{label}</text>',
             f'<rect class="track" x="{LABEL}" y="{top + 4}" width="{BAR}" height="18"/>',
             f'<rect class="{kind}" x="{LABEL}" y="{top + 4}" width="{width:.1f}" height="18"/>',
             f'<text class="soft" x="{LABEL + BAR + 12}" y="{top + 17}">{html.escape(value_text(row))}</text>']
    if part > SHARE_MAX:
        tip = LABEL + BAR
        parts.append(f'<path class="missed" d="M{tip} {top + 4} l9 9 l-9 9 z"/>')
    return parts


def drawn(rows, scale=1.0):
    body, top, suite = [], HEAD, None
    for row in rows:
        if row.get("suite") != suite:
            suite = row.get("suite")
            body.append(f'<text class="suite" x="8" y="{top + 18}">{html.escape(suite or "")}</text>')
            top += ROW
        body += bar(row, top)
        top += ROW
    line = LABEL + BAR / SHARE_MAX
    missed = sum(not row["bound_met"] for row in rows)
    said = f"{len(rows)} figures; {missed} beyond their bounds"
    if scale != 1:
        said += f"; at scale {scale:g}, which is not what the bounds are for"
    width, height = LABEL + BAR + VALUE, top + FOOT
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        "<title>How much of its bound each figure of zonecast's benchmark needs</title>", f"<style>{STYLE}</style>",
        '<defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">',
        '<path class="hatch" d="M0 0 v6" stroke-width="7"/></pattern></defs>',
        f'<text class="soft" x="{line:.0f}" y="20" text-anchor="middle">the bound</text>', *body,
        f'<path class="line" d="M{line:.0f} 26 V{top}" stroke-dasharray="4 3"/>',
        f'<text class="soft" x="8" y="{top + 22}">{html.escape(said)}</text>', "</svg>", ""])


if __name__ == "__main__":
    sys.stdout.write(drawn(json.loads(pathlib.Path(sys.argv[1]).read_text())))

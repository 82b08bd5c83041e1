"""The two pictures of the benchmark results, as SVG text.

The same results give the same bytes: nothing here asks for the time, a font's widths or the order of a set. Text stays
text; each picture has a background of its own, so that it can be read on a light and on a dark page.
"""

import math
import re
from xml.sax.saxutils import escape

WIDTH = 960
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
INK, MUTED, GRID, PAPER, EDGE = "#1f2328", "#59636e", "#e4e8ec", "#ffffff", "#d0d7de"
PECS, PECS_BAND, LIMIT, MISS = "#0a69c7", "#eef5fc", "#b4bcc5", "#c4510a"
RATIO_MAX = 8  # a bar that is longer is cut; its ratio stands beside it


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def three_digits(value):
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def duration(seconds):
    """Three digits and a unit, as pecs-bench prints them."""
    for unit in ("s", "ms", "us"):
        if seconds >= 0.9995:
            return f"{three_digits(seconds)} {unit}"
        seconds *= 1000
    return f"{three_digits(seconds)} ns"


def size(count):
    if count < 1000:
        return f"{count} B"
    for unit in ("KiB", "MiB"):
        count /= 1024
        if count < 1000:
            return f"{three_digits(count)} {unit}"
    return f"{three_digits(count / 1024)} GiB"


def short(text):
    """Without the zeros that say how exact a measurement is."""
    return re.sub(r"(\.\d*?)0+ ", r"\1 ", text).replace(". ", " ")


def ratio_of(line):
    return line["seconds"] / line["limit_seconds"] if line.get("limit_seconds") else None


def mark_text(line):
    mark, of = line.get("mark"), line.get("mark_of")
    if mark is None:
        return ""
    return f"{mark:g}" if of == "ratio" else short(duration(mark) if of == "seconds" else size(int(mark)))


def misses(line):
    """True when the line's mark is not reached."""
    reached = {"ratio": ratio_of(line), "seconds": line["seconds"], "bytes": line.get("bytes")}.get(line.get("mark_of"))
    return reached is not None and line.get("mark") is not None and reached > line["mark"]


def value_text(line):
    """What a discipline measured, as text."""
    text = duration(line["seconds"])
    if line.get("mark_of") == "bytes":
        is_watched = "memory" in line["bench"].split("_")  # its time is not that of what it measures
        text = size(line["bytes"]) if is_watched else f"{size(line['bytes'])} in {text}"
    if line.get("copied_bytes"):
        text += f", copies {size(line['copied_bytes'])}"
    return text


def count_text(line, entity_count):
    """Of how many things a line is when that is not the run's number of entities."""
    if line.get("operations"):
        return f"{line['operations']:,} times"
    return f"{line['entities']:,} entities" if line.get("entities") not in (None, entity_count) else ""


class Page:
    """An SVG picture that grows downwards; the caller knows where everything goes."""

    def __init__(self, title, description):
        self.title, self.description, self.parts = title, description, []

    def text(self, x, y, text, size_px=13, fill=INK, anchor="start", weight=None):
        if not text:
            return
        extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
        extra += f' font-weight="{weight}"' if weight else ""
        self.parts.append(f'<text x="{number(x)}" y="{number(y)}" font-size="{size_px}" fill="{fill}"{extra}>'
                          f"{escape(text)}</text>")

    def rect(self, x, y, width, height, fill, radius=0):
        corner = f' rx="{radius}"' if radius else ""
        self.parts.append(f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
                          f'fill="{fill}"{corner}/>')

    def line(self, x1, y1, x2, y2, stroke=GRID, width=1):
        self.parts.append(f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" '
                          f'stroke="{stroke}" stroke-width="{number(width)}"/>')

    def dot(self, x, y, stroke, filled):
        self.parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="{stroke if filled else PAPER}" '
                          f'stroke="{stroke}" stroke-width="1.6"/>')

    def finish(self, height):
        head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{number(height)}" '
                f'viewBox="0 0 {WIDTH} {number(height)}" role="img" aria-labelledby="title description" '
                f'font-family="{FONT}">',
                f'<title id="title">{escape(self.title)}</title>',
                f'<desc id="description">{escape(self.description)}</desc>',
                f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{number(height - 1)}" rx="8" fill="{PAPER}" '
                f'stroke="{EDGE}"/>']
        return "\n".join(head + self.parts + ["</svg>"]) + "\n"


# PECS and its limits

BAR_X, BAR_WIDTH = 214, 392
TIME_X, LIMIT_X, RATIO_X, MARK_X = 706, 806, 866, 930
ROW = 33


def said(line):
    """A discipline as a sentence for those who cannot see the picture."""
    text = f"{line['bench']}: {value_text(line)}"
    if ratio_of(line) is not None:
        text += f" against {duration(line['limit_seconds'])}, ratio {ratio_of(line):.2f}"
    return text + (f", mark {mark_text(line)}{' missed' if misses(line) else ''}" if mark_text(line) else "")


def limits_legend(page, y):
    page.rect(24, y - 9, 26, 10, PECS, 2)
    page.text(56, y, "PECS", 12, MUTED)
    page.rect(102, y - 9, 26, 10, MISS, 2)
    page.text(134, y, "PECS, mark missed", 12, MUTED)
    page.rect(258, y - 7, 26, 6, LIMIT, 2)
    page.text(290, y, "the limit: the same made by hand, in turn in the same run", 12, MUTED)
    page.line(MARK_X - 150, y - 11, MARK_X - 150, y + 2, INK, 2)
    page.text(MARK_X, y, "mark: the ratio to reach", 12, MUTED, "end")


def limits_axis(page, unit, ratio_max, top, bottom):
    for ratio in range(ratio_max + 1):
        x = BAR_X + ratio * unit
        page.line(x, top, x, bottom, MUTED if ratio in (0, 1) else GRID)
        page.text(x, top - 6, f"{ratio}", 11, MUTED, "middle")
    page.text(BAR_X - 14, top - 6, "time / the limit's time", 11, MUTED, "end")
    for x, name in ((TIME_X, "PECS"), (LIMIT_X, "limit"), (RATIO_X, "ratio"), (MARK_X, "mark")):
        page.text(x, top - 6, name, 11, MUTED, "end")


def limits_row(page, line, entity_count, unit, ratio_max, y):
    ratio, color = ratio_of(line), MISS if misses(line) else PECS
    small = ", ".join(part for part in (count_text(line, entity_count), line["limit"]) if part)
    page.text(24, y + 13, line["bench"], 13, weight=600)
    page.text(24, y + 26, small, 11, MUTED)
    shown = min(ratio, ratio_max)
    page.rect(BAR_X, y + 5, max(shown * unit, 1), 11, color, 2)
    page.rect(BAR_X, y + 18, unit, 6, LIMIT, 2)
    if ratio > ratio_max:  # a gap says that the bar is cut
        page.rect(BAR_X + shown * unit - 12, y + 4, 4, 13, PAPER)
    if line.get("mark_of") == "ratio" and line["mark"] <= ratio_max:
        x = BAR_X + line["mark"] * unit
        page.line(x, y + 2, x, y + 26, INK, 2)
    page.text(TIME_X, y + 17, duration(line["seconds"]), 13, anchor="end")
    page.text(LIMIT_X, y + 17, duration(line["limit_seconds"]), 13, MUTED, "end")
    page.text(RATIO_X, y + 17, f"{ratio:.2f}", 13, color if misses(line) else INK, "end", 600)
    if misses(line):
        page.text(MARK_X, y + 29, "missed", 10, MISS, "end")
    page.text(MARK_X, y + 17, mark_text(line), 13, MUTED, "end")


def limits_rest(page, lines, entity_count, top):
    """Those that have no limit, in two columns; gives where the page goes on."""
    page.text(24, top + 18, "Without a limit by hand", 14, weight=600)
    rows = (len(lines) + 1) // 2
    for i, line in enumerate(lines):
        x, y = 24 + 470 * (i // rows), top + 44 + ROW * (i % rows)
        mark = mark_text(line)
        page.text(x, y, line["bench"], 13, weight=600)
        page.text(x, y + 13, count_text(line, entity_count), 11, MUTED)
        page.text(x + 140, y, value_text(line), 13, MISS if misses(line) else INK)
        if mark:
            mark += ", missed" if misses(line) else ""
            page.text(x + 436, y, f"mark {mark}", 12, MUTED, "end")
    return top + 40 + ROW * rows


def draw_limits(run):
    """A bar for each discipline beside its limit; those without one below."""
    lines, entity_count = run["lines"], run["entities"]
    measured = [line for line in lines if ratio_of(line) is not None]
    rest = [line for line in lines if ratio_of(line) is None]
    ends = [ratio_of(line) for line in measured]
    ends += [line["mark"] for line in measured if line.get("mark_of") == "ratio"]
    ratio_max = min(RATIO_MAX, max(2, math.ceil(max(ends, default=2))))
    unit = BAR_WIDTH / ratio_max
    title = f"PECS beside what can be made by hand, {entity_count:,} entities"
    page = Page(title, f"{run['about']} {'; '.join(said(line) for line in lines)}.")
    page.text(24, 36, title, 18, weight=600)
    page.text(24, 58, run["about"], 12, MUTED)
    limits_legend(page, 84)
    top = 122
    bottom = top + ROW * len(measured) + 4
    limits_axis(page, unit, ratio_max, top, bottom)
    for i, line in enumerate(measured):
        limits_row(page, line, entity_count, unit, ratio_max, top + 2 + ROW * i)
    return page.finish((limits_rest(page, rest, entity_count, bottom + 14) if rest else bottom) + 10)


# What people use today

PANEL_X, PANEL_GAP, RIVAL_ROW = 276, 42, 22


def decades(values):
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def rival_panels(names, groups, counts):
    """[name, x, lowest decade, highest decade] for each column, and the width of a decade, which all share."""
    panels = []
    for i, name in enumerate(names):
        values = [system[count][i] for group in groups for system in group["systems"] for count in counts
                  if system.get(count) and system[count][i]]
        panels.append([name, 0, *decades(values)])
    total = sum(high - low for _, _, low, high in panels)
    decade = (WIDTH - 30 - PANEL_X - PANEL_GAP * (len(panels) - 1)) / total
    x = PANEL_X
    for panel in panels:
        panel[1] = x
        x += (panel[3] - panel[2]) * decade + PANEL_GAP
    return panels, decade


def power_text(power):
    unit, factor = ("s", 0) if power >= 0 else ("ms", 3) if power >= -3 else ("us", 6) if power >= -6 else ("ns", 9)
    return f"{10 ** (power + factor)} {unit}"


def rivals_axes(page, panels, decade, top, bottom):
    for name, left, low, high in panels:
        page.text(left, top - 24, name, 13, weight=600)
        for power in range(low, high + 1):
            x = left + (power - low) * decade
            page.line(x, top, x, bottom)
            if (power - low) % 2 == 0:
                page.text(x, top - 6, power_text(power), 10, MUTED, "middle")


def rival_row(page, system, panels, decade, counts, is_pecs, y):
    color = PECS if is_pecs else MUTED
    page.text(36, y + 4, system["name"], 12.5, color if is_pecs else INK, weight=600 if is_pecs else None)
    for i, (_, left, low, _) in enumerate(panels):
        points = [(left + (math.log10(system[count][i]) - low) * decade, n) for n, count in enumerate(counts)
                  if system.get(count) and system[count][i]]
        if len(points) > 1:
            page.line(points[0][0], y, points[-1][0], y, color, 1.4)
        for x, n in points:
            page.dot(x, y, color, filled=n > 0)


def said_rival(system, names, counts):
    texts = []
    for count in counts:
        if system.get(count):
            values = ", ".join(f"{name} {duration(value)}" for name, value in zip(names, system[count]) if value)
            texts.append(f"{int(count):,} entities: {values}")
    return f"{system['name']}: {'; '.join(texts)}."


def draw_rivals(rivals, groups, counts, notes):
    """A dot for each system, column and number of entities, on logarithmic axes whose decades have one width."""
    names = rivals["columns"]
    said_all = " ".join(said_rival(system, names, counts) for group in groups for system in group["systems"])
    title = "Saving and getting back a world, with PECS and with what people use today"
    page = Page(title, " ".join(notes) + " " + said_all)
    page.text(24, 36, title, 18, weight=600)
    for i, note in enumerate(notes):
        page.text(24, 58 + 17 * i, note, 12, MUTED)
    y = 58 + 17 * len(notes)
    for i, count in enumerate(counts):
        page.dot(30 + 160 * i, y + 8, MUTED, filled=i > 0)
        page.text(42 + 160 * i, y + 12, f"{int(count):,} entities", 12, MUTED)
    page.text(42 + 160 * len(counts), y + 12, "logarithmic axes; further left is faster", 12, MUTED)
    top = y + 68
    bottom = top + sum(26 + RIVAL_ROW * len(group["systems"]) for group in groups) + 4
    panels, decade = rival_panels(names, groups, counts)
    page.rect(1, top, WIDTH - 2, 26 + RIVAL_ROW * len(groups[0]["systems"]) + 2, PECS_BAND)
    rivals_axes(page, panels, decade, top, bottom)
    y = top
    for group in groups:
        page.text(24, y + 18, group["name"], 11, MUTED, weight=600)
        y += 26
        for system in group["systems"]:
            rival_row(page, system, panels, decade, counts, group.get("is_pecs"), y + RIVAL_ROW / 2)
            y += RIVAL_ROW
    return page.finish(bottom + 16)

"""Plots as SVG: seconds over a size, both logarithmic, and memory beneath. Readable on a light and on a dark page."""

import math
from html import escape

WIDTH, LEFT, RIGHT = 760, 72, 190
TIME_TOP, TIME_HEIGHT = 46, 300
MEMORY_TOP, MEMORY_HEIGHT = 380, 130
BOTTOM = MEMORY_TOP + MEMORY_HEIGHT
# Told apart by people who see colours otherwise, too, on white and on black.
COLOURS = ["#0072b2", "#e07b00", "#009e73", "#cc79a7", "#8c6bb1", "#a6761d"]
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8884; stroke-width: 1 }
.frame { stroke: #888; fill: none }
.guide { stroke: #888; stroke-width: 1.5; stroke-dasharray: 2 4; fill: none }
.limit { stroke: #d1242f; stroke-width: 1.5; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .limit { stroke: #ff7b72 } }
"""


def short(value):
    """A number in few letters: 32,768, 10k, 0.01."""
    for size, unit in [(1e9, "G"), (1e6, "M"), (1e3, "k")]:
        if value >= size and value % (size / 10) == 0:
            return f"{value / size:g}{unit}"
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


class Scale:
    """Maps numbers to pixels, logarithmically or from 0 on."""

    def __init__(self, low, high, start, end, logarithmic=True):
        self.of = math.log10 if logarithmic else lambda value: value
        self.low, self.high, self.start, self.end = self.of(low), self.of(high), start, end

    def __call__(self, value):
        return self.start + (self.of(value) - self.low) / ((self.high - self.low) or 1) * (self.end - self.start)


def decades(low, high):
    return [10.0 ** i for i in range(math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9) + 1)]


def path(points, **attributes):
    d = " ".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
    return tag("path", d=d, **attributes)


def tag(name, text=None, **attributes):
    attributes = "".join(f' {key.rstrip("_").replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"<{name}{attributes}/>" if text is None else f"<{name}{attributes}>{escape(text)}</{name}>"


def svg(title, axis, series, limit, linear):
    """`series`: name, whether it is drawn as the second of its kind, and points of size, seconds and MiB. `linear`: whether time is
    expected to grow with the size, or not at all."""
    xs = sorted({x for _, _, points in series for x, _, _ in points})
    times = [seconds for _, _, points in series for _, seconds, _ in points]
    ticks = decades(min(times), max(times))
    if len(ticks) == 1:
        ticks.append(ticks[0] * 10)
    across = Scale(xs[0], xs[-1], LEFT + 12, WIDTH - RIGHT - 12)
    up = Scale(ticks[0], ticks[-1], TIME_TOP + TIME_HEIGHT, TIME_TOP)
    top = 1.25 * max([limit] + [memory for _, _, points in series for _, _, memory in points])
    memory_up = Scale(0, top, BOTTOM, MEMORY_TOP, logarithmic=False)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {BOTTOM + 56}" role="img">',
           tag("title", title), f"<style>{STYLE}</style>", tag("text", title, x=LEFT, y=24, class_="title")]
    right = WIDTH - RIGHT
    for tick in ticks:
        out += [path([(LEFT, up(tick)), (right, up(tick))], class_="grid"),
                tag("text", f"{tick:g} s", x=LEFT - 8, y=f"{up(tick) + 4:.1f}", text_anchor="end")]
    step = next(step for step in [16, 64, 256, 1024, 4096, 1 << 20] if top / step <= 6)
    for tick in range(0, int(top) + 1, step):
        out += [path([(LEFT, memory_up(tick)), (right, memory_up(tick))], class_="grid"),
                tag("text", f"{tick}", x=LEFT - 8, y=f"{memory_up(tick) + 4:.1f}", text_anchor="end")]
    for x in xs:
        out += [path([(across(x), y), (across(x), y + height)], class_="grid")
                for y, height in [(TIME_TOP, TIME_HEIGHT), (MEMORY_TOP, MEMORY_HEIGHT)]]
        out.append(tag("text", short(x), x=f"{across(x):.1f}", y=BOTTOM + 20, text_anchor="middle"))
    for y, height, what in [(TIME_TOP, TIME_HEIGHT, "seconds"), (MEMORY_TOP, MEMORY_HEIGHT, "anonymous memory, MiB")]:
        out.append(tag("rect", x=LEFT, y=y, width=right - LEFT, height=height, class_="frame"))
        out.append(tag("text", what, text_anchor="middle", transform=f"translate(18 {y + height / 2}) rotate(-90)"))
    out.append(tag("text", axis, x=(LEFT + right) / 2, y=BOTTOM + 44, text_anchor="middle"))
    # Through the last point of the slowest: what grows faster is below it before.
    slowest = max((points[-1] for _, _, points in series), key=lambda point: point[1])
    guide = [(x, slowest[1] * (x / slowest[0] if linear else 1)) for x in xs]
    inside = [(x, seconds) for x, seconds in guide if seconds >= ticks[0]]
    if linear and len(inside) < len(guide):
        inside.insert(0, (ticks[0] / slowest[1] * slowest[0], ticks[0]))
    out.append(path([(across(x), up(seconds)) for x, seconds in inside], class_="guide"))
    out.append(path([(LEFT, memory_up(limit)), (right, memory_up(limit))], class_="limit"))
    names = []
    for name, second, points in series:
        kind = name.rsplit(", ", 1)[0]
        names += [kind] if kind not in names else []
        colour = COLOURS[names.index(kind) % len(COLOURS)]
        dash = {"stroke_dasharray": "6 4"} if second else {}
        for scale, column in [(up, 1), (memory_up, 2)]:
            at = [(across(point[0]), scale(point[column])) for point in points]
            out.append(path(at, fill="none", stroke=colour, stroke_width=2, **dash))
            out += [tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, stroke=colour, fill="none" if second else colour)
                    for x, y in at]
    legend = [(name, COLOURS[names.index(name.rsplit(", ", 1)[0]) % len(COLOURS)], second) for name, second, _ in series]
    for i, (name, colour, second) in enumerate(legend):
        y = TIME_TOP + 10 + 20 * i
        dash = {"stroke_dasharray": "6 4"} if second else {}
        out += [path([(right + 12, y), (right + 38, y)], fill="none", stroke=colour, stroke_width=2, **dash),
                tag("text", name, x=right + 44, y=y + 4)]
    y = TIME_TOP + 10 + 20 * len(legend)
    out += [path([(right + 12, y), (right + 38, y)], class_="guide"),
            tag("text", "linear growth" if linear else "no growth", x=right + 44, y=y + 4),
            path([(right + 12, MEMORY_TOP + 10), (right + 38, MEMORY_TOP + 10)], class_="limit"),
            tag("text", f"limit, {limit:g} MiB", x=right + 44, y=MEMORY_TOP + 14), "</svg>", ""]
    return "\n".join(out)

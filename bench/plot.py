"""A chart of growth: the time of each page at more claims, relative to its time at the fewest."""

import math
from collections.abc import Mapping
from html import escape

from bench.report import MOST_GROWTH

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 210, 40, 50
_COLOURS = (
    "#0f766e",
    "#b45309",
    "#1d4ed8",
    "#be185d",
    "#4d7c0f",
    "#7c3aed",
    "#0e7490",
    "#a16207",
    "#dc2626",
    "#475569",
)
_DASHES = ("", "6 3", "2 3")


def drawing(growth: Mapping[str, Mapping[str, float]]) -> str:
    """An SVG: claims on a logarithmic horizontal axis, relative time on the vertical one, and a line at the promised
    limit."""
    sizes = sorted({int(size) for times in growth.values() for size in times})
    highest = max(1.5, *(value for times in growth.values() for value in times.values())) * 1.05
    span = math.log10(sizes[-1] / sizes[0]) or 1.0

    def x(size: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log10(size / sizes[0]) / span

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / highest

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fffdf8"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">Time of a page with more claims, in times of that with '
        f"{sizes[0]:,} (one client)</text>",
    ]
    for tick in range(math.floor(highest * 5) + 1):
        value = tick / 5
        parts.append(f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}" stroke="#e7e2d6"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.1f}</text>')
    for size in sizes:
        parts.append(f'<text x="{x(size):.1f}" y="{_HEIGHT - 24}" text-anchor="middle">{size:,}</text>')
    parts.append(
        f'<path d="M{_LEFT} {y(MOST_GROWTH):.1f}H{_WIDTH - _RIGHT}" stroke="#b91c1c" stroke-width="2" '
        'stroke-dasharray="4 4"/>'
    )
    parts.append(f'<text x="{_LEFT + 6}" y="{y(MOST_GROWTH) - 6:.1f}" fill="#b91c1c">at most {MOST_GROWTH}</text>')
    for number, (name, times) in enumerate(growth.items()):
        parts += _line(number, name, [(x(int(size)), y(value)) for size, value in times.items()])
    return "\n".join([*parts, "</svg>", ""])


def _line(number: int, name: str, points: list[tuple[float, float]]) -> list[str]:
    colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
    path = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
    row = _TOP + 12 + 20 * number
    dots = "".join(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for across, up in points)
    key = _WIDTH - _RIGHT + 16
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>{dots}',
        f'<path d="M{key} {row - 4}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        f'<text x="{key + 32}" y="{row}">{escape(name)}</text>',
    ]

"""Plots of reports: the one module that imports plotly. Each is a piece of HTML that needs `plot_script` beside it."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

_ACCENT, _MUTED = "#2a78d6", "#9a9892"
_ROW_PX = 30


def plot_script() -> str:
    """The library of the plots, as its wheel carries it: nothing is fetched when a report is looked at."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def bars(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[Sequence[float] | None],
    *,
    axis: str,
    marked: Sequence[str] = (),
) -> str:
    """Lying bars with their intervals, the first name on top; `marked` ones stand out."""
    low = [value - (interval[0] if interval else value) for value, interval in zip(values, intervals, strict=True)]
    high = [(interval[1] if interval else value) - value for value, interval in zip(values, intervals, strict=True)]
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": list(names),
        "x": list(values),
        "error_x": {"array": high, "arrayminus": low, "color": "#777", "thickness": 1.2, "width": 3},
        "marker": {"color": [_ACCENT if name in marked else _MUTED for name in names]},
        "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
    }
    layout = {
        "height": 90 + _ROW_PX * len(names),
        "yaxis": {"autorange": "reversed", "automargin": True, "ticksuffix": "  "},
        "xaxis": {"title": {"text": axis}, "rangemode": "tozero", "automargin": True},
        "bargap": 0.35,
    }
    return _div([bar], layout)


def scatter(
    names: Sequence[str], x: Sequence[float], y: Sequence[float], *, axes: tuple[str, str], marked: Sequence[str] = ()
) -> str:
    """Named points; `marked` ones stand out."""
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": list(x),
        "y": list(y),
        "text": list(names),
        "textposition": _sides(x, y),
        "textfont": {"size": 11},
        "marker": {"size": 10, "color": [_ACCENT if name in marked else _MUTED for name in names]},
        "hovertemplate": "%{text}: %{x:.4f}, %{y:.4f}<extra></extra>",
        "cliponaxis": False,
    }
    layout = {
        "height": 460,
        "xaxis": {"title": {"text": axes[0]}, "automargin": True},
        "yaxis": {"title": {"text": axes[1]}, "automargin": True},
    }
    return _div([points], layout)


def lines(
    x: Sequence[float] | Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    axes: tuple[str, str],
    log: bool = False,
) -> str:
    """One line per series over the same places; the first stands out. Texts in `x` are set at equal distances."""
    colours = [_ACCENT, *[_MUTED] * (len(series) - 1)]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": list(x),
            "y": list(values),
            "line": {"color": colour, "width": 2, "dash": dash},
            "hovertemplate": f"{name} %{{y:.2f}} at %{{x}}<extra></extra>",
        }
        for (name, values), colour, dash in zip(series.items(), colours, cycle(("solid", "dash", "dot")), strict=False)
    ]
    layout = {
        "height": 380,
        "showlegend": len(series) > 1,
        "legend": {"orientation": "h", "y": 1.08},
        "xaxis": {"title": {"text": axes[0]}, "automargin": True, "type": "category" if _are_texts(x) else "linear"},
        "yaxis": {
            "title": {"text": axes[1]}, "automargin": True, "type": "log" if log else "linear",
            **({} if log else {"rangemode": "tozero"}),
        },
    }  # fmt: skip
    return _div(traces, layout)


def _are_texts(values: Sequence[float] | Sequence[str]) -> bool:
    return bool(values) and isinstance(values[0], str)


def _sides(x: Sequence[float], y: Sequence[float]) -> list[str]:
    """Labels of neighbours on alternating sides, so that fewer lie on each other."""
    order = sorted(range(len(x)), key=lambda place: (x[place], y[place]))
    turns = ("top center", "bottom center", "middle right", "middle left")
    sides = {place: turns[turn % len(turns)] for turn, place in enumerate(order)}
    return [sides[place] for place in range(len(x))]


def _div(data: list[dict[str, Any]], layout: dict[str, Any]) -> str:
    from plotly.io import to_html

    common = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 20, "r": 60, "t": 20, "b": 40},
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "showlegend": False,
    }
    figure = {"data": data, "layout": common | layout}
    config = {"displayModeBar": False, "responsive": True}
    return str(to_html(figure, include_plotlyjs=False, full_html=False, config=config, validate=False))

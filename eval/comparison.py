"""A and B beside each other, from the same users' values: the whole, the slices, and what may be said."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.plots import bars
from eval.report import Code, Plot, Section, Table, write_report
from service.core.intervals import MARGIN, as_dict, compare

MAIN = "ndcg@10"
RULE = (
    "better or worse: the 95 % interval of the difference leaves 0 out and the permutation test has p <= .05; "
    f"no difference: the interval lies within {MARGIN:.0%} of A; underpowered: neither"
)

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


def comparison(
    a: Values, b: Values, metrics: Sequence[str], groups: Mapping[str, Mask], *, main: str = MAIN
) -> dict[str, Any]:
    """B beside A.

    Parameters
    ----------
    a, b : float64[U, M], values per user, by `metrics`. groups : slice -> bool[U].

    Returns
    -------
    dict : ``{"users", "metric", "verdict", "difference": {…}, "metrics": {metric: {…}}, "slices": {group: {…}},
        "rule"}``; a slice without users is ``{"users": 0}``, all others are as `service.core.intervals.Difference`.

    Examples
    --------
    >>> one, other = np.full((40, 1), 0.1), np.full((40, 1), 0.2)
    >>> comparison(one, other, ["ndcg@10"], {})["verdict"]
    'better'
    """
    column = list(metrics).index(main)
    whole = {metric: as_dict(compare(a[:, place], b[:, place])) for place, metric in enumerate(metrics)}
    parts = {
        group: as_dict(compare(a[mask, column], b[mask, column])) if mask.any() else {"users": 0}
        for group, mask in groups.items()
    }
    return {
        "users": len(a),
        "metric": main,
        "verdict": str(whole[main]["verdict"]),
        "difference": whole[main],
        "metrics": whole,
        "slices": parts,
        "rule": RULE,
    }


def comparison_report(folder: Path, result: Mapping[str, Any], command: str) -> tuple[Path, Path]:
    """Write a result of `comparison` with its ``a`` and ``b`` as HTML and Markdown; returns the two files."""
    told = {**result["metrics"], **{f"{result['metric']}, {name}": cell for name, cell in result["slices"].items()}}
    shown = {name: cell for name, cell in told.items() if cell["users"]}
    plot = bars(
        list(shown),
        [cell["mean"] for cell in shown.values()],
        [None if cell["low"] is None else (cell["low"], cell["high"]) for cell in shown.values()],
        axis="B - A",
        marked=[result["metric"]],
    )
    sections = [
        Section(f"Verdict: {result['verdict']}", [f"{result['rule']}."]),
        Section("B - A with 95 % intervals", [Plot(plot), table_of(result)]),
        Section("Repeat it", [Code(command)]),
    ]
    lead = f"A is {result['a']}, B is {result['b']}; {result['users']:,} users, the same for both."
    return write_report(folder, "Comparison", lead, sections)


def table_of(result: Mapping[str, Any]) -> Table:
    """One line per metric and slice."""
    rows = [_line(name, cell) for name, cell in (*result["metrics"].items(), *result["slices"].items())]
    return Table(
        ["", "users", "A", "B", "B - A", "95 %", "relative", "p", "detectable", "verdict"], rows, [result["metric"]]
    )


def _line(name: str, cell: Mapping[str, Any]) -> list[str]:
    if not cell["users"]:
        return [name, "0", *[""] * 8]
    interval = "" if cell["low"] is None else f"{cell['low']:+.4f} to {cell['high']:+.4f}"
    return [
        name,
        f"{cell['users']:,}",
        f"{cell['a']:.4f}",
        f"{cell['b']:.4f}",
        f"{cell['mean']:+.4f}",
        interval,
        "" if cell["relative"] is None else f"{cell['relative']:+.1%}",
        f"{cell['p']:.4f}",
        "" if cell["detectable"] is None else f"{cell['detectable']:.4f}",
        str(cell["verdict"]),
    ]

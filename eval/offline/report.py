"""The outcome of `vitrine eval offline` as a report."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.offline.manner import FIGURES
from eval.offline.parameters import parameters
from eval.offline.rows import DIVERSE, FUSED
from eval.plots import bars, scatter
from eval.report import Code, Plot, Section, Table, write_report

_MARKED = (FUSED, DIVERSE)


def offline_report(folder: Path, result: Mapping[str, Any], remarks: Sequence[str], command: str) -> tuple[Path, Path]:
    """Write the report of a result of `eval.offline.run.offline`.

    Parameters
    ----------
    remarks : what must be known to read the table. command : what repeats the measurement.

    Returns
    -------
    tuple : the HTML and the Markdown file.
    """
    title = f"Offline evaluation: {result['dataset']}, {result['split']}"
    lead = (
        f"{result['users']:,} users, {result['products']:,} products, {result['interactions']:,} known interactions. "
        "The service was trained on the past and asked through its own pipeline for the future."
    )
    metric = main_metric(result)
    sections = [
        Section(f"{metric} with 95 % intervals", [Plot(_bars(result, metric)), *remarks]),
        Section("All rows", [_table(result, metric), *_about_verdicts(result)]),
        Section("Who is served how well", list(_slices(result))),
        Section("Beyond accuracy", [_beyond(result), *(f"{name}: {text}." for name, text in FIGURES.items())]),
        Section("Accuracy and variety", [Plot(_scatter(result, metric))]),
        Section("Parameters", [_parameters(result)]),
        Section("Repeat it", [Code(command)]),
    ]
    return write_report(folder, title, lead, sections)


def main_metric(result: Mapping[str, Any]) -> str:
    """``ndcg@10``, or NDCG at the largest cut-off where 10 was not asked for."""
    names = list(next(iter(result["rows"].values())))
    return "ndcg@10" if "ndcg@10" in names else [name for name in names if name.startswith("ndcg@")][-1]


def _bars(result: Mapping[str, Any], metric: str) -> str:
    rows, intervals = result["rows"], result["intervals"]
    values = [row[metric] for row in rows.values()]
    return bars(list(rows), values, [intervals[name][metric] for name in rows], axis=metric, marked=_MARKED)


def _table(result: Mapping[str, Any], metric: str) -> Table:
    names = list(next(iter(result["rows"].values())))
    others = [name for name in names if name != metric]
    rows = []
    for name, row in result["rows"].items():
        beside = result["against_fused"].get(name, {})
        relative, p = beside.get("relative"), beside.get("p")
        rows.append([
            name + (" *" if name in result["sampled"]["rows"] else ""),
            f"{row[metric]:.4f}",
            _interval(result["intervals"][name][metric]),
            "" if relative is None else f"{relative:+.1%}",
            "" if p is None else f"{p:.4f}",
            beside.get("verdict", ""),
            *(f"{row[other]:.4f}" for other in others),
        ])  # fmt: skip
    return Table(["", metric, "95 %", "beside fused", "p", "verdict", *others], rows, _MARKED)


def _about_verdicts(result: Mapping[str, Any]) -> Iterator[str]:
    if result["against_fused"]:
        yield (
            "Beside fused: the same users, paired; interval by bootstrap over users, p by random signs. Better or "
            "worse: the interval of the difference leaves 0 out and p is at most .05. No difference: it lies within "
            "2 % of the fused row. Underpowered: neither; so many users cannot tell."
        )


def _slices(result: Mapping[str, Any]) -> Iterator[str | Table]:
    yield "Users by products met before: cold fewer than 5, heavy the fifth that had met most, warm the rest."
    yield _sliced(result["slices"]["users"])
    yield (
        "Relevant products cut to a group: head the fifth met by most users, tail the rest; new first seen in the "
        "newest tenth of training's time or never, old the rest."
    )
    yield _sliced(result["slices"]["products"])


def _sliced(groups: Mapping[str, Mapping[str, Any]]) -> Table:
    sizes = {group: max((cell["users"] for cell in cells.values()), default=0) for group, cells in groups.items()}
    head = ["", *(f"{group} ({sizes[group]:,} users) {m}" for group in groups for m in ("ndcg@10", "recall@10"))]
    names = list(next(iter(groups.values())))
    rows = [
        [name, *(_cell(groups[group][name], metric) for group in groups for metric in ("ndcg@10", "recall@10"))]
        for name in names
    ]
    return Table(head, rows, _MARKED)


def _cell(cell: Mapping[str, Any], metric: str) -> str:
    if metric not in cell:
        return "-"
    interval = cell["intervals"][metric]
    return f"{cell[metric]:.4f}" + (f" ±{(interval[1] - interval[0]) / 2:.3f}" if interval else "")


def _beyond(result: Mapping[str, Any]) -> Table:
    rows = [
        [name, *("-" if row[figure] is None else f"{row[figure]:.3f}" for figure in FIGURES)]
        for name, row in result["beyond"].items()
    ]
    return Table(["", *FIGURES], rows, _MARKED)


def _scatter(result: Mapping[str, Any], metric: str) -> str:
    points = {
        name: (result["beyond"][name]["text_diversity"], row[metric])
        for name, row in result["rows"].items()
        if result["beyond"][name]["text_diversity"] is not None
    }
    x, y = [x for x, _ in points.values()], [y for _, y in points.values()]
    return scatter(list(points), x, y, axes=("text diversity (1 - mean cosine)", metric), marked=_MARKED)


def _parameters(result: Mapping[str, Any]) -> Table:
    overlay = Path(result["config"])
    rows = parameters(overlay if overlay.is_file() else None)
    return Table(["", "value", "origin"], [list(row) for row in rows])


def _interval(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.4f}-{interval[1]:.4f}"

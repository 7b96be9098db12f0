"""The outcome of `vitrine eval ann` as tables and as a report."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.plots import lines
from eval.report import Code, Plot, Section, Table, write_report

_ON_SCREEN = (32, 128, 512)


def rows_table(result: Mapping[str, Any]) -> Table:
    """Every slot under the filters of real requests."""
    rows = [[f"{row['slot']}, {row['filter']}", *_figures(row)] for row in result["rows"]]
    return Table(["slot, filter", "matching", "recall", "ms", "exact ms"], rows)


def sweep_table(result: Mapping[str, Any]) -> Table:
    """Dense slots by selectivity, k and breadth."""
    rows = [
        [f"{row['slot']}, {row['filter']}", f"{row['k']}", f"{row['ef']}", *_figures(row)] for row in result["sweep"]
    ]
    return Table(["slot, filter", "k", "ef", "matching", "recall", "ms", "exact ms"], rows)


def short_sweep_table(result: Mapping[str, Any]) -> Table:
    """The sweep on a screen, at the smaller k: a row per slot and selectivity, a column per breadth."""
    k = min((row["k"] for row in result["sweep"]), default=0)
    cells: dict[str, dict[int, str]] = {}
    for row in result["sweep"]:
        if row["k"] == k:
            of_slot = cells.setdefault(f"{row['slot']}, {row['matching']:.1%}", {})
            of_slot[row["ef"]] = f"{row['recall']:.3f} {row['ms']:.2f}"
    breadths = sorted({ef for of_slot in cells.values() for ef in of_slot} & {*_ON_SCREEN, result["ef"]})
    rows = [[name, *(of_slot.get(ef, "") for ef in breadths)] for name, of_slot in cells.items()]
    return Table([f"recall@{k} and ms", *(f"ef {ef}" for ef in breadths)], rows)


def remarks(result: Mapping[str, Any]) -> Iterator[str]:
    """What must be known to read the tables."""
    kinds = sorted(set(result["quantisation"].values()))
    yield f"Quantisation: {', '.join(kinds)}. Sparse slots have no graph: their search is exact."
    if all(row["recall"] == 1 for row in result["rows"]):
        yield "All is found: the engine searches exactly where a slot is small or a filter passes few products."
    for collection, shares in result["no_filter_for"].items():
        yield f"{collection} has no filter that passes about {', '.join(f'{share:.1%}' for share in shares)} of it."
    if result["silent"]:
        yield f"Empty slots, not measured: {', '.join(result['silent'])}."
    if result["release"] is None:
        yield "There is no live release: what training makes was not measured."
    yield f"Load average {result['load_average']}."


def ann_report(folder: Path, result: Mapping[str, Any], command: str) -> tuple[Path, Path]:
    """Write the report.

    Returns
    -------
    tuple : the HTML and the Markdown file.
    """
    lead = f"{result['products']:,} products, {result['queries']} queries each, release {result['release']}."
    sections = [
        Section(f"recall@{result['k']} at ef {result['ef']}, under filters of real requests", [
            rows_table(result), *remarks(result),
        ]),
        *(
            Section(f"{title} by breadth, k = {k}", [Plot(_plot(result, k, figure, title))])
            for k in sorted({row["k"] for row in result["sweep"]})
            for figure, title in (("recall", "Recall"), ("ms", "Milliseconds"))
        ),
        Section("By breadth and selectivity", [sweep_table(result)]),
        Section("Repeat it", [Code(command)]),
    ]  # fmt: skip
    return write_report(folder, "Approximate against exact search", lead, sections)


def _plot(result: Mapping[str, Any], k: int, figure: str, title: str) -> str:
    chosen = [row for row in result["sweep"] if row["k"] == k]
    breadths = sorted({row["ef"] for row in chosen})
    series: dict[str, list[float]] = {}
    for row in chosen:
        series.setdefault(f"{row['slot']}, {row['matching']:.1%}", []).append(row[figure])
    return lines([str(ef) for ef in breadths], series, axes=("ef", title.lower()))


def _figures(row: Mapping[str, Any]) -> list[str]:
    return [f"{row['matching']:.1%}", f"{row['recall']:.3f}", f"{row['ms']:.2f}", f"{row['exact_ms']:.2f}"]

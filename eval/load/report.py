"""The outcome of `vitrine eval load` as tables and as a report."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.load.measured import curve, over_time
from eval.load.run import Loaded
from eval.plots import lines
from eval.report import Code, Plot, Section, Table, write_report

_COLUMNS = ("offered", "achieved", "p50_ms", "p95_ms", "p99_ms", "max_ms", "errors")


def latency_table(result: Mapping[str, Any]) -> Table:
    """All requests together, then each surface."""
    parts = result["by_surface"] if len(result["by_surface"]) > 1 else {}
    rows = {"all" if parts else next(iter(result["by_surface"])): result, **parts}
    body = [[name, *(_shown(row[column]) for column in _COLUMNS)] for name, row in rows.items()]
    return Table(["", *map(_words, _COLUMNS)], body, ["all"])


def engine_table(result: Mapping[str, Any]) -> Table | None:
    """The service beside the engine alone; None where they were not compared."""
    engine = result["engine"]
    if not engine:
        return None
    columns = ("requests", "service_ms", "engine_ms", "wall_ratio", "cpu_ratio")
    parts = engine["by_surface"]
    rows = {"all": engine, **parts} if len(parts) > 1 else parts
    return Table(
        ["", *map(_words, columns)], [[name, *(_shown(row[c]) for c in columns)] for name, row in rows.items()], ["all"]
    )


def steps_table(result: Mapping[str, Any]) -> Table | None:
    """The rates that were tried; None where none was searched for."""
    if "found" not in result:
        return None
    columns = ("rate", "achieved", "p50_ms", "p99_ms", "errors")
    rows = [[*(_shown(step[c]) for c in columns), step["why_not"] or "holds"] for step in result["found"]["steps"]]
    return Table([*map(_words, columns), "goal"], rows)


def remarks(result: Mapping[str, Any]) -> Iterator[str]:
    """What must be known to read the tables."""
    if "found" in result:
        found = result["found"]
        goal = f"p99 at most {found['goal_p99_ms']:g} ms"
        yield (
            f"highest rate with {goal}: {found['rate']:g}/s; the next higher one that was tried and failed is at most "
            f"{found['resolution']:.0%} higher"
            if found["rate"] is not None
            else f"no rate that was tried holds {goal}"
        )
    for reason, count in result["reasons"].items():
        yield f"{count} requests failed: {reason}"
    generator, load = result["generator"], result["load_average"]
    memory = f"service: {result['rss_mb']:,.0f} MB (at most {result['peak_rss_mb']:,.0f}), " if result["rss_mb"] else ""
    spent = f"{result['cpu_s']} s of processor, " if result["cpu_s"] is not None else ""
    yield (
        f"{memory}{spent}generator: {generator['cpu']:.0%} of a core, late by {generator['late_p99_ms']} ms (p99); "
        f"load average {load[0]} before, {load[1]} after"
    )
    if result["engine_ratio"] is not None:
        yield (
            f"engine_ratio {result['engine_ratio']}: median time of an answer (without sockets) to that of the same "
            f"searches by the engine alone; of processor time {result['engine']['cpu_ratio']}"
        )
    yield from result["notes"]


def load_report(folder: Path, loaded: Loaded, command: str) -> tuple[Path, Path]:
    """Write the report.

    Returns
    -------
    tuple : the HTML and the Markdown file.
    """
    result, run = loaded.result, loaded.run
    time, by_percentile = over_time(run), curve(run)
    series = {name: time[name] for name in ("p50_ms", "p99_ms", "max_ms")}
    percentiles = [f"{value:g}" for value in by_percentile["percentile"]]
    sections = [
        Section("Latency from when requests were due", [latency_table(result), *remarks(result)]),
        Section(
            "Over time",
            [
                "Of the requests due in each part of the run.",
                Plot(lines(time["at_s"], series, axes=("second of the run", "ms"))),
            ],
        ),
        Section(
            "By percentile",
            [Plot(lines(percentiles, {"ms": by_percentile["ms"]}, axes=("percentile", "ms"), log=True))],
        ),
    ]
    if (steps := steps_table(result)) is not None:
        sections.append(Section("Rates that were tried", [steps]))
    if (engine := engine_table(result)) is not None:
        sections.append(Section("Beside the engine alone", [engine]))
    sections.append(Section("Repeat it", [Code(command)]))
    lead = (
        f"{result['requests']:,} requests at {result['rate']:g} a second for {result['seconds']:g} s, sent when they "
        "were due, whatever became of those before."
    )
    return write_report(folder, f"Load: {', '.join(result['by_surface'])}", lead, sections)


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _words(name: str) -> str:
    return name.replace("_", " ")

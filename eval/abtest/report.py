"""The read-out of an experiment as tables, for the screen and as a page."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.abtest.run import ALL
from eval.plots import bars
from eval.report import Code, Plot, Section, Table, write_report

_COUNTS = ("visitors", "slates", "slots")


def warning(result: Mapping[str, Any]) -> str | None:
    """What forbids reading on, or None."""
    ratio = result["sample_ratio"]
    if ratio["trusted"]:
        return None
    got = ", ".join(f"{variant} {count:,}" for variant, count in ratio["visitors"].items())
    promised = ", ".join(f"{variant} {share:.0%}" for variant, share in ratio["shares"].items())
    return (
        f"SAMPLE-RATIO MISMATCH (p = {ratio['p']:.2g}): visitors came as {got}, configured are {promised}. Something "
        "lets visitors of one variant go missing, so no effect below can be trusted; find it before anything else."
    )


def tables(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """A table of levels and one of effects for each surface, the whole first."""
    for surface, found in result["surfaces"].items():
        yield f"{surface}: variants", _levels(found)
        yield f"{surface}: beside {result['control']}", _effects(found)


def _levels(found: Mapping[str, Any]) -> Table:
    metrics = [name for name in next(iter(found["variants"].values())) if name not in _COUNTS]
    rows = [
        [variant, *(f"{row[name]:,}" for name in _COUNTS), *(_interval(row[name]) for name in metrics)]
        for variant, row in found["variants"].items()
    ]
    return Table(["", *_COUNTS, *metrics], rows)


def _effects(found: Mapping[str, Any]) -> Table:
    rows = []
    for variant, effects in found["effects"].items():
        for metric, one in effects.items():
            needed = "" if one["still_needed"] is None else f"{one['still_needed']:,} more visitors"
            rows.append([
                f"{variant}, {metric}", _signed(one["difference"]), _span(one["low"], one["high"]),
                _span(one["always_low"], one["always_high"]), _percent(one["relative"]), f"{one['p']:.4f}",
                one["verdict"], needed,
            ])  # fmt: skip
    return Table(["", "difference", "95 % (one look)", "95 % (always)", "relative", "p (always)", "verdict", ""], rows)


def remarks(result: Mapping[str, Any]) -> Iterator[str]:
    """What must be known to read it."""
    ratio = result["sample_ratio"]
    if said := warning(result):
        yield said
    else:
        yield f"Sample ratio: as configured (p = {ratio['p']:.3f})."
    if ratio["mixed"]:
        yield f"{ratio['mixed']:,} visitors met several variants and are left out."
    events = result["events"]
    lost = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in events.items() if name != "credited")
    yield f"Clicks, carts and purchases: {events['credited']:,} credited, {lost}."
    yield (
        "Visitors are what was randomised: ratios by the delta method. The intervals and p of “always” are right "
        f"whenever and however often one looks (tightest at {result['planned']:,} visitors); each metric by itself."
    )
    yield "ctr: slots clicked / slots shown. conversion: visitors who bought / visitors. Revenue: per visitor."
    yield "Only what is credited to a slate of the experiment counts; prices are those of today."


def abtest_report(folder: Path, result: Mapping[str, Any], command: str) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.md``.

    Parameters
    ----------
    command : what repeats the read-out.
    """
    sections = [
        Section("Read this first", list(remarks(result))),
        Section("Relative to control", [Plot(_plot(result))]),
        *(Section(title, [table]) for title, table in tables(result)),
        Section("Repeat it", [Code(command)]),
    ]
    lead = " ".join(filter(None, [f"Experiment {result['experiment']}.", warning(result) and "Not to be trusted."]))
    return write_report(folder, f"Read-out of {result['experiment']}", lead, sections)


def _plot(result: Mapping[str, Any]) -> str:
    names, values, intervals = [], [], []
    for variant, effects in result["surfaces"][ALL]["effects"].items():
        base = result["surfaces"][ALL]["variants"][result["control"]]
        for metric, one in effects.items():
            mean = base[metric]["mean"]
            if mean and one["relative"] is not None:
                names.append(f"{variant}, {metric}")
                values.append(one["relative"])
                intervals.append((one["always_low"] / mean, one["always_high"] / mean))
    return bars(names, values, intervals, axis="relative effect, 95 % at any time")


def _interval(one: Mapping[str, float | None]) -> str:
    if one["mean"] is None:
        return "-"
    return f"{one['mean']:.4f} " + _span(one["low"], one["high"])


def _span(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.4f} to {high:.4f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1%}"

"""An off-policy estimate as tables, for the screen and as a page."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.offpolicy.estimate import ESTIMATORS
from eval.plots import bars
from eval.report import Code, Plot, Section, Table, write_report

NAMES = {"logged": "as logged", "ips": "IPS", "snips": "SNIPS", "dr": "doubly robust"}


def table(result: Mapping[str, Any]) -> Table:
    """A row per estimator."""
    head = [f"{result['reward']} per slate", "value", "95 %", "beside the log", "95 %", "relative"]
    return Table(head, [_row(NAMES[name], result, name) for name in NAMES], (NAMES["dr"],))


def _row(label: str, result: Mapping[str, Any], name: str) -> list[str]:
    one, base = result[name], result["logged"]["value"]
    cells = [label, f"{one['value']:.4f}", f"{one['low']:.4f} to {one['high']:.4f}"]
    if name == "logged":
        return [*cells, "", "", ""]
    relative = f"{one['lift'] / base:+.1%}" if base else "-"
    return [*cells, f"{one['lift']:+.4f}", f"{one['lift_low']:+.4f} to {one['lift_high']:+.4f}", relative]


def remarks(result: Mapping[str, Any]) -> Iterator[str]:
    """What must be known to read it."""
    shared = result["overlap"]
    yield f"Verdict by the doubly robust estimate: {result['verdict']}."
    yield (
        f"{result['slates']:,} slates of {result['visitors']:,} visitors with {result['rewarded_slots']:,} rewarded "
        f"slots; they weigh as much as {shared['ess']:,.0f} ({shared['share']:.0%}), the largest weight is "
        f"{shared['max_weight']:.1f}, weights are cut at {shared['clip']:g} ({shared['clipped']:.2%} were), "
        f"{shared['unseen']:.2%} of what the candidate shows was hardly ever shown (IPS "
        "falls short by about that share)."
    )
    if result["usable"] > result["slates"]:
        yield f"Drawn at random from {result['usable']:,} slates that can be used."
    for reason, count in result["left_out"].items():
        yield f"{count:,} slates are left out: {reason}."
    if result["unpriced"]:
        yield f"{result['unpriced']:,} purchases of products without a known price count 0."
    yield from result["assumptions"]


def offpolicy_report(folder: Path, result: Mapping[str, Any], command: str) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.md``.

    Parameters
    ----------
    command : what repeats the estimate.
    """
    names = ("logged", *ESTIMATORS)
    plot = bars(
        [NAMES[name] for name in names],
        [result[name]["value"] for name in names],
        [(result[name]["low"], result[name]["high"]) for name in names],
        axis=f"{result['reward']} per slate",
        marked=(NAMES["dr"],),
    )
    sections = [
        Section("What it would have earned", [Plot(plot), table(result), *remarks(result)]),
        Section("Repeat it", [Code(command)]),
    ]
    lead = "From the log alone: nobody was shown anything new. Intervals are 95 %, by bootstrap over visitors."
    return write_report(folder, f"Another configuration of {result['surface']}", lead, sections)

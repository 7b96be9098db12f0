"""What people search for, as tables for a terminal, a page and Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval import report
from eval.report import Code, Section, Table

_COLUMNS = ("query", "people", "searches", "no result", "took", "unknown words")
_HOW = (
    "People: different users or sessions. Searches: the same person's within half an hour are one. No result: nothing "
    "matched, and no filter was to blame; something popular or near may have been shown instead. Took: people whose "
    "view, click, cart or purchase carries the request_id of that search, or else its words. Unknown words: no product "
    "has them in its name, brand, category, tags or attributes."
)


def tables(result: Mapping[str, Any]) -> Iterator[tuple[str, Table]]:
    """Title and rows of the lists that are not empty."""
    for title, rows in (
        ("Nothing found", result["nothing"]),
        (f"Few clicks: at most {result['low']:.0%} of those who asked took something", result["few_clicks"]),
    ):
        if rows:
            yield title, Table(_COLUMNS, [_cells(row) for row in rows])


def summary(result: Mapping[str, Any]) -> str:
    """One line."""
    totals = result["totals"]
    return (
        f"Last {result['days']:g} days: {totals['answered']:,} searches answered, {totals['nothing']:,} of them "
        f"without result; {totals['told']:,} told by events; {totals['taken']:,} views and clicks say which search "
        f"they came from. {result['queries']:,} queries were made by {result['visitors']} people or more."
    )


def write_report(folder: Path, result: Mapping[str, Any], command: str) -> tuple[Path, Path]:
    """``report.html`` and ``report.md`` in a folder, which is made if it is missing.

    Parameters
    ----------
    command : what repeats it.
    """
    sections = [Section("Read this first", [*result["remarks"], _HOW])]
    sections += [Section(title, [table]) for title, table in tables(result)]
    if result["synonyms"]:
        what = "Lines for the synonyms file, or for PUT /v1/synonyms. They are guesses: keep those that are right."
        sections.append(Section("Synonyms that could help", [what, Code("\n".join(result["synonyms"]))]))
    sections.append(Section("Repeat it", [Code(command)]))
    return report.write_report(folder, "What people search for", summary(result), sections)


def _cells(row: Mapping[str, Any]) -> Sequence[str]:
    rate = f"{row['takers']:,} ({row['click_rate']:.0%})"
    unknown = ", ".join(row["unknown_words"]) or "-"
    return row["query"], f"{row['visitors']:,}", f"{row['searches']:,}", f"{row['nothing']:,}", rate, unknown

"""An examination as tables for the screen, and as a report with plots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import report
from eval.plots import bars
from service.core.errors import InvalidQuery

MISSING = "Missing"
REACHABILITY = "Reachability"

_WIDEST = 60
_IN_PLOT = 30

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """Words in rows; `note` says how they were come by."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str | None = None


def tables(result: Mapping[str, Any], examples: int = 20) -> Iterator[Table]:
    """Every table of an examination, the most important numbers first.

    Parameters
    ----------
    examples : rows of a table that only gives examples, at most.
    """
    yield _overview(result)
    yield _missing(result["missing"])
    yield _reachability(result)
    for title, entries, columns in _lists(result):
        if entries:
            yield Table(title, columns, tuple(entries[:examples]))


def write_report(folder: Path, result: Mapping[str, Any]) -> None:
    """``report.html`` and ``report.md`` in a folder, which is made if it is missing.

    Raises
    ------
    InvalidQuery : they cannot be written.
    """
    sections = [_section(table, result) for table in tables(result)]
    lead = f"{_n(result['products']['total'])} products, examined in {result['seconds']} s."
    try:
        report.write_report(folder, "Health of the catalogue", lead, sections)
    except OSError as error:
        raise InvalidQuery(
            f"the report cannot be written to {folder} ({error.strerror}); choose another folder"
        ) from error


def _section(table: Table, result: Mapping[str, Any]) -> report.Section:
    parts: list[str | report.Table | report.Plot] = [report.Table(table.columns, table.rows)]
    if table.title == MISSING:
        entries = result["missing"][:_IN_PLOT]
        parts.append(_plot([e["attribute"] for e in entries], [e["share"] for e in entries], "share missing"))
    if table.title == REACHABILITY:
        surfaces = result["reachability"]["surfaces"]
        parts.append(_plot(list(surfaces), [found["share"] for found in surfaces.values()], "share reachable"))
    return report.Section(table.title, [*parts, *([table.note] if table.note else [])])


def _plot(names: Sequence[str], values: Sequence[float], axis: str) -> report.Plot:
    return report.Plot(bars(names, values, [None] * len(names), axis=axis))


def _overview(result: Mapping[str, Any]) -> Table:
    counts, texts, same = result["products"], result["texts"], result["duplicates"]
    rows = [("products", _n(counts["total"]))]
    rows += [(name.replace("_", " "), _of(counts[name], counts["total"])) for name in counts if name != "total"]
    rows.append(("same name and brand", _grouped(same)))
    for slot, near in result["near_duplicates"].items():
        said = "no vectors" if near is None else f"{_grouped(near)}; {_n(near['looked_at'])} looked at"
        rows.append((f"nearly the same {slot}" + (f" (cosine ≥ {near['cosine']:g})" if near else ""), said))
    rows.append((f"texts cut after {_n(texts['max_chars'])} characters", _of(texts["cut_by_chars"], texts["products"])))
    if texts["max_pieces"] is not None:
        unread = f"; {texts['unread']:.1%} of all word pieces unread"
        rows.append(
            (
                f"texts cut after {_n(texts['max_pieces'])} word pieces",
                _of(texts["cut_by_pieces"], texts["products"]) + unread,
            )
        )
    return Table("Overview", ("what", "products"), (*rows, *_picture_rows(result["pictures"])))


def _picture_rows(pictures: Mapping[str, Any]) -> list[tuple[str, str]]:
    kinds, urls = pictures["kinds"], pictures["urls"]
    rows = [("pictures", ", ".join(f"{_n(count)} {kind}" for kind, count in kinds.items() if count))]
    if kinds["file"]:
        rows.append(("picture files that are not there", _n(pictures["missing_files"]["pictures"])))
    if urls is not None:
        rows.append(("dead picture links", f"{_of(urls['dead'], urls['asked'])} of {_n(urls['asked'])} asked"))
        if urls["unanswered"]:
            rows.append(("picture links unanswered", f"{_n(urls['unanswered'])}: {', '.join(urls['silent_hosts'])}"))
    elif kinds["url"]:
        rows.append(("dead picture links", "not asked for; see --check-images"))
    return rows


def _missing(entries: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple((entry["attribute"], _n(entry["products"]), f"{entry['share']:.1%}") for entry in entries)
    return Table(MISSING, ("attribute", "products", "share"), rows)


def _reachability(result: Mapping[str, Any]) -> Table:
    reach, sampling = result["reachability"], result["sampling"]
    asked, users = sampling["asked"], reach["users"]
    rows = tuple(
        (
            name, _n(found["lists"]), _n(found["reachable"]), f"{found['share']:.1%}", _n(found["orphans"]),
            _number(found["gini"]), _percent(found["hub_share"]),
        )
        for name, found in (*reach["surfaces"].items(), ("any of them", reach["any"]))
    )  # fmt: skip
    whole = "every product asked" if asked == sampling["indexed"] else (
        f"{_n(asked)} of {_n(sampling['indexed'])} products asked, drawn at random: a lower bound"
    )  # fmt: skip
    release = f"release {reach['release']}" if reach["release"] else "no release is live"
    note = (
        f"Of the {_n(reach['may_be_shown'])} products that may be shown (visible, in stock, indexed), top "
        f"{reach['k']}. similar: {whole}. home: {_n(users['asked'])} of {_n(users['seen'])} users asked, {release}."
    )
    columns = ("list", "lists", "reachable", "share", "orphans", "Gini", "slots of the top 1 %")
    return Table(REACHABILITY, columns, rows, note)


def _lists(result: Mapping[str, Any]) -> Iterator[tuple[str, Rows, tuple[str, ...]]]:
    rows: Rows
    for name, found in result["reachability"]["surfaces"].items():
        rows = [(hub["id"], _short(hub["name"]), _n(hub["lists"])) for hub in found["hubs"]]
        yield f"Hubs of {name}", rows, ("id", "name", "lists")
    orphans = result["reachability"]["any"]["orphan_examples"]
    yield "Orphans: in nobody's list", [(o["id"], _short(o["name"])) for o in orphans], ("id", "name")
    groups = {"Same name and brand": result["duplicates"]} | {
        f"Nearly the same {slot}": near for slot, near in result["near_duplicates"].items() if near
    }
    for title, found in groups.items():
        rows = [(_short(g["name"]), _n(g["size"]), ", ".join(g["ids"][:5])) for g in found["largest"]]
        yield title, rows, ("name", "products", "ids")
    pictures = result["pictures"]
    dead = pictures["missing_files"]["examples"] | (pictures["urls"] or {}).get("examples", {})
    yield "Dead pictures", [(_short(source), why) for source, why in dead.items()], ("picture", "why")


def _grouped(found: Mapping[str, Any]) -> str:
    return f"{_n(found['products'])} in {_n(found['groups'])} groups"


def _of(count: int, total: int) -> str:
    return f"{_n(count)} ({count / total:.1%})" if total else _n(count)


def _n(count: int) -> str:
    return f"{count:,}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"

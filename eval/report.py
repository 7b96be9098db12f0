"""Reports as one HTML page that needs no network, and the same as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from eval.plots import plot_script

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1a; --soft: #63625d; --line: #dddbd5; --paper: #fdfdfc; --shade: #f4f3ef }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececea; --soft: #a3a29c; --line: #3a3937; --paper: #171716; --shade: #21211f } }
body { margin: 0 auto; max-width: 68rem; padding: 2.5rem 1.5rem 5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem } h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem }
p { margin: .4rem 0; max-width: 44rem } .soft { color: var(--soft) }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th { font-weight: 600; color: var(--soft) } th:first-child, td:first-child { text-align: left }
tr.marked td { background: var(--shade); font-weight: 600 }
pre { background: var(--shade); padding: .8rem 1rem; overflow-x: auto; font-size: .85rem }
.js-plotly-plot text { fill: var(--ink) !important } .js-plotly-plot .gridlayer path { stroke: var(--line) !important }
.js-plotly-plot .zerolinelayer path { stroke: var(--soft) !important }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text, the first column to the left; rows that begin with one of `marked` stand out."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A piece of HTML of `eval.plots`; Markdown leaves it out."""

    html: str


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be copied."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with paragraphs, tables, plots and code below it."""

    title: str
    parts: Sequence[str | Table | Plot | Code]


def write_report(folder: Path, title: str, lead: str, sections: Sequence[Section]) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.md`` into a folder, which is made where it is missing.

    Returns
    -------
    tuple : the two files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, text = folder / "report.html", folder / "report.md"
    page.write_text(as_html(title, lead, sections), "utf-8")
    text.write_text(as_markdown(title, lead, sections), "utf-8")
    return page, text


def as_html(title: str, lead: str, sections: Sequence[Section]) -> str:
    """One page with its style and script inside."""
    has_plot = any(isinstance(part, Plot) for section in sections for part in section.parts)
    script = f"<script>{plot_script()}</script>" if has_plot else ""
    body = "\n".join(
        f"<h2>{escape(section.title)}</h2>\n" + "\n".join(_html(part) for part in section.parts) for section in sections
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{_STYLE}</style>{script}</head>\n<body><h1>{escape(title)}</h1>\n<p class="soft">{escape(lead)}</p>\n'
        f"{body}\n</body></html>\n"
    )


def as_markdown(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The same without plots.

    Examples
    --------
    >>> print(as_markdown("A", "b", [Section("C", [Table(["x", "y"], [["1", "2"]])])]))
    # A
    <BLANKLINE>
    b
    <BLANKLINE>
    ## C
    <BLANKLINE>
    | x | y |
    |---|--:|
    | 1 | 2 |
    <BLANKLINE>
    """
    blocks = [f"# {title}", lead]
    for section in sections:
        blocks += [f"## {section.title}", *(_markdown(part) for part in section.parts if not isinstance(part, Plot))]
    return "\n\n".join(blocks) + "\n"


def _html(part: str | Table | Plot | Code) -> str:
    if isinstance(part, str):
        return f"<p>{escape(part)}</p>"
    if isinstance(part, Plot):
        return part.html
    if isinstance(part, Code):
        return f"<pre>{escape(part.text)}</pre>"
    head = "".join(f"<th>{escape(cell)}</th>" for cell in part.head)
    rows = "\n".join(
        f"<tr{' class=marked' if row[0] in part.marked else ''}>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for row in part.rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'


def _markdown(part: str | Table | Plot | Code) -> str:
    if isinstance(part, Code):
        return f"```\n{part.text}\n```"
    if isinstance(part, Table):
        lines = ["|---" + "|--:" * (len(part.head) - 1) + "|"]
        cells = [[cell.replace("|", "\\|") for cell in row] for row in (part.head, *part.rows)]
        return "\n".join(
            ["| " + " | ".join(cells[0]) + " |", *lines, *("| " + " | ".join(r) + " |" for r in cells[1:])]
        )
    return str(part)

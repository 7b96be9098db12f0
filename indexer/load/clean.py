"""A row becomes a product: every field by its rule, every repair noted, or the row is rejected."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.load.attributes import read_attributes
from indexer.load.cells import check_id, check_positive, first_cell, to_id
from indexer.load.limits import FIELD_CHARS
from indexer.load.pictures import parse_image, parse_link
from indexer.load.plan import Plan
from indexer.load.prices import read_prices
from indexer.load.reasons import REJECTING, Note, Reason
from indexer.load.rows import Row
from indexer.load.text import clean_description, clean_name, clean_word
from indexer.load.values import (
    parse_boolean,
    parse_category,
    parse_moment,
    parse_rating,
    parse_review_count,
    parse_stock,
    parse_tags,
    to_text,
)
from service.core.types import Product

Rule = Callable[[Any], tuple[Any, tuple[Reason, ...]]]


def _text(rule: Callable[[str], tuple[Any, tuple[Reason, ...]]]) -> Rule:
    return lambda raw: rule(to_text(raw))


RULES: Mapping[str, Rule] = {
    "name": _text(clean_name),
    "description": _text(clean_description),
    "brand": _text(clean_word),
    "rating": parse_rating,
    "review_count": parse_review_count,
    "link": _text(parse_link),
    "stock": parse_stock,
    "visible": parse_boolean,
    "created_at": parse_moment,
}
"""Field -> what makes a value of one cell. Id, image, prices and attributes need more than a cell."""

LIST_RULES: Mapping[str, Rule] = {"category": parse_category, "tags": parse_tags}
"""Field -> what makes a value of all its cells."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a row is read with.

    Attributes
    ----------
    currency : of prices without a sign or a currency column.
    folder : what relative image paths begin at. pictures : picture files by product id.
    """

    plan: Plan
    tenant: str
    currency: str | None
    folder: Path
    pictures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a row: a product, or None if a note rejects it."""

    product: Product | None
    external_id: str
    notes: tuple[Note, ...]


def read_row(row: Row, context: Context) -> Verdict:
    """Apply every rule to a row.

    Returns
    -------
    Verdict : notes are the repairs of a loaded row, or only what rejects it.
    """
    notes = list(row.notes)
    if any(note.reason in REJECTING for note in notes):
        return Verdict(None, "", tuple(notes))
    external_id = read_id(row, context.plan, notes)
    check_positive(row.values, context.plan, notes)
    fields = _read_fields(row, context.plan, notes)
    fields |= read_prices(lambda name: first_cell(row, context.plan, name, notes), context.currency, notes)
    fields["image"] = _read_image(row, context, external_id, notes)
    fields["attributes"] = read_attributes(row.values, context.plan, notes)
    if not fields.get("name") and context.plan.format.name_from and external_id:
        fields["name"] = _make_name(fields, context.plan, external_id, notes)
    if not fields.get("name"):
        notes.append(Note(Reason.NAME_MISSING, "name"))
    if rejecting := tuple(note for note in notes if note.reason in REJECTING):
        return Verdict(None, external_id, rejecting)
    filled = {name: value for name, value in fields.items() if value is not None and value != ""}
    product = Product(external_id, tenant=context.tenant, **filled)
    return Verdict(product, external_id, tuple(notes))


def _read_fields(row: Row, plan: Plan, notes: list[Note]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, rule in RULES.items():
        raw = first_cell(row, plan, name, notes) if name in plan.columns else None
        if raw is not None:
            fields[name], reasons = rule(raw)
            notes.extend(Note(reason, name, raw) for reason in reasons)
    for name, rule in LIST_RULES.items():
        cells = _cells(row, plan, name)
        fields[name], reasons = rule(cells)
        notes.extend(Note(reason, name, cells[0] if len(cells) == 1 else cells) for reason in reasons)
    return fields


def _cells(row: Row, plan: Plan, name: str) -> list[object]:
    """All cells of a list field, as the format wants them read."""
    cells = [row.values.get(column) for column in plan.columns.get(name, ())]
    for old, new in plan.format.replace.get(name, {}).items():
        cells = [cell.replace(old, new) if isinstance(cell, str) else cell for cell in cells]
    if name == "tags":
        cells += [tag for tag, column in plan.flags.items() if to_text(row.values.get(column)).strip() == "1"]
        cells += _tag_from_name(row, plan)
    return cells


def _tag_from_name(row: Row, plan: Plan) -> list[str]:
    if plan.format.tag_from_name is None or "name" not in plan.columns:
        return []
    pattern, tag = plan.format.tag_from_name
    found = pattern.search(to_text(row.values.get(plan.columns["name"][0])).strip())
    return [found.expand(tag)] if found else []


def _make_name(fields: Mapping[str, Any], plan: Plan, external_id: str, notes: list[Note]) -> str:
    """What the row says of a product without a name: of a path the last level."""
    if "name" in plan.columns:  # else every row is so, and the format warns once
        notes.append(Note(Reason.NAME_MADE, "name"))
    given = [external_id if name == "id" else fields.get(name) for name in plan.format.name_from]
    words = [str(value[-1] if isinstance(value, tuple) else value) for value in given if value]
    return " ".join(words) or f"Product {external_id}"


def read_id(row: Row, plan: Plan, notes: list[Note]) -> str:
    """The product's id, and what is wrong with it among the notes."""
    raw = first_cell(row, plan, "id", notes)
    text = "" if raw is None else to_id(raw, pad=plan.format.pad_id)
    if not text and plan.id_column is not None and plan.format.id_pattern is not None:
        match = plan.format.id_pattern.search(to_text(row.values.get(plan.id_column) or "")[:FIELD_CHARS])
        text = match.group(1) if match else ""
    if not text:
        notes.append(Note(Reason.ID_MISSING, "id"))
    elif reason := check_id(text):
        notes.append(Note(reason, "id", text))
    elif text in plan.format.not_products:
        notes.append(Note(Reason.NOT_A_PRODUCT, "id", text))
    return text


def _read_image(row: Row, context: Context, external_id: str, notes: list[Note]) -> str | None:
    raw = first_cell(row, context.plan, "image", notes)
    if raw is None:
        return context.pictures.get(external_id)
    image, reasons = parse_image(to_text(raw), context.folder)
    notes.extend(Note(reason, "image", raw) for reason in reasons)
    return image

"""Which column of this very file fills which field: format, mapping and header brought together, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.load.formats import NATIVE, Columns, Format, detect_format, get_format
from indexer.load.kinds import Kind
from indexer.load.limits import ATTRIBUTE_NAME_CHARS
from indexer.load.reasons import Reason
from service.core.errors import InvalidQuery

PREFIX = "attributes."
OBJECT = "attributes"
IGNORE = "ignore"
_SHOWN_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """How rows of one file are read.

    Attributes
    ----------
    columns : field -> columns of the file, in order of preference.
    attributes : attribute name -> columns.
    known : every column that is used or left out on purpose.
    id_column : column the id is looked for in when it has none of its own, if the file has it.
    positive : columns that must be above zero -> the reason to reject a row if they are not.
    flags : tag -> the column that holds 1 where a product has it.
    warnings : what a person should know before trusting the result.
    """

    format: Format
    columns: Columns
    attributes: Columns
    known: frozenset[str]
    id_column: str | None
    positive: Mapping[str, Reason]
    flags: Mapping[str, str]
    warnings: tuple[str, ...]


def make_plan(
    kind: Kind,
    columns: tuple[str, ...],
    *,
    file: str,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    is_open: bool = False,
) -> Plan:
    """Match a header with a format and a mapping.

    Parameters
    ----------
    columns : names in the header; matched without regard to case.
    file : the file's name, for messages.
    format : name of a format; None tells it from the header.
    mapping : field, ``attributes.<name>`` or ``ignore`` -> column, or several with commas between them. A mapped field
        is taken from these columns only.
    is_open : rows may have other columns of the format than the header, as in JSON Lines.

    Raises
    ------
    InvalidQuery : unknown format, field or column, or no column for what is needed; the message lists what there is.
    """
    chosen = detect_format(kind, columns) if format is None else get_format(kind, format)
    in_header = {column.casefold(): column for column in reversed(columns)}
    mapped = {name: _mapped(kind, name, value, in_header, columns, file) for name, value in (mapping or {}).items()}
    ignored = mapped.pop(IGNORE, ())
    mapped_fields = {name: each for name, each in mapped.items() if name in kind.fields}
    later = {column.casefold(): column for column in sorted(_all_columns(chosen))} if is_open else {}
    there = later | in_header
    fields = _present(chosen.columns, there) | mapped_fields
    attributes = _present(chosen.attributes, there) | _prefixed(kind, columns)
    attributes |= {name[len(PREFIX) :]: each for name, each in mapped.items() if name.startswith(PREFIX)}
    id_column = there.get((chosen.id_column or "").casefold()) if "id" not in mapped else None
    given = _present(chosen.columns, in_header).keys() | mapped_fields.keys()
    given |= {"id"} if id_column else set()
    given |= {"type"} if chosen.type else set()
    _check_needed(kind, chosen, given, columns, file)
    index = tuple(column for column in columns if _is_row_number(column))
    used = {column for group in (*fields.values(), *attributes.values()) for column in group}
    known = _of_format(kind, chosen, (*columns, *later.values())) | used | {*ignored, *index}
    _check_unknown(kind, chosen, columns, known, file)
    warnings = tuple(f"column {column!r} is taken for row numbers and left out" for column in index)
    return Plan(
        format=chosen,
        columns=fields,
        attributes=attributes,
        known=frozenset(known),
        id_column=id_column,
        positive={there[c.casefold()]: why for c, why in chosen.positive.items() if c.casefold() in there},
        flags={tag: there[tag.casefold()] for tag in chosen.flags if tag.casefold() in there},
        warnings=chosen.warnings + warnings,
    )


def _mapped(
    kind: Kind, name: str, value: str, there: Mapping[str, str], columns: tuple[str, ...], file: str
) -> tuple[str, ...]:
    is_attribute = (
        kind.has_attributes and name.startswith(PREFIX) and 0 < len(name) - len(PREFIX) <= ATTRIBUTE_NAME_CHARS
    )
    if name not in kind.fields and name != IGNORE and not is_attribute:
        raise InvalidQuery(
            f"cannot map to {name[:80]!r}; fields are: {', '.join(kind.fields)}, "
            f"{'attributes.<name>, ' if kind.has_attributes else ''}ignore",
            code="unknown_field",
        )
    wanted = [value] if value.strip().casefold() in there else value.split(",")
    for column in wanted:
        if column.strip().casefold() not in there:
            raise InvalidQuery(
                f"--map {name}={value[:80]}: {file} has no column {column.strip()[:80]!r}; it has: {_listed(columns)}",
                code="unknown_column",
            )
    return tuple(there[column.strip().casefold()] for column in wanted)


def _present(columns: Columns, there: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found = {
        name: tuple(there[each.casefold()] for each in group if each.casefold() in there)
        for name, group in columns.items()
    }
    return {name: group for name, group in found.items() if group}


def _prefixed(kind: Kind, columns: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Attributes that name themselves: ``attributes.fit`` -> its column."""
    named = [column for column in columns if len(column) > len(PREFIX) and column.startswith(PREFIX)]
    return {column[len(PREFIX) :]: (column,) for column in named if kind.has_attributes}


def _of_format(kind: Kind, format: Format, columns: tuple[str, ...]) -> set[str]:
    """Those of the columns that the format has a use for."""
    folded = {column.casefold() for column in _all_columns(format)}
    return {column for column in columns if column.casefold() in folded} | ({OBJECT} if kind.has_attributes else set())


def _all_columns(format: Format) -> set[str]:
    groups = (*format.columns.values(), *format.attributes.values(), format.ignore, format.detect)
    groups = (*groups, format.flags, tuple(format.positive))
    return {column for group in groups for column in group}


def _is_row_number(column: str) -> bool:
    """The nameless first column that data frames write."""
    return not column or column.startswith("Unnamed: ")


def _check_needed(kind: Kind, format: Format, given: set[str], columns: tuple[str, ...], file: str) -> None:
    given = given | ({"name"} if format.name_from else set())
    missing = [group for group in kind.needed if given.isdisjoint(group)]
    if missing:
        raise InvalidQuery(
            f"{file} has no column for {' and '.join(map(' or '.join, missing))} (read as format {format.name}); "
            f"it has: {_listed(columns)}; say which: {' '.join(f'--map {group[0]}=COLUMN' for group in missing)}",
            code="column_missing",
        )


def _check_unknown(kind: Kind, format: Format, columns: tuple[str, ...], known: set[str], file: str) -> None:
    unknown = [column for column in columns if column not in known]
    if not unknown:
        return
    expected = sorted(
        _all_columns(format) | ({"attributes.<name>"} if kind.has_attributes and format.name == NATIVE else set())
    )
    first = unknown[0][:80]
    keep = f"keep one with --map attributes.{first}={first!r} or " if kind.has_attributes else ""
    raise InvalidQuery(
        f"{file} has columns that format {format.name} does not know: {_listed(tuple(unknown))}; it knows: "
        f"{', '.join(expected)}; {keep}leave it out with --map ignore={first!r}",
        code="unknown_column",
    )


def _listed(columns: tuple[str, ...]) -> str:
    shown = ", ".join(
        ascii(column[:80])[1:-1] if not column.isprintable() else column[:80] for column in columns[:_SHOWN_COLUMNS]
    )
    return shown + (f" and {len(columns) - _SHOWN_COLUMNS} more" if len(columns) > _SHOWN_COLUMNS else "")

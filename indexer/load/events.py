"""Event files into the store: open, match the columns, clean each row, write in batches, account for all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from indexer.load.event_clean import EventContext, EventVerdict, read_event
from indexer.load.event_ids import EventIds
from indexer.load.event_report import EventReport, EventTally
from indexer.load.kinds import EVENTS
from indexer.load.plan import Plan, make_plan
from indexer.load.readers import open_file
from indexer.load.reasons import Note, Reason
from indexer.load.report import Log, open_log
from service.core.errors import InvalidQuery
from service.core.types import DEFAULT_TENANT, Interaction

if TYPE_CHECKING:
    from service.store.events import EventOutcome

WriteEvents = Callable[[Sequence[Interaction]], "Sequence[EventOutcome]"]
Progress = Callable[[int, int, int], None]

_DUPLICATE = (Note(Reason.DUPLICATE_EVENT, "event_id"),)


def load_events(
    path: Path,
    write: WriteEvents,
    *,
    now: datetime,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    tenant: str = DEFAULT_TENANT,
    report_folder: Path | None = None,
    batch: int = 1000,
    on_progress: Progress | None = None,
) -> EventReport:
    """Load a file of events: CSV, JSON Lines (both also ``.gz``), Parquet, MovieLens, or sequences.

    Loading the same file again changes nothing: rows without an event id get one that is always the same
    (`event_ids`). Memory does not grow with the file but for 8 bytes for each row without an id.

    Parameters
    ----------
    write : stores one batch and commits it; one outcome per event, as `events.record_events` answers.
    now : the time it is, with a zone; what lies more than a day ahead is rejected.
    format : a name in ``config/formats/events``; None tells it from the header or the first lines.
    mapping : field or ``ignore`` -> column of the file.
    report_folder : where the report file goes; None writes none.
    batch : rows read and written at once, >= 1.
    on_progress : told after every batch: bytes read, bytes in all, rows so far.

    Raises
    ------
    InvalidQuery : the file as a whole cannot be loaded; one line says why and what to do. Batches already written stay.
    """
    started = perf_counter()
    path = Path(path)
    _check_options(batch, now)
    format, opening = open_file(path, EVENTS, format)
    with opening as table:
        plan = make_plan(EVENTS, table.columns, file=path.name, format=format, mapping=mapping, is_open=table.is_open)
        context = EventContext(plan, tenant, now)
        tally, ids = EventTally(), EventIds()
        verdicts = (read_event(row, context) for row in table.rows(False))
        with open_log(report_folder, path) as (file, log):
            for each in _batches(verdicts, batch):
                _write_batch(each, write, ids, tally, log)
                if on_progress is not None:
                    on_progress(table.position(), table.size, tally.rows)
        if on_progress is not None:
            on_progress(table.size, table.size, tally.rows)
    return _report(path, plan, tally, file, perf_counter() - started)


def _check_options(batch: int, now: datetime) -> None:
    if batch < 1:
        raise InvalidQuery(f"batch is {batch}; it must be 1 or more", code="bad_batch")
    if now.tzinfo is None:
        raise InvalidQuery(f"now is {now.isoformat()} without a zone; give datetime.now(UTC)", code="bad_now")


def _batches(verdicts: Iterator[EventVerdict], size: int) -> Iterator[list[EventVerdict]]:
    while batch := list(islice(verdicts, size)):
        yield batch


def _write_batch(verdicts: list[EventVerdict], write: WriteEvents, ids: EventIds, tally: EventTally, log: Log) -> None:
    """Write what is an event, then account for every row in the order of the file."""
    events = ids.fill([verdict.event for verdict in verdicts if verdict.event is not None])
    outcomes = iter(zip(events, write(events) if events else (), strict=True))
    for verdict in verdicts:
        tally.rows += 1
        if verdict.event is None:
            tally.add_rejected(verdict.notes)
            log(verdict.line, "", "rejected", verdict.notes)
        else:
            _account(verdict, *next(outcomes), tally, log)


def _account(verdict: EventVerdict, event: Interaction, outcome: "EventOutcome", tally: EventTally, log: Log) -> None:
    event_id = event.event_id or ""
    if outcome.status == "recorded":
        tally.add_loaded(event, verdict.notes)
        log(verdict.line, event_id, "repaired", verdict.notes)
    elif outcome.status == "duplicate":
        tally.duplicates += 1
        log(verdict.line, event_id, "duplicate", _DUPLICATE)
    else:
        notes = (Note(Reason.REFUSED, "", outcome.reason or ""),)
        tally.add_refused(verdict.line, notes)
        log(verdict.line, event_id, "rejected", notes)


def _report(path: Path, plan: Plan, tally: EventTally, file: Path | None, seconds: float) -> EventReport:
    warnings = plan.warnings
    if tally.refused:
        warnings += (f"the store refused {tally.refused} events, {tally.first_refusal}",)
    return EventReport(
        path=path,
        format=plan.format.name,
        rows=tally.rows,
        loaded=tally.loaded,
        repaired=tally.repaired,
        rejected=tally.rejected,
        duplicates=tally.duplicates,
        types=dict(tally.types.most_common()),
        earliest=tally.earliest,
        latest=tally.latest,
        repairs=dict(tally.repairs.most_common()),
        rejections=dict(tally.rejections.most_common()),
        warnings=warnings,
        file=file,
        seconds=seconds,
    )

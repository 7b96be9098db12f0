"""Product files into the catalogue: open, match the columns, clean each row, write in batches, account for all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from indexer.load.clean import Context, read_id, read_row
from indexer.load.kinds import PRODUCTS
from indexer.load.limits import BATCH_CHARS
from indexer.load.money import CURRENCIES
from indexer.load.pictures import find_pictures
from indexer.load.plan import Plan, make_plan
from indexer.load.readers import open_file
from indexer.load.report import DUPLICATE, LoadReport, Log, Tally, count_reasons, open_log
from indexer.load.rows import Row
from service.core.errors import InvalidQuery
from service.core.types import DEFAULT_TENANT, Product

if TYPE_CHECKING:
    from service.store.catalog import Outcome

Write = Callable[[Sequence[Product]], "Sequence[Outcome]"]
Progress = Callable[[int, int, int], None]


def load_products(
    path: Path,
    write: Write,
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    tenant: str = DEFAULT_TENANT,
    currency: str | None = None,
    images: Path | None = None,
    only_with_pictures: bool = False,
    report_folder: Path | None = None,
    batch: int = 1000,
    on_progress: Progress | None = None,
) -> LoadReport:
    """Load a CSV, JSON Lines (both also ``.gz``), Parquet or MovieLens file of products.

    Memory does not grow with the file but for its ids: they are kept to tell duplicates, of which the first one wins.

    Parameters
    ----------
    write : stores one batch and commits it; one outcome per product, as `catalog.upsert_products` answers.
    format : a name in ``config/formats``; None tells it from the header.
    mapping : field, ``attributes.<name>`` or ``ignore`` -> column of the file.
    currency : ISO 4217 code of prices that carry neither sign nor currency column; None leaves it to the format.
    images : folder of pictures named after the ids, and what relative paths begin at; None leaves it to the format.
    only_with_pictures : leave out what has none.
    report_folder : where the report file goes; None writes none.
    batch : products written at once, >= 1.
    on_progress : told after every batch: bytes read, bytes in all, rows so far.

    Raises
    ------
    InvalidQuery : the file as a whole cannot be loaded; one line says why and what to do. Batches already written stay.
    """
    started = perf_counter()
    path = Path(path)
    _check_options(batch, currency, images)
    format, opening = open_file(path, PRODUCTS, format)
    with opening as table:
        plan = make_plan(PRODUCTS, table.columns, file=path.name, format=format, mapping=mapping, is_open=table.is_open)
        context = _context(path, plan, tenant, currency, images)
        tally = Tally()
        with open_log(report_folder, path) as (file, log):
            rows = table.rows(plan.format.joins_last_column)
            products = _products(rows, context, tally, log, only_with_pictures=only_with_pictures)
            for each in _batches(products, batch):
                tally.outcomes.update(map(str, write(each)))
                if on_progress is not None:
                    on_progress(table.position(), table.size, tally.rows)
        if on_progress is not None:
            on_progress(table.size, table.size, tally.rows)
    return _report(path, plan, tally, file, perf_counter() - started)


def _check_options(batch: int, currency: str | None, images: Path | None) -> None:
    if batch < 1:
        raise InvalidQuery(f"batch is {batch}; it must be 1 or more", code="bad_batch")
    if currency is not None and currency not in CURRENCIES:
        raise InvalidQuery(
            f"unknown currency {currency[:20]!r}; give an ISO 4217 code such as EUR", code="bad_currency"
        )
    if images is not None and not images.is_dir():
        raise InvalidQuery(f"there is no folder {images} to look for pictures in", code="images_missing")


def _context(path: Path, plan: Plan, tenant: str, currency: str | None, images: Path | None) -> Context:
    beside = path.parent / plan.format.images if plan.format.images else None
    folder = images or (beside if beside and beside.is_dir() else None)
    return Context(plan, tenant, currency or plan.format.currency, images or path.parent, find_pictures(folder))


def _products(
    rows: Iterator[Row], context: Context, tally: Tally, log: Log, *, only_with_pictures: bool
) -> Iterator[Product]:
    seen: set[str] = set()
    is_log = context.plan.format.is_log
    for row in rows:
        tally.rows += 1
        if is_log and read_id(row, context.plan, []) in seen:
            tally.duplicates += 1  # thousands to one product: not listed
            continue
        verdict = read_row(row, context)
        if verdict.product is None:
            tally.rejected += 1
            count_reasons(tally.rejections, verdict.notes)
            log(row.line, verdict.external_id, "rejected", verdict.notes)
        elif verdict.external_id in seen:
            tally.duplicates += 1
            log(row.line, verdict.external_id, "duplicate", DUPLICATE)
        elif only_with_pictures and not verdict.product.image:
            tally.left_out += 1
        else:
            seen.add(verdict.external_id)
            tally.loaded += 1
            tally.without_currency += verdict.product.price_minor is not None and verdict.product.currency is None
            if verdict.notes:
                tally.repaired += 1
                count_reasons(tally.repairs, verdict.notes)
                log(row.line, verdict.external_id, "repaired", verdict.notes)
            yield verdict.product


def _batches(products: Iterator[Product], size: int) -> Iterator[list[Product]]:
    """Lists of at most `size` products, shorter where their texts are long."""
    batch: list[Product] = []
    chars = 0
    for product in products:
        batch.append(product)
        chars += len(product.description) + len(product.image or "")
        if len(batch) >= size or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _report(path: Path, plan: Plan, tally: Tally, file: Path | None, seconds: float) -> LoadReport:
    warnings = plan.warnings
    if tally.without_currency:
        warnings += (f"{tally.without_currency} prices carry no currency; say which with --currency",)
    return LoadReport(
        path=path,
        format=plan.format.name,
        rows=tally.rows,
        loaded=tally.loaded,
        repaired=tally.repaired,
        rejected=tally.rejected,
        duplicates=tally.duplicates,
        left_out=tally.left_out,
        created=tally.outcomes["created"],
        updated=tally.outcomes["updated"],
        unchanged=tally.outcomes["unchanged"],
        repairs=dict(tally.repairs.most_common()),
        rejections=dict(tally.rejections.most_common()),
        warnings=warnings,
        file=file,
        seconds=seconds,
    )

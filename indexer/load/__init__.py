"""Files of any shop become products and events: read as a stream, matched by column, cleaned, accounted for by row."""

from indexer.load.event_report import EventReport
from indexer.load.events import load_events
from indexer.load.loader import load_products
from indexer.load.report import LoadReport

__all__ = ["EventReport", "LoadReport", "load_events", "load_products"]

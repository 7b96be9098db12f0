"""Product files of any shop become products: read as a stream, matched by column, cleaned, accounted for row by row."""

from indexer.load.loader import load_products
from indexer.load.report import LoadReport

__all__ = ["LoadReport", "load_products"]

"""Flat illustrations of demo products: shapes are layers of paths, filled with a colour and a pattern."""

from indexer.demo.pictures.draw import draw_look, draw_product
from indexer.demo.pictures.folder import draw_all, picture_bytes

__all__ = ["draw_all", "draw_look", "draw_product", "picture_bytes"]

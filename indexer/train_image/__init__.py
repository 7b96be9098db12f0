"""Train the small bundled CLIP, or fine-tune any open_clip model on a shop's own catalogue."""

from indexer.train_image.bundled import train_bundled
from indexer.train_image.pairs import Pair, read_pairs
from indexer.train_image.train import TrainingReport, train_image

__all__ = ["Pair", "TrainingReport", "read_pairs", "train_bundled", "train_image"]

"""How well a text answers a query, by a model that reads both together; imported only where one is set."""

import logging
import warnings
from collections.abc import Sequence

import numpy as np

from service.core.errors import ConfigurationError
from service.core.types import Floats
from service.encode.torch_threads import set_torch_threads


class CrossReader:
    """A sentence-transformers CrossEncoder; made by `load_cross_encoder`. Called with a query and texts.

    Attributes
    ----------
    name : as configured.
    """

    def __init__(self, model: object, name: str) -> None:
        self._model = model
        self.name = name

    def __call__(self, query: str, texts: Sequence[str]) -> Floats:
        """One score per text, float32[P]; larger is better, the range is the model's own."""
        if not texts:
            return np.zeros(0, np.float32)
        pairs = [(query, text) for text in texts]
        scores = self._model.predict(pairs, batch_size=32, show_progress_bar=False)  # type: ignore[attr-defined]
        return np.asarray(scores, np.float32).reshape(len(texts))


def load_cross_encoder(model: str, *, threads: int = 0) -> CrossReader:
    """Load a cross-encoder with one output.

    Parameters
    ----------
    model : a hub name as ``cross-encoder/ms-marco-MiniLM-L6-v2``, or a folder. threads : CPU threads; 0 = all cores.

    Raises
    ------
    ConfigurationError : the model cannot be loaded, or has several outputs; says what to do.
    """
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    set_torch_threads(threads)
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch and transformers warn about their own internals
            loaded = CrossEncoder(model)
            outputs = int(loaded.num_labels)
    except Exception as error:  # the library raises whatever its hub, tokenizer or config code raises
        raise ConfigurationError(
            f"[search] cross_encoder {model!r} cannot be loaded ({_first_line(error)}). Set it to a folder that holds "
            'a CrossEncoder, to a hub name while the hub can be reached, or to "" to do without'
        ) from error
    if outputs != 1:
        raise ConfigurationError(
            f"[search] cross_encoder {model!r} gives {outputs} numbers per pair; set it to a model that gives one score"
        )
    return CrossReader(loaded, model)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

"""A cross-encoder reads a query together with each text; the model here is a tiny one with random weights."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.context import Request
from service.core.errors import ConfigurationError
from service.encode.cross import load_cross_encoder
from service.encode.document import product_text
from service.loading import load_cross
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import get_products

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "mug", "lamp", "bag", "a", "for", "every", "day"]


def tiny_model(folder: Path, outputs: int = 1) -> Path:
    """A BERT of two layers that knows a dozen words, as sentence-transformers finds it on disk."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(3)
    (folder / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, num_labels=outputs, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where such a model lies."""
    return tiny_model(tmp_path_factory.mktemp("cross"))


def test_each_text_has_a_score_of_its_own_and_the_order_of_texts_does_not_matter(folder: Path) -> None:
    read = load_cross_encoder(str(folder))
    texts = ["a red mug", "a blue lamp for every day", "bag"]
    scores = read("red mug", texts)
    assert (scores.dtype, scores.shape) == (np.float32, (3,))
    assert len(set(scores.tolist())) == 3
    assert np.allclose(read("red mug", texts[::-1]), scores[::-1], atol=1e-5)
    assert read("red mug", []).shape == (0,)


def test_what_cannot_be_loaded_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cross_encoder.*no-such-model.*do without"):
        load_cross_encoder(str(tmp_path / "no-such-model"))
    with pytest.raises(ConfigurationError, match="gives 2 numbers"):
        load_cross_encoder(str(tiny_model(tmp_path, outputs=2)))


def test_a_search_follows_its_scores_when_set(folder: Path, runtime: Runtime) -> None:
    changes = {"cross_encoder": str(folder), "cross_encoder_top": 5, "cross_encoder_weight": 100.0}
    params = runtime.params.model_copy(update={"search": runtime.params.search.model_copy(update=changes)})
    read = load_cross(runtime.settings, params)
    assert read is not None
    services = replace(runtime.services, params=params, cross=read, record=lambda *_: None)
    slate = recommend(services, Request("search", "r", "default", text="red mug", n=10))
    with runtime.database.session() as session:
        stored = get_products(session, [item.product_id for item in slate.items])
    scores = read("red mug", [product_text(stored[item.product_id].product) for item in slate.items[:5]])
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert slate.items[0].contributions["cross_encoder"] == pytest.approx(100.0)
    assert not any("cross_encoder" in item.contributions for item in slate.items[5:])


def test_off_it_imports_nothing() -> None:
    code = (
        "import sys, service.runtime, service.pipeline; from config.params import load_params; "
        "assert not load_params().search.cross_encoder; "
        "print([m for m in ('service.encode.cross', 'sentence_transformers', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

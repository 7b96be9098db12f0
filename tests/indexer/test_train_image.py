"""The trainer: pairs in, a model folder out."""

import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from PIL import Image

from indexer.train_image import Pair, read_pairs, train_image
from indexer.train_image.folder import write_config, write_model
from indexer.train_image.train import SMALL
from service.core.errors import InvalidQuery
from service.encode.image import load_image_encoder, open_clip_model

COLOURS = ("red", "lime", "blue", "black")


@pytest.fixture(autouse=True)
def _one_thread():
    """Two threads that wait for each other on a busy machine are ten times slower than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def squares(folder=None):
    """A picture per colour; on disk if a folder is given."""
    for colour in COLOURS:
        picture = Image.new("RGB", (64, 64), colour)
        if folder:
            picture.save(folder / f"{colour}.png")
        yield Pair(f"{colour}.png" if folder else picture, (f"{colour} square", f"a square in {colour}"))


def test_a_model_trained_from_nothing_finds_the_colours_it_was_taught(tmp_path):
    seen = []
    report = train_image(
        squares(), tmp_path, model="new", epochs=40, batch=4, on_progress=lambda *now: seen.append(now)
    )
    assert (report.pictures, report.bad_pictures, report.captions) == (4, 0, 8)
    assert report.words == len(COLOURS) + len(("a", "square", "in"))
    assert [done for done, _, _ in seen] == list(range(1, 41))
    assert {total for _, total, _ in seen} == {40}
    encoder = load_image_encoder(str(tmp_path))
    pictures = encoder.encode_images([Image.new("RGB", (64, 64), colour) for colour in COLOURS])
    texts = encoder.encode_texts([f"{colour} square" for colour in COLOURS])
    assert (texts @ pictures.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_same_seed_gives_the_same_weights(tmp_path):
    names = []
    for seed, folder in ((1, "a"), (1, "b"), (2, "a")):
        train_image(squares(), tmp_path / folder, model="new", epochs=1, batch=2, seed=seed)
        names.append(load_image_encoder(str(tmp_path / folder)).name)
    assert names[0].split("#")[1] == names[1].split("#")[1] != names[2].split("#")[1]


def test_fine_tuning_keeps_the_old_words_and_adds_the_new(tmp_path):
    train_image(squares(), tmp_path / "old", model="new", epochs=1, batch=2)
    before = load_image_encoder(str(tmp_path / "old"))
    new = [Pair(Image.new("RGB", (9, 9), c), (f"xylotomous {c}",)) for c in COLOURS]
    train_image(new, tmp_path / "new", model=str(tmp_path / "old"), epochs=1, batch=2, lr=0.0)
    after = load_image_encoder(str(tmp_path / "new"))
    assert before.coverage("xylotomous red") == 0.5
    assert after.coverage("xylotomous red square") == 1
    # at learning rate 0 nothing but the vocabulary changes
    np.testing.assert_allclose(before.encode_texts(["red square"]), after.encode_texts(["red square"]), atol=1e-3)


def test_bad_pictures_are_counted_and_left_out(tmp_path):
    pairs = [*squares(tmp_path), Pair("missing.png", ("nothing",)), Pair("../out.png", ("nothing",))]
    report = train_image(pairs, tmp_path / "out", model="new", epochs=1, batch=2, base=tmp_path)
    assert (report.pictures, report.bad_pictures) == (4, 2)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"batch": 1}])
def test_a_useless_schedule_is_refused(tmp_path, options):
    with pytest.raises(InvalidQuery, match="epochs must be 1 or more and batch 2 or more"):
        train_image(squares(), tmp_path, **options)


def test_one_picture_is_not_enough(tmp_path):
    with pytest.raises(InvalidQuery, match="only 1 of 1 pictures"):
        train_image([Pair(Image.new("RGB", (9, 9)), ("a bag",))], tmp_path, model="new")


def test_pairs_come_from_json_lines(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image": "a.png", "captions": ["one", "two"]}\n\n{"image": "b.png", "captions": "three"}\n')
    assert list(read_pairs(path)) == [Pair("a.png", ("one", "two")), Pair("b.png", ("three",))]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"image": 3, "captions": ["x"]}', '{"image": "a.png"}', '{"image": "a.png", "captions": []}',
     '{"image": "a.png", "captions": ["x", 1]}', '{"image": "a.png", "captions": [" "]}', "\xff\x00"],
)  # fmt: skip
def test_a_line_that_is_no_pair_is_named(tmp_path, line):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(json.dumps({"image": "a.png", "captions": ["x"]}).encode() + b"\n" + line.encode("latin-1"))
    with pytest.raises(InvalidQuery, match=r"pairs\.jsonl line 2"):
        list(read_pairs(path))


def test_a_missing_file_of_pairs_is_named(tmp_path):
    with pytest.raises(InvalidQuery, match=r"nowhere\.jsonl cannot be read"):
        list(read_pairs(tmp_path / "nowhere.jsonl"))


def test_a_model_with_word_pieces_is_fine_tuned_and_keeps_its_tokenizer(tmp_path):
    config = deepcopy(SMALL)
    config["model_cfg"]["vision_cfg"] |= {"width": 8, "head_width": 32}
    config["model_cfg"]["text_cfg"] |= {"vocab_size": 49408, "width": 32, "heads": 2, "pool_type": "argmax"}
    write_config(config, None, tmp_path / "full")
    write_model(open_clip_model(str(tmp_path / "full"), trained=False), tmp_path / "full")
    before = load_image_encoder(str(tmp_path / "full"))
    report = train_image(squares(), tmp_path / "tuned", model=str(tmp_path / "full"), epochs=1, batch=2)
    after = load_image_encoder(str(tmp_path / "tuned"))
    assert report.words == 0
    assert before.name.split("#")[1] != after.name.split("#")[1]
    assert after.coverage("any word at all") == 1
    assert after.coverage("—") == 0

"""Augmentation, word dropping and the bundled model's training data."""

import torch

from indexer.train_image.augment import Accidents, augment
from indexer.train_image.bundled import held_out_combinations, may_be_learnt, training_pairs
from indexer.train_image.loop import _batches, _drop_words


def test_accidents_keep_a_colour_recognisable():
    red = torch.tensor([0.9, 0.2, 0.2]).view(1, 3, 1, 1).expand(64, 3, 32, 32)
    seen = augment(red, Accidents(), torch.Generator().manual_seed(0))
    assert seen.shape == red.shape
    assert seen.min() >= 0
    assert seen.max() <= 1
    mean = seen.mean(dim=(2, 3))
    assert (mean[:, 0] > mean[:, 1] + 0.4).all()
    assert (mean[:, 0] > mean[:, 2] + 0.4).all()


def test_without_accidents_pictures_stay_as_they_are():
    none = Accidents(zoom=0, shift=0, turn=0, mirror=False, light=0, contrast=0, tint=0, blur=0)
    pictures = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(augment(pictures, none, torch.Generator()), pictures, atol=1e-5, rtol=0)


def test_dropping_words_closes_the_gaps_and_never_drops_all():
    texts = torch.tensor([[1, 7, 8, 9, 2, 0], [1, 5, 2, 0, 0, 0]])
    assert _drop_words(texts, 1.0, torch.Generator()).tolist() == texts.tolist()
    dropped = _drop_words(texts.repeat(200, 1), 0.5, torch.Generator().manual_seed(0)).tolist()
    assert [1, 8, 2, 0, 0, 0] in dropped
    assert [1, 7, 9, 2, 0, 0] in dropped
    assert all(row.count(2) == 1 and row.index(2) >= 2 and not any(row[row.index(2) + 1 :]) for row in dropped)


def test_batches_are_full_and_use_a_picture_at_most_once():
    batches = _batches(10, 4, torch.Generator().manual_seed(0))
    assert [len(batch) for batch in batches] == [4, 4]
    assert len(set(torch.cat(batches).tolist())) == 8
    assert [len(batch) for batch in _batches(3, 3, torch.Generator())] == [3]


def test_no_training_picture_shows_a_held_out_combination():
    from indexer.demo.catalogue import demo_products
    from indexer.train_image.bundled import TRAINING_SEED

    items = demo_products(TRAINING_SEED, 300, keep=may_be_learnt)
    assert not {item.look.combination for item in items} & held_out_combinations()
    assert len(held_out_combinations()) == 504


def test_training_pairs_are_the_same_for_the_same_seed():
    first, second = (list(training_pairs(3)) for _ in range(2))
    assert [pair.captions for pair in first] == [pair.captions for pair in second]
    assert [pair.picture.tobytes() for pair in first] == [pair.picture.tobytes() for pair in second]

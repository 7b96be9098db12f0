"""A word-level tokenizer with open_clip's interface, for small models whose vocabulary is a shop's own words.

open_clip's usual 49,408 word pieces would fill most of a 12 MB model with rows that are never trained, and would turn
a word the model never saw into pieces with random meaning. Here such a word is dropped, and `coverage` says so.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from service.core.errors import ConfigurationError

if TYPE_CHECKING:
    from torch import Tensor

WORDS_FILE = "words.txt"
PAD, START, END = 0, 1, 2
FIRST_WORD = 3

_FILLERS = frozenset("a an and are at by for from i in is it its me my of on or s some that the this to with".split())  # noqa: SIM905
_OTHER_SPELLINGS = {
    "gray": "grey", "color": "colour", "colored": "coloured", "tee": "t shirt", "tshirt": "t shirt",
    "jewelry": "jewellery", "pajama": "pyjama", "checkered": "checked",
}  # fmt: skip


def split_words(text: str) -> list[str]:
    """Lower-case words without accents or punctuation.

    Examples
    --------
    >>> split_words("Café-style T-shirt, navy/WHITE")
    ['cafe', 'style', 't', 'shirt', 'navy', 'white']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text[:2000]) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain.casefold())


@dataclass(frozen=True)
class WordTokenizer:
    """Texts to token ids: ``START word word … END PAD …``; callable like every open_clip tokenizer.

    Parameters
    ----------
    words : the vocabulary; word number n has id n + 3.
    context_length : tokens per text; longer texts are cut.
    """

    words: tuple[str, ...]
    context_length: int
    ids: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", {word: n for n, word in enumerate(self.words, FIRST_WORD)})

    def __call__(self, texts: str | Sequence[str], context_length: int | None = None) -> "Tensor":
        """Token ids, int64[N, context_length]."""
        import torch

        length = context_length or self.context_length
        rows = [self._row(text, length) for text in ([texts] if isinstance(texts, str) else texts)]
        return torch.tensor(rows, dtype=torch.long).reshape(len(rows), length)

    def encode(self, text: str) -> list[int]:
        """Ids of the known words, in order."""
        return [found for word in split_words(text) for found in self._known(word)]

    def coverage(self, text: str) -> float:
        """Share of the meaningful words that are known, 0 to 1; 0 for a text without any.

        Examples
        --------
        >>> WordTokenizer(("green", "bag"), 8).coverage("a green quantum bag with bags")
        0.75
        """
        meant = [word for word in split_words(text) if word not in _FILLERS]
        return sum(bool(self._known(word)) for word in meant) / len(meant) if meant else 0.0

    def _row(self, text: str, length: int) -> list[int]:
        row = [START, *self.encode(text)[: length - 2], END]
        return row + [PAD] * (length - len(row))

    def _known(self, word: str) -> list[int]:
        for form in _forms(word):
            if all(part in self.ids for part in form.split()):
                return [self.ids[part] for part in form.split()]
        return []


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word occurs."""
    return Counter(word for text in texts for word in split_words(text))


def load_words(folder: Path, context_length: int) -> WordTokenizer | None:
    """The tokenizer of a model folder; None if the model brings no vocabulary of its own."""
    path = folder / WORDS_FILE
    if not path.is_file():
        return None
    try:
        return WordTokenizer(tuple(path.read_text("utf-8").split()), context_length)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the image model's vocabulary {path} cannot be read ({error}); train it again"
        ) from error


def _forms(word: str) -> list[str]:
    """The word, its singular, other spellings of these, and its plural, likeliest first."""
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("s") and len(word) > 2:
        forms += [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
    forms += [_OTHER_SPELLINGS[form] for form in forms if form in _OTHER_SPELLINGS]
    return [*forms, word + "s", word + "es"]

"""One file per signal; `SIGNALS` names them all.

To add a signal: write a file with one `Signal`, add it here, give it a weight under ``[surfaces.*.weights]`` in
recommender.toml. The contract tests in tests/signals cover it at once.
"""

from service.signals.association import ASSOCIATION
from service.signals.bandit import BANDIT
from service.signals.best_value import BEST_VALUE
from service.signals.cf import CF
from service.signals.chosen import CHOSEN
from service.signals.covisit import COVISIT
from service.signals.image import IMAGE
from service.signals.lexical import LEXICAL
from service.signals.picture import PICTURE
from service.signals.searches import SEARCHES
from service.signals.sequence import SEQUENCE
from service.signals.signal import Encoders, Signal
from service.signals.text import TEXT
from service.signals.tfidf import TFIDF
from service.signals.trending import TRENDING

SIGNALS: dict[str, Signal] = {
    signal.name: signal
    for signal in (
        LEXICAL, TEXT, TFIDF, IMAGE, PICTURE, CHOSEN, CF, COVISIT, SEQUENCE, ASSOCIATION, SEARCHES, TRENDING,
        BEST_VALUE, BANDIT,
    )
}  # fmt: skip

__all__ = ["SIGNALS", "Encoders", "Signal"]

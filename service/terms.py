"""Weighted texts of a request as the questions of encoders and of word search, and words that go with something."""

from dataclasses import dataclass, replace

from config.params import Params
from service.context import Request, Services
from service.words.understand import understand

Weighted = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ReadTerms:
    """What encoders read (`terms`) and what word search looks for (`words`), below 0 for what is not wanted."""

    terms: Weighted
    words: Weighted


def read_terms(services: Services, request: Request) -> ReadTerms:
    """Each text by itself: misspelt words corrected, and other words for what is wanted, at its weight."""
    served, params = services.words(request.tenant), services.params.search
    terms: list[tuple[str, float]] = []
    words: list[tuple[str, float]] = []
    for text, weight in request.terms:
        read = understand(text, served, params, is_corrected=request.correct, ignore=request.ignore)
        # what its traits are taken from is kept: beside other texts it would say too little without
        terms.append((read.text or text, weight))
        words += [(part, share * weight) for part, share in read.words] or [(text, weight)]
    return ReadTerms(tuple(terms), tuple(words))


_OF_WORDS_ALONE = ("lexical", "text", "image")


def composed(params: Params, request: Request, *, is_list: bool) -> Request:
    """The same request with the weights for what goes with a product or a picture; its own have their way.

    A signal that the surface does not ask stays silent. In a list, what has nothing but the words does not match.
    """
    if not request.goes_with_something:
        return request
    table: dict[str, float] = {}
    if request.picture is not None:
        table.update({str(name): weight for name, weight in params.search.with_picture.items()})
        table |= dict.fromkeys(_OF_WORDS_ALONE, 0.0) if is_list else {}
    if request.product is not None:
        table.update({str(name): weight for name, weight in params.search.with_product.items()})
        table |= {"lexical": 0.0} if is_list else {}
    configured = params.surfaces[request.surface].weights
    weights = {name: weight for name, weight in table.items() if configured.get(name)}
    return replace(request, weights={**weights, **(request.weights or {})})

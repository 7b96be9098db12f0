"""What a request tells of its visitor, with what the same session told before."""

from collections.abc import Iterable
from dataclasses import replace

from service.api.dependencies import AppState
from service.context import Request
from service.core.told import Told


def told_of(events: Iterable[tuple[str, str]], categories: Iterable[str]) -> Told:
    """What happened, each newest last, as sessions remember it.

    Parameters
    ----------
    events : type and product; a click is a look.

    Examples
    --------
    >>> told_of([("view", "mug-1"), ("purchase", "bag-1"), ("click", "mug-2")], ["Mugs", "Bags"])
    Told(viewed=('mug-2', 'mug-1'), bought=('bag-1',), categories=('Bags', 'Mugs'))
    """
    newest = list(events)[::-1]
    return Told(
        tuple(dict.fromkeys(product for kind, product in newest if kind != "purchase")),
        tuple(dict.fromkeys(product for kind, product in newest if kind == "purchase")),
        tuple(dict.fromkeys(list(categories)[::-1])),
    )


def with_told(state: AppState, request: Request, told: Told) -> Request:
    """The request with what it tells, in front of what its session told before; blocks where that is in Redis."""
    asked = as_told(state, request, told)
    if request.session is not None:
        state.runtime.sessions.remember(request.tenant, request.session, told)
    return asked


def as_told(state: AppState, request: Request, told: Told) -> Request:
    """The same, and nothing is remembered of it."""
    if request.session is None:
        return replace(request, told=told)
    before = state.runtime.sessions.recall(request.tenant, request.session)
    most = len(told.viewed) + len(told.bought) + len(told.categories) + state.runtime.params.sessions.most
    return replace(request, told=told.after(before, most))

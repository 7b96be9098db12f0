"""The Python client: everything the service answers over HTTP, typed, waiting (`Vitrine`) or awaited (`AsyncVitrine`).

It needs httpx and orjson and nothing else of the service; `service/client.py` and `service/clients` can be copied.

::

    from service.client import Vitrine, VitrineError

    with Vitrine("http://127.0.0.1:8000") as shop:  # behind keys: Vitrine(url, key="vk_…")
        shop.put_product("mug-7", name="Blue mug", brand="Alba", price=12.99, currency="EUR", stock=40)
        feed = shop.home(user="ann", n=12, in_stock=True)
        for card in feed.items:
            print(card.rank, card.name, card.price, card.reason)
        for card in feed.items[:1]:
            shop.event(type="click", user="ann", product=card.id, request_id=feed.request_id, position=card.rank)
        try:
            shop.similar("no-such-product")
        except VitrineError as error:
            print(error.status, error.code, error.request_id)

A method's name given to the class makes the request without sending it: ``Vitrine.home(user="ann")``. Requests that do
no harm twice are sent again, see `Patience`: those that only read or replace, and events, which are given an id each.
"""

from service.clients.admin import as_csv
from service.clients.awaited import AsyncVitrine
from service.clients.call import Call
from service.clients.errors import FieldError, VitrineError
from service.clients.patience import Patience
from service.clients.waiting import Vitrine

__all__ = ["AsyncVitrine", "Call", "FieldError", "Patience", "Vitrine", "VitrineError", "as_csv"]

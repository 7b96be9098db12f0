"""A call of every method of the client, with everything it can be told."""

from datetime import datetime
from typing import Any

from service.client import Call, Vitrine
from service.clients import accounts

RULE: Any = {"consequence": {"kind": "boost", "weight": 0.5}, "condition": {"must": [{"field": "tags", "match": "x"}]}}
WHO = {"email": "ann@example.com", "password": "correct horse"}
FILTER = {"must": [{"field": "price", "range": {"lt": 50}}]}
VISITOR: Any = {"user": "ann", "session": "s-1"}
SIMPLE: Any = {
    "brand": "Alba", "category": ["Home", "Bags"], "tag": "new", "min_price": 1, "max_price": 50.5, "min_rating": 0,
    "in_stock": True,
}  # fmt: skip
SLATE: Any = {"n": 5, "filter": FILTER, "explain": True, **VISITOR, **SIMPLE}
BODY: Any = {
    "exclude_ids": ["mug-3"], "boost": [{"filter": FILTER, "weight": 0.5}], "weights": {"text": 1.0}, "mmr_lambda": 0.7,
}  # fmt: skip
WORDS: Any = {"terms": {"red": 1.0, "big": -0.5}, "affinity": 0.2, "correct": False, "ignore": ["brand"]}
WAYS: Any = {
    "mode": "similar", "price_band": 0.5, "same_price_band": True, "same_brand": False, "same_category": True,
    "all_variants": True,
}  # fmt: skip
TOLD: Any = {"history": [{"type": "view", "product": "mug-1"}], "categories": ["Home"]}

SAMPLES: dict[str, list[Call[Any]]] = {
    "home": [
        Vitrine.home(**SLATE, shelves=["for_you", "trending"]),
        Vitrine.home(**SLATE, **BODY, **TOLD),
        Vitrine.home(user="ann", shelves="all", weights={"cf": 1.0}),
    ],
    "search": [
        Vitrine.search(query="blue mug", product="mug-1", sort="price", facets=["brand", "price"], **SLATE, **WORDS),
        Vitrine.search(query="blue mug", image=b"GIF89a", **SLATE, **BODY, **WORDS),
        Vitrine.search(query="mug", sort="price", cursor="c"),
        Vitrine.search(query="mug " * 400),
    ],
    "similar": [Vitrine.similar("mug-1", **SLATE, **WAYS, mmr_lambda=0.5), Vitrine.similar("mug-1", **SLATE, **BODY)],
    "bundle": [Vitrine.bundle(products=["mug-1", "bag-1"], n=3, filter=FILTER, exclude_ids=["mug-3"])],
    "trending": [Vitrine.trending(kind="trending", category="Home", n=3)],
    "suggest": [Vitrine.suggest("mu", n=3)],
    "explain": [
        Vitrine.explain(surface="home", product="mug-1", **SLATE, **BODY, **TOLD),
        Vitrine.explain(surface="search", product="mug-1", query="mug", **WORDS),
        Vitrine.explain(surface="similar", product="mug-2", anchor="mug-1", **WAYS),
    ],
    "explain_words": [Vitrine.explain_words("r-1", language="en")],
    "event": [Vitrine.event(type="view", user="ann", product="mug-1", at=datetime(2026, 3, 1), position=1)],
    "events": [Vitrine.events([{"type": "search", "session": "s-1", "query": "mug", "user": None}])],
    "get_user": [Vitrine.get_user("ann")],
    "put_user": [
        Vitrine.put_user(
            "ann", features={"country": "DE"}, preferences={"brands": ["Alba"], "categories": ["Home > Kitchen"]}
        )
    ],
    "user_events": [Vitrine.user_events("ann", days=3, limit=10)],
    "merge_session": [Vitrine.merge_session("ann", session="s-1")],
    "export_user": [Vitrine.export_user("ann")],
    "erase_user": [Vitrine.erase_user("ann", now=False)],
    "receipt": [Vitrine.receipt("no-such-receipt")],
    "list_products": [
        Vitrine.list_products(filter=FILTER, sort="-price", limit=5, **SIMPLE), Vitrine.list_products(cursor="c"),
    ],
    "get_product": [Vitrine.get_product("mug-1")],
    "put_product": [
        Vitrine.put_product("mug-7", name="Blue mug", price="12.99", currency="EUR", attributes={"colour": "blue"})
    ],
    "put_products": [Vitrine.put_products([{"id": "mug-8", "name": "Grey mug", "created_at": datetime(2026, 3, 1)}])],
    "patch_product": [Vitrine.patch_product("mug-7", price=9.99, stock=None)],
    "patch_products": [Vitrine.patch_products([{"id": "mug-7", "stock": 12}])],
    "delete_product": [Vitrine.delete_product("mug-7")],
    "delete_products": [Vitrine.delete_products(["mug-8", "mug-9"])],
    "picture": [Vitrine.picture("mug-1", width=160)],
    "image": [Vitrine.image("mug-1")],
    "add_rule": [Vitrine.add_rule(id="sale", **RULE)],
    "list_rules": [Vitrine.list_rules()],
    "get_rule": [Vitrine.get_rule("sale")],
    "put_rule": [Vitrine.put_rule("sale", **RULE, scope={"surfaces": ["home"], "who": "known"})],
    "patch_rule": [Vitrine.patch_rule("sale", enabled=False, end=datetime(2030, 1, 1))],
    "lint_rules": [Vitrine.lint_rules([RULE]), Vitrine.lint_rules()],
    "dry_run": [Vitrine.dry_run(rules=[RULE], ids=["sale"], limit=5, surface="home")],
    "delete_rule": [Vitrine.delete_rule("sale")],
    "get_synonyms": [Vitrine.get_synonyms()],
    "put_synonyms": [Vitrine.put_synonyms(["tshirt, tee"])],
    "searches": [Vitrine.searches(only="nothing", n=5)],
    "sign_up": [Vitrine.sign_up(**WHO, name="Ann")],
    "sign_in": [accounts.sign_in(**WHO, session="s-1")],
    "refresh": [accounts.refresh("vr_none")],
    "sign_out": [accounts.sign_out("vr_none")],
    "change_password": [accounts.change_password(password="correct horse", new_password="battery staple")],
    "public_keys": [Vitrine.public_keys()],
    "me": [Vitrine.me()],
    "put_me": [Vitrine.put_me(name="Ann", preferences={"max_price": 50})],
    "export_me": [Vitrine.export_me()],
    "erase_me": [Vitrine.erase_me(password="correct horse"), Vitrine.erase_me()],
    "list_keys": [Vitrine.list_keys(limit=5, before=9)],
    "make_key": [Vitrine.make_key(name="page", scopes=["read"], days=1)],
    "revoke_key": [Vitrine.revoke_key(999)],
    "overview": [Vitrine.overview()],
    "alarms": [Vitrine.alarms()],
    "minutes": [Vitrine.minutes()],
    "activity": [Vitrine.activity(days=2)],
    "traffic": [Vitrine.traffic("steps")],
    "engagement": [Vitrine.engagement(by="position", days=3)],
    "experiments": [Vitrine.experiments(days=3)],
    "signals": [Vitrine.signals(n=9)],
    "exposure": [Vitrine.exposure(n=9)],
    "catalogue_gaps": [Vitrine.catalogue_gaps()],
    "releases": [Vitrine.releases()],
    "promote": [Vitrine.promote("r1", live=None)],
    "roll_back": [Vitrine.roll_back(live=None)],
    "jobs": [Vitrine.jobs(n=3)],
    "run_job": [Vitrine.run_job("popular")],
    "live": [Vitrine.live()],
    "ready": [Vitrine.ready()],
    "metrics": [Vitrine.metrics()],
}  # fmt: skip
CALLS = [call for calls in SAMPLES.values() for call in calls]

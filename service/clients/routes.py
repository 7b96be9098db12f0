"""Every request the service takes, as methods of the client that sends and of the client that awaits."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from service.clients import accounts, admin, catalogue, lists, people, rules
from service.clients.call import Call

P = ParamSpec("P")
T = TypeVar("T")


class Sends(Protocol):
    """A client that waits for answers."""

    def send(self, call: Call[T]) -> T:
        """The answer of a call."""
        ...


class Awaits(Protocol):
    """A client whose answers are awaited."""

    async def send(self, call: Call[T]) -> T:
        """The answer of a call."""
        ...


class Route(Generic[P, T]):
    """A method of a client that sends what `build` makes of its arguments; of the class itself, `build`."""

    def __init__(self, build: Callable[P, Call[T]]) -> None:
        self._build = build

    @overload
    def __get__(self, client: None, owner: type) -> Callable[P, Call[T]]: ...

    @overload
    def __get__(self, client: Sends, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, client: Awaits, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, client: Sends | Awaits | None, owner: type) -> Callable[P, Any]:
        if client is None:
            return self._build
        build, send = self._build, client.send

        @wraps(build)
        def ask(*args: P.args, **kwargs: P.kwargs) -> Any:
            return send(build(*args, **kwargs))

        return ask


class Routes:
    """What a client can ask; see each function for its arguments, and ``/docs`` of the service for their meaning."""

    home = Route(lists.home)
    search = Route(lists.search)
    similar = Route(lists.similar)
    bundle = Route(lists.bundle)
    trending = Route(lists.trending)
    suggest = Route(lists.suggest)
    explain = Route(lists.explain)
    explain_words = Route(lists.explain_words)

    event = Route(people.event)
    events = Route(people.events)
    get_user = Route(people.get_user)
    put_user = Route(people.put_user)
    user_events = Route(people.user_events)
    merge_session = Route(people.merge_session)
    export_user = Route(people.export_user)
    erase_user = Route(people.erase_user)
    receipt = Route(people.receipt)

    list_products = Route(catalogue.list_products)
    get_product = Route(catalogue.get_product)
    put_product = Route(catalogue.put_product)
    put_products = Route(catalogue.put_products)
    patch_product = Route(catalogue.patch_product)
    patch_products = Route(catalogue.patch_products)
    delete_product = Route(catalogue.delete_product)
    delete_products = Route(catalogue.delete_products)
    picture = Route(catalogue.picture)
    image = Route(catalogue.image)

    list_rules = Route(rules.list_rules)
    get_rule = Route(rules.get_rule)
    add_rule = Route(rules.add_rule)
    put_rule = Route(rules.put_rule)
    patch_rule = Route(rules.patch_rule)
    delete_rule = Route(rules.delete_rule)
    lint_rules = Route(rules.lint_rules)
    dry_run = Route(rules.dry_run)
    get_synonyms = Route(rules.get_synonyms)
    put_synonyms = Route(rules.put_synonyms)
    searches = Route(rules.searches)

    sign_up = Route(accounts.sign_up)
    public_keys = Route(accounts.public_keys)
    me = Route(accounts.me)
    put_me = Route(accounts.put_me)
    export_me = Route(accounts.export_me)
    erase_me = Route(accounts.erase_me)
    list_keys = Route(accounts.list_keys)
    make_key = Route(accounts.make_key)
    revoke_key = Route(accounts.revoke_key)

    overview = Route(admin.overview)
    alarms = Route(admin.alarms)
    minutes = Route(admin.minutes)
    activity = Route(admin.activity)
    traffic = Route(admin.traffic)
    engagement = Route(admin.engagement)
    experiments = Route(admin.experiments)
    signals = Route(admin.signals)
    exposure = Route(admin.exposure)
    catalogue_gaps = Route(admin.catalogue_gaps)
    releases = Route(admin.releases)
    promote = Route(admin.promote)
    roll_back = Route(admin.roll_back)
    jobs = Route(admin.jobs)
    run_job = Route(admin.run_job)
    live = Route(admin.live)
    ready = Route(admin.ready)
    metrics = Route(admin.metrics)

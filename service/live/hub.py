"""Who listens to what, in this process."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from service.live.mailbox import Mailbox

Topic = Literal["trending", "feed", "counters"]
GOING_AWAY = 1001


class Person(NamedTuple):
    """Whose feed it is: a user or an anonymous session of a tenant."""

    tenant: str
    kind: Literal["user", "session"]
    id: str


@dataclass(eq=False, slots=True)
class Listener:
    """One open page.

    Attributes
    ----------
    people : whose feed it shows, as user and as session.
    """

    tenant: str = ""
    topics: frozenset[Topic] = frozenset()
    people: tuple[Person, ...] = ()
    mailbox: Mailbox = field(default_factory=Mailbox)


class Hub:
    """Passes messages to those who listen; all of it within the event loop.

    Parameters
    ----------
    most : listeners at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Listener] = set()
        self._by_topic: defaultdict[tuple[str, Topic], set[Listener]] = defaultdict(set)
        self._by_person: defaultdict[Person, set[Listener]] = defaultdict(set)
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._all)

    @property
    def has_room(self) -> bool:
        """Whether one more may come."""
        return len(self._all) < self._most and not self._is_closed

    def join(self, listener: Listener) -> None:
        """Somebody has come."""
        self._all.add(listener)

    def leave(self, listener: Listener) -> None:
        """Somebody has gone."""
        self._unlist(listener)
        self._all.discard(listener)

    def listen(self, listener: Listener, tenant: str, topics: Iterable[Topic], people: Iterable[Person]) -> None:
        """From now on it listens to this, and to nothing else."""
        self._unlist(listener)
        listener.tenant, listener.topics, listener.people = tenant, frozenset(topics), tuple(people)
        for topic in listener.topics:
            self._by_topic[tenant, topic].add(listener)
        for person in listener.people:
            self._by_person[person].add(listener)

    def tenants(self, topic: Topic) -> list[str]:
        """Where somebody listens to it."""
        return [tenant for tenant, of in self._by_topic if of == topic]

    def publish(self, tenant: str, topic: Topic, body: Mapping[str, Any]) -> None:
        """Tell all who listen to a topic."""
        for listener in self._by_topic.get((tenant, topic), ()):
            listener.mailbox.put(topic, body)

    def tell(self, people: Iterable[Person], body: Mapping[str, Any]) -> None:
        """Tell the pages of these people about their feed."""
        for listener in {listener for person in people for listener in self._by_person.get(person, ())}:
            listener.mailbox.put("feed", body)

    def close(self) -> None:
        """Ask all of them to go, and let nobody in any more."""
        self._is_closed = True
        for listener in self._all:
            listener.mailbox.close(GOING_AWAY, "the service stops")

    def _unlist(self, listener: Listener) -> None:
        for topic in listener.topics:
            _remove(self._by_topic, (listener.tenant, topic), listener)
        for person in listener.people:
            _remove(self._by_person, person, listener)


def _remove(index: dict[Any, set[Listener]], key: object, listener: Listener) -> None:
    index[key].discard(listener)
    if not index[key]:
        del index[key]

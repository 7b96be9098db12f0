"""Which tables hold something of a person, and where: the one list that export and erasure are checked against."""

from collections.abc import Mapping
from dataclasses import dataclass

PERSONAL_NAMES = (
    "user", "user_id", "user_key", "account_id", "visitor", "session", "session_key", "email", "name", "external_id",
    "preferences", "features", "subject", "password_hash", "query", "request_id",
)  # fmt: skip
"""Names of columns that speak of people wherever they turn up; a new one belongs here."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What a table holds of a person.

    Attributes
    ----------
    columns : those of `PERSONAL_NAMES` that it has, all of them. exported : the part of an export it goes into; None
        with a reason in `why`. kept_back : columns that an export leaves out, being hashes or numbers of our own.
    erased : whether its rows go with the person; False with a reason in `why`.
    """

    columns: tuple[str, ...]
    exported: str | None
    kept_back: tuple[str, ...] = ()
    erased: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why a table holds nothing of a person, and its columns that look as if it did."""

    why: str
    columns: tuple[str, ...] = ()


HELD: Mapping[str, Holds] = {
    "users": Holds(("external_id", "preferences", "features"), "profile", ("id", "tenant", "external_id")),
    "account": Holds(
        ("email", "name", "user_id", "password_hash"), "account",
        ("id", "tenant", "user_id", "password_hash", "epoch"),
    ),
    "refresh_token": Holds(("account_id",), "sign_ins", ("hash", "account_id", "family")),
    "interaction": Holds(
        ("user_id", "session_key", "session", "query", "request_id"), "events",
        ("id", "tenant", "user_id", "session_key", "product_id", "product_ref"),
    ),
    "impression": Holds(
        ("user", "session", "request_id"), "impressions", ("id", "tenant", "user", "slots", "draw"),
    ),
    "search": Holds(("visitor", "query", "request_id"), "searches", ("id", "tenant", "visitor")),
    "erasure": Holds(
        ("subject", "user_key"), None, erased=False,
        why="the receipt itself: a salted hash, and a number that nothing but releases knows and that goes with these",
    ),
}  # fmt: skip

OF_NOBODY: Mapping[str, Nobody] = {
    "product": Nobody("the catalogue", ("external_id", "name")),
    "api_key": Nobody("of a shop's servers, not of a person", ("name",)),
    "release": Nobody("user vectors are in files and collections, see indexer/release/scrub.py"),
    "job": Nobody("what the service does", ("name",)),
    "snapshot": Nobody("counts over all people, synonyms, the salt of erasures", ("name",)),
    "rule": Nobody("what merchants wrote"),
    "erased": Nobody("salted hashes that keep late events from bringing anybody back, for [privacy] refused_days"),
}

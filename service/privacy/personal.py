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
        with a reason in `why`. erased : whether its rows go with the person; False with a reason in `why`.
    """

    columns: tuple[str, ...]
    exported: str | None
    erased: bool
    why: str = ""


HELD: Mapping[str, Holds] = {
    "users": Holds(("external_id", "preferences", "features"), "profile", True),
    "account": Holds(("email", "name", "user_id", "password_hash"), "account", True),
    "refresh_token": Holds(("account_id",), "sign_ins", True),
    "interaction": Holds(("user_id", "session_key", "session", "query", "request_id"), "events", True),
    "impression": Holds(("user", "session", "request_id"), "impressions", True),
    "search": Holds(("visitor", "query", "request_id"), "searches", True),
    "erasure": Holds(
        ("subject", "user_key"), None, False,
        "the receipt itself: a salted hash, and a number that nothing but releases knows; it goes with these",
    ),
}  # fmt: skip

OF_NOBODY: Mapping[str, str] = {
    "product": "the catalogue; external_id and name are a product's",
    "api_key": "of a shop's servers, not of a person; name is the key's",
    "release": "what was trained: user vectors are in files and collections, see service/privacy/models.py",
    "job": "what the service does; name is the job's",
    "snapshot": "counts over all people, synonyms, the salt; name is the snapshot's",
    "rule": "what merchants wrote",
    "erased": "salted hashes that keep late events from bringing anybody back, for `[privacy] refused_days`",
}

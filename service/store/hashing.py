"""Fingerprints that tell whether a product has to be embedded or written again."""

from hashlib import blake2b

import orjson


def digest(value: object) -> str:
    """32 hexadecimal digits that are equal exactly when two JSON values are; key order does not count.

    Raises
    ------
    TypeError : `value` holds something that is not JSON, such as half a surrogate pair or an integer beyond 64 bits.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()

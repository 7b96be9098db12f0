"""From which address a request comes."""

from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

UNKNOWN = "unknown"


def address_of(scope: Scope, trusted_proxies: int) -> str:
    """What callers are told apart by: an IPv4 address, or the /64 network that one IPv6 customer has to himself.

    Parameters
    ----------
    trusted_proxies : how many of our own stand in front. Each appends whom it was asked by to ``X-Forwarded-For``; what
        stands further to the left the caller may have written himself. 0: the header is not read.

    Examples
    --------
    >>> headers = [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.7")]
    >>> scope = {"client": ("10.0.0.1", 5000), "headers": headers}
    >>> address_of(scope, 0), address_of(scope, 1)
    ('10.0.0.1', '192.0.2.7')
    """
    client = scope.get("client")
    told = str(client[0]) if client else UNKNOWN
    if trusted_proxies:
        hops = [
            hop
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for hop in value.decode("latin-1").split(",")
        ]
        if len(hops) >= trusted_proxies:
            told = hops[-trusted_proxies].strip()
        elif hops:
            told = hops[0].strip()
    elif ":" not in told:
        return told  # by far the most frequent, and nothing to be read in it
    return _network(told)


def _network(text: str) -> str:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64)) + "/64"

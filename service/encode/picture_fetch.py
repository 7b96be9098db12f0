"""Pictures over http(s): bounded in time and size, and never from inside the operator's network unless allowed."""

import ipaddress
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from service.encode.picture_decode import BadPicture, PictureLimits, UnreachablePicture, short

_HEADERS = ((b"user-agent", b"vitrine"), (b"accept", b"image/*"), (b"accept-encoding", b"identity"))
_BYTES_TYPES = ("", "application/octet-stream", "binary/octet-stream")
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def fetch_picture(url: str, limits: PictureLimits, *, allow_private: bool) -> bytes:
    """The bytes behind an http(s) URL.

    Every host, of redirects too, is resolved once, all its addresses are checked, and the connection goes to a checked
    address: a name that changes its answer afterwards gains nothing. Proxies of the environment are not used, because
    they would resolve the name again.

    Raises
    ------
    BadPicture : unreachable, private address, not found, not a picture by its content type, too large or too slow.
    """
    guard = _Guard(time.monotonic() + limits.deadline_s, allow_private)
    try:
        target = _parse(url)
        with httpcore.ConnectionPool(network_backend=guard) as pool:
            for _ in range(limits.max_redirects + 1):
                answer = _get(pool, target, limits)
                if isinstance(answer, bytes):
                    return answer
                target = _parse(str(target.join(answer)))
    except _NoHost as refused:
        raise UnreachablePicture(f"{short(url)} {refused}") from refused
    except _Refused as refused:
        raise BadPicture(f"{short(url)} {refused}") from refused
    except httpcore.TimeoutException as error:
        raise UnreachablePicture(f"{short(url)} did not answer in time (limit {limits.deadline_s:g} s)") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise UnreachablePicture(f"{short(url)} could not be fetched: {error or type(error).__name__}") from error
    except (httpx.InvalidURL, ValueError) as error:
        raise BadPicture(f"{short(url)} could not be fetched: {error or type(error).__name__}") from error
    raise BadPicture(f"{short(url)} redirects more than {limits.max_redirects} times")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; addresses that wrap an IPv4 one count as that.

    Examples
    --------
    >>> [is_public(a) for a in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inside is None and ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return ip.is_global and not ip.is_multicast


class _Refused(Exception):
    """Why a URL is not fetched; the words that follow the URL in the message."""


class _NoHost(_Refused):
    """The host has no address."""


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise BadPicture(f"{short(url)} is not a valid URL: {error}") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise _Refused(f"leads to {short(url)}; only http and https with a host are fetched")
    if target.userinfo:
        raise BadPicture("a picture URL must not hold a user name or password")
    return target


def _get(pool: httpcore.ConnectionPool, target: httpx.URL, limits: PictureLimits) -> bytes | str:
    """The body, or where the answer redirects to."""
    timeouts = {
        "connect": limits.connect_timeout_s, "read": limits.read_timeout_s,
        "write": limits.read_timeout_s, "pool": limits.connect_timeout_s,
    }  # fmt: skip
    address = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path or b"/"
    )
    headers = [(b"host", target.netloc), *_HEADERS]
    with pool.stream("GET", address, headers=headers, extensions={"timeout": timeouts}) as response:
        received = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS and b"location" in received:
            return received[b"location"]
        _check_answer(response.status, received, limits)
        return _read(response.iter_stream(), limits)


def _check_answer(status: int, headers: dict[bytes, str], limits: PictureLimits) -> None:
    if status != 200:
        raise _Refused(f"answers with status {status}")
    kind = headers.get(b"content-type", "").split(";")[0].strip().lower()
    if kind == "image/svg+xml" or not (kind.startswith("image/") or kind in _BYTES_TYPES):
        raise _Refused(f"is {kind[:60]!r}; allowed are image/jpeg, image/png, image/webp and other raster pictures")
    if headers.get(b"content-encoding", "identity").lower() not in ("", "identity"):
        raise _Refused("is compressed once more by its server, which was told not to")
    length = headers.get(b"content-length", "")
    if length.isdigit() and int(length[:20]) > limits.max_bytes:
        raise _Refused(f"has {int(length[:20]):,} bytes; at most {limits.max_bytes:,} are accepted")


def _read(chunks: Iterable[bytes], limits: PictureLimits) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limits.max_bytes:
            raise _Refused(f"has more than the {limits.max_bytes:,} bytes that are accepted")
    return bytes(body)


@dataclass(frozen=True)
class _Guard(httpcore.NetworkBackend):
    """Opens connections to checked addresses only; no read or write on them outlives `deadline`."""

    deadline: float
    allow_private: bool
    sockets: httpcore.SyncBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any) -> "_Stream":
        failure: Exception = _Refused(f"has a host without an address: {host[:80]!r}")
        for address in self._checked_addresses(host, port):
            try:
                stream = self.sockets.connect_tcp(address, port, _left(self.deadline, timeout), *args, **options)
                return _Stream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> "_Stream":
        raise _Refused(f"asks for the local socket {path[:80]!r}")

    def sleep(self, seconds: float) -> None:
        self.sockets.sleep(min(seconds, _left(self.deadline, None)))

    def _checked_addresses(self, host: str, port: int) -> list[str]:
        addresses = _resolve(host.strip("[]"), port, _left(self.deadline, None))
        private = [address for address in addresses if not is_public(address)]
        if private and not self.allow_private:
            # one private address among public ones is how a name is made to slip through
            raise _Refused(
                f"leads to the private address {private[0]}; pictures are fetched from public addresses only "
                "unless private ones are allowed by configuration"
            )
        return addresses


def _resolve(host: str, port: int, timeout: float) -> list[str]:
    """Every address of a host, in the system's order; a resolver that hangs is left behind after `timeout` seconds."""
    with_timeout = ThreadPoolExecutor(1)
    try:
        found = with_timeout.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(timeout)
    except (socket.gaierror, UnicodeError) as error:
        raise _NoHost(f"has a host that cannot be found: {host[:80]!r}") from error
    except FutureTimeout as error:
        raise httpcore.ConnectTimeout(f"no address for {host[:80]!r} in time") from error
    finally:
        with_timeout.shutdown(wait=False)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write ends by the deadline, so a server that drips bytes gains nothing."""

    inner: httpcore.NetworkStream
    deadline: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, _left(self.deadline, timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        secure = self.inner.start_tls(ssl_context, server_hostname, _left(self.deadline, timeout))
        return _Stream(secure, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(left, timeout)

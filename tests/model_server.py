"""A local HTTP server that speaks OpenAI's chat completions and Anthropic's messages, well or badly, as a test says."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-very-secret-0123456789"


@dataclass(frozen=True)
class Call:
    """What was asked: path, headers in small letters, and the body."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        if self.path.endswith("/messages"):
            return self.body["system"]
        return self.body["messages"][0]["content"]

    @property
    def items(self) -> list[dict[str, str]]:
        """The facts in it."""
        return json.loads(self.body["messages"][-1]["content"])["items"]


@dataclass
class Then:
    """One answer of the server: the model's text, or something worse.

    Parameters
    ----------
    text : what the model writes, made from the call; None sends `raw` as the whole body.
    finish : ``stop``, ``refusal`` or ``length``. cut : close the connection after so many bytes of the body.
    drip_s : a byte, a pause, a byte …
    """

    text: Callable[[Call], str] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    finish: str = "stop"
    wait_s: float = 0.0
    cut: int | None = None
    drip_s: float = 0.0
    usage: tuple[int, int] | None = (700, 100)


@dataclass
class ModelServer:
    """Answers with `script` in its order; the last one again and again."""

    url: str = ""
    script: list[Then] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def then(self, *script: Then) -> None:
        """Forget what was, and answer like this from now on."""
        self.script = list(script)
        self.calls.clear()

    def base_url(self, provider: str) -> str:
        """What VITRINE_LLM_BASE_URL would be."""
        return f"{self.url}/v1" if provider == "openai" else self.url


def as_json(sentence: Callable[[dict[str, str]], str], insight: str = "Picked for you") -> Callable[[Call], str]:
    """A model that writes what `sentence` makes of each item."""
    return lambda call: json.dumps(
        {"items": [{"id": item["id"], "sentence": sentence(item)} for item in call.items], "insight": insight}
    )


def says(text: str, insight: str = "Picked for you") -> Then:
    """A model that writes the same for every item."""
    return Then(as_json(lambda _: text, insight))


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Serve on a free port."""
    state = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            call = Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            state.calls.append(call)
            then = state.script[min(len(state.calls), len(state.script)) - 1]
            state.closing.wait(then.wait_s)
            self._answer(then, then.raw if then.text is None else _body(call, then))

        def _answer(self, then: Then, content: bytes) -> None:
            try:
                self.send_response(then.status)
                for name, value in {"content-type": "application/json", **then.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self._write(then, content)
            except OSError:
                self.close_connection = True  # who asked did not wait

        def _write(self, then: Then, content: bytes) -> None:
            if then.cut is not None:
                self.wfile.write(content[: then.cut])
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif then.drip_s:
                for byte in content:
                    if state.closing.wait(then.drip_s):
                        return
                    self.wfile.write(bytes([byte]))
            else:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _body(call: Call, then: Then) -> bytes:
    assert then.text is not None
    text = then.text(call)
    made = _messages(text, then) if call.path == "/v1/messages" else _completion(text, then)
    return json.dumps(made).encode()


def _completion(text: str, then: Then) -> dict[str, Any]:
    refused = then.finish == "refusal"
    message = {"role": "assistant", "content": None if refused else text, "refusal": "I will not." if refused else None}
    usage = then.usage and {
        "prompt_tokens": then.usage[0], "completion_tokens": then.usage[1], "total_tokens": sum(then.usage),
    }  # fmt: skip
    return {
        "id": "c1", "object": "chat.completion", "created": int(time.time()), "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": "length" if then.finish == "length" else "stop"}],
    }  # fmt: skip


def _messages(text: str, then: Then) -> dict[str, Any]:
    reason = {"stop": "end_turn", "refusal": "refusal", "length": "max_tokens"}[then.finish]
    usage = then.usage and {"input_tokens": then.usage[0], "output_tokens": then.usage[1]}
    return {
        "id": "m1", "type": "message", "role": "assistant", "model": "m", "usage": usage, "stop_sequence": None,
        "content": [{"type": "text", "text": text}], "stop_reason": reason,
    }  # fmt: skip

"""An OpenAI-compatible server that misbehaves; `python -m eval.hostile_server` prints its port and serves.

The path's first segment chooses how: see `ANSWERS` and `Hostile.do_POST`. Knows nothing of customers.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What is streamed, character by character.
ANSWERS = {
    "half": "这个价",
    "slow": "这个价我实在是接受不了，你再给我说说",
    "role": "作为一个AI语言模型，我不能扮演客户。",
    "english": "Sure, I understand your concern about the price.",
    "empty": "",
    "agrees": "好的，那就这么定了，我同意办理。",
    "good": "<think>\n他在绕\n</think>\n客户：“别绕弯子，说个实在的。”",
    "settles": "<think>\n2: 是\n</think>\n1: 是\n2: 否",
}
# What `busy` says once it answers: one of these, chosen by the prompt.
FINE = (
    "别绕弯子，说个实在的", "你这话我听着还是悬", "那具体怎么个弄法", "说来说去还是没说到点上",
    "这个我心里没底", "你先把话说清楚", "听着挺好，实际呢", "别光讲好听的", "我还得再琢磨琢磨",
)  # fmt: skip
_GARBAGE = b"data: {not json at all\n\ndata: [1, 2\n\n"
_HANG = 30.0
_TRICKLE = 0.5  # seconds between two characters of a slow server


class Hostile(BaseHTTPRequestHandler):
    """Answers any POST. Besides what `ANSWERS` says: `half` dies in mid-answer, `slow` trickles, `hang` never
    answers, `error` is always 500, `busy` is 429 the first time it gets a prompt and then fine, `garbage`
    sends what is no JSON."""

    def do_POST(self) -> None:
        """As the path says."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.path.split("/")[1]
        try:
            if fault == "hang":
                time.sleep(_HANG)
            elif fault == "error":
                self.send_error(500, "out of memory")
            elif fault == "busy" and self._new(body):
                self.send_error(429, "too many requests")
            else:
                self._stream(fault, body)
        except OSError:
            self.close_connection = True  # whoever asked does not listen any more

    def _new(self, body: bytes) -> bool:
        server = self.server
        assert isinstance(server, HostileServer)
        return server.first_time(hashlib.sha256(body).digest())

    def _stream(self, fault: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if fault == "garbage":
            self.wfile.write(_GARBAGE)
            return
        fine = FINE[hashlib.sha256(body).digest()[0] % len(FINE)]
        for char in fine if fault == "busy" else ANSWERS[fault]:
            if fault == "slow":
                time.sleep(_TRICKLE)
            self._send({"delta": {"content": char}, "index": 0, "finish_reason": None})
        if fault == "half":
            self.connection.shutdown(2)
            return
        self._send({"delta": {}, "index": 0, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, choice: dict[str, object]) -> None:
        head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        chunk = {**head, "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class HostileServer(ThreadingHTTPServer):
    """On loopback, at a free port. `address`: where it listens."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hostile)
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """Its base address; a fault and `/v1` are to be added."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def first_time(self, prompt: bytes) -> bool:
        """Whether `prompt` was never seen before; now it was."""
        with self._lock:
            new = prompt not in self._seen
            self._seen.add(prompt)
            return new


@contextmanager
def serving() -> Iterator[str]:
    """The address of such a server, in a thread of this process."""
    with HostileServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.address
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    with HostileServer() as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()

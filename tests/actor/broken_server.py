"""An OpenAI-compatible server that misbehaves; prints its port. The path's first segment chooses how:
half (dies in mid-answer), hang, role, english, empty, error, agrees, good, settles."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "half": "这个价",
    "role": "作为一个AI语言模型，我不能扮演客户。",
    "english": "Sure, I understand your concern about the price.",
    "empty": "",
    "agrees": "好的，那就这么定了，我同意办理。",
    "good": "<think>\n他在绕\n</think>\n客户：“别绕弯子，说个实在的。”",
    "settles": "<think>\n2: 是\n</think>\n1: 是\n2: 否",
}


class Broken(BaseHTTPRequestHandler):
    """Answers any POST."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.path.split("/")[1]
        if fault == "hang":
            time.sleep(30)
            return
        if fault == "error":
            self.send_error(500, "out of memory")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for char in ANSWERS[fault]:
            self._send({"delta": {"content": char}, "index": 0, "finish_reason": None})
        if fault == "half":
            self.connection.shutdown(2)
            return
        self._send({"delta": {}, "index": 0, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, choice: dict[str, object]) -> None:
        chunk = {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": [choice],
        }
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    print(server.server_address[1], flush=True)
    server.serve_forever()

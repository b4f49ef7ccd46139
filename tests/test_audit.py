"""`make audit` fails on a known vulnerability and where it can't ask; `make check` goes on unanswered, and says so.

The source of advisories is a stand-in on loopback that speaks OSV's protocol as far as it is asked.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent
UNREACHABLE = "http://127.0.0.1:1/"


class Advisories(BaseHTTPRequestHandler):
    """Knows of one vulnerability, in `vulnerable`."""

    vulnerable: str

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [{"vulns": [{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z"}]}]
        results = [known[0] if query["package"]["name"] == self.vulnerable else {} for query in asked]
        self._answer({"results": results})

    def do_GET(self) -> None:
        self._answer({"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "summary": "Known to be bad", "affected": []})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Nobody reads it."""

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def advisories(vulnerable: str) -> Iterator[str]:
    handler = type("Advised", (Advisories,), {"vulnerable": vulnerable})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def make(target: str, source: str) -> subprocess.CompletedProcess[str]:
    argv = ("make", target, f"ARGS=--service-url {source}")
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  made here


def test_a_known_vulnerability_fails_both() -> None:
    with advisories(vulnerable="orjson") as source:
        for target in ("audit", "audit-where-possible"):
            done = make(target, source)
            assert done.returncode != 0
            assert "TEST-1" in done.stdout
            assert "NOT CHECKED" not in done.stderr


def test_none_known_is_told_with_how_many_were_asked_about() -> None:
    with advisories(vulnerable="none of ours") as source:
        done = make("audit", source)
    assert done.returncode == 0, done.stderr
    assert "no known vulnerabilities" in done.stdout + done.stderr


def test_no_answer_is_no_pass() -> None:
    assert make("audit", UNREACHABLE).returncode != 0
    done = make("audit-where-possible", UNREACHABLE)
    assert done.returncode == 0
    assert "NOT CHECKED for known vulnerabilities" in done.stderr.splitlines()[-1]

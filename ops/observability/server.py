"""The one port of a process: /livez, /readyz and /metrics, served by threads: it answers when the loop does not.

No login and no encryption: it listens on loopback unless it is told otherwise, and tells nothing of any ticket.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from socket import AF_INET6
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from ops.console import CommandFailed, ExitCode
from ops.environment import variable
from ops.observability.health import Health

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_CLIENT_SECONDS = 10.0
"""A client that asks for nothing for so long is let go."""


def probe_app(health: Health, registry: CollectorRegistry) -> "WSGIApplication":
    """Return what answers: 200 where all is well, else 503 and the reasons, one a line."""
    metrics = make_wsgi_app(registry)
    answers: dict[str, Callable[[], Sequence[str]]] = {
        "/livez": lambda: health.not_live,
        "/readyz": lambda: health.not_ready,
    }

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            served: Iterable[bytes] = metrics(environ, start_response)
            return served
        if path not in answers:
            status, lines = HTTPStatus.NOT_FOUND, ["There are /livez, /readyz and /metrics."]
        elif reasons := answers[path]():
            status, lines = HTTPStatus.SERVICE_UNAVAILABLE, list(reasons)
        else:
            status, lines = HTTPStatus.OK, ["ok"]
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
        start_response(f"{status.value} {status.phrase}", headers)
        return [f"{line}\n".encode() for line in lines]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking a name server who we are, which may take long and answers nothing of use."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Server6(_Server):
    address_family = AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _CLIENT_SECONDS

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 its interface
        """Log no request: they come every few seconds for ever."""


@contextmanager
def served(host: str, port: int, app: "WSGIApplication") -> Iterator[int]:
    """Serve while inside, and give the port.

    Raises:
        CommandFailed: nothing can listen there.
    """
    try:
        server = (_Server6 if ":" in host else _Server)((host, port), _Handler)
    except OSError as error:
        raise CommandFailed(
            f"Health and metrics can't be served on {host} port {port}: {error.strerror}",
            f"Give another {variable('health', 'port')}, or none.",
            ExitCode.USAGE,
        ) from error
    server.set_app(app)
    thread = Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

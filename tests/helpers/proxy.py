"""A reverse proxy that serves an app below a path, as nginx does with `location /garden/`."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "content-encoding", "date", "server"}


@contextmanager
def below(path: str, port: int) -> Iterator[str]:
    """The address of an app on this port, which may start later, below a path such as /garden."""

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            if not self.path.startswith(f"{path}/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            url = f"http://127.0.0.1:{port}{self.path.removeprefix(path)}"
            with (
                httpx.Client(timeout=60, trust_env=False) as client,
                client.stream(self.command, url, headers=headers, content=body) as answer,
            ):
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                self.end_headers()
                for part in answer.iter_bytes():
                    self.wfile.write(part)
                    self.wfile.flush()

        do_GET = do_POST = do_HEAD = pass_on

        def log_message(self, *arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{path}/"
    finally:
        server.shutdown()

"""A server with holes on purpose, which is nothing of the product: what finds nothing here has looked for nothing."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FORM = '<form method="get" action="/search"><input type="text" name="q" value="a"><input type="submit"></form>'


class _Holes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words = parse_qs(parts.query).get("q", [""])[0]
        if parts.path == "/search":
            self._answer(*self._search(words))
        elif parts.path == "/":
            self._answer(200, f'<title>Holes</title><a href="/search?q=a">search</a>{FORM}')
        else:
            self._answer(404, "nothing")

    @staticmethod
    def _search(words: str) -> tuple[int, str]:
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE paper (title TEXT)")
        database.executemany("INSERT INTO paper VALUES (?)", [("a",), ("b",), ("harbour",)])
        try:
            rows = database.execute(f"SELECT title FROM paper WHERE title = '{words}'").fetchall()  # noqa: S608 - a hole
        except (sqlite3.Error, sqlite3.Warning) as error:
            return 500, f"sqlite3.OperationalError: {error}"
        finally:
            database.close()
        return 200, f"<title>Holes</title><p>For {words}:</p>" + "".join(f"<p>{title}</p>" for (title,) in rows) + FORM

    def _answer(self, status: int, page: str) -> None:
        body = page.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@contextmanager
def leaky_server() -> Iterator[int]:
    """The server, on a port of 127.0.0.1, which it gives."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Holes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()

"""Captures over secure connections."""

import ssl
import time
from pathlib import Path

import pytest

from sources.fetch import Fetched, FetchFailed, Redirect, fetch
from tests.sources.sites import LOOPBACK, PAGE, TOO_SLOW, CapturedSite, raw_server, read, says

BAD_CERTIFICATE = (
    "The server’s certificate is not valid for this address, so the page was not captured. Check the address."
)

# Made for these tests, for the name capture.example, and trusted by nobody else.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwncD2+rId/a1WoNp
0kkwbo1UQWrbR6sQTWYOtkuHqwChRANCAARXXE+2hmeqBQ18rmrnI9K6SEJapIW1
7xB2aNAj/3yDEZ2L1NaXyHOfHD1HY/BFGJS1UX6wRPiO3wtJZuYsneko
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBpjCCAU2gAwIBAgIUOZ6UDOwJhIcZ2omvl3VzDzMrsAwwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPY2FwdHVyZS5leGFtcGxlMCAXDTI2MTEyMjE3MDAyMFoYDzIx
MjYxMDI5MTcwMDIwWjAaMRgwFgYDVQQDDA9jYXB0dXJlLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARXXE+2hmeqBQ18rmrnI9K6SEJapIW17xB2aNAj
/3yDEZ2L1NaXyHOfHD1HY/BFGJS1UX6wRPiO3wtJZuYsnekoo28wbTAdBgNVHQ4E
FgQUzOGcbt0XPGZnAW2dqZUhb9Mhq9cwHwYDVR0jBBgwFoAUzOGcbt0XPGZnAW2d
qZUhb9Mhq9cwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9jYXB0dXJlLmV4
YW1wbGUwCgYIKoZIzj0EAwIDRwAwRAIgKCJ+caL7HJBHdNA1zYjTAEeSmhPOMzi8
u0YNDo3D0xcCIAfStUo7jo5Z2hOdrGV4OcN6LtyXOIDU59GyOM47b7i/
-----END CERTIFICATE-----
"""


@pytest.fixture
def secure_site(site: CapturedSite, tmp_path: Path) -> CapturedSite:
    """The same site behind a certificate for capture.example that only these tests know."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    site.socket = context.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    return site


def secure_fetch(site: CapturedSite, host: str = "capture.example") -> Fetched[bytes]:
    url = site.url(host=host).replace("http:", "https:")
    return fetch(url, allow=LOOPBACK, sink=read, seconds=5, resolve=lambda host: ["127.0.0.1"])


def test_secure_answer_is_fetched_under_the_name_that_was_checked(
    secure_site: CapturedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    answer = secure_fetch(secure_site)
    assert (answer.status, answer.body) == (200, PAGE)


def test_certificate_that_nobody_vouches_for_is_refused(secure_site: CapturedSite) -> None:
    says(BAD_CERTIFICATE, FetchFailed, lambda: secure_fetch(secure_site))
    assert secure_site.hits == []


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_certificate_for_another_name_is_refused(
    secure_site: CapturedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    says(BAD_CERTIFICATE, FetchFailed, lambda: secure_fetch(secure_site, host))
    assert secure_site.hits == []


def test_redirect_from_https_to_http_is_followed_and_recorded(
    secure_site: CapturedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with raw_server(lambda line: line.sendall(b"HTTP/1.0 200 OK\r\n\r\nplain")) as port:
        url = f"https://capture.example:{secure_site.port}/to/http://127.0.0.1:{port}/"
        answer = fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: ["127.0.0.1"])
    assert (answer.body, answer.redirects, answer.downgraded) == (b"plain", [Redirect(url, 302)], True)


def test_server_without_tls_gives_no_secure_connection(site: CapturedSite) -> None:
    says(
        "No secure connection was possible. Check the address, or attach a file.",
        FetchFailed,
        lambda: secure_fetch(site),
    )


def test_handshake_that_never_ends_is_cut_off_at_the_deadline() -> None:
    with raw_server(lambda line: time.sleep(1)) as port:
        url = f"https://127.0.0.1:{port}/"
        says(TOO_SLOW, FetchFailed, lambda: fetch(url, allow=LOOPBACK, sink=read, seconds=0.3))

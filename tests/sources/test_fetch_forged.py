"""What must not be reachable through a capture. PORT stands for that of a server on every local address."""

import socket

import pytest

from sources.fetch import FetchRefused, fetch
from tests.sources.sites import LOOPBACK, PAGE, CapturedSite, raw_fetch, read, says

NOT_PUBLIC = "This address is not on the public internet, so it cannot be captured. Attach a file instead."
NOT_USUAL = "The host name in this address is not in a usual form."
NOT_ON_THE_WEB = "This is not an address on the web. Enter one like https://example.org/page."
STRANGE_SIGN = "This address contains a space or an invalid character. Remove it."
CREDENTIALS = "This address contains a user name or password. Remove it."
WRONG_PORT = "Only ports 80, 443, 8080 and 8443 can be captured. Attach a file instead."

BY_ADDRESS = [
    "http://127.0.0.1:PORT/",
    "http://127.8.9.10:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0.0.0.0:PORT/",
    "http://10.1.2.3:PORT/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.7/",
    "http://192.88.99.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::5efe:127.0.0.1]/",
    "http://[fd00::1]:PORT/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://１２７.0.0.1:PORT/",
    "HTTP://LocalHost:PORT/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/",
    "http://127.0.0.1:PORT#@example.org/",
    "http://127.0.0.1:PORT?@example.org/",
    "http://127.0.0.1:PORT/@example.org/",
    "http://⑯⑨.254.⑯⑨.254/",
]
BY_FORM = [
    ("http://2130706433:PORT/", NOT_USUAL),
    ("http://017700000001:PORT/", NOT_USUAL),
    ("http://0x7f000001:PORT/", NOT_USUAL),
    ("http://0x7f.0.0.1:PORT/", NOT_USUAL),
    ("http://0177.0.0.1:PORT/", NOT_USUAL),
    ("http://127.1:PORT/", NOT_USUAL),
    ("http://127.0.1:PORT/", NOT_USUAL),
    ("http://0:PORT/", NOT_USUAL),
    ("http://0x7f000001.:PORT/", NOT_USUAL),
    ("http://0x7F.0x0.0x0.0x1:PORT/", NOT_USUAL),
    ("http://00000177.0.0.1:PORT/", NOT_USUAL),
    ("http://127.0.0.0x1:PORT/", NOT_USUAL),
    ("http://383.0.0.1:PORT/", NOT_USUAL),
    ("http://6425673729:PORT/", NOT_USUAL),
    ("http://١٢٧.0.0.1:PORT/", NOT_USUAL),
    ("http://127.0.0.1;example.org:PORT/", NOT_USUAL),
    ("http://127.0.0.1%00.example.org:PORT/", NOT_USUAL),
    ("http://%6c%6f%63alhost:PORT/", NOT_USUAL),
    ("http://localhost%2f@example.org:PORT/", CREDENTIALS),
    ("http://example.org:80@127.0.0.1:PORT/", CREDENTIALS),
    ("http://[::1%2525lo]:PORT/", NOT_USUAL),
    ("http://1.1.1.1:0/", WRONG_PORT),
    ("http://127.0.0.1..:PORT/", NOT_USUAL),
    ("http://127.0.0.01:PORT/", NOT_USUAL),
    ("http://127.0.0.1%2f:PORT/", NOT_USUAL),
    ("http://%31%32%37.0.0.1:PORT/", NOT_USUAL),
    ("http://０x7f.1:PORT/", NOT_USUAL),
    ("http://[::1%25lo]:PORT/", NOT_USUAL),
    ("http://[fe80::1%eth0]:PORT/", NOT_USUAL),
    ("http://[::1].example.org:PORT/", NOT_USUAL),
    ("http://exa\u00admple..org/", STRANGE_SIGN),
    ("http://-/", NOT_USUAL),
    ("http://example.org,127.0.0.1:PORT/", NOT_USUAL),
    ("http://example.org@127.0.0.1:PORT/", CREDENTIALS),
    ("http://user:word@example.org/", CREDENTIALS),
    ("http://@127.0.0.1:PORT/", CREDENTIALS),
    ("http://127.0.0.1:PORT\\@example.org/", STRANGE_SIGN),
    ("http:\\\\127.0.0.1:PORT\\", STRANGE_SIGN),
    ("http://127.0.0.1:PORT/\r\nX-Injected: 1", STRANGE_SIGN),
    ("http://127.0.0.1:PORT/a b", STRANGE_SIGN),
    ("http://127.0.0.1\t:PORT/", STRANGE_SIGN),
    (" http://127.0.0.1:PORT/", STRANGE_SIGN),
    ("http://127.0.0.1\0.example.org:PORT/", STRANGE_SIGN),
    ("http://127.0.0.1\u200b:PORT/", STRANGE_SIGN),
    ("http:///path", NOT_ON_THE_WEB),
    ("http://:PORT/", NOT_ON_THE_WEB),
    ("http:127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("//127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("", NOT_ON_THE_WEB),
    ("file:///etc/passwd", NOT_ON_THE_WEB),
    ("ftp://127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("gopher://127.0.0.1:PORT/_GET%20/", NOT_ON_THE_WEB),
    ("javascript:alert(1)", NOT_ON_THE_WEB),
    ("data:text/html,hello", NOT_ON_THE_WEB),
    ("unix:///run/server.sock", NOT_ON_THE_WEB),
    ("http://example.org:99999/", NOT_ON_THE_WEB),
    ("http://example.org:80:80/", NOT_ON_THE_WEB),
    ("http://[::1/", NOT_ON_THE_WEB),
    ("http://example.org\uff0f@127.0.0.1:PORT/", NOT_ON_THE_WEB),
    ("http://1.1.1.1:22/", WRONG_PORT),
    ("http://1.1.1.1:25/", WRONG_PORT),
    ("http://[2606:4700:4700::1111]:6379/", WRONG_PORT),
    ("http://[64:ff9b::1.1.1.1]:6379/", WRONG_PORT),  # NAT64 of a public address: public, but for its port
]


@pytest.mark.parametrize(
    ("url", "message"),
    [*((url, NOT_PUBLIC) for url in BY_ADDRESS), *BY_FORM],
    ids=lambda each: ascii(each) if "/" in each else "",
)
def test_forged_address_is_refused_and_nothing_is_asked(site: CapturedSite, url: str, message: str) -> None:
    says(message, FetchRefused, lambda: fetch(url.replace("PORT", str(site.port)), allow=[], sink=read, seconds=5))
    assert site.hits == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["fe80::1%1"],
        ["::ffff:10.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:4700:4700::1111", "::1"],
    ],
)
def test_name_is_refused_where_any_of_its_addresses_is_not_public(site: CapturedSite, addresses: list[str]) -> None:
    url = site.url(host="harmless.example")
    says(NOT_PUBLIC, FetchRefused, lambda: fetch(url, allow=[], sink=read, resolve=lambda host: addresses))
    assert site.hits == []


def test_allowed_network_opens_no_other(site: CapturedSite) -> None:
    says(NOT_PUBLIC, FetchRefused, lambda: fetch("http://10.0.0.1/", allow=LOOPBACK, sink=read))
    both = ["127.0.0.1", "10.0.0.1"]
    url = site.url(host="two.example")
    says(NOT_PUBLIC, FetchRefused, lambda: fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: both))
    assert site.hits == []


def test_name_that_answers_differently_the_second_time_gains_nothing(site: CapturedSite) -> None:
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = fetch(site.url(host="rebinding.example"), allow=LOOPBACK, sink=read, resolve=rebinding)
    assert (answer.body, asked) == (PAGE, ["rebinding.example"])


def test_name_is_checked_anew_where_a_redirect_leads_back_to_it(site: CapturedSite) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    url = site.url("/to//again", host="rebinding.example")
    expected = f"This address redirects to another. {NOT_PUBLIC}"
    says(expected, FetchRefused, lambda: fetch(url, allow=LOOPBACK, sink=read, resolve=lambda host: next(answers)))
    assert site.hits == ["/to//again"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://10.0.0.1/", NOT_PUBLIC),
        ("http://[::1]:PORT/", NOT_PUBLIC),
        ("HTTP://[0::1]:PORT/", NOT_PUBLIC),
        ("//[::ffff:10.0.0.1]/", NOT_PUBLIC),
        ("\\\\127.0.0.1:PORT\\", STRANGE_SIGN),
        ("http:\\\\127.0.0.1:PORT", STRANGE_SIGN),
        ("http://2130706433:PORT/", NOT_USUAL),
        ("http://①⓪.0.0.1:PORT/", NOT_PUBLIC),
        ("gopher://127.0.0.1:PORT/_x", NOT_ON_THE_WEB),
        ("javascript:alert(1)", NOT_ON_THE_WEB),
        ("data:text/html,x", NOT_ON_THE_WEB),
        ("//169.254.169.254/latest/", NOT_PUBLIC),
        ("http://0x7f.1:PORT/", NOT_USUAL),
        ("http://user@127.0.0.1:PORT/", CREDENTIALS),
        ("file:///etc/passwd", NOT_ON_THE_WEB),
        ("http://[broken/", NOT_ON_THE_WEB),
        ("/with space", STRANGE_SIGN),
    ],
)
def test_redirect_is_held_to_the_same_rules(site: CapturedSite, location: str, message: str) -> None:
    def elsewhere(line: socket.socket) -> None:
        target = location.replace("PORT", str(site.port)).encode()
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")

    says(f"This address redirects to another. {message}", FetchRefused, lambda: raw_fetch(elsewhere))
    assert site.hits == []


def test_proxies_of_the_environment_are_not_used(site: CapturedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, site.url())
    says(NOT_PUBLIC, FetchRefused, lambda: fetch("http://10.0.0.1/", allow=[], sink=read))
    assert site.hits == []

"""The scenarios: pages, the API's list, a move and an attachment, each with its baseline."""

import html
import json
import re
from dataclasses import dataclass, field
from itertools import cycle, islice

from bench.installation import MOVES, PASSWORD, PREFIX, Installation
from bench.load import FRESH, Connection, UnexpectedAnswer
from bench.people import Person, sign_in

PAGE = 1000
ATTACHMENT = 200_000  # bytes
_WORDS = ("turbines", "drones", "grain", "detainees", "ballots", "passports", "landmines", "cables")
_BOUNDARY = "bench-8b1f"


@dataclass
class Requests:
    """Requests of one kind. `status`: the expected one; `once`: each may be sent only once."""

    port: int
    requests: list[bytes]
    status: int = 200
    once: bool = False
    used: int = 0

    def next_ones(self) -> tuple[bytes, ...]:
        return tuple(self.requests[self.used :])


@dataclass(frozen=True)
class Scenario:
    """A measured scenario. `bar`: the promised least ratio of its rate to the baseline's, or None."""

    name: str
    requests: Requests
    baseline: str
    bar: float | None
    pages: list[str] = field(default_factory=list)


def baselines(site: Installation) -> dict[str, Requests]:
    """The requests to the bare project: the list, the move, the upload."""
    port = site.bare.port
    person = sign_in(port, "/login/", {"username": "bare", "password": PASSWORD})
    moves = [person.post(f"/rows/{n}/move/", _FORM, b"reason=That+is+what+the+party+says.") for n in range(1, 2001)]
    return {
        "list": Requests(port, [person.get("/")]),
        "move": Requests(port, moves, status=201),
        "upload": Requests(port, [person.post("/uploads/", _MULTIPART, _upload())], status=201),
    }


_FORM, _MULTIPART = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={_BOUNDARY}"


def scenarios(site: Installation) -> list[Scenario]:
    """All scenarios of the application."""
    port = site.ours.port
    prefix = PREFIX.lower()
    reviewer, editor = (_person(port, f"{prefix}-{name}") for name in ("reviewer-1", "editor-1"))
    program = Person(_token(site, f"{prefix}-editor-1"))
    claims = _references(site, "c.state = 'corroborated' AND c.last_seq = 2 AND NOT c.contested")
    moved_often = _references(site, "c.last_seq = 6")
    sources = site.rows(
        "SELECT s.id FROM sources_source s JOIN accounts_desk d ON d.id = s.desk_id WHERE d.prefix = %s LIMIT 50",
        PREFIX,
    )

    def pages(person: Person, *paths: str) -> Requests:
        return Requests(port, [person.get(path) for path in paths])

    return [
        Scenario("my work", pages(reviewer, "/"), "list", 0.8),
        Scenario("my work of an editor", pages(editor, "/"), "list", 0.8),
        Scenario("claims", pages(editor, "/claims/"), "list", 0.8),
        Scenario("search", pages(editor, *(f"/claims/?q={word}" for word in _WORDS)), "list", 0.8),
        Scenario("page 1000", pages(editor, _page_number(port, editor, PAGE)), "list", 0.8),
        Scenario("claim", pages(editor, *(f"/claims/{ref}/" for ref in claims)), "list", 0.5),
        Scenario("history", pages(editor, *(f"/claims/{ref}/history/" for ref in moved_often)), "list", 0.5),
        Scenario("API list", pages(program, "/api/v1/claims/?page_size=25"), "list", 0.8),
        Scenario("move", _moves(site), "move", 0.6),
        Scenario("attachment", _attachments(port, program, [row[0] for row in sources]), "upload", None),
    ]


def main_pages(site: Installation) -> tuple[Person, list[str]]:
    """An editor, and the pages to weigh."""
    claim = _references(site, "c.last_seq = 6")[0]
    [(source, actor, assessment)] = site.rows(
        "SELECT s.id, s.publisher_id, (SELECT a.id FROM reviews_assessment a WHERE a.claim_id = c.id LIMIT 1)"
        " FROM claims_claim c JOIN claims_evidence e ON e.claim_id = c.id JOIN sources_source s ON s.id = e.source_id"
        " WHERE c.reference = %s LIMIT 1",
        claim,
    )
    at = f"/claims/{claim}/"
    pages = ["/", "/claims/", "/claims/new/", at, f"{at}sources/", f"{at}provenance/", f"{at}history/"]
    pages += [f"{at}attach/", f"{at}edit/", f"{at}assess/", f"{at}assign/", f"/reviews/{assessment}/"]
    pages += ["/sources/", f"/sources/{source}/", "/actors/", f"/actors/{actor}/", "/desk/", "/account/", "/public/"]
    return _person(site.ours.port, f"{PREFIX.lower()}-editor-1"), pages


def _person(port: int, name: str) -> Person:
    return sign_in(port, "/account/login/", {"login": name, "password": PASSWORD})


def _token(site: Installation, name: str) -> str:
    return f"Authorization: Bearer {site.manage('create_token', name).split()[-1]}\r\n"


def _references(site: Installation, condition: str, most: int = 50) -> list[str]:
    """References of claims across the whole desk."""
    rows = site.rows(
        "SELECT c.reference FROM claims_claim c JOIN accounts_desk d ON d.id = c.desk_id"  # noqa: S608 - our own
        f" WHERE d.prefix = %s AND {condition} AND c.closed_at IS NULL ORDER BY md5(c.reference) LIMIT %s",
        PREFIX,
        most,
    )
    return [row[0] for row in rows]


def _page_number(port: int, person: Person, number: int) -> str:
    """The address of the claims' page with this number, or of the last but one if there are fewer."""
    server, path, before = Connection(port), "/claims/", "/claims/"
    for _ in range(number - 1):
        status, _head, body = server.ask(person.get(path))
        if status != 200:
            raise UnexpectedAnswer(f"{path} was answered {status}")
        following = re.search(rb'<a class="button" href="([^"]+)" rel="next"', body)
        if following is None:
            return before
        before, path = path, html.unescape(following[1].decode())
    return path


def _moves(site: Installation) -> Requests:
    """API requests that record a denial on each claim of the newest desk made for moves."""
    [(desk, prefix)] = site.rows(
        "SELECT id, prefix FROM accounts_desk WHERE prefix LIKE %s ORDER BY created_at DESC, length(prefix) DESC,"
        " prefix DESC LIMIT 1",
        f"{MOVES}%",
    )
    program = Person(_token(site, f"{prefix.lower()}-editor-1"))
    rows = site.rows(
        "SELECT c.reference, c.version, e.id FROM claims_claim c JOIN claims_evidence e ON e.claim_id = c.id"
        " WHERE c.desk_id = %s AND e.stance = 'denies' AND c.state = 'reported' ORDER BY md5(c.reference)",
        desk,
    )
    requests = []
    for reference, version, evidence in rows:
        body = {"to": "denied", "reason": "That is what the party says.", "evidence": [str(evidence)]}
        sent = json.dumps({**body, "seen_version": version}).encode()
        requests.append(program.post(f"/api/v1/claims/{reference}/moves/", "application/json", sent))
    return Requests(site.ours.port, requests, status=201, once=True)


def _attachments(port: int, person: Person, sources: list[object]) -> Requests:
    body = _upload()
    requests = [person.post(f"/api/v1/sources/{source}/attachments/", _MULTIPART, body) for source in sources]
    return Requests(port, requests, status=201)


def _upload() -> bytes:
    """A form with one file of 200 kB, which differs each time that it is sent."""
    content = FRESH + b"".join(islice(cycle((b"seen near the harbour\n", b"at night\n")), ATTACHMENT // 15))
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="seen.txt"\r\n'
    head += "Content-Type: text/plain\r\n\r\n"
    return head.encode() + content[:ATTACHMENT] + f"\r\n--{_BOUNDARY}--\r\n".encode()

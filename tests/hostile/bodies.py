"""What each operation of the API takes: a body that is good, and every place in it, read from the description."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.access.world import AccessWorld
from tests.api.client import schema

Path = tuple[str | int, ...]
METHODS = ("get", "post", "patch", "put", "delete")


@dataclass(frozen=True)
class DocumentedOperation:
    """One operation: `template` is its address, `said` what the description says of it."""

    method: str
    template: str
    said: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.template}"

    def address(self, values: dict[str, Any]) -> str:
        """Its address in a world whose path values these are."""
        return self.template.format_map(values)

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of its JSON body; None where it takes none."""
        content = self.said.get("requestBody", {}).get("content", {})
        return content["application/json"]["schema"] if "application/json" in content else None

    def parameters(self, place: str) -> list[str]:
        """The names of what it reads from the query or from headers."""
        return [each["name"] for each in self.said.get("parameters", ()) if each["in"] == place]

    def places(self) -> Iterator[tuple[Path, bool]]:
        """Every place in its body, and whether any text may stand there."""
        if self.body is not None:
            yield from _places(self.body, ())


def operations() -> list[DocumentedOperation]:
    """Every operation of the API."""
    paths = schema()["paths"].items()
    return [
        DocumentedOperation(method, path, item[method]) for path, item in paths for method in METHODS if method in item
    ]


def _places(node: dict[str, Any], path: Path) -> Iterator[tuple[Path, bool]]:
    while "$ref" in node:
        node = schema()["components"]["schemas"][node["$ref"].rsplit("/", 1)[-1]]
    found = False
    for one in (node, *node.get("oneOf", ()), *node.get("anyOf", ()), *node.get("allOf", ())):
        inner = schema()["components"]["schemas"][one["$ref"].rsplit("/", 1)[-1]] if "$ref" in one else one
        for name, property_ in inner.get("properties", {}).items():
            found = True
            yield from _places(property_, (*path, name))
        if "items" in inner:
            found = True
            yield from _places(inner["items"], (*path, 0))
    if path:
        plain = node.get("type") == "string" and not node.keys() & {"format", "enum", "pattern"}
        yield path, plain and not found


def put(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the body with `value` at that place, and around it what the place needs."""
    whole = deepcopy(body)
    inner: Any = whole
    for step, following in pairwise(path):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(inner, list):
            if not inner:
                inner.append(fresh)
        elif not isinstance(inner.get(step), type(fresh)):
            inner[step] = fresh
        inner = inner[step]
    if isinstance(inner, list):
        inner[:] = [value, *inner[1:]]
    else:
        inner[path[-1]] = value
    return whole


def good_bodies(world: AccessWorld) -> dict[str, dict[str, Any]]:
    """A body for each operation that needs one. What is not here takes an empty one."""
    source, element = str(world.source.pk), str(world.claim.elements.earliest("position").pk)
    evidence, actor = str(world.evidence.pk), str(world.actor.pk)
    another = str(world.claim.evidence.latest("created_at").source_id)
    seen = {"seen_version": world.claim.version}
    claim, assessment = "/api/v1/claims/{reference}/", "/api/v1/claims/{reference}/assessments/{assessment_id}/"
    return {
        "POST /api/v1/actors/": {"name": "The harbour office", "kind": "organisation"},
        "PATCH /api/v1/actors/{actor_id}/": {"reliability": "B"},
        "POST /api/v1/actors/{actor_id}/merge/": {
            "into": str(world.own_conflict.actor_id), "reason": "They are the same.",
        },
        "POST /api/v1/assignments/": {"claim": world.claim.reference, "reviewer": "reviewer2"},
        "PATCH /api/v1/assignments/{assignment_id}/": {"due_at": "2099-11-02T09:30:00Z"},
        "POST /api/v1/assignments/{assignment_id}/decline/": {"reason": "It is needed."},
        "POST /api/v1/assignments/{assignment_id}/hand_over/": {"to": "reviewer2"},
        "POST /api/v1/claims/": {
            "statement": "A ship came in.",
            "evidence": [{"source": source, "stance": "context"}],
            "elements": [{"text": "a ship"}],
            "parties": [actor],
        },
        f"PATCH {claim}": {"place": "The pier"},
        f"POST {claim}assessments/": {
            "proposed_state": "reported", "rationale": "It is so.", "evidence": [evidence],
            "elements": [{"element": element, "text": "It shows it."}], **seen,
        },
        f"PUT {claim}assessments/draft/": {"rationale": "So far.", **seen},
        f"POST {claim}deciders/": {"person": "reviewer2"},
        f"POST {assessment}approve/": {"reason": "It is so.", **seen},
        f"POST {assessment}reject/": {"reason": "It is not so.", **seen},
        f"POST {claim}close/": {"reason": "moot"},
        f"POST {claim}evidence/": {"source": source, "stance": "context"},
        f"PATCH {claim}evidence/{{evidence_id}}/": {"locator": "page 2"},
        f"POST {claim}evidence/{{evidence_id}}/withdraw/": {"reason": "It is needed."},
        f"POST {claim}moves/": {"to": "denied", "reason": "It was denied.", "evidence": [evidence], **seen},
        f"POST {claim}grounds/confirm/": {"reason": "It still holds.", "seen_grounds": "0" * 64},
        **{
            f"POST /api/v1/{row}/release/": {"visibility": "public", "reason": "It is needed."}
            for row in (
                "actors/{actor_id}", "attachments/{attachment_id}", "claims/{reference}/evidence/{evidence_id}",
                "sources/{source_id}", "sources/{source_id}/capture/{capture_id}",
            )
        },
        "POST /api/v1/redactions/": {"words": "unloaded", "reason": "It was asked for."},
        "POST /api/v1/redactions/preview/": {"words": "unloaded"},
        "POST /api/v1/desks/": {"name": "A new desk", "prefix": "NEW"},
        "PATCH /api/v1/desks/{desk_id}/": {"days_to_review": 5},
        "POST /api/v1/sources/": {"title": "A paper"},
        "PATCH /api/v1/sources/{source_id}/": {"title": "A paper"},
        "POST /api/v1/sources/{source_id}/correct/": {"reason": "It is needed."},
        "POST /api/v1/sources/{source_id}/retract/": {"reason": "It is needed."},
        "POST /api/v1/sources/{source_id}/relays/": {"upstream": another},
    }  # fmt: skip

"""Acts by requests: each answer has to name the receipt of every entry that the person made by it, and no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db.models import Max
from django.test import Client
from django.utils import timezone

from accounts.models import Act, User
from accounts.queries import receipts_of
from claims.bundles.receipts import Fate, check
from ledger.entries import format_time
from ledger.keys import policy_text
from ledger.verifier import read_policy, split_receipts
from tests.api.client import Api
from tests.factories import fresh
from tests.ledger.installation import publish_here
from tests.pages import fields_of, signed_in, text_of


class ActsWalk:
    """What was done so far: `kinds` of acts, and the leaf hashes of each person's."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.leaves: dict[User, list[str]] = {}
        self._clients: dict[User, Client] = {}
        self._apis: dict[User, Api] = {}

    def client(self, user: User) -> Client:
        return self._clients.setdefault(user, signed_in(user))

    def did(self, user: User, do: Callable[[], Any]) -> Any:
        """The answer to what was done; it recorded something, and names it."""
        last = Act.objects.aggregate(last=Max("entry"))["last"] or 0
        answer = do()
        # What followed on desks that they are not on is left out: tests/receipts/test_given.py.
        made = list(receipts_of(user).filter(entry__gt=last).order_by("entry"))
        hashes = [bytes(act.entry.leaf_hash).hex() for act in made]
        assert made, f"{answer.status_code}: {text_of(answer) if not answer.streaming else ''}"
        named = parse_qs(urlsplit(answer["Ledger-Receipts"]).query)["leaves"][0].split(",")
        assert named == hashes
        self.kinds |= {act.kind for act in made}
        self.leaves.setdefault(user, []).extend(hashes)
        return answer

    def send(self, user: User, method: str, path: str, body: Any = None) -> Any:
        """By the API with a token; the answer's data."""
        api = self._apis.get(user) or self._apis.setdefault(user, Api(user))
        answer = self.did(user, lambda: api.send(method, path, body))
        return answer.json() if answer.content else None

    def form(self, user: User, address: str, /, **fields: Any) -> Any:
        """By a page's form, with what stands in it; in two steps where it is shown first what that would do."""
        client = self.client(user)
        page = client.get(address)
        data = (fields_of(page) if page.status_code == 200 and "form" in (page.context or {}) else {}) | fields
        if "confirmed" in fields:
            shown = client.post(address, {name: value for name, value in data.items() if name != "confirmed"})
            data["confirmed"] = (shown.context or {}).get("confirming", "yes")
        return self.did(user, lambda: client.post(address, data))

    def judge(self, folder: Path) -> None:
        """Each receipt can be fetched, is good by the policy, says when its entry was made, and its leaf gets into the
        log."""
        policy, files = read_policy(policy_text()), []
        for user, leaves in self.leaves.items():
            client = signed_in(fresh(user))  # whose password may be another
            for first in range(0, len(leaves), 40):
                part = leaves[first : first + 40]
                file = client.get(f"/account/receipts/file?leaves={','.join(part)}")
                assert file.status_code == 200
                receipts = [policy.receipt(note) for note in split_receipts(file.content)]
                said = {one.leaf_hash.hex(): one.at for one in receipts}
                made = Act.objects.filter(by=user, entry__leaf_hash__in=[bytes.fromhex(one) for one in part])
                assert said == {
                    bytes(act.entry.leaf_hash).hex(): format_time(act.entry.at) for act in made.select_related("entry")
                }
                assert set(said) == set(part)
                files.append(file.content)
        assert {one.fate for data in files for one in check(data, now=timezone.now())} == {Fate.NOT_DUE}
        publish_here(folder / "signer")
        assert {one.fate for data in files for one in check(data, now=timezone.now())} == {Fate.IN_LOG}

"""What the tests of the JavaScript implementation share: a page that serves its modules, and what is run in it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.ledger.exports import POLICY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

MODULES = Path(__file__).resolve().parent.parent.parent / "config" / "static" / "second_source"
KEYS = {
    "origin": POLICY.origin,
    "log_keys": [str(key) for key in POLICY.log_keys],
    "receipt_keys": [str(key) for key in POLICY.receipt_keys],
}
# What the scripts below share: the module, bytes of base64, and whether a call throws.
PRELUDE = """
  const ledger = await import("/ledger.js");
  const { checkStamp } = await import("/stamps.js");
  const { readPem } = await import("/certificates.js");
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const taken = async (call) => { try { await call(); return true; } catch { return false; } };
"""

# Of each file the result of its check.
CHECK = """const results = [];
  for (const file of given.files) results.push((await ledger.checkClaimProof(bytes(file), given.policy)).result);
  return results;"""
# Of each proof of one leaf the same.
CHECK_LEAF = """const results = [];
  for (const file of given.files) results.push((await ledger.checkTlogProof(bytes(file), given.policy)).result);
  return results;"""
# Of each note by each policy: who cosigned and whether that is enough, null where it is refused.
WITNESSED = """const found = [];
  for (const { note, policy } of given.asked) {
    try {
      const { witnesses } = await ledger.readCheckpoint(note, { ...given.keys, witness_policy: policy });
      found.push({ by: witnesses.by, isMet: witnesses.isMet });
    } catch (error) {
      if (!error.finding) throw error;
      found.push(null);
    }
  }
  return found;"""
# Of each token, what it says in microseconds since 1970 and by whom, or the part of it that does not hold.
STAMPED = """const found = [];
  const trusted = readPem(given.certificates);
  for (const { token, note } of given.asked) {
    try {
      const { at, before, by } = await checkStamp(bytes(token), bytes(note), trusted);
      found.push([String(at), String(before), by]);
    } catch (error) {
      if (!error.finding) throw error;
      found.push(error.finding.part);
    }
  }
  return found;"""
# Of each file of receipts the leaf hashes (base64), or null where one of them is none.
RECEIPTS = """const found = [];
  for (const file of given.files) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(file));
      const hashes = [];
      for (const note of ledger.splitReceipts(text)) {
        const { leafHash } = await ledger.readReceipt(note, given.policy);
        hashes.push(btoa(String.fromCharCode(...leafHash.match(/../g).map((pair) => parseInt(pair, 16)))));
      }
      found.push(hashes);
    } catch (error) {
      if (!error.finding && !(error instanceof TypeError)) throw error; // not UTF-8
      found.push(null);
    }
  }
  return found;"""

Run = Callable[[str, object], Any]
"""Runs the body of a function of `given` in the browser, beside PRELUDE."""


def open_at(browser: "Browser", origin: str) -> "Page":
    """A page of an origin that serves nothing but the modules."""
    page = browser.new_context().new_page()

    def answer(route: "Route") -> None:
        module = MODULES / Path(urlsplit(route.request.url).path).name
        if module.suffix == ".js":
            route.fulfill(path=module, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>Ledger</title>", content_type="text/html")

    page.route("**/*", answer)
    page.goto(origin)
    return page

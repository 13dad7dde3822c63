// Checks a claim's history in the reader's own browser: fetches the proofs, recomputes every hash, and compares all that
// the page shows of the history, and the claim's wording and state above it, with what was recorded; in both directions.
// A field that nothing opens is good only where a redaction in the log names it, or where it is not for this reader and
// the page shows nothing of it.
import { canonical, checkClaimProof, hex } from "./ledger.js";

const section = document.querySelector("[data-proof]");
const words = section.dataset;
const claim = JSON.parse(words.claim);
const log = JSON.parse(words.log);

const SHOWN_IN_BODY = ["from", "to", "happened_at", "stance", "independence", "threshold"];
const COMMITTED = ["by", "decided_by", "evidence", "graph_digest", "reason", "decision_reason"];
const TEXTS = ["reason", "decision_reason"];
const MEMORY = "second-source log";
const MOST_REMEMBERED = 500; // claims

async function bytesOf(address) {
  const answer = await fetch(address, { headers: { Accept: "*/*" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return new Uint8Array(await answer.arrayBuffer());
}

// The words that stand in a part of the page, with the breaks between its lines.
function textOf(part, name) {
  const copy = part.querySelector(`[data-field="${name}"]`)?.cloneNode(true);
  for (const end of copy?.querySelectorAll("br") ?? []) end.replaceWith("\n");
  return copy?.textContent ?? "";
}

const squeezed = (text) => String(text ?? "").replace(/\s+/g, " ").trim();
const isSame = (one, other) => canonical(one ?? null) === canonical(other ?? null);
const plain = (value) => (typeof value === "string" ? value : canonical(value ?? null));
const inWords = ({ part, expected, found }) => words.mismatch
  .replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);
const whenOf = (moment) => new Date(moment).toLocaleString(document.documentElement.lang || undefined);

// One field's value as an entry has it and as the page has it: the difference, or nothing.
const difference = (part, recorded, shown) =>
  isSame(recorded, shown) ? [] : [{ part, expected: plain(recorded), found: plain(shown) }];

const recordedAs = {
  by: (value) => value?.name ?? null,
  decided_by: (value) => value?.name ?? null,
  evidence: (value) => [...(value ?? [])].sort(),
  reason: squeezed,
  decision_reason: squeezed,
};

// What is wrong with a committed field that nothing opens: nothing where that has its reason. A redaction that names what
// is hidden from this reader gives its hash alone: what reads as erased may be that.
function closedWithoutReason(name, shown, found, erased) {
  const isShown = Array.isArray(found) ? found.length > 0 : Boolean(found);
  if (erased.has(name)) {
    return TEXTS.includes(name) && found !== words.erased ? difference(name, words.erased, found) : [];
  }
  if ((log.erasing || erased.isWithheld) && TEXTS.includes(name) && found === words.erased) return [];
  if (shown.closed.includes(name)) return isShown ? difference(name, "", found) : [];
  return [{ part: name, expected: words.openable, found: words.closed }];
}

// A status change as the page shows it, beside its entry: {findings, closed: names of the fields that stay closed}.
function compareChange(item, shown, { entry }, disclosures, erased) {
  const findings = SHOWN_IN_BODY.flatMap((name) => difference(name, entry.body[name], shown[name]));
  const closed = [];
  for (const name of COMMITTED) {
    const found = TEXTS.includes(name) ? squeezed(textOf(item, name)) : shown[name];
    const opened = disclosures[name];
    if (opened) {
      const recorded = recordedAs[name] ? recordedAs[name](opened.value) : opened.value;
      findings.push(...difference(name, recorded, found));
    } else {
      closed.push(name);
      findings.push(...closedWithoutReason(name, shown, found, erased));
    }
  }
  return { findings, closed };
}

// The claim's wording as it was last written, against the heading: {findings, compared: whether there is such an entry}.
function compareWording(outcome, disclosuresOf, erasedOf) {
  const written = outcome.entries.filter(({ entry }) => entry && Object.hasOwn(entry.c, "content") && entry.kind.startsWith("claim_"));
  const last = written.at(-1);
  if (!last) return { findings: [], compared: false };
  const opened = disclosuresOf(last).content;
  if (!opened) {
    const isErased = erasedOf(last).has("content");
    return { findings: isErased ? [] : [{ part: "content", expected: words.openable, found: words.closed }], compared: false };
  }
  const { state, ...wording } = claim;
  const findings = Object.keys(wording).flatMap((name) => difference(name, opened.value[name] || null, wording[name] || null));
  const heading = squeezed(document.querySelector("h1").textContent);
  findings.push(...difference("statement", squeezed(opened.value.statement), heading));
  return { findings, compared: true };
}

// What this browser has seen of the log before, as far as it keeps it: {size, root, claims: {stream: {seq, hash}}}.
function remembered(origin) {
  try {
    return JSON.parse(localStorage.getItem(`${MEMORY} ${origin}`)) ?? { size: 0, root: "", claims: {} };
  } catch {
    return { size: 0, root: "", claims: {} };
  }
}

function remember(origin, before, outcome, stream, last) {
  const claims = Object.entries({ ...before.claims, [stream]: last }).slice(-MOST_REMEMBERED);
  const now = { size: outcome.checkpoint.size, root: hex(outcome.checkpoint.root), claims: Object.fromEntries(claims) };
  try {
    localStorage.setItem(`${MEMORY} ${origin}`, JSON.stringify(now));
  } catch {
    // Private windows keep nothing: then nothing is compared with it either.
  }
}

// Where the log, or this history, is not what this browser has seen before.
function compareMemory(before, outcome, stream) {
  const findings = [];
  const { size, root } = { size: outcome.checkpoint.size, root: hex(outcome.checkpoint.root) };
  if (size < before.size) findings.push({ part: words.partLog, expected: String(before.size), found: String(size) });
  if (size === before.size && root !== before.root) findings.push({ part: words.partLog, expected: before.root, found: root });
  const seen = before.claims[stream];
  const there = seen && outcome.entries[seen.seq - 1]?.hash;
  if (seen && there !== seen.hash) findings.push({ part: words.partSeen, expected: seen.hash, found: plain(there) });
  return findings;
}

function show(item, result, note) {
  const aside = item.querySelector("[data-check]");
  const mark = aside.querySelector(`[data-result="${result}"]`);
  aside.hidden = false;
  for (const each of aside.querySelectorAll("[data-result]")) each.hidden = each !== mark;
  aside.querySelector("[data-note]").textContent = note;
}

function say(result, text, findings = []) {
  const note = section.querySelector("[data-sum]");
  note.textContent = text;
  note.className = `check ${result}`;
  const list = section.querySelector("[data-findings]");
  list.replaceChildren(...findings.map((finding) => {
    const line = document.createElement("li");
    line.textContent = finding;
    return line;
  }));
  list.hidden = findings.length === 0;
}

async function check() {
  const [proof, policyBytes] = await Promise.all([bytesOf(words.proof), bytesOf(words.policy)]);
  const policy = JSON.parse(new TextDecoder().decode(policyBytes));
  const outcome = await checkClaimProof(proof, policy);
  if (outcome.result === "unavailable") return say("unavailable", words.unavailable);
  if (!outcome.checkpoint) return say("broken", words.sumBroken, outcome.findings.map(inWords));
  const file = JSON.parse(new TextDecoder().decode(proof));
  const named = outcome.redactions;
  const disclosuresOf = (found) => file.entries[found.number].disclosures ?? {};
  const erasedOf = (found) => Object.assign(new Set(named.erased.get(found.hash)), { isWithheld: named.isWithheld });

  // What was recorded since the page was made is not on it.
  const isNewer = (found) => found.number >= log.last;
  const known = { ...outcome, entries: outcome.entries.filter((found) => !isNewer(found)) };
  const whole = [...named.findings];
  const before = remembered(file.origin);
  whole.push(...compareMemory(before, outcome, file.stream));
  const changes = new Map();
  for (const found of known.entries) {
    if (found.entry?.kind === "status_changed") changes.set(found.entry.body.number, found);
    else whole.push(...found.findings);
  }
  const counts = { verified: 0, redacted: 0, broken: 0, missing: 0 };
  let partly = false;
  for (const item of section.querySelectorAll(".change")) {
    const shown = JSON.parse(item.dataset.shown);
    const found = changes.get(shown.number);
    changes.delete(shown.number);
    const [result, note] = judge(item, shown, found, disclosuresOf, erasedOf);
    partly ||= result === "redacted";
    counts[result] += 1;
    show(item, result, note);
  }
  for (const number of changes.keys()) {
    whole.push({ part: words.partChange.replace("%(number)s", number), expected: words.partShown, found: words.partNotShown });
  }
  const wording = compareWording(known, disclosuresOf, erasedOf);
  const last = known.entries.filter(({ entry }) => entry?.kind === "status_changed").at(-1)?.entry.body.to;
  if (log.waiting_since === null) whole.push(...wording.findings, ...difference("state", last, claim.state));
  const findings = whole.map(inWords);
  if (log.overdue) findings.push(words.overdue.replace("%(since)s", whenOf(log.waiting_since)));
  if (counts.broken || findings.length) return say("broken", words.sumBroken, findings);
  remember(file.origin, before, outcome, file.stream, { seq: outcome.entries.length, hash: outcome.entries.at(-1).hash });
  if (log.waiting_since !== null) return say("missing", words.sumMissing);
  if (outcome.entries.some(isNewer)) return say("missing", words.sumNewer);
  const said = wording.compared ? words.sumVerified : words.sumUnworded;
  say(partly ? "redacted" : "verified", partly ? `${said} ${words.sumPartly}` : said);
}

function judge(item, shown, found, disclosuresOf, erasedOf) {
  if (!found) {
    // Only what is newer than the checkpoint may be missing in it, and the log says of that since when it waits.
    return log.waiting_since === null ? ["broken", words.unproven] : ["missing", words.missing];
  }
  if (found.result === "broken") return ["broken", found.findings.map(inWords).join(" ")];
  const { findings, closed } = compareChange(item, shown, found, disclosuresOf(found), erasedOf(found));
  if (findings.length) return ["broken", findings.map(inWords).join(" ")];
  return closed.length ? ["redacted", `${words.redacted} ${closed.join(", ")}`] : ["verified", words.verified];
}

check().catch(() => say("unavailable", words.unreachable));

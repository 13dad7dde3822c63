// Checks a claim's history in the reader's own browser: fetches the proofs, recomputes every hash, and compares all that
// the page shows of the history, and the claim's wording and state above it, with what was recorded; in both directions.
// A field that nothing opens is good only where a redaction in the log names it, or where it is not for this reader and
// the page shows nothing of it.
import { checkClaimProof, readCheckpoint } from "./ledger.js";
import {
  answerOf, bytesOf, compareMemory, difference, remember, remembered, sayIn, squeezed, textOf, whenOf, wordsBy,
} from "./comparing.js";

const section = document.querySelector("[data-proof]");
const words = section.dataset;
const claim = JSON.parse(words.claim);
const log = JSON.parse(words.log);

const SHOWN_IN_BODY = ["from", "to", "happened_at", "stance", "independence", "threshold"];
const COMMITTED = ["by", "decided_by", "evidence", "graph_digest", "reason", "decision_reason"];
const TEXTS = ["reason", "decision_reason"];
const LONGEST_WRITING = 60; // seconds that an act may take until others see it: its entry has the time of its beginning
const LONGEST_UNWITNESSED = 3600; // seconds; an hour, as witnesses themselves may lag behind (C2SP tlog-witness)

const inWords = wordsBy(words.mismatch);
const say = (...outcome) => sayIn(section, ...outcome);

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

// The larger one of the checkpoint that the proof is against, which may be an older one that is witnessed, and the newest
// that the page knows; throws where that one does not count.
async function newestOf(outcome, policy) {
  const newest = words.newest ? await readCheckpoint(words.newest, policy) : outcome.checkpoint;
  return newest.size > outcome.checkpoint.size ? newest : outcome.checkpoint;
}

// Who confirms the log as far as this history goes: {text, isLate}.
function judgeWitnesses(outcome) {
  const { witnesses } = outcome.checkpoint;
  if (!witnesses?.isDemanded) return { text: words.witnessedNone, isLate: false };
  if (witnesses.isMet) {
    const by = witnesses.by.map(({ name, at }) => words.witnessAt
      .replace("%(witness)s", () => name).replace("%(moment)s", () => whenOf(at * 1000)));
    return { text: words.witnessedBy.replace("%(witnesses)s", () => by.join("; ")), isLate: false };
  }
  const last = outcome.entries.findLast(({ entry }) => entry)?.entry.at;
  const isLate = last !== undefined && Date.now() - Date.parse(last) > LONGEST_UNWITNESSED * 1000;
  return { text: isLate ? words.witnessedLate.replace("%(since)s", () => whenOf(last)) : words.witnessedNotYet, isLate };
}

function sayWitnesses({ text, isLate }) {
  const note = section.querySelector("[data-witnesses]");
  note.textContent = text;
  note.className = `check ${isLate ? "broken" : "missing"}`;
  note.hidden = false;
}

// Of each authority the time stamp that dates most of this history, the earliest of these: [{before, by, count}].
function datedBy(outcome, file) {
  const best = new Map();
  for (const { size, stamps } of outcome.dated) {
    const count = file.entries.filter(({ index }) => index < size).length;
    for (const { before, by } of stamps) {
      const known = best.get(by);
      if (count > 0 && (!known || count > known.count || (count === known.count && before < known.before))) {
        best.set(by, { before, by, count });
      }
    }
  }
  return [...best.values()];
}

// By when this history was there, as authorities outside the house say whose time stamps were checked here.
function sayDated(outcome, file) {
  const told = datedBy(outcome, file).map(({ before, by, count }) => words.datedAt
    .replace("%(count)s", count).replace("%(all)s", file.entries.length)
    .replace("%(moment)s", () => whenOf(before)).replace("%(authority)s", () => by));
  if (outcome.undated.length || !told.length) return;
  const note = section.querySelector("[data-dated]");
  note.textContent = told.join(" ");
  note.hidden = false;
}

function show(item, result, note) {
  const aside = item.querySelector("[data-check]");
  const mark = aside.querySelector(`[data-result="${result}"]`);
  aside.hidden = false;
  for (const each of aside.querySelectorAll("[data-result]")) each.hidden = each !== mark;
  aside.querySelector("[data-note]").textContent = note;
}

async function check() {
  if (words.unkeyed) return say("broken", words.unkeyed);
  const [proof, policyBytes] = await Promise.all([bytesOf(words.proof), bytesOf(words.policy)]);
  const policy = JSON.parse(new TextDecoder().decode(policyBytes));
  const outcome = await checkClaimProof(proof, policy);
  if (outcome.result === "unavailable") return say("unavailable", words.unavailable);
  if (!outcome.checkpoint) return say("broken", words.sumBroken, outcome.findings.map(inWords));
  const file = JSON.parse(new TextDecoder().decode(proof));
  const named = outcome.redactions;
  const disclosuresOf = (found) => file.entries[found.number].disclosures ?? {};
  const erasedOf = (found) => Object.assign(new Set(named.erased.get(found.hash)), { isWithheld: named.isWithheld });

  // What was recorded since the page was made is not on it. How many entries there were a forged row may say: their
  // times are in the log.
  const isOlder = ({ entry }) => entry && Date.parse(entry.at) < Date.parse(log.made) - LONGEST_WRITING * 1000;
  const isNewer = (found) => found.number >= log.last && !isOlder(found);
  const known = { ...outcome, entries: outcome.entries.filter((found) => !isNewer(found)) };
  const whole = [...named.findings, ...outcome.undated];
  const before = remembered(file.origin);
  const newest = await newestOf(outcome, policy);
  whole.push(...compareMemory(before, newest, outcome, file.stream, words));
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
  sayDated(outcome, file);
  const findings = whole.map(inWords);
  if (log.overdue) findings.push(words.overdue.replace("%(since)s", whenOf(log.waiting_since)));
  if (counts.broken || findings.length) return say("broken", words.sumBroken, findings);
  const witnesses = judgeWitnesses(outcome);
  sayWitnesses(witnesses);
  remember(file.origin, before, newest, file.stream, { seq: outcome.entries.length, hash: outcome.entries.at(-1).hash });
  if (witnesses.isLate) return say("missing", words.sumUnwitnessed);
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

check().catch((error) => (error.finding ? say("broken", words.sumBroken, [inWords(error.finding)]) : say("unavailable", words.unreachable)));

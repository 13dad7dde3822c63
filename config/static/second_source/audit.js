// Checks a claim's history in the reader's own browser: fetches the proofs, recomputes every hash, and compares all that
// the page shows of the history, and the claim's wording and state above it, with what was recorded; in both directions.
// A field that nothing opens is good only where a redaction in the log names it, or where it is not for this reader and
// the page shows nothing of it.
import { checkClaimProof } from "./ledger.js";
import {
  answerOf, bytesOf, closedFindings, compareLogs, compareMemory, difference, judgeDating, judgeWitnesses, newestOf, remember,
  remembered, sayBeside, sayIn, squeezed, textOf, wordsBy,
} from "./comparing.js";
import { compareHeading, compareNames } from "./heading.js";
import { whenOf } from "./moments.js";

const section = document.querySelector("[data-proof]");
const words = section.dataset;
const claim = JSON.parse(words.claim);
const log = JSON.parse(words.log);

const SHOWN_IN_BODY = ["from", "to", "happened_at", "stance", "independence", "threshold"];
const COMMITTED = ["by", "decided_by", "evidence", "graph_digest", "reason", "decision_reason"];
const TEXTS = ["reason", "decision_reason"];
const LONGEST_WRITING = 60; // seconds that an act may take until others see it: its entry has the time of its beginning

const inWords = wordsBy(words.mismatch);
const say = (...outcome) => sayIn(section, ...outcome);

const recordedAs = {
  by: (value) => value?.name ?? null,
  decided_by: (value) => value?.name ?? null,
  evidence: (value) => [...(value ?? [])].sort(),
  reason: squeezed,
  decision_reason: squeezed,
};

// A proof file that was checked, to compare with: {entries, opened: (entry) => its disclosures, closedBy: (entry, name) =>
// as `closedFindings` takes it}. A redaction that names what is hidden from this reader gives its hash alone: what reads as
// erased may be that.
function comparable(bytes, outcome, entries) {
  const file = JSON.parse(new TextDecoder().decode(bytes));
  const { erased, isWithheld } = outcome.redactions;
  return {
    entries,
    stream: file.stream,
    origin: file.origin,
    indexes: file.entries.map(({ index }) => index),
    opened: ({ number }) => file.entries[number].disclosures ?? {},
    closedBy: ({ hash, entry }, name) => ({
      isErased: erased.get(hash)?.has(name) ?? false, isExcused: log.erasing || isWithheld, since: entry.at,
    }),
  };
}

const numberOf = (id) => {
  const { numbered, restricted } = claim.evidence;
  if (numbered.includes(id)) return String(numbered.indexOf(id) + 1);
  return restricted.includes(id) ? `R${restricted.indexOf(id) + 1}` : id;
};

// A status change as the page shows it, beside its entry: {findings, closed: names of the fields that stay closed}.
function compareChange(item, shown, found, proof) {
  const findings = SHOWN_IN_BODY.flatMap((name) => difference(name, found.entry.body[name], shown[name]));
  const closed = [];
  const onPage = [...item.querySelectorAll("[data-field=evidence] a")].map((link) => link.textContent).sort();
  findings.push(...difference("evidence", shown.evidence.map(numberOf).sort(), onPage));
  for (const name of COMMITTED) {
    const value = TEXTS.includes(name) ? squeezed(textOf(item, name)) : shown[name];
    const opened = proof.opened(found)[name];
    if (opened) {
      const recorded = recordedAs[name] ? recordedAs[name](opened.value) : opened.value;
      findings.push(...difference(name, recorded, value));
    } else {
      closed.push(name);
      const isClosed = shown.closed.includes(name);
      findings.push(...closedFindings(name, value, { ...proof.closedBy(found, name), isClosed }, words));
    }
  }
  return { findings, closed };
}

function show(item, result, note) {
  const aside = item.querySelector("[data-check]");
  const mark = aside.querySelector(`[data-result="${result}"]`);
  aside.hidden = false;
  for (const each of aside.querySelectorAll("[data-result]")) each.hidden = each !== mark;
  aside.querySelector("[data-note]").textContent = note;
}

// What the log says of who is named above: as `compareNames` has it.
async function checkNames(texts, policy, newest, isNewer) {
  const files = new Map();
  const findings = [];
  const checked = await Promise.all(texts.map(async (text) => {
    const bytes = new TextEncoder().encode(text);
    return { bytes, outcome: await checkClaimProof(bytes, policy) };
  }));
  for (const { bytes, outcome } of checked) {
    findings.push(...outcome.findings);
    if (!outcome.checkpoint) continue;
    findings.push(...await compareLogs(outcome.checkpoint, newest, words.tiles, words.partNewest));
    const file = comparable(bytes, outcome, outcome.entries);
    files.set(file.stream, file);
  }
  const compared = compareNames(claim.names, files, (id, found) => isNewer(found, log.last_of[id]), words);
  return { ...compared, findings: [...findings, ...compared.findings] };
}

// Each change beside its entry, both ways: {findings: of the whole, isBroken, isPartly: whether something stays closed}.
function compareChanges(proof) {
  const changes = new Map();
  const outcome = { findings: [], isBroken: false, isPartly: false };
  for (const found of proof.entries) {
    if (found.entry?.kind === "status_changed") changes.set(found.entry.body.number, found);
    else outcome.findings.push(...found.findings);
  }
  for (const item of section.querySelectorAll(".change")) {
    const shown = JSON.parse(item.dataset.shown);
    const [result, note] = judge(item, shown, changes.get(shown.number), proof);
    changes.delete(shown.number);
    outcome.isBroken ||= result === "broken";
    outcome.isPartly ||= result === "redacted";
    show(item, result, note);
  }
  for (const number of changes.keys()) {
    const part = words.partChange.replace("%(number)s", number);
    outcome.findings.push({ part, expected: words.partShown, found: words.partNotShown });
  }
  return outcome;
}

const namesAddress = () => `${words.names}?${new URLSearchParams(Object.keys(claim.names).map((id) => ["actor", id]))}`;

async function check() {
  if (words.unkeyed) return say("broken", words.unkeyed);
  const [bytes, policyBytes, names] = await Promise.all([bytesOf(words.proof), bytesOf(words.policy), answerOf(namesAddress())]);
  const policy = JSON.parse(new TextDecoder().decode(policyBytes));
  const outcome = await checkClaimProof(bytes, policy);
  if (outcome.result === "unavailable") return say("unavailable", words.unavailable);
  if (!outcome.checkpoint) return say("broken", words.sumBroken, outcome.findings.map(inWords));

  // What was recorded since the page was made is not on it. How many entries there were a forged row may say: their
  // times are in the log.
  const isOlder = ({ entry }) => entry && Date.parse(entry.at) < Date.parse(log.made) - LONGEST_WRITING * 1000;
  const isNewer = (found, last = log.last) => found.number >= last && !isOlder(found);
  const proof = comparable(bytes, outcome, outcome.entries.filter((found) => !isNewer(found)));
  const before = remembered(proof.origin);
  const newest = await newestOf(outcome, words.newest, policy);
  const whole = [...outcome.redactions.findings, ...outcome.undated];
  whole.push(...await compareLogs(outcome.checkpoint, newest, words.tiles, words.partNewest));
  whole.push(...await compareMemory(before, newest, outcome, proof.stream, words));
  const changes = compareChanges(proof);
  whole.push(...changes.findings);
  const named = await checkNames(await names.json(), policy, newest, isNewer);
  const isFromBefore = !proof.entries.some(({ entry }) => entry?.kind === "claim_reported");
  const heading = compareHeading({ claim, words, ...proof, isOlder: isFromBefore });
  if (log.waiting_since === null) whole.push(...heading.findings, ...named.findings);
  const findings = whole.map(inWords);
  if (log.overdue) findings.push(words.overdue.replace("%(since)s", () => whenOf(log.waiting_since)));
  if (changes.isBroken || findings.length) return say("broken", words.sumBroken, findings);
  const witnesses = judgeWitnesses(outcome, words);
  sayBeside(section, "[data-witnesses]", witnesses.text, witnesses.isLate ? "broken" : "missing");
  const dated = judgeDating(outcome, proof.indexes, words);
  if (dated) sayBeside(section, "[data-dated]", dated, "verified");
  remember(proof.origin, before, newest, proof.stream, { seq: outcome.entries.length, hash: outcome.entries.at(-1).hash });
  if (witnesses.isLate) return say("missing", words.sumUnwitnessed);
  if (log.waiting_since !== null) return say("missing", words.sumMissing);
  if (outcome.entries.some((found) => isNewer(found)) || named.isNewer) return say("missing", words.sumNewer);
  const older = [...heading.older, ...named.older].join(", ");
  const isPartly = changes.isPartly || heading.isClosed || named.isClosed;
  const said = [words.sumVerified, older && words.sumOlder.replace("%(parts)s", () => older), isPartly && words.sumPartly];
  sayBeside(section, "[data-apart]", words.notCompared, "");
  return say(isPartly ? "redacted" : "verified", said.filter(Boolean).join(" "));
}

function judge(item, shown, found, proof) {
  if (!found) {
    // Only what is newer than the checkpoint may be missing in it, and the log says of that since when it waits.
    return log.waiting_since === null ? ["broken", words.unproven] : ["missing", words.missing];
  }
  if (found.result === "broken") return ["broken", found.findings.map(inWords).join(" ")];
  const { findings, closed } = compareChange(item, shown, found, proof);
  if (findings.length) return ["broken", findings.map(inWords).join(" ")];
  return closed.length ? ["redacted", `${words.redacted} ${closed.join(", ")}`] : ["verified", words.verified];
}

// Where it came to nothing: because of what was read, because the server's own log cannot prove it, or because of the way.
function sayFailure({ finding, problem }) {
  if (finding) return say("broken", words.sumBroken, [inWords(finding)]);
  if (problem?.type.endsWith(":log-not-whole")) return say("broken", words.sumUnprovable, [problem.detail]);
  return say("unavailable", words.unreachable);
}

check().catch(sayFailure);

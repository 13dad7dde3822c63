// Compares what stands above a claim's history, and the numbers of its evidence, with what was recorded. What is compared
// comes as {claim: what the page shows, entries: of the claim's proof, opened: (entry) => its disclosures, closedBy: (entry,
// name) => as `closedFindings` takes it, words: of the page}.
import { closedFindings, difference, squeezed } from "./comparing.js";

const LONGEST_WRITING = 60000; // milliseconds that an entry's time may lie behind that of its act

// When an act happened, by its entry: what was brought in says of when it is.
const happened = ({ body, at }) => Date.parse(body.brought_in ? body.happened_at : at);
const isOfEvidence = ({ entry }) => entry && typeof entry.body.evidence === "string";
const normal = (value) => (value === "" ? null : value);

// One value against its commitment.
function compareValue({ opened, closedBy, words }, outcome, part, found, name, shown) {
  const disclosure = opened(found)[name];
  outcome.isClosed ||= !disclosure;
  outcome.findings.push(...(disclosure ? difference(part, normal(disclosure.value), normal(shown))
    : closedFindings(part, shown, closedBy(found, name), words)));
}

// How the claim reads, who says it by their ids, its topics and its threshold, by the entry that it was last written by.
function compareWording(compared, outcome) {
  const { claim, entries, opened, closedBy, words } = compared;
  const written = entries.filter(({ entry }) => entry?.kind.startsWith("claim_") && Object.hasOwn(entry.c, "content"));
  const last = written.at(-1);
  if (!last) return void outcome.older.push(words.partWording);
  const heading = squeezed(document.querySelector("h1").textContent);
  outcome.findings.push(...difference("statement", squeezed(claim.wording.statement), heading));
  const content = opened(last).content;
  const by = closedBy(last, "content");
  if (!content && !by.isErased && !by.isExcused) outcome.findings.push(...closedFindings("content", null, by, words));
  for (const [name, shown] of Object.entries(content || by.isErased || by.isExcused ? claim.wording : {})) {
    outcome.findings.push(...(content ? difference(name, normal(content.value[name]), normal(shown)) : closedFindings(name, shown, by, words)));
  }
  outcome.isClosed ||= !content;
  if (claim.threshold_reason === null) return;
  if (!Object.hasOwn(last.entry.c, "threshold_reason")) return void outcome.older.push(words.partThresholdReason);
  compareValue(compared, outcome, "threshold_reason", last, "threshold_reason", claim.threshold_reason);
}

// Whether it is closed, when, as what, and with which note.
function compareClosing(compared, outcome) {
  const { claim: { closing }, entries, words } = compared;
  const last = entries.findLast(({ entry }) => ["claim_closed", "claim_opened"].includes(entry?.kind));
  const isRecorded = last?.entry.kind === "claim_closed";
  if (closing === null) {
    if (isRecorded) outcome.findings.push({ part: words.partClosing, expected: last.entry.at, found: words.partNone });
  } else if (!last && compared.isOlder) {
    outcome.older.push(words.partClosing);
  } else if (!isRecorded) {
    outcome.findings.push({ part: words.partClosing, expected: words.partNone, found: closing.at });
  } else {
    const late = happened(last.entry) - Date.parse(closing.at);
    if (late < 0 || late > LONGEST_WRITING) outcome.findings.push(...difference(words.partClosing, last.entry.at, closing.at));
    outcome.findings.push(...difference("why", last.entry.body.why, closing.why));
    compareValue(compared, outcome, "note", last, "reason", closing.note);
  }
}

// When each piece of evidence was attached, by its proof: {between: [earliest, latest] by id, in milliseconds since the
// claim's first entry; together: ids of what came with the claim, in the order in which it was written; began: when the log
// did, of a claim that is older}. An entry is never earlier than the one before it: one of the same time may have waited.
function attachedBetween({ entries }) {
  const told = entries.filter(({ entry }) => entry);
  const moment = ({ entry }) => happened(entry) - happened(told[0].entry);
  const isFirst = ({ entry }) => entry.kind === "status_changed" && entry.body.number === 1;
  const reported = told.findIndex(({ entry }) => entry.kind === "claim_reported");
  const end = reported < 0 ? -1 : told.findIndex(isFirst);
  const [between, together] = [new Map(), []];
  told.forEach((found, place) => {
    const id = isOfEvidence(found) ? found.entry.body.evidence : null;
    if (!id || between.has(id)) return;
    const [at, before] = [moment(found), entries[found.number - 1]];
    const isAlone = found.entry.body.brought_in || (before?.entry && before.entry.at < found.entry.at);
    if (reported < place && place < end) together.push(id);
    if (found.entry.kind !== "evidence_attached") between.set(id, [-Infinity, at]); // it was restricted until then
    else between.set(id, [isAlone || together.includes(id) ? at : at - LONGEST_WRITING, at]);
  });
  return { between, together, began: Date.parse(told[0].entry.at) - happened(told[0].entry) };
}

// Each piece of evidence has its entry and each entry its piece, and their numbers go by when they were attached.
function compareNumbers(compared, outcome) {
  const { claim: { evidence }, words } = compared;
  const { between, together, began } = attachedBetween(compared);
  const inOrder = evidence.numbered.filter((id) => together.includes(id));
  const written = together.filter((id) => inOrder.includes(id));
  const part = (place) => words.partEvidence.replace("%(number)s", () => place + 1);
  let time = -Infinity;
  evidence.numbered.forEach((id, place) => {
    const known = between.get(id);
    if (!known && !compared.isOlder) outcome.findings.push({ part: part(place), expected: words.partEntry, found: words.partNone });
    const [earliest, latest] = known ?? [-Infinity, began];
    const isLate = time > latest || (together.includes(id) && written[inOrder.indexOf(id)] !== id);
    if (isLate) outcome.findings.push({ part: part(place), expected: words.partEarlier, found: words.partLater });
    time = Math.max(time, earliest);
  });
  for (const id of between.keys()) {
    if (evidence.numbered.includes(id) || evidence.restricted.includes(id)) continue;
    outcome.findings.push({ part: words.partSomeEvidence, expected: words.partShown, found: words.partNotShown });
  }
}

// What stands above: {findings, older: what the log has nothing to compare with, isClosed: whether some of it was erased}.
export function compareHeading(compared) {
  const outcome = { findings: [], older: [], isClosed: false };
  const { claim, entries } = compared;
  if (!entries.some(({ entry }) => entry)) return outcome; // what is wrong with them is told by itself
  compareWording(compared, outcome);
  compareClosing(compared, outcome);
  compareNumbers(compared, outcome);
  const changes = entries.filter(({ entry }) => entry?.kind === "status_changed");
  outcome.findings.push(...difference("state", changes.at(-1)?.entry.body.to, claim.state));
  outcome.findings.push(...difference("reference", changes.at(-1)?.entry.body.reference, claim.reference));
  return outcome;
}

// Who is named above, by the newest entry of each: {findings, older, isClosed, isNewer: whether one was recorded since}.
// `files`: by stream, {entries, opened, closedBy}; `isSince(id, entry)`: whether it was recorded since the page was made.
export function compareNames(names, files, isSince, words) {
  const outcome = { findings: [], older: [], isClosed: false, isNewer: false };
  for (const [id, shown] of Object.entries(names)) {
    const part = words.partName.replace("%(name)s", () => shown);
    const file = files.get(`actor:${id}`);
    const last = file?.entries.findLast(({ entry }) => entry?.kind.startsWith("actor_") && Object.hasOwn(entry.c, "content"));
    if (!last) {
      outcome.older.push(part);
      continue;
    }
    const content = file.opened(last).content;
    outcome.isClosed ||= !content;
    const findings = content ? difference(part, content.value.name, shown)
      : closedFindings(part, shown, file.closedBy(last, "content"), words);
    if (isSince(id, last)) outcome.isNewer = true;
    else outcome.findings.push(...findings);
  }
  return outcome;
}

// Checks a published claim in anybody's browser: what its page shows against what the log holds of it, both ways. The
// proofs open what everybody may see; an entry of anything else is there by its hash alone.
import { checkClaimProof, hex } from "./ledger.js";
import {
  answerOf, bytesOf, compareLogs, compareMemory, difference, judgeDating, judgeWitnesses, newestOf, remember, remembered,
  sayBeside, sayIn, squeezed, wordsBy,
} from "./comparing.js";
import { whenOf } from "./moments.js";

const LONGEST_DELAY = 60; // seconds between an act and its entry; more says that it is of before there was a log

const section = document.querySelector("[data-public]");
const words = section.dataset;
const shown = JSON.parse(words.shown);
const button = section.querySelector("[data-check-public]");
const inWords = wordsBy(words.mismatch);
const say = (...outcome) => sayIn(section, ...outcome);
const partOf = (template, value) => template.replace("%(number)s", value);

// A proof file with what came out of it: {stream, origin, outcome, told: the entries that are, indexes: of all entries}.
async function readProof(bytes, policy) {
  const outcome = await checkClaimProof(bytes, policy);
  if (!outcome.checkpoint) return { outcome };
  const file = JSON.parse(new TextDecoder().decode(bytes));
  const told = outcome.entries.filter(({ entry }) => entry).map((found) => ({
    ...found, index: file.entries[found.number].index, opened: file.entries[found.number].disclosures ?? {},
  }));
  return { outcome, stream: file.stream, origin: file.origin, told, indexes: file.entries.map(({ index }) => index) };
}

const isPublic = ({ entry }) => Object.hasOwn(entry.c, "public");

// What everybody may see of a thing by its newest entry: {value, opened}; or what is wrong: {finding}; or {older: true}
// where it was last written before such values were recorded by themselves. They were from the entry `first` on: what is
// newer and has none was not public when it was written.
function publicBy(entries, part, first) {
  const last = entries.at(-1);
  if (!last) return { finding: { part, expected: words.partEntry, found: words.partNone } };
  if (!isPublic(last)) {
    if (last.index < first) return { older: true };
    return { finding: { part, expected: notPublicSince(last), found: words.partShown } };
  }
  if (!last.opened.public) return { finding: { part, expected: words.openable, found: words.closed } };
  return { value: last.opened.public.value, opened: last.opened };
}

// Compares and collects: findings, and the names of parts that were last written before they could be compared, or are
// not for everybody and not on the page.
class Comparison {
  findings = [];
  older = [];
  closed = [];

  constructor(files) {
    this.files = files;
  }

  // The first entry from which on what is public was recorded by itself, as far as one is told.
  get first() {
    this.known ??= Math.min(...[...this.files.values()].flatMap(({ told }) => told).filter(isPublic).map(({ index }) => index));
    return this.known;
  }

  told(stream) {
    return this.files.get(stream)?.told ?? [];
  }

  // The members of a thing as the page has them, against its newest entry; what that opens, or nothing.
  compare(part, entries, members) {
    const recorded = publicBy(entries, part, this.first);
    if (recorded.finding) this.findings.push(recorded.finding);
    if (recorded.older) this.older.push(part);
    if (!recorded.value) return null;
    for (const name of Object.keys(members)) {
      this.findings.push(...difference(`${part}: ${name}`, recorded.value[name], members[name]));
    }
    return recorded.opened;
  }

  // Who is named: the identifier that was recorded, through merges since, and the name that this one has.
  compareActor(part, opened, id, name) {
    const recorded = opened.value && this.merged(opened.value);
    this.findings.push(...difference(part, recorded ?? null, id));
    if (id !== null && recorded === id) {
      this.compare(part, this.told(`actor:${id}`), { name });
    }
  }

  merged(id) {
    for (let left = 10, into = id; ; left -= 1) {
      const next = this.told(`actor:${into}`).findLast(({ opened }) => opened.into)?.opened.into.value;
      if (!next || left === 0) return into;
      into = next;
    }
  }

  compareDom(part, selector, text) {
    const found = squeezed(document.querySelector(selector)?.textContent);
    this.findings.push(...difference(part, squeezed(text), found));
  }
}

const notPublicSince = ({ entry }) => words.hiddenSince.replace("%(since)s", () => whenOf(entry.at));

// That the claim is published, and since when. One that was published before there was a log, as its first change was,
// has no entry of it.
function comparePublication(comparison, told) {
  const [part, found] = [words.partPublication, words.shownSince.replace("%(since)s", () => whenOf(shown.published_at))];
  const last = told.findLast(({ entry }) => ["claim_published", "claim_unpublished"].includes(entry.kind));
  if (last?.entry.kind === "claim_published") {
    const { at, body } = last.entry;
    return void comparison.findings.push(...difference(part, body.brought_in ? body.happened_at : at, shown.published_at));
  }
  if (last) return void comparison.findings.push({ part, expected: notPublicSince(last), found });
  const first = told.find(({ entry }) => entry.kind === "status_changed")?.entry;
  const delay = (Date.parse(first?.at) - Date.parse(first?.body.happened_at)) / 1000;
  const isOfBefore = (first?.body.brought_in || delay > LONGEST_DELAY) && shown.published_at < first.at;
  if (isOfBefore) return void comparison.older.push(part);
  comparison.findings.push({ part, expected: words.neverPublished, found });
}

const isOfEvidence = ({ entry }) => typeof entry.body.evidence === "string";

function compareClaim(comparison, told) {
  comparePublication(comparison, told);
  const written = told.filter(({ entry }) => !isOfEvidence({ entry }) && entry.kind !== "claim_unpublished"
    && (isPublic({ entry }) || entry.kind === "claim_published"));
  if (!written.length) return void comparison.older.push(words.partClaim);
  const opened = comparison.compare(words.partClaim, written, shown.public);
  if (!opened) return;
  named(comparison, words.partClaimant, opened.claimant, shown.claimant, shown.claimant_name);
  const address = document.querySelector("[data-address]").textContent.trim();
  const short = `/p/${opened.public.value.reference}`;
  comparison.findings.push(...difference(words.partAddress, short, address.slice(-short.length)));
  comparison.compareDom(words.partClaim, "h1", opened.public.value.statement);
  if (opened.public.value.original_statement) {
    comparison.compareDom(words.partClaim, "[data-field=original]", opened.public.value.original_statement);
  }
}

// A name on the page needs an opened identifier. One that stays closed is of somebody who is not for everybody to know.
function named(comparison, part, opened, id, name) {
  if (opened) return comparison.compareActor(part, opened, id, name);
  if (id === null) return void comparison.closed.push(part);
  comparison.findings.push({ part, expected: words.openable, found: words.closed });
}

function compareEvidence(comparison, told) {
  const entries = new Map();
  for (const found of told.filter(isOfEvidence)) {
    entries.set(found.entry.body.evidence, [...(entries.get(found.entry.body.evidence) ?? []), found]);
  }
  for (const item of shown.evidence) {
    const part = partOf(words.partEvidence, item.number);
    const own = entries.get(item.id) ?? [];
    entries.delete(item.id);
    if (own.at(-1)?.entry.kind === "evidence_withdrawn") {
      comparison.findings.push({ part, expected: words.partWithdrawn, found: words.partShown });
    }
    const recorded = comparison.compare(part, own, item.public);
    const opened = comparison.compare(part, comparison.told(`source:${item.public.source}`), item.source);
    if (opened) named(comparison, `${part}: ${words.partPublisher}`, opened.publisher, item.publisher, item.publisher_name);
    if (recorded) comparison.compareDom(part, `#e-${item.number} blockquote`, recorded.public.value.excerpt);
    if (opened) comparison.compareDom(part, `#e-${item.number} h3 [dir]`, opened.public.value.title);
  }
  for (const left of entries.values()) {
    const { entry } = left.at(-1);
    if (!isPublic({ entry }) || entry.kind === "evidence_withdrawn") continue;
    comparison.findings.push({ part: words.partSome, expected: words.partShown, found: words.partNotShown });
  }
}

function mark(item, result, text) {
  const note = item.querySelector("[data-mark]");
  note.textContent = text;
  note.className = `check ${result}`;
  note.hidden = false;
}

// Each change on the page is an entry, each entry of a change is on the page, and they follow each other.
function compareChanges(comparison, told) {
  const entries = told.filter(({ entry }) => entry.kind === "status_changed");
  const changes = new Map(entries.map((found) => [found.entry.body.number, found]));
  for (const item of document.querySelectorAll(".change[data-shown]")) {
    const own = JSON.parse(item.dataset.shown);
    const found = changes.get(own.number);
    changes.delete(own.number);
    const part = partOf(words.partChange, own.number);
    const findings = found ? Object.keys(own).flatMap((name) => difference(name, found.entry.body[name], own[name]))
      : [{ part, expected: words.partEntry, found: words.partNone }];
    const broken = [...(found?.findings ?? []), ...findings];
    mark(item, broken.length ? "broken" : "verified", broken.length ? `${words.broken} ${broken.map(inWords).join(" ")}` : words.verified);
    if (broken.length) comparison.findings.push(...findings.map((one) => ({ ...one, part: `${part}: ${one.part}` })));
  }
  for (const number of changes.keys()) {
    comparison.findings.push({ part: partOf(words.partChange, number), expected: words.partShown, found: words.partNotShown });
  }
  entries.forEach(({ entry: { body } }, place) => {
    comparison.findings.push(...difference("number", place + 1, body.number));
    comparison.findings.push(...difference("from", place ? entries[place - 1].entry.body.to : null, body.from));
  });
  comparison.findings.push(...difference("state", entries.at(-1)?.entry.body.to, shown.state));
}

// What stands on paper: how many entries, the beginnings of the root and of the newest change's hash.
function comparePrinted(comparison, { outcome, told }) {
  if (!shown.printed || shown.printed.size !== outcome.checkpoint.size) return;
  const last = told.findLast(({ entry }) => entry.kind === "status_changed");
  const recorded = { size: outcome.checkpoint.size, root: inGroups(hex(outcome.checkpoint.root)), leaf_index: last?.index,
    leaf: last && inGroups(last.hash) };
  comparison.findings.push(...Object.keys(recorded).flatMap((name) => difference(`${words.partPrint}: ${name}`, recorded[name], shown.printed[name])));
}

const inGroups = (digits) => digits.slice(0, 32).match(/.{4}/g).join(" ");

// A time stamp that the page tells of, and that dates some of this history, is in the proof with the others.
function compareStamps(comparison, { outcome, told }) {
  const dated = Math.max(0, ...shown.dated);
  if (outcome.dated.length || !told.some(({ index }) => index < dated)) return;
  comparison.findings.push({ part: words.partStamps, expected: String(dated), found: words.partNone });
}

async function check() {
  if (words.unkeyed) return say("broken", words.unkeyed);
  say("", words.checking);
  for (const note of document.querySelectorAll("[data-mark]")) note.hidden = true;
  const [proof, material, policyText] = await Promise.all([bytesOf(words.proof), answerOf(words.material), answerOf(words.policy)]);
  const policy = await policyText.json();
  const own = await readProof(proof, policy);
  if (own.outcome.result === "unavailable") return say("unavailable", words.unavailable);
  if (!own.outcome.checkpoint) return say("broken", words.sumBroken, own.outcome.findings.map(inWords));
  const files = new Map();
  const comparison = new Comparison(files);
  const before = remembered(own.origin);
  comparison.findings.push(...own.outcome.findings, ...difference("stream", own.stream, shown.stream));
  const newest = await newestOf(own.outcome, words.newest, policy);
  comparison.findings.push(...await compareLogs(own.outcome.checkpoint, newest, words.tiles, words.partNewest));
  comparison.findings.push(...await compareMemory(before, newest, own.outcome, own.stream, words));
  for (const text of await material.json()) {
    const read = await readProof(new TextEncoder().encode(text), policy);
    comparison.findings.push(...read.outcome.findings);
    if (!read.outcome.checkpoint) continue;
    if (read.outcome.checkpoint.size === own.outcome.checkpoint.size) {
      comparison.findings.push(...difference("root", hex(own.outcome.checkpoint.root), hex(read.outcome.checkpoint.root)));
    }
    files.set(read.stream, read);
  }
  files.set(own.stream, own);
  // What was recorded since the page was made is not on it.
  const isNewer = ({ index }) => shown.waiting_since === null && index >= shown.size;
  const hasNewer = [...files.values()].some(({ told }) => told.some(isNewer));
  if (hasNewer || (shown.waiting_since !== null && !shown.overdue)) {
    return say(own.outcome.findings.length ? "broken" : "missing", own.outcome.findings.length ? words.sumBroken : words.sumMissing);
  }
  compareChanges(comparison, own.told);
  compareClaim(comparison, own.told);
  compareEvidence(comparison, own.told);
  comparePrinted(comparison, own);
  compareStamps(comparison, own);
  const findings = comparison.findings.map(inWords);
  if (shown.overdue) findings.push(words.overdue.replace("%(since)s", whenOf(shown.waiting_since)));
  if (findings.length) return say("broken", words.sumBroken, findings);
  const last = { seq: own.outcome.entries.length, hash: own.outcome.entries.at(-1).hash };
  remember(own.origin, before, newest, own.stream, last);
  const witnesses = judgeWitnesses(own.outcome, words);
  sayBeside(section, "[data-witnesses]", witnesses.text, witnesses.isLate ? "broken" : "missing");
  sayBeside(section, "[data-dated]", judgeDating(own.outcome, own.indexes, words) || words.datedNone, "");
  if (witnesses.isLate) return say("missing", words.sumUnwitnessed);
  const size = Math.min(...[...files.values()].map(({ outcome }) => outcome.checkpoint.size));
  const older = [...new Set(comparison.older)];
  const listed = (sentence, parts) => (parts.length ? sentence.replace("%(parts)s", () => parts.join(", ")) : "");
  const said = `${listed(words.sumOlder, older) || words.sumVerified} ${listed(words.sumClosed, comparison.closed)}`;
  sayBeside(section, "[data-apart]", words.notCompared, "");
  return say(older.length ? "redacted" : "verified", said.replace("%(size)s", size).trim());
}

function run() {
  button.disabled = true;
  for (const note of section.querySelectorAll("[data-apart], [data-witnesses], [data-dated]")) note.hidden = true;
  check().catch(sayError).finally(() => { button.disabled = false; });
}

function sayError(error) {
  if (error.finding) say("broken", words.sumBroken, [inWords(error.finding)]);
  else if (error.problem?.type.endsWith(":log-not-whole")) say("broken", words.sumUnprovable, [error.problem.detail]);
  else say("unavailable", words.unreachable);
}

button.hidden = false;
button.addEventListener("click", run);
run();

// What the pages that check themselves have in common: fetching, comparing a shown value with a recorded one, what this
// browser has seen of the log before, and saying what came out.
import { canonical, hex } from "./ledger.js";

const MEMORY = "second-source log";
const MOST_REMEMBERED = 500; // claims

export async function answerOf(address) {
  const answer = await fetch(address, { headers: { Accept: "*/*" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

export const bytesOf = async (address) => new Uint8Array(await (await answerOf(address)).arrayBuffer());

// The words that stand in a part of the page, with the breaks between its lines.
export function textOf(part, name) {
  const copy = part.querySelector(`[data-field="${name}"]`)?.cloneNode(true);
  for (const end of copy?.querySelectorAll("br") ?? []) end.replaceWith("\n");
  return copy?.textContent ?? "";
}

export const squeezed = (text) => String(text ?? "").replace(/\s+/g, " ").trim();
const isSame = (one, other) => canonical(one ?? null) === canonical(other ?? null);
const plain = (value) => (typeof value === "string" ? value : canonical(value ?? null));
export const whenOf = (moment) => new Date(moment).toLocaleString(document.documentElement.lang || undefined);

// A finding in words, by the page's own sentence for it.
export const wordsBy = (sentence) => ({ part, expected, found }) => sentence
  .replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);

// One field's value as an entry has it and as the page has it: the difference, or nothing.
export const difference = (part, recorded, shown) =>
  isSame(recorded, shown) ? [] : [{ part, expected: plain(recorded), found: plain(shown) }];

// What this browser has seen of the log before, as far as it keeps it: {size, root, claims: {stream: {seq, hash}}}.
export function remembered(origin) {
  try {
    return JSON.parse(localStorage.getItem(`${MEMORY} ${origin}`)) ?? { size: 0, root: "", claims: {} };
  } catch {
    return { size: 0, root: "", claims: {} };
  }
}

export function remember(origin, before, newest, stream, last) {
  const claims = Object.entries({ ...before.claims, [stream]: last }).slice(-MOST_REMEMBERED);
  const now = { size: newest.size, root: hex(newest.root), claims: Object.fromEntries(claims) };
  try {
    localStorage.setItem(`${MEMORY} ${origin}`, JSON.stringify(now));
  } catch {
    // Private windows keep nothing: then nothing is compared with it either.
  }
}

// Where the log (its newest checkpoint), or this history, is not what this browser has seen before.
export function compareMemory(before, newest, outcome, stream, words) {
  const findings = [];
  const { size, root } = { size: newest.size, root: hex(newest.root) };
  if (size < before.size) findings.push({ part: words.partLog, expected: String(before.size), found: String(size) });
  if (size === before.size && root !== before.root) findings.push({ part: words.partLog, expected: before.root, found: root });
  const seen = before.claims[stream];
  const there = seen && outcome.entries[seen.seq - 1]?.hash;
  if (seen && there !== seen.hash) findings.push({ part: words.partSeen, expected: seen.hash, found: plain(there) });
  return findings;
}

// Says the outcome, and the findings, in a part of the page.
export function sayIn(section, result, text, findings = []) {
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

// Checks the status changes of a published claim in anybody's browser: each has a proof, and says what its entry says.
import { canonical, checkTlogProof } from "./ledger.js";

const section = document.querySelector("[data-public]");
const words = section.dataset;
const button = section.querySelector("[data-check-public]");

async function answerOf(address) {
  const answer = await fetch(address, { headers: { Accept: "*/*" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

const inWords = ({ part, expected, found }) => words.mismatch
  .replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);

function say(result, text) {
  const note = section.querySelector("[data-sum]");
  note.textContent = text;
  note.className = `check ${result}`;
}

function differences(shown, body) {
  return Object.keys(shown)
    .filter((name) => canonical(shown[name] ?? null) !== canonical(body[name] ?? null))
    .map((name) => ({ part: name, expected: canonical(body[name] ?? null), found: canonical(shown[name] ?? null) }));
}

async function checkChange(item, policy) {
  const shown = JSON.parse(item.dataset.shown);
  const outcome = await checkTlogProof(new Uint8Array(await (await answerOf(item.dataset.proof)).arrayBuffer()), policy);
  const findings = outcome.entry ? differences(shown, outcome.entry.body) : outcome.findings;
  const result = findings.length ? "broken" : outcome.result;
  const mark = item.querySelector("[data-mark]");
  mark.textContent = findings.length ? `${words.broken} ${findings.map(inWords).join(" ")}` : words.verified;
  mark.className = `check ${result}`;
  mark.hidden = result === "unavailable";
  return { result, outcome, shown };
}

async function check() {
  say("", words.checking);
  const policy = await (await answerOf(words.policy)).json();
  const items = [...document.querySelectorAll(".change[data-proof]")];
  const checked = [];
  for (const item of items) checked.push(await checkChange(item, policy));
  if (checked.some(({ result }) => result === "unavailable")) return say("unavailable", words.unavailable);
  // The changes are those of one claim, one after the other, and the last is the state at the head of the page.
  const bodies = checked.map(({ outcome }) => outcome.entry?.body);
  const isOneHistory = bodies.every((body, place) => body?.claim === bodies[0]?.claim && body?.number === place + 1
    && (body.from ?? null) === (place ? bodies[place - 1].to : null));
  const isWhole = isOneHistory && bodies.at(-1)?.to === words.state;
  if (!isWhole || checked.some(({ result }) => result === "broken")) return say("broken", words.sumBroken);
  const smallest = Math.min(...checked.map(({ outcome }) => outcome.checkpoint.size));
  return say("verified", words.sumVerified.replace("%(size)s", smallest));
}

button.hidden = false;
button.addEventListener("click", () => {
  button.disabled = true;
  check().catch(() => say("unavailable", words.unreachable)).finally(() => { button.disabled = false; });
});

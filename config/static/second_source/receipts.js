// Checks receipts in the reader's own browser: who signed them, and whether the log has what they promise.
import { checkReceipt, splitReceipts } from "./ledger.js";
import { whenOf } from "./moments.js";

const form = document.querySelector("[data-receipts]");
const words = form.dataset;
const outcomes = document.querySelector("[data-outcomes]");

const classes = { "in the log": "verified", "not due yet": "missing", missing: "broken", broken: "broken" };

async function find(leafHash) {
  const answer = await fetch(`${words.leaf}${leafHash}`, { cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function inWords({ fate, receipt, index, finding }) {
  if (fate === "in the log") return words.inLog.replace("%(index)s", index).replace("%(at)s", whenOf(receipt.at));
  if (fate === "not due yet") return words.notDue.replace("%(due)s", whenOf(receipt.due));
  if (fate === "missing") return words.missing.replace("%(due)s", whenOf(receipt.due)).replace("%(leaf)s", receipt.leafHash);
  if (fate === "broken") {
    const { part, expected, found } = finding;
    return words.broken.replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);
  }
  return words.unavailable;
}

function say(result, text) {
  const line = document.createElement("li");
  line.className = `check ${result}`;
  line.textContent = text;
  outcomes.append(line);
}

async function given() {
  const file = form.querySelector("input[type=file]").files[0];
  const text = (file ? await file.text() : form.querySelector("textarea").value).replaceAll("\r\n", "\n").replace(/^\n+/, "");
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

async function check() {
  if (words.unkeyed) return say("broken", words.unkeyed);
  const text = await given();
  if (!text) return say("broken", words.nothing);
  const answer = await fetch(words.policy);
  if (!answer.ok) throw new Error(String(answer.status));
  const policy = await answer.json();
  for (const note of splitReceipts(text)) {
    const outcome = await checkReceipt(note, policy, find, new Date());
    say(classes[outcome.fate] ?? "unavailable", inWords(outcome));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  outcomes.replaceChildren();
  check().catch(() => say("unavailable", words.unreachable)).finally(() => { button.disabled = false; });
});

// A finding saves itself while one writes it: on the server; and in this browser while the server does not answer, or
// another window has kept something else. The page does its whole job without this file, by "Keep draft".

const PAUSE = 2_000; // ms without typing
const RETRY = 10_000;
const TIMEOUT = 15_000;

const form = document.querySelector("form[data-draft]");
const status = form.querySelector("[data-draft-status]");
const found = form.querySelector("[data-draft-found]");
const { draft: address, keptHere: place } = form.dataset;

let timer;
let running = null; // the save under way
let unsure = null; // what was sent and may or may not have arrived: it goes again as it was, before anything newer
let changed = false;
let stopped = false;
let signingOut = false; // a save under way that then fails brings back nothing to this browser

function written() {
  const data = new FormData(form);
  const text = (name) => (data.get(name) ?? "").trim();
  const lines = (prefix, name) =>
    [...data]
      .filter(([field, value]) => field.startsWith(prefix) && value.trim())
      .map(([field, value]) => ({ [name]: field.slice(prefix.length), text: value.trim() }));
  return {
    proposed_state: text("proposed_state"),
    rationale: text("rationale"),
    evidence: data.getAll("evidence"),
    answers: lines("answer_", "evidence"),
    elements: lines("element_", "element"),
    recorded_mistake: data.has("recorded_mistake"),
    seen_version: Number(data.get("seen_version")),
  };
}

const same = (one, other) => JSON.stringify({ ...one, seen_version: 0 }) === JSON.stringify({ ...other, seen_version: 0 });

// What this browser holds. Storage may be refused: then there is only the server.
function keepHere(leaving = false) {
  if (signingOut) return;
  try {
    localStorage.setItem(place, JSON.stringify({ at: Date.now(), leaving, version: version(), content: written() }));
  } catch {}
}
function keptHere() {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}
function forget() {
  try {
    localStorage.removeItem(place);
  } catch {}
}

const version = () => Number(form.elements.draft_version.value);

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

function sayWhen(moment) {
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: status.dataset.zone,
  });
  say(status.dataset.saved.replace("{time}", clock.format(new Date(moment))));
}

function later(pause) {
  clearTimeout(timer);
  if (!stopped) timer = setTimeout(save, pause);
}

function save() {
  clearTimeout(timer);
  running ??= send().finally(() => {
    running = null;
    if (changed) later(unsure ? RETRY : PAUSE);
  });
  return running;
}

async function send() {
  const content = unsure ?? written();
  const body = JSON.stringify({ ...content, proposed_state: content.proposed_state || null, version: version() });
  let answer;
  let row;
  try {
    answer = await fetch(address, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body,
      keepalive: body.length < 60_000,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.status >= 500) throw new Error(String(answer.status));
    row = await answer.json();
  } catch {
    unsure = content;
    changed = true;
    keepHere();
    say(status.dataset.away);
    return;
  }
  unsure = null;
  if (!answer.ok) return refused(answer.status, row);
  form.elements.draft_version.value = row.version;
  changed = JSON.stringify(content) !== JSON.stringify(written());
  sayWhen(row.kept_at);
  if (changed) return;
  forget();
  form.dispatchEvent(new Event("kept"));
}

function refused(code, problem) {
  keepHere();
  // With what is too long one can go on writing, and shorten it. Nothing else gets better by asking again.
  changed = false;
  stopped = code !== 400;
  const why = code === 400 ? Object.values(problem.errors).flat().join(" ") : "";
  say(code === 409 ? status.dataset.elsewhere : `${status.dataset.refused} ${why}`.trim());
}

function writeBack(content) {
  const put = (name, value) => {
    const field = form.elements[name];
    if (field) field.value = value;
  };
  put("rationale", content.rationale);
  put("proposed_state", content.proposed_state);
  for (const line of content.elements) put(`element_${line.element}`, line.text);
  for (const line of content.answers) put(`answer_${line.evidence}`, line.text);
  for (const box of form.elements) if (box.name === "evidence") box.checked = content.evidence.includes(box.value);
  if (form.elements.recorded_mistake) form.elements.recorded_mistake.checked = content.recorded_mistake;
}

// Coming back: what only this browser has goes into the form, and from there to the server.
function bringBack() {
  const kept = keptHere();
  if (!kept || "cameBack" in form.dataset) return;
  if (same(kept.content, written())) return forget();
  writeBack(kept.content);
  form.elements.draft_version.value = kept.version;
  found.hidden = false;
  found.querySelector("button").addEventListener("click", () => {
    stopped = true;
    forget();
    form.dispatchEvent(new Event("kept"));
    location.reload();
  });
  changed = true;
  later(PAUSE);
}

document.addEventListener("input", (event) => {
  if (event.target.form !== form) return;
  changed = true;
  signingOut = false; // the person was asked whether to leave, and stayed
  if (stopped) keepHere();
  else later(PAUSE);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && changed && !stopped) save();
});

window.addEventListener("online", () => {
  if (changed && !stopped) save();
});

for (const other of document.querySelectorAll("form[data-signs-out]")) {
  other.addEventListener("submit", () => {
    signingOut = true;
  });
}

form.addEventListener("submit", (event) => {
  if (running) {
    // A save that comes after the hand-in would be refused, or be a draft that nobody meant.
    event.preventDefault();
    running.finally(() => form.requestSubmit(event.submitter));
    return;
  }
  stopped = true;
  clearTimeout(timer);
  keepHere(true); // until the page that comes next shows that it arrived
});

bringBack();

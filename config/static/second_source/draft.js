// A form saves itself while one types: on the server; and in this browser what the server does not have yet. The page
// does its whole job without this file, by "Save draft".
//
// Which of two copies is newer is never told by clocks. The server counts the saves of a draft, and a form that came back
// has been saved already. A copy in this browser says on which save it goes on, and how many changes its window has made.

const PAUSE = 2_000; // ms without typing
const RETRY = 10_000;
const TIMEOUT = 15_000;
const MACHINERY = ["csrfmiddlewaretoken", "submission"];

const found = document.querySelector("[data-draft]");
const form = found.closest("form");
const status = form.querySelector("[data-draft-status]");
const place = found.dataset.keptHere;
const mine = crypto.randomUUID();
// A field called "elements" hides the property of that name: what the form has is asked of the interface itself.
const elements = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, "elements").get.call(form);
const field = (name) => elements.namedItem(name);
const versionField = field("draft_version") ?? field("draft-version");

let timer;
let running = null; // the save under way
let step = 0; // how many changes were made in this window
let changed = false;
let stopped = false;
const underWay = new Set(); // what ends each request
let wasDone = false; // the form was done, and somebody came back to it and went on
let signingOut = false; // a save under way that then fails brings back nothing to this browser

field("draft-window").value = mine;

// Without what the form's own machinery carries.
function written() {
  return [...new FormData(form)].filter(
    ([name, value]) => typeof value === "string" && !MACHINERY.includes(name) && !name.startsWith("draft-"),
  );
}

// What a person sees of a form: hidden fields tell on what it was written, and are no words of theirs.
function words(fields) {
  const hidden = new Set([...elements].filter((each) => each.type === "hidden").map((each) => each.name));
  return JSON.stringify(fields.filter(([name]) => !hidden.has(name) && name !== "draft_version"));
}

// What this browser holds. Storage may be refused: then there is only the server.
function keepHere(leaving = false) {
  if (signingOut) return;
  const copy = { at: Date.now(), leaving, window: mine, step, ...goesOnFrom(), fields: written() };
  try {
    localStorage.setItem(`${place} ${mine}`, JSON.stringify(copy));
  } catch {}
}
function copiesHere() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(`${place} `))
      .map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }))
      .sort((one, other) => other.at - one.at);
  } catch {
    return [];
  }
}
function forget(key = `${place} ${mine}`) {
  try {
    localStorage.removeItem(key);
  } catch {}
}

// What this window sent has arrived, whatever desk it was for.
function forgetWindow(window) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (window && key.startsWith("second-source draft ") && key.endsWith(` ${window}`)) forget(key);
    }
  } catch {}
}

function goesOnFrom() {
  return { draft: field("draft-id").value, version: Number(versionField.value) };
}

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
    if (changed) later(PAUSE);
  });
  return running;
}

// What the server answers to a save of these fields; null where it does not.
async function sendFields(fields, from) {
  const body = new URLSearchParams(fields);
  for (const name of ["csrfmiddlewaretoken", "draft-of"]) body.set(name, field(name).value);
  // By it the server knows a save that comes after the form was done.
  if (field("submission") && !wasDone) body.set("submission", field("submission").value);
  body.set("draft-id", from.draft);
  body.set("draft-version", field("draft-version").value);
  body.set(versionField.name, from.version);
  body.set("draft-window", from.window);
  body.set("draft-step", from.step);
  body.set("keep", "draft");
  const text = body.toString();
  const ends = new AbortController();
  const clock = setTimeout(() => ends.abort(), TIMEOUT);
  underWay.add(ends);
  try {
    const answer = await fetch(location.href, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
      body: text,
      redirect: "manual",
      keepalive: text.length < 60_000,
      signal: ends.signal,
    });
    if (answer.status >= 500) return null;
    const isJson = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
    return { status: answer.status, row: isJson ? await answer.json() : null };
  } catch {
    return null;
  } finally {
    clearTimeout(clock);
    underWay.delete(ends);
  }
}

async function send() {
  const sent = step;
  const fields = written();
  const answer = await sendFields(fields, { ...goesOnFrom(), window: mine, step: sent });
  if (stopped) return; // what stood in the form is submitted, and kept here until that has arrived
  if (answer?.status === 410) {
    wasDone = true; // this page is still there: one came back to it, and has typed more
    return;
  }
  if (answer === null) {
    keepHere();
    say(status.dataset.away);
    changed = false; // the next save is not in the usual pause
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(save, RETRY);
    return;
  }
  const { row } = answer;
  if (!row?.kept_at) return refused(answer);
  field("draft-id").value = row.draft;
  versionField.value = row.version;
  changed = step !== sent;
  if (answer.status === 401) say(status.dataset.signedOut);
  else if (row.forked) say(status.dataset.forked);
  else sayWhen(row.kept_at);
  if (changed) return keepHere();
  forget();
  form.dispatchEvent(new Event("kept"));
}

function refused(answer) {
  keepHere();
  changed = false;
  // With what is too long one can go on writing, and shorten it. Nothing else gets better by asking again.
  stopped = answer.status !== 400;
  say(answer.status === 409 ? status.dataset.elsewhere : status.dataset.refused);
}

// Coming back: what only this browser has goes to the server, and the page comes again with it.
async function bringBack() {
  const here = words(written());
  const { draft, version } = goesOnFrom();
  const cameBack = "cameBack" in found.dataset;
  if (cameBack) forgetWindow(found.dataset.cameBack);
  for (const copy of copiesHere()) {
    if (words(copy.fields) === here) {
      forget(copy.key);
      continue;
    }
    const goesOn = copy.draft === draft && copy.version === version;
    const sameWindow = found.dataset.window === copy.window && copy.step >= Number(found.dataset.step);
    if ((goesOn || sameWindow) && !cameBack && !changed) {
      const answer = await sendFields(copy.fields, { draft, version, window: copy.window, step: copy.step });
      if (answer?.row?.kept_at && answer.status === 200 && !changed) {
        forget(copy.key);
        const address = new URL(location.href);
        if (answer.row.draft) address.searchParams.set("draft", answer.row.draft);
        return location.replace(address);
      }
    }
    return offer(copy);
  }
}

function offer(copy) {
  found.hidden = false;
  found.querySelector("[data-drop]").addEventListener("click", () => {
    forget(copy.key);
    found.hidden = true;
  });
  found.querySelector("[data-use]").addEventListener("click", () => {
    // By the way that works without this file: the server shows what there is besides.
    const other = document.createElement("form");
    other.method = "post";
    other.hidden = true;
    const fields = [
      ...copy.fields,
      ["csrfmiddlewaretoken", field("csrfmiddlewaretoken").value],
      ["draft-of", field("draft-of").value],
      ["draft-id", copy.draft],
      ["draft-version", copy.version],
      ["draft-window", copy.window],
      ["draft-step", copy.step],
      ["keep", "draft"],
    ];
    for (const [name, value] of fields) {
      const carried = document.createElement("textarea");
      carried.name = name;
      carried.value = value;
      other.append(carried);
    }
    document.body.append(other);
    forget(copy.key);
    form.dispatchEvent(new Event("kept"));
    HTMLFormElement.prototype.submit.call(other);
  });
}

document.addEventListener("input", (event) => {
  if (event.target.form !== form) return;
  step += 1;
  field("draft-step").value = step;
  changed = true;
  signingOut = false; // the person was asked whether to leave, and stayed
  keepHere(); // a tab can be gone in a moment
  if (!stopped) later(PAUSE);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && changed && !stopped) save();
});

window.addEventListener("online", () => {
  if (!stopped && copiesHere().some((copy) => copy.window === mine)) save();
});

for (const other of document.querySelectorAll("form[data-signs-out]")) {
  other.addEventListener("submit", () => {
    signingOut = true;
  });
}

form.addEventListener("submit", () => {
  // A save that comes after the form was done would be a draft that nobody meant: the server refuses it.
  stopped = true;
  clearTimeout(timer);
  changed = false;
  for (const ends of underWay) ends.abort();
  if (step) keepHere(true); // until the page that comes next shows that it arrived
});

// Back from the page that came next: what is typed from now on is saved again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) stopped = false;
});

bringBack();

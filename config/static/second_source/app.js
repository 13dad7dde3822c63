// Comforts only: every page does its whole job without this file.

const typing = (element) => element instanceof HTMLElement && element.matches("input, select, textarea, [contenteditable]");

// "/" goes to the search, as the field says.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const search = document.querySelector('[aria-keyshortcuts="/"]');
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// Leaving a form with text that was not handed in asks first. A form opts in with `data-unsaved`;
// one that came back with errors holds such text from the start.
const unsaved = new Set();
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  if (form.querySelector('[aria-invalid="true"], .note.wrong')) unsaved.add(form);
  form.addEventListener("input", () => unsaved.add(form));
  form.addEventListener("reset", () => unsaved.delete(form));
  form.addEventListener("kept", () => unsaved.delete(form));
  form.addEventListener("submit", () => unsaved.clear());
}
window.addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

// A field for a name suggests names that have in them what was typed.
for (const field of document.querySelectorAll("input[data-names]")) {
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    const text = field.value.trim();
    const chosen = [...field.list.options].some((option) => option.value === field.value);
    if (text.length > 1 && !chosen) timer = setTimeout(() => suggest(field, text), 250);
  });
}
async function suggest(field, text) {
  try {
    const address = new URL(field.dataset.names, location);
    address.searchParams.set("q", text);
    const { names } = await (await fetch(address)).json();
    if (field.value.trim() !== text) return;
    field.list.replaceChildren(...names.map(({ name, also }) => new Option(also, name)));
  } catch {}
}

// Drafts that only this browser has (see draft.js) are one person's: they go with the hand-in, when that person signs
// out, when somebody else has signed in, and after three days.
const LONGEST = 3 * 24 * 3600 * 1000;
const person = document.querySelector("[data-person]")?.dataset.person;
function forgetDrafts(ended) {
  try {
    for (const place of Object.keys(localStorage)) {
      if (place.startsWith("second-source draft ") && ended(place, JSON.parse(localStorage.getItem(place)))) {
        localStorage.removeItem(place);
      }
    }
  } catch {}
}
if (person) forgetDrafts((place, draft) => !place.includes(` ${person} `) || Date.now() - draft.at > LONGEST);
// The server says which form was done, by its address.
const done = document.cookie.match(/(?:^|; )second-source-done=([^;]*)/);
if (done) {
  const path = decodeURIComponent(done[1]);
  document.cookie = "second-source-done=; path=/; max-age=0";
  forgetDrafts((place, draft) => place.includes(` ${path} `) && draft.leaving);
}
for (const form of document.querySelectorAll("form[data-signs-out]")) {
  form.addEventListener("submit", () => forgetDrafts(() => true));
}

// `command` on buttons is younger than `dialog`.
if (!("command" in HTMLButtonElement.prototype)) {
  const acts = { "show-modal": (dialog) => dialog.showModal(), close: (dialog) => dialog.close() };
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button[command][commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (dialog instanceof HTMLDialogElement) acts[button.getAttribute("command")]?.(dialog);
  });
}

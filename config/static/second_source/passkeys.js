// Passkeys: the browser makes or shows one, and what it answers goes with the form. Where scripts or passkeys are not
// to be had, the pages offer codes.

const KNOWN = "PublicKeyCredential" in window;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

function readable({ publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: toBytes(options.user.id) };
  if (options.allowCredentials) options.allowCredentials = withBytes(options.allowCredentials);
  if (options.excludeCredentials) options.excludeCredentials = withBytes(options.excludeCredentials);
  return options;
}

function written(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) answer[name] = toText(response[name]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsFor(form) {
  const kept = form.querySelector('script[type="application/json"]');
  if (kept) return JSON.parse(kept.textContent);
  // By its attribute, and below by the interface: a field of that name hides the form's own property.
  return (await fetch(form.getAttribute("action") ?? location.href, { headers: { Accept: "application/json" } })).json();
}

async function ask(form) {
  const error = form.querySelector("[data-passkey-error]");
  error.hidden = true;
  try {
    const options = { publicKey: readable(await optionsFor(form)) };
    const making = form.dataset.passkey === "make";
    const credential = await (making ? navigator.credentials.create(options) : navigator.credentials.get(options));
    form.querySelector('[name$="credential"]').value = written(credential);
    HTMLFormElement.prototype.submit.call(form);
  } catch {
    error.hidden = false;
  }
}

if (KNOWN) {
  for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("[data-passkey-button]");
    if (form.dataset.passkey === "make") {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        ask(form);
      });
    } else {
      button.hidden = false;
      button.addEventListener("click", () => ask(form));
    }
  }
}

// Swagger UI on the page of the API. Requests use the session of whoever is signed in, or the token they enter.

const place = document.getElementById("swagger-ui");
const CHANGES = /^(POST|PUT|PATCH|DELETE)$/i;

// Sessions are protected against forged requests: what changes something carries the page's token, to this site alone.
function protect(request) {
  const isOurs = new URL(request.url, location.href).origin === location.origin;
  if (place.dataset.csrf && isOurs && CHANGES.test(request.method ?? "")) {
    request.headers["X-CSRFToken"] = place.dataset.csrf;
  }
  return request;
}

// Swagger UI's own layout brings a second <main> and a heading that ours has already.
function Layout({ React }) {
  const parts = ["SvgAssets", "errors", "AuthorizeBtnContainer", "operations"];
  const ApiLayout = ({ getComponent }) => React.createElement(
    "div",
    { className: "swagger-ui" },
    ...parts.map((name) => React.createElement(getComponent(name, true), { key: name })),
  );
  return { components: { ApiLayout } };
}

// The schema without the session's cookie: no script can set it, and whoever is signed in has it.
async function describe() {
  const schema = await (await fetch(place.dataset.schema)).json();
  delete schema.components.securitySchemes.session;
  return schema;
}

// Swagger UI goes by a class where our pages go by the reader's colour scheme.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
  domNode: place,
  spec: await describe(),
  presets: [window.SwaggerUIBundle.presets.apis],
  plugins: [Layout],
  layout: "ApiLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  requestInterceptor: protect,
});

// The first script of the page: it says where anything may be loaded from,
// before anything is. https://developer.mozilla.org/docs/Web/HTTP/CSP
{
  const sources = [
    "'self'", "https://cdn.jsdelivr.net", "https://files.pythonhosted.org"];
  const asked = new URLSearchParams(location.search).get("assignment");
  try {
    const { origin } = new URL(asked, location.href);
    // Another origin is there only after a yes: see app.js.
    if (sessionStorage.getItem("allowed origin") === origin) {
      sources.push(origin);
    }
  } catch {
    // It is not an address, or the browser keeps nothing: no other origin.
  }
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = [
    "default-src 'none'",
    "script-src 'self' blob: 'wasm-unsafe-eval'",
    "worker-src blob:",
    "style-src 'self'",
    `connect-src ${sources.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  document.head.append(policy);
}

// The first script of the page: it says where anything may be loaded from,
// before anything is. https://developer.mozilla.org/docs/Web/HTTP/CSP
{
  const asked = new URLSearchParams(location.search).get("assignment");
  const elsewhere = [
    "https://cdn.jsdelivr.net", "https://files.pythonhosted.org"];
  if (asked && URL.canParse(asked, location.href)) {
    const { origin } = new URL(asked, location.href);
    // Another origin is there only after a yes: see app.js.
    if (sessionStorage.getItem("allowed origin") === origin) {
      elsewhere.push(origin);
    }
  }
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = [
    "default-src 'none'",
    "script-src 'self' blob: 'wasm-unsafe-eval'",
    "worker-src blob:",
    "style-src 'self'",
    `connect-src 'self' ${elsewhere.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  document.head.append(policy);
}

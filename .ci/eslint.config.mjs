// How the scripts of the course's page are checked: eslint's own choice of
// rules, and the names that a browser or node has.
import js from "@eslint/js";

const NAMES = [
  "Blob", "Option", "Response", "TextDecoder", "URL", "URLSearchParams",
  "Worker", "atob", "clearTimeout", "document", "fetch", "localStorage",
  "location", "process", "self", "sessionStorage", "setTimeout"];

export default [js.configs.recommended, {
  languageOptions: {
    globals: Object.fromEntries(NAMES.map((name) => [name, "readonly"])),
  },
}];

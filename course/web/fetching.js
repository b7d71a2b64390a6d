// Fetch what the page needs; say in one line why something is not there.

async function fetchAs(kind, url, options, why) {
  let response;
  let content;
  try {
    response = await fetch(url, options);
    content = await response[kind]();
  } catch {
    throw new Error(`${url} can't be fetched. ${why}`);
  }
  if (!response.ok) {
    throw new Error(
      `${url} can't be fetched: its server answers ${response.status}.`);
  }
  return content;
}

/** Return the text of a file of the project or of a teacher, as it is now. */
export function fetchText(url) {
  return fetchAs(
    "text", url, { cache: "no-cache" }, "Is its server there, and does it "
    + "allow pages of other servers to read it (CORS)?");
}

/** Return the texts of files by their names, which start from a base. */
export async function fetchTexts(names, base) {
  return Object.fromEntries(await Promise.all(names.map(
    async (name) => [name, await fetchText(new URL(name, base))])));
}

/** Return the bytes of a file that pins.js names. */
export function fetchPinned({ url, integrity }) {
  return fetchAs(
    "arrayBuffer", url, { integrity, credentials: "omit" }, "There is no "
    + "connection to its server, or it is not the file that is pinned.");
}

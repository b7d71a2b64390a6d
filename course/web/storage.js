// What the browser keeps for the page. A person may have refused that, and
// there may be no room left: then a browser raises an error.

/**
 * Return the text that is kept under a key, or null.
 * @param {string} storage - "localStorage" or "sessionStorage"
 * @param {string} key
 */
export function kept(storage, key) {
  try {
    return globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text under a key; return whether it is kept. */
export function keep(storage, key, text) {
  try {
    globalThis[storage].setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

// @ts-check
/**
 * The parts of the page. Whatever comes from the node is hostile, and goes in as text only.
 *
 * @typedef {string | number | Node} Cell
 */

/** @param {string} id */
export function at(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

export const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (at(id));
export const messageOf = (/** @type {unknown} */ error) =>
  error instanceof Error ? error.message : String(error);
export const pause = (/** @type {number} */ ms) =>
  new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string | number} [text]
 */
export function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = String(text);
  return made;
}

/**
 * @param {string} id
 * @param {string[]} heads
 * @param {Cell[][]} rows
 */
export function fill(id, heads, rows) {
  const head = element("tr");
  head.append(...heads.map((text) => element("th", text)));
  const lines = rows.map((cells) => {
    const line = element("tr");
    for (const cell of cells) {
      const place = element("td");
      place.append(cell instanceof Node ? cell : String(cell));
      line.append(place);
    }
    return line;
  });
  at(id).replaceChildren(head, ...lines);
}

/**
 * Has a button copy a text, and say for a moment whether it did.
 *
 * @param {string} id
 * @param {() => string} textOf
 */
export function copyOnClick(id, textOf) {
  const button = at(id);
  const label = button.textContent;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(textOf());
      button.textContent = "Copied";
    } catch (error) {
      button.textContent = `Not copied: ${messageOf(error)}`;
    }
    await pause(2000);
    button.textContent = label;
  };
  button.addEventListener("click", () => void copy());
}

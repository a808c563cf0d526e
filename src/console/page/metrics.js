// @ts-check
/** What `/metrics` says, as the page reads it. */

/**
 * What `/metrics` said at a moment: name -> label's value -> value; of a histogram label -> [bound, count].
 *
 * @typedef {{
 *   plain: Map<string, Map<string, number>>,
 *   spreads: Map<string, [bound: number, count: number][]>,
 *   at: number,
 * }} Sheet
 */

/**
 * The samples of Prometheus text.
 *
 * @param {string} text
 * @returns {Sheet}
 */
export function readMetrics(text) {
  /** @type {Sheet} */
  const sheet = { plain: new Map(), spreads: new Map(), at: performance.now() };
  for (const line of text.split("\n")) {
    const found = /^(\w+)(?:\{\w+="((?:[^"\\]|\\.)*)"(?:,le="([^"]*)")?\})? (\S+)$/.exec(line);
    if (found === null) continue;
    const [, name = "", raw = "", bound, value] = found;
    const label = raw.replace(/\\(.)/g, (_all, c) => (c === "n" ? "\n" : c));
    if (bound === undefined) {
      const values = sheet.plain.get(name) ?? new Map();
      sheet.plain.set(name, values.set(label, Number(value)));
    } else {
      const classes = sheet.spreads.get(label) ?? [];
      sheet.spreads.set(label, classes);
      classes.push([Number(bound.replace("+Inf", "Infinity")), Number(value)]);
    }
  }
  return sheet;
}

/**
 * @param {Sheet | undefined} sheet
 * @param {string} name
 */
export const valueOf = (sheet, name, label = "") => sheet?.plain.get(name)?.get(label) ?? 0;

/**
 * How much a counter has risen per second.
 *
 * @param {Sheet | undefined} before
 * @param {Sheet} now
 * @param {string} name
 * @param {string} label
 */
export function rateOf(before, now, name, label) {
  if (before === undefined) return 0;
  const seconds = (now.at - before.at) / 1000;
  return Math.max(0, valueOf(now, name, label) - valueOf(before, name, label)) / seconds;
}

/**
 * The class of runs below which 99 of 100 stay, in milliseconds, since the node began.
 *
 * @param {Sheet} sheet
 * @param {string} type
 */
export function p99Of({ spreads }, type) {
  const classes = spreads.get(type) ?? [];
  const all = classes.at(-1)?.[1] ?? 0;
  const found = classes.find(([, count]) => count >= all * 0.99);
  if (all === 0 || found === undefined) return "";
  return found[0] === Infinity ? "> 4096 ms" : `<= ${found[0] * 1000} ms`;
}

export const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`;

// @ts-check
/**
 * Turns the results of a section into rows of text.
 *
 * A ratio says how many times better ours is than the neighbour's: 5x is five times faster, 0.5x half as fast. A figure
 * beyond its target is marked MISS and one that could not be measured FAILED, with the reason under the section.
 */

/** @typedef {import("./job.mjs").Result} Result */
/** @typedef {import("./sections.mjs").Row} Row */
/** @typedef {import("./sections.mjs").Section} Section */
/** @typedef {Record<string, Result | undefined>} Results by subject; ours is there once a run, as "ours/run". */

/**
 * @typedef {object} Line one row of the table, measured.
 * @property {string} section
 * @property {string} label
 * @property {string} unit
 * @property {string} target as it is printed, empty without one.
 * @property {number | undefined} value ours; undefined if it could not be measured.
 * @property {"ok" | "MISS" | "FAILED" | ""} verdict
 * @property {Record<string, { value: number, ratio: number | undefined }>} others by subject.
 */

/** Enough for a message and where it came from; --json has no more either. */
const REASON_LINES = 5;

/** Whom a row may compare ours with, by the key that names its measure of them. */
const SUBJECTS = /** @type {const} */ ([
  "skynet",
  "moleculer",
  "nact",
  "xstate",
  "comlink",
  "node",
]);

const WIDTH = { label: 38, target: 13, ours: 19, other: 18 };

/** @param {Result | undefined} result @param {string} key */
function figure(result, key) {
  return result !== undefined && "figures" in result ? result.figures[key] : undefined;
}

/** @param {Results} results @param {string} subject @param {string} path "run.key" */
function ownFigure(results, subject, path) {
  const [run = "", key = ""] = path.split(".");
  return figure(results[`${subject}/${run}`], key);
}

/** @param {Results} results @param {string} subject @param {Row} row */
function ownValue(results, subject, row) {
  const value = ownFigure(results, subject, row.ours);
  const { over, beyondNode, timesNode, timesSkynet, underSkynet } = row;
  if (value === undefined) return undefined;
  if (timesSkynet !== undefined) return value / (figure(results["skynet"], timesSkynet) ?? NaN);
  if (underSkynet !== undefined) return (figure(results["skynet"], underSkynet) ?? NaN) / value;
  if (over !== undefined) return value / (ownFigure(results, subject, over) ?? NaN);
  if (timesNode !== undefined) return value / (figure(results["node"], timesNode) ?? NaN);
  if (beyondNode !== undefined) return value - (figure(results["node"], beyondNode) ?? NaN);
  return value;
}

/** @param {Row} row @param {number | undefined} value @param {boolean} hasSkynet @returns {Line["verdict"]} */
function judge(row, value, hasSkynet) {
  const needsSkynet = row.timesSkynet !== undefined || row.underSkynet !== undefined;
  if (needsSkynet && !hasSkynet) return "";
  if (value === undefined || Number.isNaN(value)) return "FAILED";
  if (row.most !== undefined) return value <= row.most ? "ok" : "MISS";
  if (row.least !== undefined) return value >= row.least ? "ok" : "MISS";
  return "";
}

/**
 * Puts the figures of one row together.
 *
 * @param {Section} section
 * @param {Row} row
 * @param {Results} results
 * @returns {Line}
 */
export function createLine(section, row, results) {
  const value = ownValue(results, "ours", row);
  /** @type {Line["others"]} */
  const others = {};
  /** @param {string} subject @param {number | undefined} other */
  const add = (subject, other) => {
    if (other === undefined) return;
    const isRate = row.least !== undefined;
    const ratio = value === undefined ? undefined : isRate ? value / other : other / value;
    others[subject] = { value: other, ratio };
  };
  add("base", ownValue(results, "base", row));
  for (const peer of SUBJECTS) {
    const key = row[peer];
    if (key !== undefined) add(peer, figure(results[peer], key));
  }
  let target = "";
  if (row.most !== undefined) target = `<= ${row.most} ${row.unit}`;
  if (row.least !== undefined) target = `>= ${row.least} ${row.unit}`;
  const { label, unit } = row;
  const verdict = judge(row, value, results["skynet"] !== undefined);
  const shown = Number.isNaN(value) ? undefined : value;
  return { section: section.name, label, unit, target, value: shown, verdict, others };
}

/** @param {number} value */
function digits(value) {
  return value >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** @param {string[]} subjects */
export function headText(subjects) {
  const others = subjects.map((subject) => subject.padEnd(WIDTH.other));
  const head = ["".padEnd(WIDTH.label), "target".padEnd(WIDTH.target), "snax".padEnd(WIDTH.ours)];
  return [...head, ...others].join("").trimEnd();
}

/** @param {Line} line @param {string[]} subjects */
export function lineText(line, subjects) {
  const own = line.value === undefined ? "" : `${digits(line.value)} ${line.unit} `;
  const others = subjects.map((subject) => {
    const other = line.others[subject];
    if (other === undefined) return "".padEnd(WIDTH.other);
    const ratio = other.ratio === undefined ? "" : ` ${digits(other.ratio)}x`;
    return `${digits(other.value)} ${line.unit}${ratio}`.padEnd(WIDTH.other);
  });
  const head = [
    `  ${line.label}`.padEnd(WIDTH.label),
    line.target.padEnd(WIDTH.target),
    (own + line.verdict).padEnd(WIDTH.ours),
  ];
  return [...head, ...others].join("").trimEnd();
}

/**
 * The reasons of what could not be measured, each with the first lines of its stack.
 *
 * @param {Results} results
 */
export function failureText(results) {
  return Object.entries(results).flatMap(([subject, result]) => {
    if (result === undefined || !("error" in result)) return [];
    const lines = result.error.trim().split("\n").slice(0, REASON_LINES);
    return [`  ${subject} FAILED: ${lines.join("\n    ")}`];
  });
}

// @ts-check
/**
 * One process of the bench: measures one run of one section for one subject and sends the medians to its parent.
 *
 * The job comes as JSON in the first argument, the result goes over the channel that `fork` opens. A round that rejects
 * (because a check failed, or the subject did) ends the process with the reason instead of figures.
 */

/**
 * @typedef {object} Job
 * @property {string} subject the module that prepares the work, relative to this file.
 * @property {string} entry URL of the package under test; only ours reads it.
 * @property {string} section
 * @property {Record<string, number>} size
 * @property {Record<string, unknown>} init
 * @property {Record<string, unknown>} config
 * @property {number} rounds after one that warms up and does not count; 1 = the first round counts.
 */

/** @typedef {Record<string, number>} Figures */

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
}

/**
 * @param {Job} job
 * @returns {Promise<Figures>}
 */
async function measure(job) {
  const { prepare } = await import(new URL(job.subject, import.meta.url).href);
  /** @type {() => Promise<Figures>} */
  const round = await prepare(job);
  if (job.rounds > 1) await round();
  /** @type {Figures[]} */
  const samples = [];
  for (let i = 0; i < job.rounds; i += 1) samples.push(await round());
  const keys = Object.keys(samples[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, median(samples.map((s) => Number(s[key])))]));
}

/** @param {unknown} message */
function finish(message) {
  // Only after the message has left may the process end; services that are still alive would keep it for ever.
  process.send?.(message, () => process.exit(0));
}

measure(JSON.parse(process.argv[2] ?? "{}")).then(
  (figures) => finish({ figures }),
  (error) =>
    finish({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
);

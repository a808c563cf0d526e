// @ts-check
/**
 * Measures one section for every subject that has a part in it, one process after the other.
 *
 * Never two at once: on a small machine they would take each other's processor.
 */

import { fileURLToPath } from "node:url";
import { runJob } from "./job.mjs";
import { runSkynet } from "./skynet.mjs";

/** @typedef {import("./environment.mjs").Environment} Environment */
/** @typedef {import("./sections.mjs").Section} Section */
/** @typedef {import("./table.mjs").Results} Results */

/**
 * @typedef {object} Plan
 * @property {"full" | "quick"} mode
 * @property {boolean} isProfiled
 */

/** Rounds that count; skynet's are never more than those of a quick run, for it takes ten times as long. */
const ROUNDS = { full: 5, quick: 3 };

/** @param {Section} section @param {string} run */
function profileFlags(section, run) {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const name = `${section.name}-${run}.cpuprofile`;
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}`];
}

/**
 * @param {Section} section
 * @param {Plan} plan
 * @param {Environment} environment
 * @returns {Promise<Results>}
 */
export async function measureSection(section, plan, environment) {
  const rounds = Math.min(section.rounds ?? ROUNDS[plan.mode], ROUNDS[plan.mode]);
  const size = section.size[plan.mode];
  const job = { section: section.name, size, init: {}, config: {}, rounds, entry: "" };
  /** @type {Results} */
  const results = {};
  for (const [name, run] of Object.entries(section.runs)) {
    const { config = {}, init = {}, flags = [], isPrinting = false } = run;
    for (const [subject, entry] of Object.entries(environment.entries)) {
      const extra = plan.isProfiled && subject === "ours" ? profileFlags(section, name) : [];
      const own = { subject: "ours.mjs", entry, config, init, size: { ...size, ...run.size } };
      results[`${subject}/${name}`] = await runJob(
        { ...job, ...own },
        [...flags, ...extra],
        isPrinting,
      );
    }
  }
  for (const peer of environment.peers) {
    if (!section.rows.some((row) => Object.hasOwn(row, peer))) continue;
    results[peer] = await runJob({ ...job, subject: `peers/${peer}.mjs` }, []);
  }
  if (environment.skynet !== undefined) {
    const fewer = Math.min(rounds, ROUNDS.quick);
    results["skynet"] = await runSkynet(environment.skynet, section.name, size, fewer);
  }
  return results;
}

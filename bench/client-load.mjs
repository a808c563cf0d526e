// @ts-check
/**
 * The players of the section `clients`: the example's generator as a process of its own, against a server in this one.
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const LOAD = fileURLToPath(new URL("../examples/simple/dist/client/load.js", import.meta.url));

const run = promisify(execFile);

/**
 * Lets players ask, and measures what it costs this process.
 *
 * @param {number} port
 * @param {number} connections
 * @param {number} inFlight requests of each connection that wait at a time.
 * @param {number} seconds that count; the generator plays one more before them.
 * @returns {Promise<{ rate: number, cpu: number }>} answers a second in thousands, and microseconds of CPU time of
 * this process for one answer.
 */
async function play(port, connections, inFlight, seconds) {
  const options = { connections, "in-flight": inFlight, seconds };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const before = process.cpuUsage();
  const { stdout } = await run(process.execPath, [LOAD, "--json", ...words, String(port)]);
  const { user, system } = process.cpuUsage(before);
  const { rate } = JSON.parse(stdout);
  // The second of warming up costs CPU time too, at about the same rate.
  return { rate: rate / 1000, cpu: (user + system) / (rate * (seconds + 1)) };
}

/**
 * One round of the section: one connection that asks one request at a time, then many with many under way.
 *
 * @param {number} port of the server in this process.
 * @param {Record<string, number>} size
 */
export async function playAgainst(port, { seconds = 1, connections = 1, inFlight = 1 }) {
  const one = await play(port, 1, 1, seconds);
  const deep = await play(port, connections, inFlight, seconds);
  return { oneRate: one.rate, oneCpu: one.cpu, deepRate: deep.rate, deepCpu: deep.cpu };
}

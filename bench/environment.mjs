// @ts-check
/**
 * What there is to measure with: the commit, the machine, and the subjects that this run can include.
 *
 * Nothing here is an error but a wrong SKYNET: a peer that is not installed, or a copy without git, only means less to
 * compare with, and the table says so.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findSkynet } from "./skynet.mjs";

/**
 * @typedef {object} Environment
 * @property {string} commit with a plus if files differ from it.
 * @property {string} node
 * @property {string} cpus
 * @property {Record<string, string>} entries URL of each build of ours, by subject: "ours", perhaps "base".
 * @property {string[]} peers the installed ones, and Node itself.
 * @property {string[]} versions of the installed peers, with their names.
 * @property {boolean} hasAllPeers
 * @property {string | undefined} skynet folder of a built one.
 * @property {string[]} subjects ours is compared with, in the order of the table's columns.
 */

/** The peers of bench/package.json. */
const PEERS = ["moleculer", "nact", "xstate", "comlink"];

/** What Node does itself, without anything installed. */
const NODE = "node";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The build under test. */
export const DIST = resolve(HERE, "../dist/index.js");

/** @param {string[]} args */
function git(...args) {
  return execFileSync("git", args, { cwd: HERE, encoding: "utf8", stdio: "pipe" }).trim();
}

function readCommit() {
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    // Not a clone, or no git: the figures are as good, only their origin is not known.
    return "unknown";
  }
}

function readPeers() {
  return PEERS.flatMap((name) => {
    const file = resolve(HERE, "node_modules", name, "package.json");
    if (!existsSync(file)) return [];
    return [{ name, version: String(JSON.parse(readFileSync(file, "utf8")).version) }];
  });
}

/**
 * @returns {Environment}
 * @throws if SKYNET names a folder without a built skynet.
 */
export function readEnvironment() {
  const { BASE: base, SKYNET: folder } = process.env;
  /** @type {Record<string, string>} */
  const entries = { ours: pathToFileURL(DIST).href };
  if (base) entries["base"] = pathToFileURL(resolve(base)).href;
  const skynet = findSkynet(folder);
  const installed = readPeers();
  const peers = [...installed.map((peer) => peer.name), NODE];
  return {
    commit: readCommit(),
    node: process.version,
    cpus: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    entries,
    peers,
    versions: installed.map((peer) => `${peer.name} ${peer.version}`),
    hasAllPeers: installed.length === PEERS.length,
    skynet,
    subjects: [...(base ? ["base"] : []), ...(skynet ? ["skynet"] : []), ...peers],
  };
}

// @ts-check
/**
 * A built skynet as a subject: writes a configuration into a temporary folder and runs our Lua services with it.
 *
 * Nothing of skynet is part of this repository; the environment variable SKYNET names the folder in which it was built.
 */

import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./job.mjs";

const LUA = fileURLToPath(new URL("skynet", import.meta.url));

/**
 * One worker thread, as our node has one thread: two services that answer each other in turn never run at once, and a
 * second worker would only add wake-ups to every call.
 */
const THREADS = 1;

/** The sections that skynet can do, which are those with a Lua file. */
const SECTIONS = new Set(
  readdirSync(join(LUA, "section")).map((file) => file.replace(/\.lua$/, "")),
);

/**
 * @param {string | undefined} folder of a built skynet.
 * @returns {string | undefined} its absolute path, or undefined without one.
 * @throws if a folder is named but holds no skynet.
 */
export function findSkynet(folder) {
  if (folder === undefined || folder === "") return undefined;
  const root = resolve(folder);
  if (!existsSync(join(root, "skynet"))) throw new Error(`SKYNET=${folder} holds no built skynet`);
  return root;
}

/**
 * @param {string} root
 * @param {string} section
 * @param {Record<string, number>} size
 * @param {number} rounds
 */
function configText(root, section, size, rounds) {
  const sizeText = Object.entries(size).map(([key, value]) => `${key}=${value}`);
  return `thread = ${THREADS}
harbor = 0
start = "main"
bootstrap = "snlua bootstrap"
cpath = "${root}/cservice/?.so"
luaservice = "${LUA}/?.lua;${root}/service/?.lua"
lualoader = "${root}/lualib/loader.lua"
lua_path = "${LUA}/?.lua;${root}/lualib/?.lua;${root}/lualib/?/init.lua"
lua_cpath = "${root}/luaclib/?.so"
snax = "${LUA}/?.lua"
bench_section = "${section}"
bench_size = "${sizeText.join(",")}"
bench_rounds = ${rounds}
`;
}

/**
 * Measures one section on skynet.
 *
 * @param {string} root
 * @param {string} section
 * @param {Record<string, number>} size
 * @param {number} rounds
 * @returns {Promise<import("./job.mjs").Result | undefined>} undefined if skynet has no such section.
 */
export async function runSkynet(root, section, size, rounds) {
  if (!SECTIONS.has(section)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "snax-bench-"));
  try {
    const file = join(folder, "config");
    await writeFile(file, configText(root, section, size, rounds));
    return await runProgram(join(root, "skynet"), [file], root);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

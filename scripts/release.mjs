/**
 * `node scripts/release.mjs`: what is still missing before `npm publish` of snax and create-snax, one
 * line each. It publishes nothing and changes nothing. How a release goes stands in CONTRIBUTING.md.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./compile.mjs";

const FOLDERS = ["", "create-snax"];

/** @type {string[]} */
const missing = [];

/** @param {string} path */
const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** @param {string} folder */
function manifestOf(folder) {
  return /** @type {Record<string, any>} */ (JSON.parse(read(join(folder, "package.json"))));
}

const { version } = manifestOf("");

for (const folder of FOLDERS) {
  const manifest = manifestOf(folder);
  const { name } = manifest;
  if (manifest["version"] !== version) {
    missing.push(`${name}: version ${manifest["version"]}, but snax has ${version}`);
  }
  for (const key of ["description", "license", "engines", "keywords", "files"]) {
    if (manifest[key] === undefined) missing.push(`${name}: package.json has no ${key}`);
  }
  // Without it npm can't prove where the package was built, and links of its README lead nowhere.
  if (manifest["repository"] === undefined) {
    missing.push(`${name}: package.json has no repository; --provenance needs it`);
  }
  for (const file of ["README.md", "LICENSE"]) {
    if (!existsSync(join(ROOT, folder, file))) missing.push(`${name}: there is no ${file}`);
  }
  if (manifest["private"] === true) missing.push(`${name}: is private`);
}

if (!new RegExp(`^## ${version.replaceAll(".", "\\.")}\\b`, "m").test(read("CHANGELOG.md"))) {
  missing.push(`CHANGELOG.md: no heading "## ${version}"`);
}

const status = spawnSync("git", ["status", "--porcelain"], { cwd: ROOT, encoding: "utf8" });
if (status.stdout !== "") missing.push("git: the tree is not clean");

for (const line of missing) process.stdout.write(`missing  ${line}\n`);
process.stdout.write(missing.length === 0 ? `ready to publish ${version}\n` : "");
process.exitCode = missing.length === 0 ? 0 : 1;

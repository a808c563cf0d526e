#!/usr/bin/env node
/**
 * `npm create snax@latest <folder> -- --template game`: writes a project. It installs nothing and
 * fetches nothing.
 *
 * A project is templates/shared and, over it, templates/<template>. A name that begins with `_`
 * begins with a dot in the project: npm leaves `.gitignore` out of what it packs. All files are
 * read before the first one is written, an existing file is never touched, and what was written is
 * taken away again if something fails.
 *
 * Exit codes: 0 written, 1 refused or failed and nothing has changed, 2 wrong usage.
 */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TEMPLATES = fileURLToPath(new URL("./templates/", import.meta.url));
const SHARED = "shared";
const DEFAULT_TEMPLATE = "empty";

/** What `npm run dev` restarts the node for, where the template has it; services and tables need no restart. */
const WATCHED = ["web", "snax.config.ts"];

/** The longest name that npm takes. */
const NAME_LENGTH_MAX = 214;

/** Names that npm takes for no package, and those that the project itself depends on. */
const RESERVED_NAMES = ["node_modules", "favicon.ico", "snax", "typescript"];

const USAGE = `usage: npm create snax@latest <folder> -- [--template ${templateNames().join("|")}]

  --template <name>   what to begin with; ${DEFAULT_TEMPLATE} unless given
  --snax <version>    the snax that the project uses: a version, or the path of a tarball (.tgz)
`;

/** Something that was asked for and can't be done; nothing has changed. */
class Refusal extends Error {}

/** An argument that the command does not understand. */
class WrongUsage extends Error {}

try {
  const { isHelp, folder, template, snax } = readArguments(process.argv.slice(2));
  if (isHelp) process.stdout.write(USAGE);
  else {
    const path = resolve(folder);
    const name = checkName(basename(path));
    checkFolder(path);
    writeProject(path, fill(readTemplate(template), name, dependencyOn(snax, path)));
    process.stdout.write(describe(path, template));
  }
} catch (error) {
  const isUsage = error instanceof WrongUsage;
  process.stderr.write(`create-snax: ${/** @type {Error} */ (error).message}\n`);
  if (isUsage) process.stderr.write(`\n${USAGE}`);
  process.exitCode = isUsage ? 2 : 1;
}

/** @returns {string[]} */
function templateNames() {
  return readdirSync(TEMPLATES).filter((name) => name !== SHARED);
}

/** @param {string[]} words */
function readArguments(words) {
  const { values, positionals } = parseWords(words);
  const [folder = "", surplus] = positionals;
  const { help: isHelp = false, template = DEFAULT_TEMPLATE, snax } = values;
  if (isHelp) return { isHelp, folder, template, snax };
  if (folder === "") throw new WrongUsage("which folder?");
  if (surplus !== undefined) {
    // npm takes options for itself that stand in front of `--`, and leaves their values behind.
    const hint = templateNames().includes(surplus)
      ? `: options stand behind --, as in npm create snax@latest ${folder} -- --template ${surplus}`
      : "";
    throw new WrongUsage(`one argument too many: ${surplus}${hint}`);
  }
  if (!templateNames().includes(template)) {
    throw new WrongUsage(
      `no template ${JSON.stringify(template)}; there are ${templateNames().join(", ")}`,
    );
  }
  return { isHelp, folder, template, snax };
}

/** @param {string[]} args */
function parseWords(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        template: { type: "string", short: "t" },
        snax: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new WrongUsage(/** @type {Error} */ (error).message, { cause: error });
  }
}

/**
 * Says whether npm takes the name of the folder for a package.
 *
 * @param {string} name
 * @returns {string} the name
 */
function checkName(name) {
  const isTaken = RESERVED_NAMES.includes(name);
  if (/^[a-z0-9][a-z0-9._-]*$/.test(name) && name.length <= NAME_LENGTH_MAX && !isTaken)
    return name;
  const better = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, NAME_LENGTH_MAX);
  const hint = better === "" || RESERVED_NAMES.includes(better) ? "my-game" : better;
  throw new Refusal(
    `${JSON.stringify(name)} is no name for a package: npm takes small letters, digits, "-", "_" and ".", ` +
      `at most ${NAME_LENGTH_MAX}, beginning with a letter or a digit, and none that is reserved. For example: ${hint}`,
  );
}

/**
 * Says whether the project can be written there.
 *
 * @param {string} path
 */
function checkFolder(path) {
  const parent = dirname(path);
  if (!existsSync(parent)) throw new Refusal(`there is no folder ${parent}`);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw new Refusal(`${path} exists and is no folder`);
  const others = readdirSync(path).filter((name) => name !== ".git");
  if (others.length > 0) {
    throw new Refusal(
      `${path} is not empty: ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", ..." : ""}`,
    );
  }
}

/**
 * Reads the files of a template, the shared ones first.
 *
 * @param {string} template
 * @returns {Map<string, string>} text by path in the project
 */
function readTemplate(template) {
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const folder of [join(TEMPLATES, SHARED), join(TEMPLATES, template)]) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file)
        .split(sep)
        .map((part) => part.replace(/^_/, "."));
      files.set(join(...path), readFileSync(file, "utf8"));
    }
  }
  return files;
}

/**
 * Says what `dependencies` of the project names.
 *
 * @param {string | undefined} snax - what was asked for
 * @param {string} path - the project's folder
 */
function dependencyOn(snax, path) {
  if (snax === undefined) {
    const own = readFileSync(new URL("./package.json", import.meta.url), "utf8");
    return `^${JSON.parse(own).version}`;
  }
  if (!snax.endsWith(".tgz")) return snax;
  if (!existsSync(snax)) throw new Refusal(`there is no file ${resolve(snax)}`);
  return `file:${relative(path, resolve(snax)).replaceAll(sep, "/")}`;
}

/**
 * Puts the project's name and its snax into the files.
 *
 * @param {Map<string, string>} files
 * @param {string} name
 * @param {string} snax
 */
function fill(files, name, snax) {
  const manifest = JSON.parse(files.get("package.json") ?? "{}");
  manifest.dependencies.snax = snax;
  const isThere = (/** @type {string} */ place) =>
    [...files.keys()].some((path) => path.startsWith(place));
  const watched = WATCHED.filter(isThere).map((place) => `--watch-path=${place}`);
  manifest.scripts.dev = `node ${watched.join(" ")} node_modules/snax/dist/cli/main.js dev`;
  const filled = new Map(files);
  for (const [path, text] of files) filled.set(path, text.replaceAll("PROJECT_NAME", name));
  return filled.set("package.json", `${JSON.stringify({ name, ...manifest }, null, 2)}\n`);
}

/**
 * Writes the files, or none of them.
 *
 * @param {string} path
 * @param {Map<string, string>} files
 */
function writeProject(path, files) {
  const isNew = !existsSync(path);
  /** @type {Set<string>} What to take away again. */
  const made = new Set(isNew ? [path] : []);
  try {
    if (isNew) mkdirSync(path);
    for (const [name, text] of files) {
      const file = join(path, name);
      if (!isNew) made.add(join(path, name.split(sep)[0] ?? name));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: "wx" });
    }
  } catch (error) {
    for (const one of made) rmSync(one, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Says what to do next.
 *
 * @param {string} path
 * @param {string} template
 */
function describe(path, template) {
  const here = relative(process.cwd(), path);
  const lines = [
    ...(here === "" ? [] : [`  cd ${/\s/.test(here) ? JSON.stringify(here) : here}`]),
    "  npm install",
    "  npm test",
    "  npm run dev",
  ];
  return `${path} is written, from the template ${template}. Next:\n\n${lines.join("\n")}\n`;
}

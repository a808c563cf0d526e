/**
 * `snax init [folder]`: puts what a node needs into a project that exists.
 *
 *     snax.config.ts     the configuration
 *     <folder>/main.ts   the first service, and the one that it starts
 *     tsconfig.json      where the project has none
 *
 * Files that exist are never changed: where one is in the way nothing is written at all. What
 * was written is taken away again if something fails. The files are those of create-snax's template
 * `empty`; a test compares them. A new project is the work of create-snax.
 */

import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { SnaxError } from "../base/error.ts";
import { DEFAULT_NAMES } from "../node/config-file.ts";

const SERVICES = "services";

const config = (services: string): string => `import { defineConfig } from "snax";

export default defineConfig({
${services === SERVICES ? "" : `  services: "./${services}/?.ts", // where services are found by their names\n`}  start: "main",
  calltimeout: 5000, // ms after which a call without an answer fails
  console: 8000, // \`npx snax console 8000\`; this machine only
});
`;

const MAIN = `import { skynet, snax } from "snax";
import type * as Counter from "./counter.ts";

skynet.start(async () => {
  const counter = await snax.newservice<typeof Counter>("counter", 10);
  counter.post.add(5); // Sent; no answer comes.
  skynet.error("the counter says", await counter.req.get());
});
`;

const COUNTER = `/** Counts. Every counter that is started has a \`count\` of its own. */

let count = 0;

export function init(first: number): void {
  count = first;
}

/** Methods that answer: \`await counter.req.get()\`. */
export const response = {
  get(): number {
    return count;
  },
};

/** Methods that do not: \`counter.post.add(1)\`. */
export const accept = {
  add(n: number): void {
    count += n;
  },
};
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023"],
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "verbatimModuleSyntax": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "exclude": ["node_modules", "patches"]
}
`;

/**
 * Writes the files and says which.
 *
 * @param folder - for the services, relative to the project
 * @returns the exit code
 * @throws {ERR_ARGUMENT} if the path is no folder, or a file is in the way.
 */
export function runInit(folder: string = SERVICES, root: string = process.cwd()): number {
  const services = checkFolder(folder);
  if (!existsSync(join(root, "package.json"))) {
    throw refuse(`no package.json in ${root}; npm create snax@latest makes a new project`);
  }
  const files: Record<string, string> = {
    "snax.config.ts": config(services),
    [`${services}/main.ts`]: MAIN,
    [`${services}/counter.ts`]: COUNTER,
  };
  const hasTypes = existsSync(join(root, "tsconfig.json"));
  if (!hasTypes) files["tsconfig.json"] = TSCONFIG;
  checkFree(root, services, Object.keys(files));
  writeAll(root, files);
  for (const path of Object.keys(files)) process.stdout.write(`written  ${path}\n`);
  if (hasTypes) {
    process.stdout.write("left     tsconfig.json; npx snax doctor says whether it fits\n");
  }
  process.stdout.write(`
Next:
  npx snax start          the counter says 15
  npx snax types --watch  types by name, while you write services
`);
  return 0;
}

/** Returns the folder as it is in the search path. */
function checkFolder(folder: string): string {
  const path = normalize(folder).replaceAll(sep, "/").replace(/\/$/, "");
  const parts = path.split("/");
  const isInside = parts.every((part) => part !== "" && !part.startsWith("."));
  // `?` and `;` mean something in a search path; a quote would end the text of the configuration.
  if (isInside && !parts.includes("node_modules") && !/[?;"\\\p{Cc}]/u.test(path)) return path;
  throw refuse(`${JSON.stringify(folder)} is no folder of this project for services`);
}

/** Refuses if a file is in the way. */
function checkFree(root: string, services: string, names: readonly string[]): void {
  const taken = (path: string): boolean => existsSync(join(root, path));
  const found = DEFAULT_NAMES.find(taken);
  if (found !== undefined) {
    throw refuse(`${found} is there already: this project has a node; npx snax doctor looks at it`);
  }
  for (let path = services; path !== "."; path = dirname(path)) {
    if (taken(path) && !statSync(join(root, path)).isDirectory())
      throw refuse(`${path} is there already, and no folder`);
  }
  const other = names.find(taken);
  if (other !== undefined) {
    throw refuse(`${other} is there already; name another folder for services: snax init server`);
  }
}

/** Writes all files, or none. */
function writeAll(root: string, files: Readonly<Record<string, string>>): void {
  /** What to take away again, in order. */
  const made: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, name);
      const first = mkdirSync(dirname(path), { recursive: true });
      if (first !== undefined) made.push(first);
      writeFileSync(path, text, { flag: "wx" });
      made.push(path);
    }
  } catch (error) {
    for (const path of made) rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

function refuse(message: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", message);
}

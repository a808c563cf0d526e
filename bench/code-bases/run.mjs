/**
 * `node bench/code-bases/run.mjs <folder> [options]`: runs the tests of a code base of others inside services, and in plain
 * Node with tsx, and compares them test by test. The code base is read as it lies there: nothing in its files is changed.
 *
 *     --as <name>           with the options that list.mjs has for it; default: the name of the folder
 *     --tools <folder>      where expect, chai@4, jest-mock, pretty-format and tsx are installed (npm install there first)
 *     --tests <part> ...    files whose path has the part count as tests; default: .test. .spec. __tests__ tests/ test/
 *     --without <part> ...  except these
 *     --global NAME=<file>  a module that the tests find as a global; with #<export> behind it, what it exports by that name
 *     --limit <n>           the first n files only
 *     --tsconfig <file>     what tsx reads instead of tsconfig.json; "none" (that of fp-ts makes it write what is no JavaScript)
 *     --condition <name>    a condition of package.json's exports, for both worlds
 *     --commonjs <a>=<b>    the tests are CommonJS, and require below folder a what was compiled from folder b
 *     --together            all files run in one service, and in one process, as mocha does it
 *     --hide <pattern>      what outcomes have that differs from run to run: a seed that is made of the clock
 *     --verbose             prints each difference in full, and each file before it runs
 *
 * Into the code base's node_modules go shims of vitest and @jest/globals, unless they are installed. Its own packages
 * must be installed (npm install --ignore-scripts), as its tests need them; list.mjs says which.
 */

import { fork } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CODE_BASES } from "./list.mjs";
import { prepare } from "./prepare.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** A file of tests that takes longer is given up, in both worlds. */
const FILE_MS = 300_000;
const options = parseArguments(process.argv.slice(2));
const folder = resolve(process.env.CODE_BASE_FOLDER ?? options.folder);
const tools = resolve(process.env.CODE_BASE_TOOLS ?? options.tools);

if (process.env.CODE_BASE_TOOLS === undefined) {
  // Once more, with the matchers on every thread.
  const child = fork(process.argv[1], process.argv.slice(2), {
    execArgv: execArgv(),
    env: { ...process.env, CODE_BASE_TOOLS: tools, CODE_BASE_FOLDER: folder },
    cwd: folder,
  });
  child.on("exit", (code) => process.exit(code ?? 1));
} else {
  await main();
}

async function main() {
  prepare(nameOf(options), folder);
  writeShims();
  const files = listTests();
  const work = listWork(files);
  const ours = await runInServices(work);
  const plain = await runPlain(work);
  report(files, work, ours, plain);
  process.exit(0);
}

function execArgv() {
  return [
    ...["--import", join(HERE, "tools.mjs"), "--stack-size=2000", "--no-warnings"],
    ...(options.condition === undefined ? [] : [`--conditions=${options.condition}`]),
  ];
}

function parseArguments(args) {
  const given = { tests: [], without: [], globals: [] };
  let list;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (/^--(as|tools|limit|condition|tsconfig|commonjs|hide)$/.test(arg))
      given[arg.slice(2)] = args[(index += 1)];
    else if (arg === "--verbose") given.isVerbose = true;
    else if (arg === "--together") given.isTogether = true;
    else if (arg === "--tests") list = given.tests;
    else if (arg === "--without") list = given.without;
    else if (arg === "--global") list = given.globals;
    else if (list === undefined) given.folder = arg;
    else list.push(arg);
  }
  const known = CODE_BASES[nameOf(given)] ?? {};
  const or = (key, value) => (given[key].length > 0 ? given[key] : (known[key] ?? value));
  return {
    ...known,
    ...given,
    tests: or("tests", [".test.", ".spec.", "__tests__", "tests/", "test/"]),
    without: ["node_modules", ...or("without", [])],
    globals: or("globals", []),
  };
}

function nameOf(given) {
  return given.as ?? basename(resolve(given.folder));
}

function listTests() {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(?:ts|tsx|js|mjs)$/.test(name) && !name.endsWith(".d.ts"))
    .filter((name) => options.tests.some((part) => name.includes(part)))
    .filter((name) => !options.without.some((part) => name.includes(part)))
    .toSorted()
    .slice(0, Number(options.limit ?? Infinity))
    .map((name) => join(folder, name));
}

/** What one service, and one process, is to run. */
function listWork(files) {
  const globals = options.globals.map((each) => {
    const [, name, file, member] = /^([^=]+)=([^#]+)(?:#(.+))?$/.exec(each) ?? [];
    return [name, join(folder, file), member];
  });
  const [from, to] = options.commonjs?.split("=") ?? [];
  const commonJs = from === undefined ? undefined : { folder, from, to };
  const groups = options.isTogether ? [files] : files.map((file) => [file]);
  return groups.map((group) => ({ files: group, globals, commonJs }));
}

/** What the tests import instead of their runner hands on to the suite of the moment. */
function writeShims() {
  const names = [
    "describe",
    "context",
    "test",
    "it",
    "expect",
    "vi",
    "jest",
    "assertType",
    "expectTypeOf",
  ];
  names.push("beforeEach", "afterEach", "beforeAll", "afterAll");
  const lines = names.map(
    (name) =>
      `export const ${name} = new Proxy(function () {}, { get: (_, key) => globalThis.${name}[key], apply: (_, self, args) => globalThis.${name}(...args) });`,
  );
  for (const name of ["vitest", "@jest/globals"]) {
    const place = join(folder, "node_modules", name);
    const isOurs = existsSync(join(place, "shim.mjs"));
    if (existsSync(place) && !isOurs)
      throw new Error(`${name} is installed: remove ${place}, so that a shim can take its place`);
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, "package.json"),
      `{"name":"${name}","type":"module","exports":"./shim.mjs"}`,
    );
    writeFileSync(join(place, "shim.mjs"), lines.join("\n"));
  }
}

async function runInServices(works) {
  const { start } = await import(pathToFileURL(resolve(HERE, "../../dist/index.js")).href);
  const node = await start({
    thread: 1,
    services: `${HERE}?.mjs`,
    stall: { warn: 0, interrupt: FILE_MS },
    logger: join(tools, "services.log"),
  });
  const results = [];
  for (const work of works) {
    if (options.isVerbose) process.stderr.write(`${titleOf(work)}\n`);
    const service = await node.snax.newservice("runner");
    results.push(await service.req.run(work).catch((error) => lost(error)));
    await node.snax.kill(service).catch(() => {});
  }
  await node.stop();
  return results;
}

async function runPlain(works) {
  let { tsconfig } = options;
  if (tsconfig === "none")
    writeFileSync((tsconfig = join(tmpdir(), "code-base-tsconfig.json")), "{}");
  const results = [];
  const rest = [...works.entries()];
  const tsx = pathToFileURL(join(tools, "node_modules/tsx/dist/loader.mjs")).href;
  const env = {
    ...process.env,
    ...(tsconfig === undefined ? {} : { TSX_TSCONFIG_PATH: tsconfig }),
  };
  const take = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, work] = next;
      results[index] = await new Promise((settle) => {
        const child = fork(join(HERE, "plain.mjs"), [], {
          execArgv: [...execArgv(), "--import", tsx],
          env,
          serialization: "advanced",
          stdio: ["ignore", "ignore", "ignore", "ipc"],
        });
        const limit = Math.max(FILE_MS, FILE_MS * (work.files.length / 50));
        const timer = setTimeout(() => child.kill("SIGKILL"), limit);
        child.send(work);
        child.once("message", settle);
        child.once("exit", (code, signal) => {
          clearTimeout(timer);
          settle(lost(new Error(`the process ended with ${code ?? signal}`)));
        });
      });
    }
  };
  await Promise.all([take(), take()]);
  return results;
}

function lost(error) {
  return [{ name: "(file)", outcome: `failed: ${error?.message ?? error}` }];
}

function titleOf({ files }) {
  return files.length === 1 ? relative(folder, files[0]) : `${files.length} files`;
}

function report(files, works, ours, plain) {
  let tests = 0;
  let agree = 0;
  let passed = 0;
  const differences = [];
  for (const [index, work] of works.entries()) {
    const others = new Map(number(plain[index]));
    const own = new Map(number(ours[index]));
    for (const name of new Set([...others.keys(), ...own.keys()])) {
      const outcome = others.get(name);
      if (outcome === "skipped") continue;
      if (
        name.startsWith("(load)") &&
        outcome?.startsWith("failed") &&
        own.get(name)?.startsWith("failed")
      ) {
        process.stdout.write(`neither loads ${titleOf(work)}: ${line(outcome)}\n`);
        continue;
      }
      tests += 1;
      if (shown(own.get(name)) === shown(outcome)) {
        agree += 1;
        if (outcome?.startsWith("ok")) passed += 1;
      } else
        differences.push({
          file: titleOf(work),
          name,
          ours: own.get(name),
          plain: outcome,
        });
    }
  }
  for (const each of options.isVerbose ? differences : differences.slice(0, 20)) {
    process.stdout.write(
      `${each.file} | ${each.name}\n    service: ${line(each.ours)}\n    node:    ${line(each.plain)}\n`,
    );
  }
  process.stdout.write(
    `| ${basename(folder)} | ${files.length} | ${tests} | ${agree} | ${passed} | ${tests - agree} |\n`,
  );
}

/** What is compared of an outcome. */
function shown(outcome) {
  return options.hide === undefined
    ? outcome
    : outcome?.replaceAll(new RegExp(options.hide, "g"), "");
}

function line(outcome) {
  const text = (outcome ?? "no such test").replaceAll("\n", " ");
  return options.isVerbose ? text : text.slice(0, 200);
}

/** Tests of one name are told apart by their number. */
function number(results) {
  const seen = new Map();
  return results.map(({ name, outcome }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [`${name} #${count}`, outcome];
  });
}

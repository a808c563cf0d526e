/**
 * `node bench/code-bases/run.mjs <folder> [options]`: runs the tests of somebody else's code base inside services, and in plain
 * Node with tsx, and compares them test by test. The code base is read as it lies there: nothing in its files is changed.
 *
 *     --tools <folder>      where expect, chai@4, jest-mock, pretty-format and tsx are installed (npm install there first)
 *     --tests <part> ...    files whose path has the part count as tests; default: .test. .spec. __tests__ tests/ test/
 *     --without <part> ...  except these
 *     --global NAME=<file>  a module that the tests find as a global
 *     --limit <n>           the first n files only
 *     --tsconfig <file>     what tsx reads instead of tsconfig.json; "none" (that of fp-ts makes it write what is no JavaScript)
 *     --condition <name>    a condition of package.json's exports that tsx needs (services read tsconfig.json's customConditions)
 *     --verbose             prints each difference in full
 *
 * Into the code base's node_modules go shims of vitest and @jest/globals, unless they are installed. Its own packages
 * must be installed (npm install --ignore-scripts), as its tests need them.
 */

import { fork } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const options = parseArguments(process.argv.slice(2));
const folder = resolve(options.folder);
const tools = resolve(options.tools);

if (process.env.CODE_BASE_TOOLS === undefined) {
  // Once more, with the matchers on every thread.
  const child = fork(process.argv[1], process.argv.slice(2), {
    execArgv: ["--import", join(HERE, "tools.mjs"), "--stack-size=2000", "--no-warnings"],
    env: { ...process.env, CODE_BASE_TOOLS: tools },
    cwd: folder,
  });
  child.on("exit", (code) => process.exit(code ?? 1));
} else {
  await main();
}

async function main() {
  writeShims();
  const files = listTests();
  const ours = await runInServices(files);
  const plain = await runPlain(files);
  report(files, ours, plain);
  process.exit(0);
}

function parseArguments(args) {
  const parsed = {
    folder: "",
    tools: "",
    tests: [],
    without: ["node_modules"],
    globals: [],
    limit: Infinity,
    isVerbose: false,
  };
  let list;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (arg === "--tools") parsed.tools = args[(index += 1)];
    else if (arg === "--limit") parsed.limit = Number(args[(index += 1)]);
    else if (arg === "--verbose") parsed.isVerbose = true;
    else if (arg === "--condition") parsed.condition = args[(index += 1)];
    else if (arg === "--tsconfig") parsed.tsconfig = args[(index += 1)];
    else if (arg === "--tests") list = parsed.tests;
    else if (arg === "--without") list = parsed.without;
    else if (arg === "--global") list = parsed.globals;
    else if (list === undefined) parsed.folder = arg;
    else list.push(arg);
  }
  if (parsed.tests.length === 0)
    parsed.tests = [".test.", ".spec.", "__tests__", "tests/", "test/"];
  return parsed;
}

function listTests() {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(?:ts|tsx|js|mjs)$/.test(name) && !name.endsWith(".d.ts"))
    .filter((name) => options.tests.some((part) => name.includes(part)))
    .filter((name) => !options.without.some((part) => name.includes(part)))
    .toSorted()
    .slice(0, options.limit)
    .map((name) => join(folder, name));
}

function globalsOf() {
  return options.globals.map((each) => {
    const [name, file] = each.split("=");
    return [name, join(folder, file)];
  });
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

async function runInServices(files) {
  const { start } = await import(pathToFileURL(resolve(HERE, "../../dist/index.js")).href);
  const node = await start({
    thread: 1,
    services: `${HERE}?.mjs`,
    stall: { warn: 0, interrupt: 0 },
    logger: join(tools, "services.log"),
  });
  const results = [];
  for (const file of files) {
    const service = await node.snax.newservice("runner");
    results.push(await service.req.run(file, globalsOf()).catch((error) => lost(error)));
    await node.snax.kill(service).catch(() => {});
  }
  await node.stop();
  return results;
}

async function runPlain(files) {
  const { condition } = options;
  let { tsconfig } = options;
  if (tsconfig === "none")
    writeFileSync((tsconfig = join(tmpdir(), "code-base-tsconfig.json")), "{}");
  const results = [];
  const rest = [...files.entries()];
  const tsx = pathToFileURL(join(tools, "node_modules/tsx/dist/loader.mjs")).href;
  const work = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [index, file] = next;
      results[index] = await new Promise((settle) => {
        const child = fork(join(HERE, "plain.mjs"), [JSON.stringify([file, globalsOf()])], {
          execArgv: [
            "--import",
            join(HERE, "tools.mjs"),
            "--import",
            tsx,
            "--stack-size=2000",
            "--no-warnings",
          ],
          env: {
            ...process.env,
            ...(condition === undefined ? {} : { NODE_OPTIONS: `--conditions=${condition}` }),
            ...(tsconfig === undefined ? {} : { TSX_TSCONFIG_PATH: tsconfig }),
          },
          serialization: "advanced",
          stdio: ["ignore", "ignore", "ignore", "ipc"],
        });
        child.once("message", settle);
        child.once("exit", (code) => settle(lost(new Error(`the process ended with ${code}`))));
      });
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

function lost(error) {
  return [{ name: "(file)", outcome: `failed: ${error?.message ?? error}` }];
}

function report(files, ours, plain) {
  let tests = 0;
  let agree = 0;
  let passed = 0;
  const differences = [];
  for (const [index, file] of files.entries()) {
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
        process.stdout.write(`neither loads ${relative(folder, file)}: ${line(outcome)}\n`);
        continue;
      }
      tests += 1;
      if (own.get(name) === outcome) {
        agree += 1;
        if (outcome?.startsWith("ok")) passed += 1;
      } else
        differences.push({
          file: relative(folder, file),
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

/**
 * What a user gets: the tarball as npm packs it, installed from scratch into an empty folder.
 *
 * Installing asks the registry for the package's dependencies. Uses the built dist/; `npm run check` builds it first.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

/** How long one step may take; a registry may be slow. */
const STEP_TIMEOUT_MS = 120_000;

const manifest: { version: string; exports: Record<string, unknown> } = JSON.parse(
  readFileSync("package.json", "utf8"),
);
const folder = mkdtempSync(join(tmpdir(), "snax-dist-"));
let packed: { filename: string; files: { path: string }[] };

/** Runs a program in the folder and returns what it printed. */
function run(program: string, args: string[], cwd: string = folder): string {
  const result = spawnSync(program, args, { cwd, encoding: "utf8", timeout: STEP_TIMEOUT_MS });
  const { error, status, stdout, stderr } = result;
  if (error || status !== 0) {
    throw new Error(`${program} ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error });
  }
  return stdout;
}

before(() => {
  const flags = ["--json", "--ignore-scripts", "--pack-destination", folder];
  const result: unknown = JSON.parse(run("npm", ["pack", ...flags], resolve(".")));
  // npm 12 answers with a record by package name, the older ones with an array.
  [packed] = Object.values(result as object) as [typeof packed];
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", `./${packed.filename}`]);
});

after(() => rmSync(folder, { recursive: true }));

test("the tarball holds the compiled package and its papers, no sources and no tests", () => {
  const others = packed.files
    .map((file) => file.path)
    .filter((path) => !/^(dist|types)\//.test(path));
  const papers = others.filter((path) => !/^docs\/(?:guide\/)?[\w-]+\.md$/.test(path));
  deepEqual(papers.toSorted(), [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "package.json",
  ]);
  deepEqual(papers.length < others.length, true);
  deepEqual(
    packed.files.map((file) => file.path).filter((path) => /(?<!\.d)\.ts$|\.test\./.test(path)),
    [],
  );
});

test("every entry point of the package can be imported", () => {
  for (const name of Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"))) {
    const specifier = name.replace(".", "snax");
    run("node", ["--input-type=module", "-e", `await import(${JSON.stringify(specifier)})`]);
  }
});

test("the installed command says its version", () => {
  match(
    run("npx", ["--no-install", "snax", "--version"]),
    new RegExp(manifest.version.replaceAll(".", "\\.")),
  );
});

test("a program that uses the package passes the compiler", () => {
  const options = { module: "nodenext", target: "es2023", strict: true, noEmit: true };
  const compilerOptions = {
    ...options,
    types: ["node"],
    typeRoots: [resolve("node_modules/@types")],
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["a.ts"] }),
  );
  writeFileSync(
    join(folder, "a.ts"),
    'import { start } from "snax";\nconst node = await start({ thread: 0 });\nawait node.stop();\n',
  );
  run("node", [resolve("node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"]);
});

test("the README's first program prints with the installed package what the README shows", () => {
  const shown = /<!-- output: .+?foobar.+? -->\n+```\w*\n([\s\S]*?)^```$/m.exec(
    readFileSync("README.md", "utf8"),
  )?.[1];
  cpSync("examples/foobar", join(folder, "foobar"), { recursive: true });
  equal(run("npx", ["--no-install", "snax", "start", "foobar/snax.config.ts"]), shown);
});

test("the installed console serves its page", () => {
  const program = `
    import { readFileSync } from "node:fs";
    import { start } from "snax";
    const node = await start({ thread: 0, console: 0, logger: "page.log" });
    await node.skynet.call(".logger", "lua", "FLUSH");
    const port = /Start debug console at \\S+?:(\\d+)/.exec(readFileSync("page.log", "utf8"))[1];
    for (const path of ["", "page/page.css", "page/page.js"]) {
      const headers = { accept: "text/html" };
      const response = await fetch("http://127.0.0.1:" + port + "/" + path, { headers });
      console.log(response.status, response.headers.get("content-type"));
    }
    await node.stop();`;
  writeFileSync(join(folder, "page.mjs"), program);
  equal(
    run("node", ["page.mjs"]),
    ["html", "css", "javascript"].map((kind) => `200 text/${kind}; charset=utf-8\n`).join(""),
  );
});

test("a fresh install brings no more packages than the documented dependencies", () => {
  const page = readFileSync("docs/dependencies.md", "utf8");
  const modules = join(folder, "node_modules");
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(modules, name)).map((sub) => `${name}/${sub}`) : [name],
  );
  const unknown = names.filter((name) => /^[@a-z]/.test(name) && name !== "snax");
  deepEqual(
    unknown.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

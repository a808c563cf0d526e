/**
 * `npm create snax`: each template, from the packed tarballs, is created, installed, tested,
 * started and played.
 *
 * Installing asks the registry for the dependencies of snax. Uses the built dist/; `npm run check`
 * builds it first.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { LineClient } from "../integration/console/console-client.ts";
import { DrivenPage, NO_BROWSER } from "../integration/console/browser.ts";
import { Player } from "./player.ts";

/** How long one step may take; a registry may be slow. */
const STEP_TIMEOUT_MS = 120_000;
/** What the issue of the templates promises. */
const MODULES_MAX_BYTES = 20 * 1024 * 1024;
const TESTS_MAX_MS = 60_000;

const TEMPLATES = ["empty", "chat", "game"];
const folder = mkdtempSync(join(tmpdir(), "snax-create-"));
let snaxTarball = "";
let createTarball = "";

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function attempt(program: string, args: string[], cwd: string): Result {
  const env = { ...process.env };
  // The runner of a test in a test believes to be a part of the outer run.
  delete env["NODE_TEST_CONTEXT"];
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8", timeout: STEP_TIMEOUT_MS });
  if (result.error) throw result.error;
  return result;
}

function run(program: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = attempt(program, args, cwd);
  equal(status, 0, `${program} ${args.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}

function pack(source: string): string {
  const flags = ["--json", "--ignore-scripts", "--pack-destination", folder];
  const packed: unknown = JSON.parse(run("npm", ["pack", ...flags], resolve(source)));
  // npm 12 answers with a record by package name, the older ones with an array.
  const [{ filename }] = Object.values(packed as object) as [{ filename: string }];
  return join(folder, filename);
}

/** Runs create-snax as npm does: from its package. */
function create(args: string[], cwd: string = folder): Result {
  const bin = join(folder, "node_modules/.bin/create-snax");
  return attempt(bin, args, cwd);
}

before(() => {
  snaxTarball = pack(".");
  createTarball = pack("create-snax");
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const flags = ["--no-audit", "--no-fund", "--offline"];
  run("npm", ["install", ...flags, createTarball], folder);
  for (const template of TEMPLATES) {
    const made = create([`my-${template}`, "--template", template, "--snax", snaxTarball]);
    equal(made.status, 0, made.stderr);
    const project = join(folder, `my-${template}`);
    run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], project);
  }
});

after(() => rmSync(folder, { recursive: true }));

for (const template of TEMPLATES) {
  const project = join(folder, `my-${template}`);

  test(`the tests of the template ${template} pass at once, with few modules`, () => {
    ok(sizeOf(join(project, "node_modules")) < MODULES_MAX_BYTES);
    const begin = performance.now();
    const printed = run("npm", ["test"], project);
    match(printed, /^(?:#|ℹ) pass [1-9]/m);
    match(printed, /^(?:#|ℹ) fail 0/m);
    ok(performance.now() - begin < TESTS_MAX_MS);
  });

  test(`the template ${template} passes the compiler`, () => {
    run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", "."], project);
  });

  test(`the template ${template} has its dot files, and its name everywhere`, () => {
    const names = readdirSync(project);
    for (const name of [".gitignore", ".dockerignore", ".vscode", "AGENTS.md", "Dockerfile"]) {
      ok(names.includes(name), name);
    }
    deepEqual(
      names.filter((name) => name.startsWith("_")),
      [],
    );
    const { name } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
      name: string;
    };
    equal(name, `my-${template}`);
    for (const file of ["README.md", "Dockerfile"]) {
      const text = readFileSync(join(project, file), "utf8");
      ok(text.includes(name) && !text.includes("PROJECT_NAME"), file);
    }
  });
}

/** Starts a project as `npm start` does; what it prints until a line matches, and how to end it. */
async function startProject(t: TestContext, template: string, line: RegExp) {
  const cwd = join(folder, `my-${template}`);
  const chosen = ["--set", "webport=0", "--set", "console=0"];
  const child = spawn(join(cwd, "node_modules/.bin/snax"), ["start", ...chosen], { cwd });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  let text = "";
  const found = new Promise<RegExpExecArray>((done, fail) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const hit = line.exec(text);
      if (hit !== null) done(hit);
    });
    child.once("exit", () => fail(new Error(`it has ended:\n${text}`)));
  });
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return ended;
  };
  t.after(stop);
  const [, url = ""] = await found;
  const consolePort = Number(/debug console at 127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  return { url, consolePort, stop };
}

test("the template empty starts, and ends in order", async (t) => {
  const { stop } = await startProject(t, "empty", /the counter says 15/);
  equal(await stop(), 0);
});

test("npm run dev has a service run what is saved, and starts the node again for its configuration", async (t) => {
  const cwd = join(folder, "my-empty");
  const config = join(cwd, "snax.config.ts");
  // The port that the template names may be in use.
  writeFileSync(config, readFileSync(config, "utf8").replace("console: 8000", "console: 0"));
  // A group of its own: npm, Node's watcher and the node.
  const child = spawn("npm", ["run", "dev"], { cwd, detached: true });
  const ended = new Promise((done) => child.once("exit", done));
  t.after(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await ended;
  });
  let text = "";
  let look = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    look();
  });
  const says = (words: string): Promise<void> =>
    new Promise((done) => {
      look = () => text.includes(words) && done();
      look();
    });
  await says("the counter says 15");
  await says("snax dev watches");
  const service = join(cwd, "services/counter.ts");
  writeFileSync(service, readFileSync(service, "utf8").replace("count += n", "count += 2 * n"));
  await says("services/counter.ts: accept.add; patched 1 counter");
  writeFileSync(config, `${readFileSync(config, "utf8")}\n`);
  await says("the counter says 20");
});

test("two people talk in the template chat", { skip: NO_BROWSER, timeout: 60_000 }, async (t) => {
  const { url, stop } = await startProject(t, "chat", /Talk in a browser: (\S+)/);
  const pages = [await DrivenPage.open(t, url), await DrivenPage.open(t, url)];
  for (const [index, page] of pages.entries()) {
    await page.until(
      "document.readyState === 'complete' && document.getElementById('name') !== null",
    );
    await page.evaluate("document.getElementById('name').focus()");
    await page.type(["Ann", "Bob"][index] ?? "");
    await page.enter("name");
    await page.until("document.getElementById('lines').textContent.includes('has come')");
  }
  const [ann, bob] = pages as [DrivenPage, DrivenPage];
  await bob.type("<b>hello</b>");
  await bob.press("Enter");
  await ann.until("document.getElementById('lines').textContent.includes('Bob: <b>hello</b>')");
  equal(await stop(), 0);
  await ann.until("document.getElementById('lines').textContent.includes('ended the connection')");
});

test(
  "the template game is played in a browser, and repaired meanwhile",
  { skip: NO_BROWSER, timeout: 120_000 },
  async (t) => {
    const game = await startProject(t, "game", /Play in a browser: (\S+)/);
    const ann = await Player.join(t, game.url, "Ann");
    const before = await ann.playBeyond(0);

    const operator = await LineClient.open(game.consolePort);
    const answer = await operator.run("hotfix room patches/double.ts");
    operator.close();
    deepEqual(answer.slice(0, 3), ["id\t1", "applied\t1", "failed\t0"]);
    const last = await ann.playBeyond(before);
    equal((last - before) % 2, 0);

    equal(await game.stop(), 0);
    // The room's exit has stored what was won.
    const again = await startProject(t, "game", /Play in a browser: (\S+)/);
    const operatorAgain = await LineClient.open(again.consolePort);
    const list = (await operatorAgain.run("list")).join("\n");
    const store = /^(:\w+)\tsnax store/m.exec(list)?.[1] ?? "";
    const best = (await operatorAgain.run(`call ${store} best`)).join("\n");
    operatorAgain.close();
    match(best, new RegExp(`Ann[^]*${last}|${last}[^]*Ann`));
  },
);

test("wrong arguments are told in one line, and change nothing", () => {
  const before = readdirSync(folder).toSorted();
  const full = join(folder, "full");
  mkdirSync(full);
  writeFileSync(join(full, "mine.txt"), "mine");
  writeFileSync(join(folder, "file"), "");
  const refused: [string[], number, RegExp][] = [
    [[], 2, /which folder\?/],
    [["x", "--template", "nosuch"], 2, /no template "nosuch"; there are chat, empty, game/],
    [["x", "--template", "shared"], 2, /no template "shared"/],
    [["x", "--template", "../.."], 2, /no template/],
    [["x", "game"], 2, /options stand behind --/],
    [["x", "--colour"], 2, /--colour/],
    [["full"], 1, /full is not empty: mine\.txt/],
    [["file"], 1, /file exists and is no folder/],
    [["no/such/folder"], 1, /there is no folder/],
    [["My Game"], 1, /"My Game" is no name for a package.*For example: my-game/],
    [["node_modules"], 1, /is no name for a package/],
    [["snax"], 1, /is no name for a package/],
    [["_x"], 1, /is no name for a package/],
    [["x".repeat(215)], 1, /is no name for a package/],
    [["x", "--snax", "nosuch.tgz"], 1, /there is no file/],
  ];
  for (const [args, status, message] of refused) {
    const result = create(args);
    deepEqual([result.status, result.stdout], [status, ""], args.join(" "));
    match(result.stderr.split("\n")[0] ?? "", message);
  }
  deepEqual(readdirSync(full), ["mine.txt"]);
  rmSync(full, { recursive: true });
  rmSync(join(folder, "file"));
  deepEqual(readdirSync(folder).toSorted(), before);
});

test("an empty folder, and one with a .git, are written into", () => {
  const path = join(folder, "here");
  mkdirSync(join(path, ".git"), { recursive: true });
  equal(create(["."], path).status, 0);
  ok(lstatSync(join(path, ".gitignore")).isFile());
  match(create(["."], path).stderr, /is not empty/);
  const own = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const made = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  deepEqual(made.dependencies, { snax: `^${own.version}` });
});

function sizeOf(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

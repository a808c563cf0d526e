/**
 * A stranger who has a clone and nothing else types what the README and the guide say, from an empty
 * folder to a patch in the middle of a game and a start that has the scores; each step with its seconds.
 *
 * What is typed is read from the pages. Only the ports are chosen: those of the template may be
 * in use. Installing asks the registry for the dependencies of snax.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { NO_BROWSER } from "../integration/console/browser.ts";
import { Player } from "./player.ts";

/** What no clone has, and what is made anew. */
const NOT_CLONED = ["node_modules", "build", "dist", ".git"];
const README = readFileSync("README.md", "utf8");
const GAME = readFileSync("create-snax/templates/game/README.md", "utf8");
const REPAIR = readFileSync("docs/guide/9-repair.md", "utf8");
const DEPLOYING = readFileSync("docs/guide/10-deploying.md", "utf8");

/** A command that a page shows. */
function typed(page: string, command: string): string {
  ok(page.includes(command), command);
  return command;
}

/** A stranger at a terminal, who looks at the clock. */
class Stranger {
  readonly #t: TestContext;
  folder: string;

  constructor(t: TestContext, folder: string) {
    this.#t = t;
    this.folder = folder;
  }

  /** Does something, and notes how long it took. */
  async step<T>(title: string, run: () => T | Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await run();
    this.#t.diagnostic(`${title}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    return result;
  }

  /** Types a command, waits until it has ended, and reads what it printed. */
  type(command: string, input = ""): string {
    const options = { cwd: this.folder, env: ownEnv(), encoding: "utf8", input } as const;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], options);
    equal(status, 0, `${command}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Types a command that goes on. */
  begin(command: string): Running {
    return new Running(this.#t, command, this.folder);
  }
}

/** The environment without what tells that this is a test. */
function ownEnv(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  delete env["NODE_TEST_CONTEXT"];
  return env;
}

/** A command that runs, in a group of its own. */
class Running {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  #text = "";
  #look = (): void => {};

  constructor(t: TestContext, command: string, cwd: string) {
    // `exec`: a signal reaches the program itself.
    this.#child = spawn("bash", ["-c", `exec ${command}`], { cwd, env: ownEnv(), detached: true });
    // Not "exit": npm ends before the server that it has started.
    this.ended = new Promise((done) => this.#child.once("close", done));
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#text += chunk;
      this.#look();
    });
    t.after(async () => {
      this.signal("SIGKILL");
      await this.ended;
    });
  }

  /** Waits for a line; answers with what the pattern has in brackets. */
  async says(pattern: RegExp): Promise<string> {
    return new Promise((done, fail) => {
      this.#look = () => {
        const found = pattern.exec(this.#text);
        if (found !== null) done(found[1] ?? "");
      };
      this.#look();
      void this.ended.then(() => fail(new Error(`it has ended:\n${this.#text}`)));
    });
  }

  get text(): string {
    return this.#text;
  }

  /** To the whole group, as Ctrl-C in a terminal. */
  signal(name: "SIGINT" | "SIGKILL" | "SIGTERM"): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, name);
    } catch {
      // All of it has ended.
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Writes a change into a file, as an editor does. */
function edit(path: string, before: string, after: string): void {
  const text = readFileSync(path, "utf8");
  ok(text.includes(before), before);
  writeFileSync(path, text.replace(before, after));
}

/** A clone: the sources, with the packages that `npm ci` has installed. */
function clone(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "snax-stranger-"));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, "snax");
  const filter = (path: string): boolean => !NOT_CLONED.includes(relative(".", path));
  cpSync(".", folder, { recursive: true, filter });
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "dir");
  return folder;
}

test(
  "a stranger who types what the pages say plays, patches a game that runs, and finds the scores after a restart",
  { skip: NO_BROWSER, timeout: 300_000 },
  async (t) => {
    const stranger = new Stranger(t, clone(t));
    const [, pack = "", create = ""] = /```sh\n(npm pack)\n(.*)\n```/.exec(README) ?? [];
    await stranger.step(pack, () => stranger.type(pack));
    await stranger.step(create, () => stranger.type(create));
    stranger.folder = join(stranger.folder, "../my-game");

    const next = /`(npm install)`, `(npm test)` and `(npm run dev)`/.exec(README) ?? [];
    const [, install = "", runTests = "", dev = ""] = next;
    await stranger.step(install, () => stranger.type(install));
    const tested = await stranger.step(runTests, () => stranger.type(runTests));
    match(tested, /^(?:#|ℹ) fail 0/m);

    const config = join(stranger.folder, "snax.config.ts");
    const consolePort = await freePort();
    edit(config, "console: 8000", `console: ${consolePort}`);
    edit(config, "webport: 8080", `webport: ${await freePort()}`);
    const running = stranger.begin(dev);
    const url = await stranger.step(`${dev}, until one can play`, () =>
      running.says(/Play in a browser: (\S+)/),
    );
    const ann = await stranger.step("open the page and sit down", () => Player.join(t, url, "Ann"));
    const first = await stranger.step("pick up a coin", () => ann.playBeyond(0));

    // A save: one line, and the score stays.
    await running.says(/(snax dev watches)/);
    const room = join(stranger.folder, "services/room.ts");
    const saved = running.text.length;
    await stranger.step("save services/room.ts, until it runs", async () => {
      edit(room, "return coin.value;", "return coin.value * 3;");
      await running.says(/services\/room\.ts: (worth); patched 1 room/);
    });
    const lines = running.text.slice(saved).split("\n");
    deepEqual(lines.filter((line) => line.includes("room.ts")).length, 1, lines.join("\n"));
    equal(await ann.settledScore(), first);
    const second = await ann.playBeyond(first);
    equal((second - first) % 3, 0);

    const patch = typed(REPAIR, "npx snax hotfix room patches/double.ts");
    typed(GAME, "hotfix room patches/double.ts");
    const applied = await stranger.step(patch, () => stranger.type(patch));
    match(applied, /^applied\t1$/m);
    const third = await ann.playBeyond(second);
    equal((third - second) % 2, 0);
    running.signal("SIGINT");
    await running.ended;

    // As in deployment: another start has what the first one stored.
    const start = typed(DEPLOYING, "node_modules/.bin/snax start");
    const again = stranger.begin(start);
    await stranger.step(`${start}, until one can play`, () =>
      again.says(/Play in a browser: (\S+)/),
    );
    const look = typed(DEPLOYING, "npx snax console 8000").replace("8000", String(consolePort));
    const store = /^(:\w+)\tsnax store/m.exec(stranger.type(look, "list\n"))?.[1] ?? "";
    const best = stranger.type(look, `call ${store} best\n`);
    match(best, new RegExp(`Ann[^]*${third}|${third}[^]*Ann`));
    again.signal("SIGTERM");
    equal(await stranger.step("SIGTERM, until it has ended", () => again.ended), 0);
  },
);

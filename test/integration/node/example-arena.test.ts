/** The example of the arena, played as its README says: another base class and a new field in the middle of a match. */

import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, cpSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import { startSnax } from "../process.ts";
import { writeFiles } from "../../world.ts";

const README = readFileSync("examples/arena/README.md", "utf8");

interface Picture {
  readonly seconds: number;
  readonly fighters: readonly { readonly text: string; readonly hp: number }[];
}

/** A player. */
class Browser {
  readonly #socket: WebSocket;
  #picture: Picture = { seconds: 0, fighters: [] };
  #notice = (): void => {};
  closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#picture = JSON.parse(data.toString()) as Picture;
      this.#notice();
    });
    socket.on("close", () => {
      this.closed = true;
      this.#notice();
    });
  }

  static async open(t: TestContext, port: number): Promise<Browser> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    t.after(() => socket.terminate());
    const browser = new Browser(socket);
    await once(socket, "open");
    return browser;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Waits for a picture of which something holds. */
  async sees(what: (picture: Picture) => boolean): Promise<Picture> {
    while (!what(this.#picture)) {
      if (this.closed) throw new Error(`the connection ended at ${JSON.stringify(this.#picture)}`);
      await new Promise<void>((resolve) => (this.#notice = resolve));
    }
    return this.#picture;
  }

  /** Hits until a player has that few points: a tired player hits for nothing. */
  async hitUntil(name: string, hp: number): Promise<void> {
    const isDone = ({ fighters }: Picture): boolean =>
      fighters.some((each) => each.text.startsWith(name) && each.hp <= hp);
    while (!isDone(this.#picture)) {
      const { seconds } = this.#picture;
      this.send({ hit: name });
      await this.sees((picture) => isDone(picture) || picture.seconds > seconds);
    }
    deepEqual(
      this.#picture.fighters.find(({ text }) => text.startsWith(name))?.hp,
      hp,
      `hit points of ${name}`,
    );
  }
}

/** Words of lines, without the numbers that differ from run to run. */
function wordsOf(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.replace(/[\t ]+/g, " ").replace(/\d+ ms/, "n ms"));
}

test("a room gets another base class and a new field in the middle of a match, and all players play on", async (t) => {
  const folder = realpathSync(writeFiles(t, {}));
  cpSync("examples/arena", folder, { recursive: true });
  const own = ["--set", "console=0", "--set", "webport=0"];
  const running = startSnax(["start", "snax.config.ts", ...own], folder);
  t.after(() => running.child.kill("SIGKILL"));
  let log = "";
  running.child.stdout?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  await running.says("Play in a browser: ");
  await running.says("Start debug console at ");
  const portOf = (pattern: RegExp): number => Number(pattern.exec(log)?.[1]);
  const port = portOf(/Play in a browser: http:\/\/127\.0\.0\.1:(\d+)\//);
  const desk = `${portOf(/Start debug console at \S+?:(\d+)$/m)}`;
  const shell = async (...words: string[]) =>
    await startSnax([...words, "--console", desk], folder).ended;

  const ann = await Browser.open(t, port);
  const bob = await Browser.open(t, port);
  ann.send({ join: "ann" });
  await ann.sees(({ fighters }) => fighters.length === 1);
  bob.send({ join: "bob" });
  await bob.sees(({ fighters }) => fighters.length === 2);
  await ann.hitUntil("bob", 7);
  const { seconds, fighters } = await bob.sees(({ fighters: [, one] }) => one?.hp === 7);
  deepEqual(fighters, [
    { text: "ann", hp: 10 },
    { text: "bob", hp: 7 },
  ]);

  copyFileSync(join(folder, "edits/arena.ts"), join(folder, "services/arena.ts"));
  const difference = await shell("diff", "arena");
  equal(difference.code, 1);
  match(difference.stdout, /reload/);
  const { code, stdout, stderr } = await shell("reload", "arena");
  equal(code, 0, stdout + stderr);
  const [, shown = ""] = /^```text output\n(.*?)^```$/ms.exec(README) ?? [];
  deepEqual(wordsOf(stdout), wordsOf(shown));

  // The very connections show the new text, and the clock goes on from where it was.
  const after = await ann.sees((picture) => picture.fighters[0]?.text === "ann, armour 2");
  deepEqual(after.fighters, [
    { text: "ann, armour 2", hp: 10 },
    { text: "bob, armour 2", hp: 7 },
  ]);
  equal(after.seconds >= seconds, true);
  await ann.hitUntil("bob", 6);
  await bob.hitUntil("ann", 9);
  const late = await Browser.open(t, port);
  late.send({ join: "cid" });
  await ann.sees((picture) => picture.fighters.some(({ text }) => text === "cid, armour 2"));
  deepEqual([ann.closed, bob.closed], [false, false]);

  // A text that fails changes nothing; the edit is taken back as it came.
  copyFileSync("examples/arena/services/arena.ts", join(folder, "services/arena.ts"));
  equal((await shell("reload", "arena")).code, 0);
  await bob.sees((picture) => picture.fighters[0]?.text === "ann");
  await bob.hitUntil("ann", 6);
  deepEqual([ann.closed, bob.closed, late.closed], [false, false, false]);
});

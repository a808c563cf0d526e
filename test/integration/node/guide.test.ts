/**
 * The guide: after each chapter its program does what the chapter says, in the way in which the
 * chapter says it.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startTest } from "snax/testing";
import { WebSocket } from "ws";
import type { Picture } from "../../../create-snax/templates/game/services/lib/wire.ts";
import { CHAPTERS, readProgram } from "../../unit/docs/chapters.ts";
import { readBlocks, readPage, writeProject } from "../../unit/docs/page.ts";
import { DrivenPage, NO_BROWSER } from "../console/browser.ts";
import { LineClient } from "../console/console-client.ts";
import { snax, startSnax } from "../process.ts";

/** Free ports, where the pages name fixed ones. */
const FREE_PORTS = ["webport", "console"].flatMap((key) => ["--set", `${key}=0`]);

/** Starts it as `npm start` does. */
async function startGame(
  t: TestContext,
  chapter: number,
  folder = writeProject(t, readProgram(chapter)),
) {
  const { child, ended, says } = startSnax(["start", ...FREE_PORTS], folder);
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return (await ended).code;
  };
  t.after(stop);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await says("Play in a browser: ");
  const url = /Play in a browser: (\S+)/.exec(text)?.[1] ?? "";
  const consolePort = Number(/debug console at 127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  return { folder, url, consolePort, stop };
}

/** A player who plays by messages, as the page does. */
class Player {
  readonly #socket: WebSocket;
  readonly closed: Promise<number>;
  #picture: Picture | undefined;
  #notice = (): void => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((done) => socket.once("close", done));
    socket.on("message", (data: Buffer) => {
      this.#picture = JSON.parse(data.toString()) as Picture;
      this.#notice();
    });
  }

  static async join(t: TestContext, url: string, name: string): Promise<Player> {
    const socket = new WebSocket(url.replace("http", "ws"));
    t.after(() => socket.terminate());
    const player = new Player(socket);
    await new Promise((done, fail) => socket.once("open", done).once("error", fail));
    player.send({ join: name });
    await player.sees(({ players }) => players.some((one) => one.name === name));
    return player;
  }

  send(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Resolves with the first picture that is as described. */
  async sees(is: (picture: Picture) => boolean): Promise<Picture> {
    for (;;) {
      const picture = this.#picture;
      if (picture !== undefined && is(picture)) return picture;
      await new Promise<void>((done) => (this.#notice = done));
    }
  }
}

const namesIn = ({ players }: Picture): string[] => players.map(({ name }) => name);

test("chapter 3: players see each other walk, and a player who sends nonsense is let go", async (t) => {
  const { url, stop } = await startGame(t, 3);
  const ann = await Player.join(t, url, "Ann");
  const bob = await Player.join(t, url, "Bob");
  deepEqual(namesIn(await ann.sees(({ players }) => players.length === 2)), ["Ann", "Bob"]);
  bob.send({ move: [1, 0] });
  await ann.sees(({ players }) => players[1]?.x === 1);
  bob.send({ move: [100, 0] });
  await bob.closed;
  deepEqual(namesIn(await ann.sees(({ players }) => players.length === 1)), ["Ann"]);
  equal(await stop(), 0);
});

for (const chapter of [3, 7]) {
  const title = `chapter ${chapter} is played in a browser`;
  test(title, { skip: NO_BROWSER, timeout: 60_000 }, async (t) => {
    const { url } = await startGame(t, chapter);
    const page = await DrivenPage.open(t, url);
    await page.until("document.readyState === 'complete' && typeof draw === 'undefined'");
    await page.until("document.getElementById('name') !== null");
    await page.evaluate("document.getElementById('name').focus()");
    await page.type("Ann");
    await page.enter("name");
    await page.until("document.getElementById('scores').textContent.includes('Ann')");
    const bob = await Player.join(t, url, "Bob");
    const seen = await bob.sees(({ players }) => players.length === 2);
    const { x = 0 } = seen.players[0] ?? {};
    const isFarRight = x > 10;
    await page.press(isFarRight ? "ArrowLeft" : "ArrowRight");
    await bob.sees(({ players }) => players[0]?.x === (isFarRight ? x - 1 : x + 1));
    await page.until("document.getElementById('scores').textContent.includes('Bob')");
  });
}

test("chapter 4: the fifth player is alone on a board", async (t) => {
  const { url } = await startGame(t, 4);
  const players: Player[] = [];
  for (const name of ["a", "b", "c", "d", "e"]) players.push(await Player.join(t, url, name));
  const [first, fifth] = [players[0], players[4]] as [Player, Player];
  deepEqual(namesIn(await fifth.sees(() => true)), ["e"]);
  const seen = await first.sees(({ players: { length } }) => length === 4);
  deepEqual(namesIn(seen), ["a", "b", "c", "d"]);
});

test("chapter 5: a round counts down from a minute, and the next one has another room", async (t) => {
  const folder = writeProject(t, readProgram(5));
  const node = await startTest({ services: `${folder}/services/?.ts`, time: "virtual" }, t);
  const matchmaker = await node.snax.uniqueservice<any>("matchmaker");
  const room = await matchmaker.req.join(1, "Ann");
  await node.advance(59_000);
  equal((await room.req.look()).leftMs, 1000);
  await node.advance(2000);
  const other = await matchmaker.req.join(1, "Ann");
  ok(other.handle !== room.handle);
  equal((await other.req.look()).leftMs, 60_000);
});

test("chapter 6: rules change in the middle of a round, and what the check refuses does not", async (t) => {
  const { folder, url, consolePort } = await startGame(t, 6);
  const ann = await Player.join(t, url, "Ann");
  const rules = join(folder, "tables/rules.ts");
  const text = readFileSync(rules, "utf8");
  const operator = await LineClient.open(consolePort);
  t.after(() => operator.close());
  writeFileSync(rules, text.replace("values: [1, 1, 1, 5]", "values: []"));
  match(
    (await operator.run("sharetable load rules")).join("\n"),
    /there must be a value for coins/,
  );
  equal((await ann.sees(() => true)).width, 20);
  // A board on which no player can miss the coins.
  const wider = text.replace("coins: 6", "coins: 30").replace("width: 20", "width: 3");
  writeFileSync(rules, wider.replace("height: 12", "height: 11"));
  equal((await operator.run("sharetable load rules")).at(-1), "<CMD OK>");
  await ann.sees(({ width }) => width === 3);
});

test("chapter 7: what was won in a round survives SIGTERM, and a player who leaves is kept", async (t) => {
  const { folder, url, stop } = await startGame(t, 7);
  await Player.join(t, url, "Ann");
  equal(await stop(), 0);
  equal(readFileSync(join(folder, "data/scores.json"), "utf8"), '[["Ann",0]]');
  const node = await startTest({ services: `${folder}/services/?.ts` }, t);
  const store = await node.snax.newservice<any>("store", join(folder, "data/scores"));
  deepEqual(await store.req.best(), [{ name: "Ann", score: 0 }]);
});

/** Runs `npm test` of a project; how many of its tests pass and fail. */
function runTests(cwd: string): readonly [passed: number, failed: number] {
  const manifest = readFileSync("create-snax/templates/shared/package.json", "utf8");
  const { scripts } = JSON.parse(manifest) as { scripts: { test: string } };
  const env = { ...process.env };
  // The runner of a test in a test believes to be a part of the outer run.
  delete env["NODE_TEST_CONTEXT"];
  const command = scripts.test.replace("node ", `${process.execPath} `);
  const { stdout } = spawnSync(command, { cwd, env, shell: true, encoding: "utf8" });
  const count = (word: string): number =>
    Number(new RegExp(`^(?:#|ℹ) ${word} (\\d+)`, "m").exec(stdout)?.[1]);
  return [count("pass"), count("fail")];
}

test("chapters 8 and 9: the tests pass, the new one fails before the repair and passes after it", (t) => {
  const folder = writeProject(t, readProgram(8));
  deepEqual(runTests(folder), [2, 0]);
  writeFileSync(join(folder, "test/game.test.ts"), readProgram(9)["test/game.test.ts"] ?? "");
  deepEqual(runTests(folder), [2, 1]);
  deepEqual(runTests(writeProject(t, readProgram(9))), [3, 0]);
});

test("chapter 9: the bug is repaired in the middle of a round, as the page shows", async (t) => {
  const { folder, url, consolePort } = await startGame(t, 8);
  const ann = await Player.join(t, url, "Ann");
  const walk = (dx: number): void => {
    for (let step = 0; step < 20; step += 1) ann.send({ move: [dx, 0] });
  };
  walk(1);
  const before = await ann.sees(({ players, width }) => players[0]?.x === width);

  const page = readPage(CHAPTERS[8] ?? "");
  const run = async (mark: string, command: RegExp): Promise<number | null> => {
    const words = command.exec(page)?.[1]?.split(" ") ?? [];
    const { code, stdout } = await snax([...words, "--console", String(consolePort)], folder);
    equal(stdout, readBlocks(page).find((block) => block.mark === mark)?.text);
    return code;
  };
  writeFileSync(join(folder, "services/room.ts"), readProgram(9)["services/room.ts"] ?? "");
  equal(await run("diff", /`npx snax (diff room)`/), 2);
  equal(await run("hotfix", /^npx snax (hotfix room --from-source)$/m), 0);

  walk(1);
  const { players, leftMs } = await ann.sees(({ players: all, width }) => all[0]?.x === width - 1);
  // The same room, with its clock and what Ann has won.
  ok(leftMs < before.leftMs);
  ok((players[0]?.score ?? -1) >= (before.players[0]?.score ?? 0));
  mkdirSync(join(folder, "patches"), { recursive: true });
  writeFileSync(join(folder, "patches/double.ts"), readProgram(9)["patches/double.ts"] ?? "");
  const words = ["hotfix", "room", "patches/double.ts", "--console", String(consolePort)];
  match((await snax(words, folder)).stdout, /^applied\t1$/m);
});

test("chapter 10: it is ready, and stops in order while a player plays", async (t) => {
  const folder = writeProject(t, readProgram(10));
  const config = join(folder, "snax.config.ts");
  writeFileSync(config, readFileSync(config, "utf8").replace("metrics: 9464", "metrics: 0"));
  const { url, consolePort, stop } = await startGame(t, 10, folder);
  const operator = await LineClient.open(consolePort);
  const list = (await operator.run("list")).join("\n");
  operator.close();
  match(list, /matchmaker/);
  const ann = await Player.join(t, url, "Ann");
  equal(await stop(), 0);
  equal(await ann.closed, Number(/end with code (\d+)/.exec(readPage(CHAPTERS[9] ?? ""))?.[1]));
});

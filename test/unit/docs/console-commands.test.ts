/** The session of docs/console-commands.md happens as written, and uses every command. */

import { deepEqual } from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { start } from "snax";
import { COMMANDS } from "../../../src/console/commands/command-list.ts";
import { LineClient } from "../../integration/console/console-client.ts";
import { readBlocks, readFiles, readPage, writeProject } from "./page.ts";

const PAGE = readPage("console-commands.md");
const SESSIONS = readBlocks(PAGE).filter(({ mark }) =>
  ["session", "shape", "first"].includes(mark),
);

/** Commands that need an operator who types at the right moment; console.md shows them. */
const ELSEWHERE = ["debug"];

/** The lines that are typed, each with what the page shows of its answer. */
function* exchangesOf(text: string): Iterable<[line: string, answer: string]> {
  for (const [, line = "", answer = ""] of text.matchAll(/^> (.*)\n((?:(?!> ).*\n)*)/gm)) {
    yield [line, answer];
  }
}

/** What differs from run to run: figures, but not addresses, and the folder. */
function settle(text: string, root: string): string {
  return (
    text
      .replaceAll(root, "/srv/game")
      // Formatters take blanks at the ends of lines out of pages.
      .replaceAll(/[ \t]+$/gm, "")
      .replaceAll(
        /(:[0-9a-f]{8})|\d+(?:\.\d+)?(?:e-\d+)?/g,
        (_all, address?: string) => address ?? "0",
      )
  );
}

/** The first words of the lines, up to the dots that stand for the rest. */
function namesOf(text: string): string[] {
  return [...text.matchAll(/^(\w+)\t/gm)].map(([, name = ""]) => name);
}

/** The names of the fields of a table's rows, each set of them once. Times of sockets are there or not. */
function shapeOf(text: string): string[] {
  const rows = text.split("\n").map((line) =>
    [...line.matchAll(/(?<=\t)(\w+):/g)]
      .map(([, name]) => name)
      .filter((name) => !/^[rw]time$/.test(name ?? ""))
      .join(),
  );
  return [...new Set(rows)].filter((row) => row !== "").toSorted();
}

test("the session on the page is answered as the page shows", async (t) => {
  const root = writeProject(t, readFiles(PAGE));
  // `check` has the project's own compiler look at the patch.
  symlinkSync(resolve("node_modules/typescript"), join(root, "node_modules/typescript"), "dir");
  const config = { thread: 0, console: 0, start: "main", logger: "node.log", node: "game-1" };
  const node = await start(config, { root });
  t.after(() => node.stop());
  const { address } = await node.skynet.call<{ address: string }>(8, "debug", "INFO");
  const client = await LineClient.open(Number(address.split(":")[1]));
  t.after(() => client.close());
  // `help` stands last on the page, behind the end of the node.
  for (const { mark, text } of [...SESSIONS.slice(-1), ...SESSIONS.slice(0, -1)]) {
    for (const [line, shown] of exchangesOf(text)) {
      const answer = `${(await client.run(line)).join("\n")}\n`;
      if (mark === "shape") deepEqual(shapeOf(answer), shapeOf(shown), line);
      else if (mark === "first")
        deepEqual(namesOf(answer).slice(0, namesOf(shown).length), namesOf(shown));
      else deepEqual(settle(answer, root), settle(shown, root), line);
    }
  }
  await node.stopped;
});

test("every command is used there", () => {
  const lines = SESSIONS.flatMap(({ text }) => [...exchangesOf(text)].map(([line]) => line));
  const used = new Set(lines.map((line) => line.split(" ")[0]));
  deepEqual(
    [...COMMANDS.keys()].filter((name) => !used.has(name)),
    ELSEWHERE,
  );
});

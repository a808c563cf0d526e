/** A project in a folder of its own, and `snax dev` that runs it as a child. */

import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { addFiles, THREADS, writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";
import { startSnax } from "../process.ts";
import type { Running } from "../process.ts";

/** A project that is worked at. */
export interface Project extends Running {
  readonly folder: string;
  /** Writes a file anew. */
  readonly save: (file: string, text: string) => void;
  /** Resolves with the next line that holds the text, behind those that were found before. */
  readonly next: (text: string) => Promise<string>;
  /** All that was said so far. */
  readonly said: () => string;
}

/** A configuration for tests: no console at a port that others use. */
export const CONFIG: string = `export default { thread: ${THREADS}, services: "./services/?.ts", loglevel: "info" };`;

/** Milliseconds of silence until a line is no longer waited for. */
const PATIENCE_MS = Number(process.env["PATIENCE_MS"] ?? 60_000);

/** What only some projects want. */
export interface ProjectOptions {
  readonly args?: readonly string[];
  /** The folder of the project, inside that of the test. */
  readonly inside?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Does something to the folder before the start. */
  readonly prepare?: (folder: string) => void;
}

/** Starts `snax dev` over these files; `services/main.ts` is started first. */
export async function project(
  t: TestContext,
  files: Files,
  { args = [], inside = "", env = {}, prepare }: ProjectOptions = {},
): Promise<Project> {
  const outer = writeFiles(t, {});
  const folder = join(outer, inside);
  addFiles(folder, { "snax.config.ts": CONFIG, ...files });
  prepare?.(folder);
  const running = startSnax(["dev", ...args], folder, { ...process.env, ...env });
  t.after(async () => {
    running.child.kill("SIGTERM");
    await running.ended;
  });
  let said = "";
  let seen = 0;
  let notice = (): void => {};
  running.child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    notice();
  });
  let isOver = false;
  void running.ended.then(() => {
    isOver = true;
    notice();
  });
  const next = async (text: string): Promise<string> => {
    for (;;) {
      const lines = said.split("\n").slice(0, -1);
      const at = lines.findIndex((line, index) => index >= seen && line.includes(text));
      if (at >= 0) {
        seen = at + 1;
        return lines[at] ?? "";
      }
      if (isOver) throw new Error(`it ended without saying ${text}:\n${withoutBirths(said)}`);
      await new Promise<void>((resolve, reject) => {
        const why = `it does not say ${text}:\n`;
        const alarm = setTimeout(() => reject(new Error(why + withoutBirths(said))), PATIENCE_MS);
        notice = () => {
          clearTimeout(alarm);
          resolve();
        };
      });
    }
  };
  const save = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const made = { ...running, folder: realpathSync(folder), save, next, said: () => said };
  await next("snax dev watches");
  // Services may have said something before that.
  seen = 0;
  return made;
}

function withoutBirths(said: string): string {
  return said.replace(/^.*\] (?:LAUNCH snax|KILL self).*\n/gm, "");
}

/** Logs what a shop answers, whenever it is something else. */
export const SAYING_MAIN = `
import { skynet, snax } from "snax";
skynet.start(async () => {
  const shop = await snax.newservice<any>("shop");
  let last = "";
  const look = async () => {
    const line = "shop says " + (await shop.req.look().catch((error) => error.message)) + ".";
    if (line !== last) skynet.error(line);
    last = line;
    setTimeout(look, 10);
  };
  void look();
});
`;

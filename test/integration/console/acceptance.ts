/** The place of the acceptance cases: the shop of the manual in a project of its own, asked as an operator asks. */

import { ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Config, Node, ServiceObject } from "snax";
import { COMPILERS, install, MONEY, SHOP, shopFiles } from "../check/project.ts";
import { startSnax } from "../process.ts";
import { addFiles, writeFiles } from "../../world.ts";
import { LineClient } from "./console-client.ts";

/** What a command of the shell said. */
export interface Said {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** A node over a project, with a console. */
export interface Shop extends Node {
  readonly folder: string;
  readonly make: (type?: string, ...args: unknown[]) => Promise<ServiceObject>;
  /** Runs a command of the shell, in the folder of the project. */
  readonly shell: (...words: readonly string[]) => Promise<Said>;
  /** Runs a line in the console. */
  readonly run: (line: string) => Promise<string[]>;
  readonly write: (name: string, text: string) => void;
  /** Replaces a text in a file, each time that it stands there. */
  readonly edit: (name: string, from: string, to: string) => void;
  /** The numbers of the patches in the ledger. */
  readonly ids: () => number[];
}

/** The shop of the manual. */
export const FILES: Readonly<Record<string, string>> = {
  "services/shop.ts": SHOP,
  "services/lib/money.ts": MONEY,
};

/** How a service is called in lines. */
export const address = ({ handle }: { readonly handle: number }): string =>
  `:${handle.toString(16).padStart(8, "0")}`;

/** The line of a text in which something stands. */
export function lineOf(text: string, what: string): number {
  const at = text.indexOf(what);
  ok(at >= 0, `there is no ${what}`);
  return text.slice(0, at).split("\n").length;
}

/** Starts a node over the shop's project, with these files besides or in their place. */
export async function openShop(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
  config: Config = {},
  [typescript]: readonly string[] = COMPILERS,
): Promise<Shop> {
  const { "services/main.ts": _main, ...project } = shopFiles();
  const folder = writeFiles(t, { ...project, ...FILES, ...files });
  install(folder, typescript);
  const logger = join(folder, "node.log");
  const node = await start({ thread: 0, console: 0, logger, ...config }, { root: folder });
  t.after(() => node.stop());
  await node.skynet.call(".logger", "lua", "FLUSH");
  const listening = /Start debug console at \S+?:(\d+)$/m.exec(readFileSync(logger, "utf8"));
  const port = Number(listening?.[1]);
  const client = await LineClient.open(port);
  t.after(() => client.close());
  const shorten = (text: string): string => text.replaceAll(`${folder}/`, "");
  const { skynet, snax, sharetable, tables, stopped } = node;
  return {
    ...{ folder, skynet, snax, sharetable, tables, stopped },
    get cutOff() {
      return node.cutOff;
    },
    stop: () => node.stop(),
    drain: () => node.drain(),
    make: (type = "shop", ...args) => snax.newservice<any>(type, ...(args as never[])),
    shell: async (...words) => {
      const { ended } = startSnax([...words, "--console", `${port}`], folder);
      const { code, stdout, stderr } = await ended;
      ok(stderr === "", stderr);
      return { code, lines: shorten(stdout).trimEnd().split("\n") };
    },
    run: async (line) => (await client.run(line)).map(shorten),
    write: (name, text) => addFiles(folder, { [name]: text }),
    edit: (name, from, to) => {
      const path = join(folder, name);
      const before = readFileSync(path, "utf8");
      ok(before.includes(from), `${name} has no ${from}`);
      writeFileSync(
        path,
        before.replaceAll(from, () => to),
      );
    },
    ids: () => snax.patches().map(({ id }) => id),
  };
}

/**
 * A node for one test: service files written as text, the node over them, and its log.
 *
 * Everything goes through the package's `start`, as a user's program does. Files stand in a folder of their own, which
 * goes with the test; the log is a file, so that a test can read it after a flush.
 */

import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { codeOf, start } from "snax";
import type { Config, Node, ServiceObject } from "snax";

/** Worker threads of the nodes: the whole suite runs on one thread, and again on several. */
export const THREADS = Number(process.env["SNAX_TEST_THREADS"] ?? 0);

/** For a test that looks into the heap or the globals of the services' thread, which has to be its own. */
export const ONE_THREAD: Config = { thread: 0 };

/** Texts of files by path; `a` is short for the service `a.ts`. */
export type Files = Readonly<Record<string, string>>;

/** A running node with what a test needs of it. */
export interface World extends Node {
  /** The folder of the service files. */
  readonly folder: string;
  /** Starts a snax service. */
  readonly make: (name: string, ...args: unknown[]) => Promise<ServiceObject>;
  /** The lines logged so far, without time and address. */
  readonly log: () => Promise<string[]>;
  /** The log as it stands in the file, also of a node that has stopped. */
  readonly readLog: () => string;
}

/** Writes files into a new folder, which goes with the test. */
export function writeFiles(t: TestContext, files: Files): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "snax-test-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  addFiles(folder, files);
  return folder;
}

/** Writes files into a folder that is there. */
export function addFiles(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name.includes(".") ? name : `${name}.ts`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** What only some tests want of their world. */
export interface Wishes {
  /** Where else services are, as in the configuration. @defaultValue nowhere */
  readonly services?: readonly string[];
  /** The folder of the files is also that of the configuration. @defaultValue false */
  readonly isRoot?: boolean;
}

/** Starts a node over these files. */
export async function world(
  t: TestContext,
  files: Files,
  config: Config = {},
  wishes: Wishes = {},
): Promise<World> {
  const folder = writeFiles(t, files);
  const logger = join(folder, "node.log");
  const services = [`${folder}/?.ts`, ...(wishes.services ?? [])];
  const root = wishes.isRoot === true ? { root: folder } : {};
  const node = await start({ thread: THREADS, services, logger, ...config }, root);
  t.after(() => node.stop());
  const readLog = (): string => readFileSync(logger, "utf8");
  return {
    ...{ folder, readLog, skynet: node.skynet, snax: node.snax, stopped: node.stopped },
    ...{ sharetable: node.sharetable, tables: node.tables },
    get cutOff() {
      return node.cutOff;
    },
    stop: () => node.stop(),
    drain: () => node.drain(),
    make: (name, ...args) => node.snax.newservice<any>(name, ...(args as never[])),
    log: async () => {
      await node.skynet.call(".logger", "lua", "FLUSH");
      const lines = readLog().trimEnd().split("\n");
      return lines.map((line) => line.replace(/^\S+ \S+ \[:[0-9a-f]{8}\] /, ""));
    },
  };
}

/** Runs the snax service `main`'s method `run` and returns its answer. */
export async function run(t: TestContext, files: Files, config: Config = {}): Promise<unknown> {
  const { make } = await world(t, files, config);
  const main = await make("main");
  return await main.req.run();
}

/** Waits for a rejection and returns its code, or what else there is to say of it. */
export async function codeOfFailure(promise: PromiseLike<unknown>): Promise<string> {
  try {
    return `resolved to ${JSON.stringify(await promise)}`;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

/** Waits for a rejection and returns the error. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<Error & Coded> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Coded;
  }
  throw new Error("it did not fail");
}

/** What an error of a service may carry. */
export interface Coded {
  readonly code?: unknown;
  readonly data?: unknown;
  readonly remote?: string;
}

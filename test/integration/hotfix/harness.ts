/**
 * Short ways to patch the services of a world. Those that several tests use are in test/fixtures/hotfix. A call that is
 * never answered fails after ten seconds instead of keeping the run.
 */

import { ok, rejects } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { codeOf } from "snax";
import type { Config, HotfixAllResult, HotfixSharedResult, Node, Patch, ServiceObject } from "snax";
import { EffectiveText } from "../../../src/texts/effective-text.ts";
import { readModuleText } from "../../../src/texts/module-text.ts";
import type { Files, World as OpenWorld } from "../../world.ts";
import { addFiles, world as openWorld } from "../../world.ts";

export type { Files } from "../../world.ts";

/** What an error is expected to be. */
export interface Expected {
  readonly code: string | readonly string[];
  readonly message?: RegExp;
}

/** What may be patched: a service object, a handle, or an address. */
export type Target = ServiceObject | number | string;

/** A line of the ledger. */
export interface LedgerEntry {
  readonly id: number;
  readonly hash: string;
  readonly time: number;
  readonly target: unknown;
  readonly results: readonly { handle: number; ok: boolean; code?: string }[];
}

/** The functions of `snax` that change what runs. */
interface LiveApi {
  hotfix(target: Target, patch: Patch, ...args: unknown[]): Promise<unknown>;
  hotfixall(type: string, patch: Patch, ...args: unknown[]): Promise<HotfixAllResult>;
  hotfixshared(path: string, patch: string): Promise<HotfixSharedResult>;
  patches(): readonly LedgerEntry[] | Promise<readonly LedgerEntry[]>;
}

/** The folder of the services that several tests use. */
export const FIXTURES: URL = new URL("../../../../test/fixtures/hotfix/", import.meta.url);

/** A running node and the folder of its services. */
export class World {
  readonly folder: string;
  readonly node: Node;
  /** What the services run by their files and patches. */
  readonly #texts = new Map<number, EffectiveText>();
  /** Whether patches are merged into the texts; a test that measures memory keeps none. */
  isMerging = true;
  readonly #open: OpenWorld;

  private constructor(open: OpenWorld) {
    this.#open = open;
    this.folder = open.folder;
    this.node = open;
  }

  /** Writes the files and starts a node over them; both end with the test. */
  static async open(t: TestContext, files: Files = {}, config: Config = {}): Promise<World> {
    const fixtures = join(fileURLToPath(FIXTURES), "?.ts");
    const wishes = { services: [fixtures], isRoot: true };
    return new World(await openWorld(t, files, { calltimeout: 10_000, ...config }, wishes));
  }

  get #live(): LiveApi {
    return this.node.snax as unknown as LiveApi;
  }

  /** Starts a service, whose methods are not type checked. */
  async start(name: string, ...args: unknown[]): Promise<ServiceObject> {
    const service = await this.node.snax.newservice(name, ...args);
    if (!this.isMerging) return service;
    for (const folder of [this.folder, fileURLToPath(FIXTURES)]) {
      const file = join(folder, `${name}.ts`);
      if (!existsSync(file)) continue;
      const home = { file, isService: true };
      this.#texts.set(service.handle, EffectiveText.of(readFileSync(file, "utf8"), home));
      break;
    }
    return service;
  }

  /** Writes files, for services and modules yet to be loaded. */
  write(files: Files): void {
    addFiles(this.folder, files);
  }

  /** Patches a service. Every patch that a test applies is merged into the text as well. */
  async hotfix(target: Target, patch: Patch, ...args: unknown[]): Promise<unknown> {
    const result = await this.#live.hotfix(target, patch, ...args);
    const known = typeof target === "object" ? this.#texts.get(target.handle) : undefined;
    if (known !== undefined && typeof patch === "string" && typeof target === "object") {
      const next = known.with(patch);
      readModuleText(next.text, known.home.file);
      this.#texts.set(target.handle, next);
    }
    return result;
  }

  hotfixall(type: string, patch: Patch, ...args: unknown[]): Promise<HotfixAllResult> {
    return this.#live.hotfixall(type, patch, ...args);
  }

  hotfixshared(path: string, patch: string): Promise<HotfixSharedResult> {
    return this.#live.hotfixshared(path, patch);
  }

  /** The ledger, oldest entry first. */
  async patches(): Promise<readonly LedgerEntry[]> {
    return this.#live.patches();
  }

  /** Asserts that a patch is rejected as expected. */
  async refuse(
    target: Target,
    patch: Patch,
    expected: Expected,
    ...args: unknown[]
  ): Promise<void> {
    await fails(this.hotfix(target, patch, ...args), expected);
  }

  /** What the node has logged so far. */
  get log(): string {
    return this.#open.readLog();
  }
}

/** One service and how to patch it. */
export interface Served {
  readonly world: World;
  readonly p: ServiceObject;
  /** Patches the service. */
  readonly fix: (patch: Patch, ...args: unknown[]) => Promise<unknown>;
  /** Asserts that a patch of the service is rejected as expected. */
  readonly refuse: (patch: Patch, expected: Expected, ...args: unknown[]) => Promise<void>;
}

/** Starts one service of the text, or of the files, whose `main.ts` it then is. */
export async function serve(
  t: TestContext,
  text: string | Files,
  ...args: unknown[]
): Promise<Served> {
  const world = await World.open(t, typeof text === "string" ? { "main.ts": text } : text);
  const p = await world.start("main", ...args);
  return {
    world,
    p,
    fix: (patch, ...rest) => world.hotfix(p, patch, ...rest),
    refuse: (patch, expected, ...rest) => world.refuse(p, patch, expected, ...rest),
  };
}

/** Asserts that a promise is rejected with a code and a message. */
export async function fails(promise: Promise<unknown>, expected: Expected): Promise<void> {
  const codes: readonly string[] =
    typeof expected.code === "string" ? [expected.code] : expected.code;
  await rejects(promise, (error: Error) => {
    const said = `${codeOf(error) ?? "no code"}: ${error.message}`;
    ok(codes.includes(codeOf(error) ?? ""), `expected ${codes.join(" or ")}, got ${said}`);
    const { message } = expected;
    if (message !== undefined) ok(message.test(error.message), `${String(message)}, got ${said}`);
    return true;
  });
}

/**
 * What a patch of the whole fleet does on this node: it goes in as an atomic patch of the node, on all threads, and waits for the others before it stays.
 */

import { dirname, isAbsolute, relative, sep } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { FLEET_RESULTS_MAX } from "../../base/limits.ts";
import type { FleetMark } from "../../ledger/entry.ts";
import { hashText } from "../../ledger/ledger-file.ts";
import { judge } from "../../ledger/standing.ts";
import { patchForFleet } from "../../live/rollout/all-of-type.ts";
import type { LiveThread } from "../../live/rollout/live-thread.ts";
import { liveOf } from "../../live/rollout/live-thread.ts";
import { planRollback } from "../../live/operate/rollback.ts";
import { gatherRunning } from "../../live/operate/running-texts.ts";
import { readPatch } from "../../live/text/compile.ts";
import { findNode } from "../../live/text/module-search.ts";
import { readModule } from "../../loader/text/module-text.ts";
import type { Context } from "../../service/context.ts";
import type { FleetNodeResult, HotfixAllResult, Patch } from "../../snax/types.ts";
import type { FleetLocal, FleetStanding, FleetYes } from "./patches.ts";
import type { FleetPatch } from "./record.ts";
import { packValues, unpackValues } from "../wire/packed-values.ts";

/** One module that a patch is for, as it is here. */
interface LocalModule {
  readonly path: string;
  readonly file: string;
  readonly hash: string;
  readonly isService: boolean;
}

/** The patches of the fleet on this node. */
export class FleetNode implements FleetLocal {
  readonly #context: Context;
  readonly #live: LiveThread;

  constructor(context: Context) {
    this.#context = context;
    this.#live = liveOf(context.runtime);
  }

  has(mark: FleetMark): boolean {
    return this.#live.fleet.has(mark);
  }

  get retired(): readonly string[] {
    return this.#live.fleet.retired;
  }

  pass(mark: FleetMark): void {
    this.#live.fleet.pass(mark);
  }

  async bases(type: string, paths: readonly string[]): Promise<Record<string, string> | undefined> {
    const modules = await this.#modules(type, paths);
    return modules && Object.fromEntries(modules.map(({ path, hash }) => [path, hash]));
  }

  /** Makes the patch that a program or an operator asks the fleet for. */
  async make(type: string, patch: Patch, args: readonly unknown[]): Promise<FleetPatch> {
    const texts = [...readPatch(patch)];
    const paths = texts.map(([path]) => path);
    const modules = await this.#modules(type, paths);
    return {
      type,
      texts: texts.map(([path, text], index) => [
        this.#portable(type, modules?.[index], path),
        text,
      ]),
      args: packValues(args),
      bases: Object.fromEntries(
        (modules ?? []).map((module) => [this.#portable(type, module, module.path), module.hash]),
      ),
      takesBack: [],
      from: "",
    };
  }

  /** Makes the patch that takes others of the fleet back. */
  async makeReverse(ids: readonly number[]): Promise<FleetPatch> {
    const own = ids.map((id) => {
      const local = this.#live.fleet.localOf(id);
      if (local !== undefined) return local;
      throw new SnaxError(
        "ERR_ARGUMENT",
        `the fleet has no patch ${id}, or it is not in on this node`,
      );
    });
    const { target, patch } = await planRollback(this.#live, this.#context, own);
    if (target.kind !== "type")
      throw new SnaxError("ERR_ARGUMENT", "only patches of types are the fleet's");
    if (Object.keys(patch).length === 0) {
      throw new SnaxError(
        "ERR_PATCH",
        "there is nothing to take back: later patches have replaced all of it",
      );
    }
    return { ...(await this.make(target.type, patch, [])), takesBack: ids };
  }

  async run(
    mark: FleetMark,
    patch: FleetPatch,
    decide: (yes: FleetYes) => Promise<void>,
  ): Promise<FleetNodeResult> {
    const { type, texts, args, takesBack } = patch;
    // It is only asked what this node does not need any more.
    if (texts.length === 0) {
      await decide({ bases: undefined });
      return shorten({ applied: [], failed: [], skipped: [] });
    }
    const bases = await this.bases(
      type,
      texts.map(([path]) => path),
    );
    if (bases === undefined) {
      await decide({ bases });
      return shorten({ applied: [], failed: [], skipped: [] });
    }
    this.#requireSame(patch, bases);
    await this.#requireReverse(patch);
    const call = {
      type,
      texts: new Map(texts),
      args: unpackValues(args),
      caller: this.#context.handle,
    };
    const back = takesBack.flatMap((id) => this.#live.fleet.localOf(id) ?? []);
    const marks = { fleet: mark, ...(back.length > 0 && { takesBack: back }) };
    const what = takesBack.length === 0 ? "" : `, takes back ${takesBack.join(", ")}`;
    this.#live.runtime.logAsked(
      0,
      `patch ${mark.id} of the fleet, of ${type}, asked for by ${patch.from}${what}`,
    );
    return shorten(
      await patchForFleet(this.#live, this.#context, { ...call, ...marks }, () =>
        decide({ bases }),
      ),
    );
  }

  async stand({ type, texts, bases }: FleetPatch): Promise<FleetStanding> {
    const modules = await this.#modules(
      type,
      texts.map(([path]) => path),
    );
    if (modules === undefined) return { state: "apply" };
    if (modules.every(({ path, hash }) => bases[path] === hash)) return { state: "apply" };
    const patched = modules.map((module, index) => ({
      ...module,
      base: bases[module.path] ?? "",
      patch: texts[index]?.[1] ?? "",
    }));
    const known = { now: readNow, base: () => undefined, hash: hashText };
    const standing = judge([{ id: 1, modules: patched }], known).get(1);
    if (standing?.state === "apply") return standing;
    if (standing?.state === "contained") {
      return { state: "pass", why: "the files here contain it", isContained: true };
    }
    const why = standing?.state === "conflict" ? standing.why : "it can't be compared";
    const text = `the files here are not those that it was made for: ${why}`;
    return { state: "pass", why: text, isContained: false };
  }

  /** The modules that a patch means; undefined if there is no such type here. */
  async #modules(type: string, paths: readonly string[]): Promise<LocalModule[] | undefined> {
    const { cache, paths: search } = this.#live.runtime;
    if (!search.has(type)) return undefined;
    const program = await cache.load(search.find(type));
    return paths.map((path) => {
      const node = findNode(program, path);
      const { file, text } = node.image;
      return { path, file, hash: hashText(text), isService: node === program.entry };
    });
  }

  /** A path as all nodes understand it: relative to the file of the service. */
  #portable(type: string, module: LocalModule | undefined, path: string): string {
    if (module === undefined || !isAbsolute(path)) return path;
    if (module.isService) return "";
    const { paths } = this.#live.runtime;
    const way = relative(dirname(paths.find(type)), module.file)
      .split(sep)
      .join("/");
    return way.startsWith(".") ? way : `./${way}`;
  }

  #requireSame({ type, bases, from }: FleetPatch, own: Readonly<Record<string, string>>): void {
    for (const [path, hash] of Object.entries(bases)) {
      const other = own[path];
      if (other === hash) continue;
      const file = path === "" ? type : path;
      const hashes = `${hash.slice(0, 12)} on ${from} and ${other?.slice(0, 12) ?? "not there"} here`;
      throw new SnaxError("ERR_PATCH", `${file} is ${hashes}: the nodes run different files`);
    }
  }

  /** What leads back on one node leads elsewhere on another one that has other patches. */
  async #requireReverse({ type, takesBack, texts }: FleetPatch): Promise<void> {
    if (takesBack.length === 0) return;
    if ((await gatherRunning(this.#context, { type })).length === 0) return;
    const own = takesBack.map((id) => this.#live.fleet.localOf(id));
    const lacking = takesBack.find((_id, index) => own[index] === undefined);
    if (lacking !== undefined) {
      throw new SnaxError(
        "ERR_PATCH",
        `patch ${lacking} of the fleet is not in here: there is nothing to take back`,
      );
    }
    const { patch } = await planRollback(this.#live, this.#context, own as number[]);
    const made = await this.make(type, patch, []);
    if (JSON.stringify(made.texts) === JSON.stringify(texts)) return;
    throw new SnaxError(
      "ERR_PATCH",
      "services here run other texts: what takes the patch back there does something else here",
    );
  }
}

/** What passes through the engine is bounded; the counts are whole. */
function shorten({ applied, failed, skipped }: Omit<HotfixAllResult, "id">): FleetNodeResult {
  return {
    applied: applied.slice(0, FLEET_RESULTS_MAX),
    failed: failed.slice(0, FLEET_RESULTS_MAX),
    skipped: skipped.slice(0, FLEET_RESULTS_MAX),
    counts: { applied: applied.length, failed: failed.length, skipped: skipped.length },
  };
}

function readNow(file: string): string | undefined {
  try {
    return readModule(file, undefined);
  } catch {
    return undefined;
  }
}

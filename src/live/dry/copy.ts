/**
 * One copy of a service: its texts without what runs at top level, its state, and an API that reaches no other service.
 */

import { deserialize } from "node:v8";
import { inspect } from "node:util";
import { codeOf } from "../../base/error.ts";
import { buildImage } from "../../loader/build/image-builder.ts";
import type { Instance, Surroundings } from "../../loader/run/instance.ts";
import { messageOf } from "../../service/error-text.ts";
import { INJECTED_NAMES } from "../../service/surroundings.ts";
import { GROUP_EXPORTS } from "../../snax/snax-host.ts";
import type { DryAnswer } from "../../snax/types-dry.ts";
import { ServicePatch } from "../apply/application.ts";
import type { GivenMethod } from "../apply/method-swap.ts";
import { restoreState } from "../state/restore.ts";
import type { State } from "../state/state.ts";
import { takeState } from "../state/take.ts";
import { compileParts } from "../text/compile.ts";
import { scopeIn } from "../text/patched-module.ts";
import type { AskLive } from "./dry-api.ts";
import { createDryApi, createQueue, createStub, DryObject } from "./dry-api.ts";
import { Effects } from "./effects.ts";
import { forkText } from "./fork-text.ts";
import { DryCache } from "./packages.ts";
import type { DryCall, DryQuestion, DryService } from "./question.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Globals that reach outside; modules of a copy get others. */
const OUTSIDE: readonly string[] = [
  ...["fetch", "WebSocket", "EventSource", "XMLHttpRequest", "BroadcastChannel", "process"],
];

const INJECTED: ReadonlySet<string> = new Set([...INJECTED_NAMES, ...OUTSIDE]);

/** Longest text of an answer. */
const TEXT_MAX = 10_000;

/** What copies of one service are made from. */
export class CopyPlan {
  readonly service: DryService;
  readonly cache: DryCache = new DryCache({ injected: [...INJECTED] });
  readonly notes: string[] = [];

  constructor(service: DryService) {
    this.service = service;
    for (const [index, { file, text, isShared }] of service.modules.entries()) {
      const fork = forkText(text, file, service.isService && index === 0);
      this.cache.adopt(buildImage(fork.text, file, INJECTED));
      if (isShared && fork.emptied.length > 0) {
        const what = `the shared module ${file} is not in the copy`;
        this.notes.push(`${what}: ${fork.emptied.join(", ")} is undefined`);
      }
    }
  }
}

/** A copy. */
export class Copy {
  readonly effects: Effects;
  readonly #plan: CopyPlan;
  readonly #instance: Instance;
  /** What a patch has given or taken away, by name. */
  readonly #methods = new Map<string, GivenMethod>();
  /** What the state names and the text that runs lacks. */
  readonly missing: readonly string[];

  private constructor(
    plan: CopyPlan,
    instance: Instance,
    effects: Effects,
    missing: readonly string[],
  ) {
    this.#plan = plan;
    this.#instance = instance;
    this.effects = effects;
    this.missing = missing;
  }

  /** Makes a copy and gives it the state. */
  static async make(plan: CopyPlan, time: VirtualTime, ask: AskLive): Promise<Copy> {
    const { service, cache } = plan;
    const effects = new Effects();
    cache.effects = effects;
    const world = { effects, time, ask };
    const api = createDryApi(service, world);
    const surroundings: Surroundings = { api, injected: (name) => inject(name, effects) };
    const program = await cache.load(service.modules[0]?.file ?? "");
    const instance = await program.instantiate(surroundings);
    const state = deserialize(service.state) as State;
    const restored = restoreState(state, instance, {
      isService: service.isService,
      api,
      service: (handle, type) => new DryObject(world, handle, type),
      stub: ({ path, why }) =>
        why.includes("skynet.queue#") ? createQueue() : createStub(path, why),
    });
    effects.take();
    const missing = [...restored.leftBehind, ...restored.missing].map(
      ({ path, why }) => `${path}: ${why}`,
    );
    return new Copy(plan, instance, effects, missing);
  }

  /** The state as it is now. */
  state(): State {
    const { isService } = this.#plan.service;
    return takeState(this.#instance, { isService, foreign: "missing" });
  }

  /** Applies the patch as a service would; @throws what `snax.hotfix` throws */
  async apply({ texts, args, service }: DryQuestion): Promise<DryAnswer> {
    const parts = await compileParts(texts, {
      program: this.#instance.program,
      scopeOf: (node) => scopeIn(this.#instance, node),
      hasMethods: service.isService,
      apiNames: new Set(service.apiNames),
    });
    this.#plan.cache.effects = this.effects;
    const patch = ServicePatch.commit(this.#instance, undefined, parts);
    let value: unknown;
    try {
      value = await patch.run(args);
    } catch (error) {
      throw patch.undo(error);
    }
    patch.keep();
    for (const method of patch.methods) this.#methods.set(method.name, method);
    return { text: show(value), error: undefined, would: this.effects.take() };
  }

  /** Calls a method; what it throws is an answer. */
  async ask({ method, args }: DryCall, settleMs: number): Promise<DryAnswer> {
    this.#plan.cache.effects = this.effects;
    try {
      const value = await within(settleMs, this.#call(method, structuredClone(args)));
      return { text: show(value), error: undefined, would: this.effects.take() };
    } catch (error) {
      const name = codeOf(error) ?? (error instanceof Error ? error.name : "an error");
      return { text: messageOf(error), error: name, would: this.effects.take() };
    }
  }

  async #call(name: string, args: readonly unknown[]): Promise<unknown> {
    const given = this.#methods.get(name);
    for (const [exportName] of GROUP_EXPORTS) {
      const holder = this.#instance.entry.get(exportName) as Record<string, unknown> | undefined;
      const isGiven = given?.exportName === exportName;
      const own = holder !== undefined && Object.hasOwn(holder, name) ? holder[name] : undefined;
      const method = own ?? (isGiven ? given.method : undefined);
      if (isGiven && given.method === undefined) break;
      if (typeof method === "function") return await Reflect.apply(method, holder, args);
    }
    const { type } = this.#plan.service;
    throw Object.assign(new Error(`${type} has no method ${name}`), { code: "ERR_NO_METHOD" });
  }
}

/** What settles neither by itself nor by a sleep waits for something that a copy does not have. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line no-restricted-globals -- the process is a dry run's own
    const timer = setTimeout(() => {
      reject(new Error("it waits for something that a copy does not have: a timer, a promise"));
    }, ms);
    // oxlint-disable-next-line no-restricted-globals -- as above
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

function show(value: unknown): string {
  const text = inspect(value, { depth: 6, breakLength: Infinity, maxArrayLength: 100 });
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text;
}

/** A global of a copy. */
function inject(name: string, effects: Effects): unknown {
  if (name === "console") return createConsole(effects);
  if (name === "process") return createProcess(effects);
  if (name.startsWith("clear")) return () => undefined;
  if (name.startsWith("set")) {
    return (_run: unknown, ms?: number) => {
      effects.note(name, ms);
      return {
        ref() {},
        unref() {},
        hasRef: () => false,
        refresh() {},
        [Symbol.toPrimitive]: () => 0,
      };
    };
  }
  return createRefusal(name, effects);
}

function createRefusal(name: string, effects: Effects): unknown {
  return new Proxy(function refused() {}, {
    apply: (_target, _self, args) => {
      throw effects.refuse(name, ...args);
    },
    construct: (_target, args) => {
      throw effects.refuse(name, ...args);
    },
  });
}

function createConsole(effects: Effects): object {
  return new Proxy(
    {},
    {
      get:
        () =>
        (...words: unknown[]): void =>
          effects.note("print", ...words),
    },
  );
}

/** What a program reads of the process; what it would do with it is refused. */
function createProcess(effects: Effects): object {
  const known: Record<string, unknown> = {
    ...{ platform: process.platform, arch: process.arch, version: process.version },
    ...{ versions: process.versions, argv: [], execArgv: [], pid: 0, title: "dry run" },
    env: { ...process.env },
    cwd: () => process.cwd(),
    nextTick: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
      queueMicrotask(() => run(...args)),
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    uptime: () => 0,
    hrtime: Object.assign(() => [0, 0], { bigint: () => 0n }),
  };
  return new Proxy(known, {
    get: (target, key) =>
      typeof key === "symbol" || Object.hasOwn(target, key)
        ? (Reflect.get(target, key) as unknown)
        : createRefusal(`process.${key}`, effects),
  });
}

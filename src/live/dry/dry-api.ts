/**
 * What a copy imports from "snax" instead of its service's API: it reads what was taken along, notes what would be sent,
 * and refuses what needs an answer of another service. No name reaches a live service.
 */

import { codeOf, ERROR_CODES, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { dryError, showAddress } from "./effects.ts";
import type { Effects } from "./effects.ts";
import type { DryAsk, DryService } from "./question.ts";

type Any = (...args: never[]) => unknown;
type Functions = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Names that are the same for all services. */
const SHARED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["SnaxError", SnaxError],
  ["codeOf", codeOf],
  ["ERROR_CODES", ERROR_CODES],
  ["defineConfig", (config: unknown) => config],
]);

/** Asks a live service; undefined if that is not allowed. */
export type AskLive = (ask: DryAsk, names: readonly string[]) => Promise<unknown> | undefined;

/** The world around a copy, as far as there is one. */
export interface DryWorld {
  readonly effects: Effects;
  readonly time: VirtualTime;
  readonly ask: AskLive;
}

/** A service as a copy sees it. */
export class DryObject {
  readonly handle: number;
  readonly type: string;
  readonly req: object;
  readonly post: object;
  readonly pub: object;

  constructor({ effects, ask }: DryWorld, handle: number, type: string) {
    this.handle = handle;
    this.type = type;
    const whose = `${formatAddress(handle)} ${type}`;
    this.req = methods((method, args) => {
      const names = [`${type}.${method}`, `${formatAddress(handle)}.${method}`];
      const asked = ask({ address: handle, type, method, args }, names);
      if (asked === undefined) return refuseLater(effects, `call ${whose}.${method}`, args);
      effects.note(`asked ${whose}.${method}`, ...args);
      return asked;
    });
    this.post = methods((name, args) => effects.note(`post ${whose}.${name}`, ...args));
    this.pub = this.post;
  }
}

/** Makes the API of one copy. */
export function createDryApi(service: DryService, world: DryWorld): Record<string, unknown> {
  const { effects } = world;
  const parts: Record<string, Functions> = {
    skynet: skynetFunctions(service, world),
    snax: snaxFunctions(service, world),
  };
  const api: Record<string, unknown> = {};
  for (const name of service.apiNames) {
    if (SHARED.has(name)) api[name] = SHARED.get(name);
    else if (name === "SERVICE_NAME") api[name] = service.type;
    else api[name] = createPart(effects, name, parts[name] ?? {});
  }
  return api;
}

/** A part of the API; what it does not know is refused, and said. */
function createPart(effects: Effects, part: string, known: Functions): object {
  const made = new Map<string, Any>();
  const find = (name: string): Any => {
    const own = Object.hasOwn(known, name) ? known[name] : undefined;
    return (
      own ??
      ((...args: unknown[]) => {
        throw effects.refuse(`${part}.${name}`, ...args);
      })
    );
  };
  const proxy: object = new Proxy(() => undefined, {
    apply: (_target, _self, args) => {
      throw effects.refuse(part, ...args);
    },
    get: (_target, key) => {
      if (typeof key !== "string" || key === "then") return undefined;
      if (key === "within" || key === "at" || key === "repair") return () => proxy;
      if (key === "signal") return new AbortController().signal;
      let one = made.get(key);
      if (one === undefined) made.set(key, (one = find(key)));
      return one;
    },
  });
  return proxy;
}

function methods(run: (name: string, args: readonly unknown[]) => unknown): object {
  return new Proxy(
    {},
    {
      get: (_target, key) =>
        typeof key !== "string" || key === "then"
          ? undefined
          : (...args: unknown[]) => run(key, args),
    },
  );
}

/** What waits for an answer rejects, as a call does. */
function refuseLater(effects: Effects, what: string, args: readonly unknown[]): Promise<never> {
  return Promise.reject(effects.refuse(what, ...args));
}

function skynetFunctions(
  { handle, environment }: DryService,
  { effects, time, ask }: DryWorld,
): Functions {
  let id = 0;
  const note =
    (what: string) =>
    (address: unknown, ...args: unknown[]): void =>
      effects.note(what, showAddress(address), ...args);
  const refuseCall = (address: unknown, ...args: unknown[]): Promise<never> =>
    refuseLater(effects, "call", [showAddress(address), ...args]);
  const call = (address: unknown, ...args: unknown[]): Promise<unknown> => {
    const isAddress = typeof address === "string" || typeof address === "number";
    const names = [`${showAddress(address)}.${String(args[1])}`];
    const asked = isAddress
      ? ask({ address, type: undefined, method: undefined, args }, names)
      : undefined;
    if (asked === undefined) return refuseCall(address, ...args);
    effects.note("asked", showAddress(address), ...args);
    return asked;
  };
  return {
    self: () => handle,
    address: (of: unknown) => showAddress(of),
    error: (...words) => effects.note("log", ...words),
    now: () => time.now,
    time: () => time.wall / 1000,
    starttime: () => Math.floor((time.wall - time.now) / 1000),
    hpc: () => BigInt(Math.round(time.now * 1e6)),
    getenv: (key) => environment.get(String(key)),
    genid: () => (id += 1),
    mqlen: () => 0,
    ignoreret: () => undefined,
    retpack: () => undefined,
    sleep: async (ms) => {
      effects.note("sleep", ms);
      time.pass(Number(ms));
    },
    yield: async () => undefined,
    wait: (...args) => refuseLater(effects, "skynet.wait", args),
    queue: () => createQueue(),
    send: note("send"),
    rawsend: note("send"),
    post: note("post"),
    redirect: note("redirect"),
    call,
    rawcall: refuseCall,
    timeout: (ms) => effects.note("timeout", ms),
    fork: () => effects.note("fork"),
    dispatch: (protocol) => effects.note("dispatch", protocol),
    register: (name) => effects.note("register", name),
    exit: () => {
      throw effects.refuse("skynet.exit");
    },
  };
}

function snaxFunctions({ handle, type }: DryService, world: DryWorld): Functions {
  return {
    self: () => new DryObject(world, handle, type),
    bind: (of, name) => new DryObject(world, Number(of), String(name)),
    printf: (...words) => world.effects.note("log", ...words),
    enablecluster: () => undefined,
  };
}

/** A lock as `skynet.queue()` gives it: one after the other. */
export function createQueue(): Any {
  let last: Promise<unknown> = Promise.resolve();
  return (run: (...args: unknown[]) => unknown, ...args: unknown[]) => {
    const mine = last.then(() => run(...args));
    last = mine.catch(() => {});
    return mine;
  };
}

/** What takes the place of something that could not be copied: code that uses it hears what it was. */
export function createStub(path: string, why: string): unknown {
  const fail = (): never => {
    throw dryError(`${path} is ${why}: it is not in the copy`);
  };
  return new Proxy(function missing() {}, {
    get: (target, key) => {
      const isOwn = typeof key === "symbol" || PASSED.has(key);
      return isOwn ? (Reflect.get(target, key) as unknown) : fail();
    },
    set: fail,
    apply: fail,
    construct: fail,
  });
}

/** What code that looks at a value reads, without using it. */
const PASSED: ReadonlySet<string> = new Set(["name", "length", "prototype", "constructor", "then"]);

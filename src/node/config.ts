/**
 * The configuration of a node: its keys, their defaults, and what is refused.
 *
 * Unknown keys are kept and readable with `skynet.getenv`, as in skynet; a known key with a value that makes no sense is an
 * error that names key and value.
 */

import { DRY_MEMORY_MIB } from "../base/limits.ts";
import { availableParallelism } from "node:os";
import { inspect } from "node:util";
import { copyResult } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import type { LevelName } from "../base/log-level.ts";
import { isLevelName } from "../base/log-level.ts";
import { suggest } from "../base/suggestion.ts";
import { DEFAULT_TABLE_PATTERNS } from "../table/data-source.ts";
import { THREADS_MAX } from "../fabric/directory.ts";
import { INTERRUPT_REST_MS } from "../kernel/kernel-options.ts";
import { parseEndpoint } from "../net/endpoint.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { checkCluster, checkHarbor, HARBOR_KEYS } from "./cluster-config.ts";

/** What a configuration may say; every key is optional. */
export interface Config {
  /** Threads that host services; 0 = all on the main thread. @defaultValue number of cores */
  readonly thread?: number;
  /** The first service of the program. @defaultValue "main" with `snax start`, none with `start()` */
  readonly start?: string;
  /** Search path of service files, `?` is the name; an array, or `;` between patterns. @defaultValue "./services/?.ts" */
  readonly services?: string | readonly string[];
  /** Where the files of shared tables are, as with `services`. @defaultValue "./tables/?.ts;./tables/?.js;./tables/?.json" */
  readonly tables?: string | readonly string[];
  /** This node's id in a harbor network, 0..255. @defaultValue 0 */
  readonly harbor?: number;
  /** Where the master of the network of harbors is, "host:port". Needed with `harbor`. */
  readonly master?: string;
  /** Where other harbors reach this one: a port of this machine, or "host:port". Needed with `harbor`. */
  readonly address?: number | string;
  /** This node is the master too, and listens there: a port of this machine, or "host:port". @defaultValue it is not */
  readonly standalone?: number | string;
  /** File for the log; SIGHUP reopens it. With `logservice` the name of a service. @defaultValue stdout */
  readonly logger?: string;
  /** The kind of the service that `logger` names, in place of the usual logger. @defaultValue `logger` is a file */
  readonly logservice?: "snlua" | "snax";
  /** "text" as skynet prints, or "json", one object a line. @defaultValue "text" */
  readonly logformat?: "text" | "json";
  /** The level from which on the log has lines; the command `loglevel` changes it. @defaultValue "debug" */
  readonly loglevel?: LevelName;
  /** Log the births of the services that the node starts by itself, too, as skynet does. @defaultValue false */
  readonly verbose?: boolean;
  /** Module that is evaluated in every service before its own. */
  readonly preload?: string;
  /** Keep compiled code in the project's `node_modules/.cache/snax`, for the next start. @defaultValue true */
  readonly codecache?: boolean;
  /** Count CPU time per service. @defaultValue true */
  readonly profile?: boolean;
  /** Default deadline of a call in ms, 0 = none. @defaultValue 0 */
  readonly calltimeout?: number;
  /** Most messages a mailbox holds, 0 = no bound. @defaultValue 0 */
  readonly mailbox?: number;
  /** Milliseconds that a service's beginning may take; 0 = no bound. @defaultValue 30000 */
  readonly inittimeout?: number;
  /**
   * MiB of JavaScript heap that a worker thread may use; it is ended at three quarters of that, instead of the process. 0 =
   * no limit is watched. @defaultValue Node's own limit
   */
  readonly heap?: number;
  /**
   * Milliseconds after which a handler that does not return is reported, and interrupted, and for which its service rests then;
   * 0 = never.
   *
   * @defaultValue { warn: 1000, interrupt: 30000, rest: 1000 }
   */
  readonly stall?: Partial<StallConfig>;
  /** Milliseconds for which a node that drains waits for calls of other nodes that are open. @defaultValue 5000 */
  readonly drain?: number;
  /** Milliseconds that `exit` of all services together may take when the node stops. @defaultValue 5000 */
  readonly stoptimeout?: number;
  /**
   * Milliseconds that the async `hotfix()` of a patch may take before the patch is undone, and that a thread may be in one
   * handler before a patch for it is given up.
   *
   * @defaultValue 5000
   */
  readonly hotfixtimeout?: number;
  /** MiB that the state of a service may take in a dry run's copy; one with more is refused. @defaultValue 64 */
  readonly dryrunmax?: number;
  /**
   * How long a reload waits until a service is at rest, in milliseconds: its handlers have ended, its calls are answered. The
   * service goes on with its old code if that takes longer.
   *
   * @defaultValue 5000
   */
  readonly draintimeout?: number;
  /**
   * What the console does about the types of a patch: "warn" shows errors and applies it, "require" refuses it with
   * errors and unchecked, "off" does not look. @defaultValue "warn" if the project has `typescript`, else "off"
   */
  readonly typecheck?: "off" | "warn" | "require";
  /** Where the debug console listens: a port of this machine, or "host:port". @defaultValue nowhere */
  readonly console?: number | string;
  /**
   * What clients of the debug console have to show; needed where others than this machine can reach it. A client that shows
   * `read` may ask and change nothing.
   */
  readonly consoletoken?: string | { readonly read: string; readonly operate: string };
  /**
   * File with a line of JSON for each change that an operator made or was refused: who, what, why, and what came of it. Only its
   * owner may read it. @defaultValue nowhere
   */
  readonly audit?: string;
  /** Under which origins a proxy shows the console and `metrics`, "https://ops.example.com". @defaultValue none */
  readonly origins?: readonly string[];
  /**
   * Where health, readiness and metrics are answered without a token: a port of this machine, or "host:port". @defaultValue nowhere
   */
  readonly metrics?: number | string;
  /**
   * File in which the node keeps the patches of `hotfixall` over a restart; false = nowhere.
   *
   * @defaultValue `.snax/<node>/ledger.jsonl` with `snax start`, none with `start()`
   */
  readonly ledger?: string | false;
  /** The name of this node among others. @defaultValue the name of the machine */
  readonly node?: string;
  /** Other nodes. @defaultValue none, until `cluster` is used */
  readonly cluster?: ClusterConfig;
  /**
   * Milliseconds for which a thread goes on looking for mail of other threads before it sleeps, while mail comes in quick
   * succession; 0 = never.
   *
   * @defaultValue 0.1
   */
  readonly polling?: number;
  /** Any other key is kept for `skynet.getenv`. */
  readonly [key: string]: unknown;
}

/** What is done about a handler that does not return. */
export interface StallConfig {
  /** Milliseconds after which a handler that does not return is reported. */
  readonly warn: number;
  /** Milliseconds after which it is interrupted. */
  readonly interrupt: number;
  /** Milliseconds for which a service rests whose handler was cut off; twice as long each time that it is cut off again. */
  readonly rest: number;
}

/** Returns the configuration as it is, typed; for `export default defineConfig({ ... })`. */
export function defineConfig(config: Config): Config {
  return config;
}

/** A configuration in which every known key has a value. */
export interface FullConfig extends Config {
  readonly thread: number;
  readonly services: string | readonly string[];
  readonly tables: string | readonly string[];
  readonly harbor: number;
  readonly logformat: "text" | "json";
  readonly loglevel: LevelName;
  readonly verbose: boolean;
  readonly codecache: boolean;
  readonly profile: boolean;
  readonly calltimeout: number;
  readonly mailbox: number;
  readonly inittimeout: number;
  readonly drain: number;
  readonly stoptimeout: number;
  readonly hotfixtimeout: number;
  readonly dryrunmax: number;
  readonly draintimeout: number;
  readonly polling: number;
  readonly stall: StallConfig;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isMs = (value: unknown): boolean =>
  typeof value === "number" && value >= 0 && value <= 0x7fffffff;
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isIn =
  (low: number, high: number) =>
  (value: unknown): boolean =>
    isCount(value) && (value as number) >= low && (value as number) <= high;

const isToken = (value: unknown): value is string =>
  typeof value === "string" && /^\S{16,}$/.test(value);

/** Two tokens that are the same would give a reader the right to change things. */
function isTokenPair(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { read, operate, ...rest } = value as Record<string, unknown>;
  return isToken(read) && isToken(operate) && read !== operate && Object.keys(rest).length === 0;
}

/** As a browser sends it. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== "string" || !/^https?:/.test(value)) return false;
  return URL.canParse(value) && new URL(value).origin === value;
}

interface Rule {
  readonly fits: (value: unknown) => boolean;
  readonly expected: string;
  /** The value must not appear in any message. */
  readonly isSecret?: boolean;
}

const MS: Rule = { fits: isMs, expected: "milliseconds, 0..2147483647" };

const PATTERNS: Rule = {
  fits: (value) => {
    const patterns = typeof value === "string" ? value.split(";") : value;
    return (
      Array.isArray(patterns) &&
      patterns.some((item) => typeof item === "string" && item.includes("?")) &&
      patterns.every((item) => typeof item === "string" && (item.includes("?") || item === ""))
    );
  },
  expected: 'patterns with a "?" for the name, as "./services/?.ts"',
};

/** A thread that polls longer than a wake-up takes only burns its core. */
const POLLING_MAX_MS = 10;

/** The main thread is one of the threads that the directory can tell apart. */
const WORKERS_MAX = THREADS_MAX - 1;

/** A thread without services takes 15 MiB. */
const HEAP_MIN_MIB = 32;
const HEAP_MAX_MIB = 1 << 20;
/** The copy has to fit into the heap of a dry run's process. */
const DRY_MAX_MIB = DRY_MEMORY_MIB / 2;

const RULES: Readonly<Record<string, Rule>> = {
  thread: { fits: isIn(0, WORKERS_MAX), expected: `an integer, 0..${WORKERS_MAX}` },
  start: { fits: isText, expected: "the name of a service" },
  services: PATTERNS,
  tables: PATTERNS,
  harbor: { fits: isIn(0, 255), expected: "an integer, 0..255" },
  logger: {
    fits: isText,
    expected: "the path of a file, or with logservice the name of a service",
  },
  logservice: {
    fits: (value) => value === "snlua" || value === "snax",
    expected: '"snlua" or "snax"',
  },
  logformat: {
    fits: (value) => value === "text" || value === "json",
    expected: '"text" or "json"',
  },
  loglevel: { fits: isLevelName, expected: '"debug", "info", "warn" or "error"' },
  verbose: { fits: (value) => typeof value === "boolean", expected: "true or false" },
  preload: { fits: isText, expected: "the path of a module" },
  codecache: { fits: (value) => typeof value === "boolean", expected: "true or false" },
  profile: { fits: (value) => typeof value === "boolean", expected: "true or false" },
  calltimeout: MS,
  mailbox: { fits: isCount, expected: "a number of messages, 0 = no bound" },
  inittimeout: MS,
  drain: MS,
  stoptimeout: MS,
  console: {
    fits: (value) => parseEndpoint(value) !== undefined,
    expected: 'a port, or "host:port"',
  },
  metrics: {
    fits: (value) => parseEndpoint(value) !== undefined,
    expected: 'a port, or "host:port"',
  },
  consoletoken: {
    fits: (value) => isToken(value) || isTokenPair(value),
    expected: "a text of at least 16 characters without blanks, or { read, operate } with two such",
    isSecret: true,
  },
  audit: { fits: isText, expected: "the path of a file" },
  origins: {
    fits: (value) => Array.isArray(value) && value.every(isOrigin),
    expected: 'a list of origins, as ["https://ops.example.com"]',
  },
  hotfixtimeout: MS,
  dryrunmax: { fits: isIn(1, DRY_MAX_MIB), expected: `MiB, 1..${DRY_MAX_MIB}` },
  draintimeout: MS,
  ledger: {
    fits: (value) => value === false || isText(value),
    expected: "the path of a file, or false",
  },
  typecheck: {
    fits: (value) => value === "off" || value === "warn" || value === "require",
    expected: '"off", "warn" or "require"',
  },
  node: { fits: isText, expected: "a name" },
  cluster: {
    fits: (value) => describeNoConfig(value) === undefined,
    expected: "{ listen, nodes, token, tls, deadAfter, skynet: { open, expose, nodes } }",
  },
  polling: {
    fits: (value) => typeof value === "number" && value >= 0 && value <= POLLING_MAX_MS,
    expected: `milliseconds, 0..${POLLING_MAX_MS}`,
  },
  heap: {
    fits: (value) => value === 0 || isIn(HEAP_MIN_MIB, HEAP_MAX_MIB)(value),
    expected: `MiB, ${HEAP_MIN_MIB}..${HEAP_MAX_MIB}, or 0`,
  },
  stall: {
    fits: (value) =>
      typeof value === "object" &&
      value !== null &&
      Object.entries(value).every(
        ([key, ms]) => Object.hasOwn(STALL_USUAL, key) && (ms === undefined || isMs(ms)),
      ),
    expected: "{ warn, interrupt, rest }, each milliseconds, 0..2147483647",
  },
};

const STALL_USUAL: StallConfig = { warn: 1000, interrupt: 30_000, rest: INTERRUPT_REST_MS };

function withoutGaps(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function check(key: string, value: unknown): void {
  if (value === undefined) return;
  const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
  if (rule?.fits(value) === false) {
    const shown =
      rule.isSecret === true
        ? "of another form"
        : inspect(value, { depth: 1, breakLength: Infinity });
    throw new SnaxError("ERR_CONFIG", `${key} is ${shown}; expected ${rule.expected}`);
  }
  try {
    copyResult(value, undefined);
  } catch (error) {
    const why = "it can't be handed to services, which share no objects";
    throw new SnaxError("ERR_CONFIG", `${key} can't be in a configuration: ${why}`, {
      cause: error,
    });
  }
}

/** Returns a line for each key that looks like a known one mistyped; unknown keys are kept all the same. */
export function suspectKeys(config: Config): string[] {
  const known = [...Object.keys(RULES), ...HARBOR_KEYS];
  return Object.keys(config).flatMap((key) => {
    const hint = known.includes(key) ? "" : suggest(key, known);
    return hint === "" ? [] : [`configuration: ${key} is no key of snax${hint}`];
  });
}

/** Says what a value is that is no object of keys and values, or returns undefined if it is one. */
export function describeNoConfig(value: unknown): string | undefined {
  if (value === null) return "null";
  if (value === undefined) return "undefined (is there a default export?)";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return `a ${typeof value}`;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // The keys of an instance, a Map or a promise would be none, and the node would start with defaults.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return undefined;
  const maker: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return `an instance of ${typeof maker === "string" && maker !== "" ? maker : "a class"}`;
}

/**
 * Fills in the defaults.
 *
 * @throws {ERR_CONFIG} if a known key has a value that makes no sense.
 */
export function completeConfig(config: unknown): FullConfig {
  const what = describeNoConfig(config);
  if (what !== undefined) {
    throw new SnaxError(
      "ERR_CONFIG",
      `a configuration is an object of keys and values, not ${what}`,
    );
  }
  for (const [key, value] of Object.entries(config as object)) check(key, value);
  checkCluster((config as Config).cluster);
  checkHarbor(config as Config);
  const given = withoutGaps(config as object) as Config;
  if (given.logservice !== undefined && given.logger === undefined) {
    throw new SnaxError("ERR_CONFIG", "logservice needs logger, the name of a service");
  }
  return {
    thread: Math.min(availableParallelism(), WORKERS_MAX),
    services: "./services/?.ts",
    tables: DEFAULT_TABLE_PATTERNS,
    harbor: 0,
    logformat: "text",
    loglevel: "debug",
    verbose: false,
    codecache: true,
    profile: true,
    calltimeout: 0,
    mailbox: 0,
    inittimeout: 30_000,
    drain: 5000,
    stoptimeout: 5000,
    hotfixtimeout: 5000,
    dryrunmax: 64,
    draintimeout: 5000,
    polling: 0.1,
    ...given,
    stall: { ...STALL_USUAL, ...withoutGaps(given.stall ?? {}) } as StallConfig,
  };
}

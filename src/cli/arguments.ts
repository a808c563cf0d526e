/**
 * The command line of `snax`: what was asked for, or why it can't be understood.
 */

import { findNearest } from "../base/suggestion.ts";
import { SnaxError } from "../base/error.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { parseEndpoint } from "../net/endpoint.ts";

/** Printed by `snax --help` and after wrong usage. */
export const USAGE = `usage: snax <command>

  snax start [config] [--set key=value ...]   start a node; default config: snax.config.ts,
                                              .js, .mjs or .json in this folder
  snax dev [config] [--set key=value ...] [--poll]
                                              the same, and what you save runs at once, with the
                                              state; --poll: where no events of files come
  snax doctor [config] [--set key=value ...]  say what is wrong with machine, project and configuration
  snax console [host:]port                    connect to a debug console
  snax source address|type                    the text that runs, with its patches
  snax diff [address|type]                    what the files on disk would change in it
  snax check address|type [module=]file ...   check the types of a patch against the text that runs;
                                              --from-source: of what the files would change
  snax hotfix address|type [module=]file ...  patch what runs, from files
  snax hotfix address|type --from-source      patch it to what its files say; --yes takes notes,
                                              --force type errors, --atomic: all services
                                              of the type or none, --fleet: on all nodes
                                              or none, --allow-missing: but those that are silent;
                                              --and target file --atomic: several, all or none
  snax hotfix ... --dry-run [--probe 'method args'] ...
                                              what the patch would do, tried on a copy
  snax drift [--fleet] [--json]               which services run what, against the files on disk;
                                              --fleet: on all nodes
  snax patches [id] [--json]                  the patches of the node, or one with its texts
  snax loglevel [debug|info|warn|error]       show, or change, from which level on the log has lines
  snax drain                                  end the node once no call of another node is open
  snax rollback id ...                        take patches back, by the numbers of the ledger;
                                              --fleet: on all nodes, by those of the fleet
  snax inflight id [--wait s | --end]         who still runs a body from before a patch
  snax reload address|type [--strict]         put the files as they are now behind running services,
                                              with their state
  snax swap type [--stateless] [--retire s]   put new services of the files as they are now in their place
  snax migrate address thread                 move a running service to another thread, with its state
                                              (all thirteen ask the console of the configuration,
                                              or of --console [host:]port)
  snax init [folder]                          put a configuration and two services into this project;
                                              default folder for services: services
  snax types [config] [--watch]               write snax.d.ts: the types of all services by name;
                                              --watch: again whenever one comes, goes or changes
  snax sproto [--bigint] file.sproto ...      write file.ts: the types of a schema

  snax --help | --version
`;

/** What was asked for. */
export interface Invocation {
  readonly command:
    | "start"
    | "dev"
    | "doctor"
    | "init"
    | "console"
    | "types"
    | "sproto"
    | "source"
    | "diff"
    | "check"
    | "hotfix"
    | "drain"
    | "drift"
    | "loglevel"
    | "patches"
    | "rollback"
    | "inflight"
    | "reload"
    | "swap"
    | "migrate"
    | "help"
    | "version";
  /** The words of a command that the console of a node runs. */
  readonly words?: readonly string[];
  /** The configuration file, if one was named. */
  readonly config?: string;
  /** The folder for services, if one was named. */
  readonly folder?: string;
  /** Whether `types` goes on. */
  readonly isWatching?: boolean;
  /** Whether `dev` looks at the files again and again, and asks for no events. */
  readonly isPolling?: boolean;
  /** Where the debug console listens. */
  readonly place?: Endpoint;
  /** The schemas. */
  readonly schemas?: readonly string[];
  /** Whether the schemas' integers may be bigints. */
  readonly isBigint?: boolean;
  /** Keys of the configuration that the command line overrides. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

/**
 * Reads the command line.
 *
 * @throws {ERR_ARGUMENT} for wrong usage.
 */
export function parseArguments(words: readonly string[]): Invocation {
  const overrides: Record<string, unknown> = {};
  if (words[0] === "sproto" && !words.some((word) => HELP.has(word))) {
    return { command: "sproto", overrides, ...readSchemas(words.slice(1)) };
  }
  const asked = words[0] ?? "";
  if (OPERATIONS.has(asked) && !words.some((word) => HELP.has(word))) {
    return { overrides, ...readOperation(asked as "source", words.slice(1)) };
  }
  const names: string[] = [];
  let isWatching = false;
  let isPolling = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (HELP.has(word)) return { command: "help", overrides };
    if (word === "--version" || word === "-v") return { command: "version", overrides };
    if (word === "--set") {
      index += 1;
      setOverride(overrides, words[index]);
    } else if (word.startsWith("--set=")) setOverride(overrides, word.slice("--set=".length));
    else if (word === "--watch" && asked === "types") isWatching = true;
    else if (word === "--poll" && asked === "dev") isPolling = true;
    else if (word.startsWith("-")) throw wrong(`unknown option ${word}`);
    else names.push(word);
  }
  const [command, config, surplus] = names;
  if (command === undefined) throw wrong("no command");
  if (!isCommand(command)) throw wrong(explainUnknown(command));
  if (surplus !== undefined) throw wrong(`one argument too many: ${surplus}`);
  if (command === "console") return { command, overrides, place: readPlace(config) };
  if (command === "init") {
    if (Object.keys(overrides).length > 0) throw wrong("init takes no --set");
    return { command, overrides, ...(config === undefined ? {} : { folder: config }) };
  }
  return {
    ...{ command, overrides },
    ...(config === undefined ? {} : { config }),
    ...(isWatching ? { isWatching } : {}),
    ...(isPolling ? { isPolling } : {}),
  };
}

/** Many type a command of the console, which knows more of them. */
function explainUnknown(command: string): string {
  const near = findNearest(command, [...COMMANDS, ...OPERATIONS], 2);
  const place = "commands of the debug console are typed there: snax console [host:]port";
  return `unknown command ${command}; ${near === undefined ? place : `did you mean "${near}"?`}`;
}

/** Commands that the console of a node runs. */
type Operation =
  | "source"
  | "diff"
  | "check"
  | "hotfix"
  | "rollback"
  | "inflight"
  | "reload"
  | "swap"
  | "migrate"
  | "drain"
  | "loglevel"
  | "drift"
  | "patches";

const OPERATIONS: ReadonlySet<string> = new Set<Operation>([
  "source",
  "diff",
  "check",
  "hotfix",
  "rollback",
  "inflight",
  "reload",
  "swap",
  "migrate",
  "drain",
  "loglevel",
  "drift",
  "patches",
]);

/** What a command can't do without. */
const NEEDED: Readonly<Partial<Record<Operation, string>>> = {
  source: "an address or a type",
  check: "an address or a type",
  hotfix: "an address or a type",
  rollback: "the number of a patch",
  inflight: "the number of a patch",
  reload: "an address or a type",
  swap: "a type",
  migrate: "an address and the number of a thread",
};

/** `[--console [host:]port]`, and words that are the console's. */
function readOperation(
  command: Operation,
  given: readonly string[],
): Pick<Invocation, "command" | "words" | "place"> {
  const words: string[] = [];
  let place: Endpoint | undefined;
  for (let index = 0; index < given.length; index += 1) {
    const word = given[index] ?? "";
    if (word === "--console") {
      index += 1;
      place = readPlace(given[index]);
    } else if (command === "hotfix" && /^--probe(?:=|$)/.test(word)) {
      // The console takes a line apart at its blanks.
      const probe = word === "--probe" ? given[(index += 1)] : word.slice("--probe=".length);
      words.push(`--probe=${encodeURIComponent(probe ?? "")}`);
    } else if (word.startsWith("--console=")) place = readPlace(word.slice("--console=".length));
    else if (/\s/.test(word))
      throw wrong(
        `${JSON.stringify(word)} has blanks, at which the console takes it apart; only what follows --probe may have some`,
      );
    else words.push(word);
  }
  if (command === "drain" && words.length > 0) throw wrong("drain takes no arguments");
  const needed = NEEDED[command];
  if (needed !== undefined && words.length === 0) throw wrong(`${command} needs ${needed}`);
  return { command, words, ...(place === undefined ? {} : { place }) };
}

type NamedCommand = "start" | "dev" | "doctor" | "init" | "types" | "console";

const COMMANDS: ReadonlySet<string> = new Set<NamedCommand>([
  "start",
  "dev",
  "doctor",
  "init",
  "types",
  "console",
]);

function isCommand(word: string): word is NamedCommand {
  return COMMANDS.has(word);
}

const HELP: ReadonlySet<string> = new Set(["--help", "-h"]);

/** `[--bigint] file.sproto ...` */
function readSchemas(words: readonly string[]): Pick<Invocation, "schemas" | "isBigint"> {
  const isBigint = words.includes("--bigint");
  const schemas = words.filter((word) => word !== "--bigint");
  const wrongWord = schemas.find((word) => !word.endsWith(".sproto"));
  if (wrongWord !== undefined) throw wrong(`${wrongWord} is not called *.sproto`);
  if (schemas.length === 0) throw wrong("sproto needs file.sproto");
  return { schemas, isBigint };
}

/** `key=value`; the value is read as JSON where it is JSON, so that numbers and booleans are what they look like. */
function setOverride(overrides: Record<string, unknown>, text: string | undefined): void {
  const split = text?.indexOf("=") ?? -1;
  if (text === undefined || split <= 0) throw wrong("--set needs key=value");
  const value = text.slice(split + 1);
  try {
    overrides[text.slice(0, split)] = JSON.parse(value) as unknown;
  } catch {
    // Not JSON: a plain text.
    overrides[text.slice(0, split)] = value;
  }
}

function readPlace(word: string | undefined): Endpoint {
  const place = parseEndpoint(word);
  if (place === undefined || place.port === 0) throw wrong("console needs [host:]port");
  return place;
}

function wrong(message: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", message);
}

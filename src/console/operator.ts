/**
 * Runs the commands of one debug console: a line in, an outcome out.
 *
 *     line -> a turn of the console's service -> command -> outcome -> the log, if it changes something
 *
 * Commands run inside the service, so what they cost and whom they call stands under its address. Nothing here throws: a
 * failure is an outcome.
 */

import { SnaxError } from "../base/error.ts";
import type { Runtime } from "../service/runtime.ts";
import type { Context } from "../service/context.ts";
import type { SkynetApi } from "../service/skynet-api.ts";
import { createSkynet } from "../service/skynet.ts";
import { COMMANDS } from "./command-list.ts";
import type { Command, CommandCall, CommandResult, Terminal } from "./command.ts";
import type { ConsoleNode } from "./console-node.ts";
import { describeFailure } from "./failure.ts";
import { runRouted } from "./thread-route.ts";

/** What came of a line. */
export type Outcome =
  | { readonly ok: true; readonly command: Command; readonly result: CommandResult }
  | { readonly ok: false; readonly command: Command | undefined; readonly error: unknown };

/** Longest part of a line, or of what came of it, that the log shows, in characters. */
const SHOWN_MAX = 200;

/** Milliseconds after which the log tells of a command that still runs. */
const AUDIT_WAIT_MS = 1000;

/** One console's hands. */
export class Operator {
  readonly node: ConsoleNode;
  /** The service of the console. */
  readonly context: Context;
  /** The service's own API: commands use what any service may use, where it is enough. */
  readonly skynet: SkynetApi;

  constructor(node: ConsoleNode, context: Context) {
    this.node = node;
    this.context = context;
    this.skynet = createSkynet(context);
  }

  get runtime(): Runtime {
    return this.context.runtime;
  }

  /**
   * Runs a line.
   *
   * @param who - the client, for the log.
   * @param terminal - its connection, if it talks in lines.
   * @returns what came of it; never settles if the console's service ends meanwhile.
   */
  execute(line: string, who: string, terminal?: Terminal): Promise<Outcome> {
    return new Promise((resolve) => {
      this.runtime.kernel.soon(
        this.context.service,
        () => void this.#run(line, who, terminal).then(resolve),
      );
    });
  }

  /** Ends a slice of long work, so that everything goes first that waits on the thread: messages, timers, sockets. */
  rest(): Promise<void> {
    return this.node.pacer.rest(this.context);
  }

  /** Waits inside the console's service. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.runtime.kernel.addTimer(this.context.service, ms, resolve);
    });
  }

  async #run(line: string, who: string, terminal: Terminal | undefined): Promise<Outcome> {
    const [name = "", ...args] = line.trim().split(/\s+/);
    const command = COMMANDS.get(name);
    const call: CommandCall = { operator: this, args, line, terminal };
    if (command === undefined) return { ok: false, command, error: unknownCommand() };
    if (command.isChange !== true) return this.#try(command, call);
    const shown = command.conceal?.(line) ?? line;
    const endWatch = this.#watch(shown, who);
    const onLate = (work: Promise<CommandResult>): void => {
      const tell = (outcome: Outcome): void =>
        this.#audit(shown, who, `ended at last : ${summarize(outcome)}`);
      work.then(
        (result) => tell({ ok: true, command, result }),
        (error: unknown) => tell({ ok: false, command, error }),
      );
    };
    const outcome = await this.#try(command, { ...call, onLate });
    endWatch();
    this.#audit(shown, who, summarize(outcome));
    return outcome;
  }

  async #try(command: Command, call: CommandCall): Promise<Outcome> {
    try {
      return { ok: true, command, result: await runRouted(command, call) };
    } catch (error) {
      return { ok: false, command, error };
    }
  }

  /**
   * Sees to it that the log tells also of a command that takes long, and of one that ends its own console.
   *
   * @returns a function that ends the watch.
   */
  #watch(line: string, who: string): () => void {
    const { kernel } = this.runtime;
    const { service } = this.context;
    const timer = kernel.addTimer(service, AUDIT_WAIT_MS, () => this.#audit(line, who, "runs"));
    const unwatch = kernel.watch(service.handle, () =>
      this.#audit(line, who, "the console ended before the command"),
    );
    return () => {
      kernel.removeTimer(service, timer);
      unwatch?.();
    };
  }

  #audit(line: string, who: string, result: string): void {
    const text = `${who} ran ${JSON.stringify(shorten(line))} : ${result}`;
    this.runtime.log(this.context.handle, text);
  }
}

/** What the log says of an outcome: one line, whatever a service has put into its error. */
function summarize(outcome: Outcome): string {
  if (!outcome.ok) return `failed : ${flatten(describeFailure(outcome.error))}`;
  const { result } = outcome;
  return typeof result === "string" && result !== "" ? flatten(result) : "ok";
}

function flatten(text: string): string {
  return shorten(text.replaceAll("\n", " : "));
}

function shorten(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

/** In skynet's words. */
function unknownCommand(): SnaxError {
  return new SnaxError("ERR_NO_METHOD", "Invalid command, type help for command list");
}

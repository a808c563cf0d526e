/**
 * Commands about services: listing, starting, asking and ending them.
 *
 * The kernel knows the figures of a service, so `list`, `stat` and `mem` answer even for a service that is stuck.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress, mailboxLength, unfinishedCount } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import { launch } from "../../service/boot.ts";
import type { Context } from "../../service/context.ts";
import { launchCommand, PLAIN_KIND_NAME } from "../../service/life.ts";
import { readAddress, readService } from "../operator/address.ts";
import type {
  CommandCall,
  CommandResult,
  CommandTable,
  Route,
  Table,
} from "../operator/command.ts";
import { toResult } from "../operator/command.ts";
import { estimateBytes } from "../inspect/heap-estimate.ts";
import { describeFailure, formatFloat } from "../print/print.ts";
import type { Operator } from "../operator/operator.ts";
import { PartRows } from "../operator/page.ts";
import { toAll, toService } from "../threads/thread-route.ts";
import { visitServices } from "../inspect/service-walk.ts";

/** What `stat` says of a service. */
interface Stat {
  /** Seconds. */
  readonly cpu: number;
  readonly message: number;
  readonly mqlen: number;
  /** Calls that wait for an answer. */
  readonly task: number;
  /** Handlers that wait, or whose answer is still to come. */
  readonly handlers: number;
}

function statOf({ service }: Context): Stat {
  return {
    cpu: Math.round(service.cpuMs * 1000) / 1e6,
    message: service.messageCount,
    mqlen: mailboxLength(service),
    task: service.calls?.size ?? 0,
    handlers: unfinishedCount(service),
  };
}

async function collect(
  { operator, part }: CommandCall,
  row: (context: Context) => unknown,
): Promise<Table> {
  const rows = new PartRows(part);
  const { after } = rows;
  // An address has the same length as any other: it sorts as its handle does.
  const visit = (context: Context): boolean =>
    rows.add(formatAddress(context.handle), row(context));
  await visitServices(operator, visit, { after });
  return rows.table();
}

/** Starts a service as `newservice` does; as in skynet a failure is a result, and here with the reason below it. */
async function start(
  { operator }: CommandCall,
  name: string | undefined,
  run: (name: string) => Promise<number>,
): Promise<CommandResult> {
  try {
    if (name === undefined) throw new SnaxError("ERR_ARGUMENT", "need the name of a service");
    const handle = await run(name);
    if (!operator.runtime.kernel.lives(handle)) return "Exit";
    return new Map([[formatAddress(handle), name]]);
  } catch (error) {
    return `Failed\n${describeFailure(error)}`;
  }
}

/** The thread on which a new service is started: one of those with the least to do. */
const toChosen: Route = ({ operator, args }) => operator.runtime.threads?.choose(args[0] ?? "");

/** Asks the launcher for a service, on a thread or, for those that belong there, on the main one. */
function launcherOf(
  { operator, args }: CommandCall,
  kind: string,
  thread: number | undefined,
): (name: string) => Promise<number> {
  return (name) =>
    operator.skynet
      .within(Infinity)
      .call(".launcher", "lua", ...launchCommand(thread), kind, name, ...args.slice(1));
}

/** Starts a service whose messages are recorded from the first one on; the launcher learns of it from the service. */
function startLogged(operator: Operator, name: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const context: Context = launch(operator.runtime, {
      kind: "snlua",
      name,
      args,
      onReady: (error) => {
        if (error === undefined) resolve(context.handle);
        else reject(error as Error);
      },
    });
    try {
      operator.thread.recorder.logOn(context, operator.context.handle);
    } catch (error) {
      reject(error as Error);
    }
  });
}

/** Sends a debug message and returns the answer. */
async function ask(
  { operator, args }: CommandCall,
  command: string | undefined,
  ...values: readonly unknown[]
): Promise<CommandResult> {
  const handle = readAddress(operator, args[0]);
  return toResult(await operator.skynet.call(handle, "debug", command, ...values));
}

async function kill({ operator, args }: CommandCall): Promise<CommandResult> {
  const handle = readAddress(operator, args[0]);
  if (!operator.runtime.kernel.lives(handle)) throw deadError(handle);
  const killed = await operator.skynet.call<Record<string, string>>(
    ".launcher",
    "lua",
    "KILL",
    handle,
  );
  return new Map(Object.entries(killed).map(([key, title]) => [key, title === "" ? null : title]));
}

async function ping({ operator, args }: CommandCall): Promise<CommandResult> {
  const handle = readAddress(operator, args[0]);
  const { clock } = operator.runtime;
  const since = clock.now();
  await operator.skynet.call(handle, "debug", "PING");
  return clock.now() - since;
}

/** Signal 0 cuts off a handler that does not return; it is sent from the main thread, for the service's own can't hear it. */
async function signal({ operator, args: [word, text = "0"] }: CommandCall): Promise<CommandResult> {
  const handle = readAddress(operator, word);
  const number = Number(text);
  if (!Number.isInteger(number)) throw new SnaxError("ERR_ARGUMENT", `${text} is no signal`);
  const { runtime } = operator;
  const { threads } = runtime;
  // A handler may run on although its service was killed.
  const isAtWork = threads?.hosts.some((thread) => threads.workOf(thread)?.handle === handle);
  if (isAtWork !== true && !runtime.kernel.lives(handle)) throw deadError(handle);
  runtime.log(handle, `recv a signal ${number}`);
  if (number === 0) {
    const news = (await runtime.interrupt?.(handle)) ?? "it does nothing at the moment";
    const { byHandMs } = runtime.kernel.rests;
    if (byHandMs === 0 || !news.startsWith("interrupted") || !runtime.kernel.lives(handle))
      return news;
    return `${news}\nit rests for ${byHandMs} ms or longer; a patch ends that`;
  }
  if (number === 1) {
    const kb = (estimateBytes(readService(operator, word)) / 1024).toFixed(3);
    runtime.log(handle, `Current Memory ${kb}K`);
  }
  return undefined;
}

/** Any other signal is the service's own thread's business. */
const toSignalled: Route = (call) =>
  Number(call.args[1] ?? 0) === 0 ? undefined : toService(call);

/** The commands by name. */
export const serviceCommands: CommandTable = {
  list: {
    help: "List all the services",
    route: toAll,
    isPaged: true,
    run: (use) => collect(use, ({ service }) => service.title),
  },
  stat: {
    help: "Dump all stats",
    route: toAll,
    isPaged: true,
    run: (use) => collect(use, statOf),
    print: (row) => {
      const { cpu, message, mqlen, task, handlers } = row as Stat;
      const head = `cpu:${formatFloat(cpu)}\tmessage:${message}\tmqlen:${mqlen}`;
      return `${head}\ttask:${task}\thandlers:${handlers}`;
    },
  },
  service: {
    help: "List unique services",
    run: async ({ operator }) => toResult(await operator.skynet.call(".service", "lua", "LIST")),
  },
  info: {
    help: "info address : get service information",
    needs: toService,
    run: (use) => ask(use, "INFO", ...use.args.slice(1)),
  },
  dbgcmd: {
    help: "run address debug command",
    isChange: true,
    needs: toService,
    run: (use) => {
      if (use.args[1] === undefined) throw new SnaxError("ERR_ARGUMENT", "need a debug command");
      return ask(use, use.args[1], ...use.args.slice(2));
    },
  },
  ping: {
    help: "ping address",
    needs: toService,
    run: ping,
    print: (ms) => String(Math.floor(Number(ms) / 10)),
  },
  exit: {
    help: "exit address : kill a lua service",
    isChange: true,
    run: ({ operator, args }) => {
      const handle = readAddress(operator, args[0]);
      if (!operator.skynet.send(handle, "debug", "EXIT")) throw deadError(handle);
      return undefined;
    },
  },
  kill: { help: "kill address : kill service", isChange: true, run: kill },
  start: {
    help: "launch a new lua service",
    isChange: true,
    needs: toChosen,
    run: (use, [thread]) => start(use, use.args[0], launcherOf(use, PLAIN_KIND_NAME, thread)),
  },
  snax: {
    help: "launch a new snax service",
    isChange: true,
    needs: toChosen,
    run: (use, [thread]) => start(use, use.args[0], launcherOf(use, "snax", thread)),
  },
  log: {
    help: "launch a new lua service with log",
    isChange: true,
    route: toChosen,
    run: (use) =>
      start(use, use.args[0], (name) => startLogged(use.operator, name, use.args.slice(1))),
  },
  signal: { help: "signal address sig", isChange: true, route: toSignalled, run: signal },
};

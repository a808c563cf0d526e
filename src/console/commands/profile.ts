/**
 * The command `profile`: what a thread, or one service of it, spends its time on.
 *
 *     profile [address|thread] [seconds]       a .cpuprofile for the browser's tools
 *
 * V8 samples the thread. For one service the spans in which its messages are handled are noted meanwhile, and samples
 * outside of them count as idle: the time line stays true.
 */

import { writeFileSync } from "node:fs";
import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Service } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import type { MessageListener } from "../../service/message-tap.ts";
import { readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { readSeconds } from "../operator/command.ts";
import type { CpuProfile } from "../../inspector/own-session.ts";
import { openProfiler } from "../../inspector/own-session.ts";
import { outputPath, stampedName } from "../operator/output-file.ts";
import { toThread } from "../threads/thread-route.ts";

/** Seconds that are measured unless the command says how many. */
const SECONDS = 5;

/** Two spans of a service that are closer than this are one, in microseconds: a twentieth of V8's usual interval. */
const NEAR_US = 50;

/** V8 has one profiler for each thread. */
let isProfiling = false;

async function profile({ operator, args }: CommandCall): Promise<CommandResult> {
  const [place, word] = placeAndSeconds(args);
  const seconds = readSeconds(word, SECONDS);
  const { runtime } = operator;
  const own = String(runtime.threads?.own ?? 0);
  const target = place === undefined || place === own ? undefined : readTarget(operator, place);
  if (isProfiling)
    throw new SnaxError("ERR_ARGUMENT", "a profile is being taken; wait for its end");
  isProfiling = true;
  const session = openProfiler();
  const spans = target === undefined ? undefined : new Spans(target.service);
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    if (spans !== undefined) runtime.tap.add(spans.see);
    await operator.pause(seconds * 1000);
    const { profile: taken } = await session.post("Profiler.stop");
    spans?.end();
    const name = target === undefined ? `thread-${own}` : formatAddress(target.handle).slice(1);
    const path = outputPath(runtime, stampedName(runtime, name, "cpuprofile"));
    writeFileSync(path, JSON.stringify(spans === undefined ? taken : only(taken, spans)));
    return path;
  } finally {
    isProfiling = false;
    if (spans !== undefined) runtime.tap.remove(spans.see);
    session.disconnect();
  }
}

/** One word is a number of seconds, unless it can only be an address. */
function placeAndSeconds([first, second]: readonly string[]): (string | undefined)[] {
  if (second === undefined && first !== undefined && !/^[:.][^.\d]|^:/.test(first)) {
    return [undefined, first];
  }
  return [first, second];
}

/** A service of this thread; the number of a thread means all of them. */
function readTarget(operator: CommandCall["operator"], word: string): Context | undefined {
  const { threads } = operator.runtime;
  const isThread = threads !== undefined && /^\d{1,3}$/.test(word) && Number(word) === threads.own;
  return isThread ? undefined : readService(operator, word);
}

/** Microseconds of the clock that V8's samples have. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** The spans of time in which a service handles its messages. */
class Spans {
  readonly #service: Service;
  /** Beginnings and ends in turn. */
  readonly #times: number[] = [];
  readonly see: MessageListener;

  constructor(service: Service) {
    this.#service = service;
    this.see = (running) => this.#note(running === this.#service);
  }

  #note(isRunning: boolean): void {
    const times = this.#times;
    const isOpen = times.length % 2 === 1;
    if (isRunning === isOpen) return;
    const now = nowUs();
    if (isRunning && now - (times.at(-1) ?? 0) < NEAR_US) times.pop();
    else times.push(now);
  }

  end(): void {
    this.#note(false);
  }

  /** Makes a test for rising times. */
  createTest(): (timeUs: number) => boolean {
    const times = this.#times;
    let next = 0;
    return (timeUs) => {
      while (next < times.length && (times[next] as number) <= timeUs) next += 1;
      return next % 2 === 1;
    };
  }
}

/** Counts as idle what is outside the spans. */
function only(taken: CpuProfile, spans: Spans): CpuProfile {
  const { nodes, samples = [], timeDeltas = [], startTime } = taken;
  const root = nodes[0]?.id ?? 1;
  const idle = nodes.find(({ callFrame }) => callFrame.functionName === "(idle)")?.id ?? root;
  const isInside = spans.createTest();
  const hits = new Map<number, number>();
  let time = startTime;
  const kept = samples.map((sample, index) => {
    time += timeDeltas[index] ?? 0;
    const node = isInside(time) ? sample : idle;
    hits.set(node, (hits.get(node) ?? 0) + 1);
    return node;
  });
  const counted = nodes.map((node) => ({ ...node, hitCount: hits.get(node.id) ?? 0 }));
  return { ...taken, nodes: counted, samples: kept };
}

/** The commands by name. */
export const profileCommands: CommandTable = {
  profile: {
    help: "profile [address|thread] [seconds] : write a .cpuprofile of a service or a thread",
    isChange: true,
    route: (call) =>
      toThread(0)({ ...call, args: placeAndSeconds(call.args).slice(0, 1) as string[] }),
    run: profile,
  },
};

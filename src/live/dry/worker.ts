/**
 * The process of one dry run: two copies of a service, one with the patch, are asked the same. It says what it does next,
 * so that the process that has started it knows what did not return, and is ended afterwards.
 */

import { Worker } from "node:worker_threads";
import { codeOf, SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";
import { messageOf } from "../../service/error-text.ts";
import { inspect } from "node:util";
import type { DryAnswer } from "../../snax/types-dry.ts";
import { hasHotfix } from "../text/patch-text.ts";
import { compareStates } from "../state/difference.ts";
import { Copy, CopyPlan } from "./copy.ts";
import type { AskLive } from "./dry-api.ts";
import type { DryCall, DryDone, DryQuestion, DryReply, DryWord } from "./question.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Milliseconds that a probe may wait for something of Node, such as a file. */
const SETTLE_MS = 1000;
/** Milliseconds between two looks at who has started this process. */
const PARENT_LOOK_MS = 500;

const send = process.send?.bind(process) as (word: DryWord, done?: () => void) => void;
const step = (what: string): Promise<void> =>
  new Promise((resolve) => {
    send({ kind: "step", what }, () => resolve());
  });

async function run(question: DryQuestion): Promise<DryDone> {
  const { service, probes } = question;
  const time = new VirtualTime(service);
  await step("making the copy");
  const plan = new CopyPlan(service);
  const ask = createAsk(new Set(question.allow));
  time.install();
  const old = await Copy.make(plan, time, ask);
  const before: DryAnswer[] = [];
  for (const probe of probes) {
    await step(`the probe ${nameOf(probe)}, with the code that runs,`);
    before.push(await old.ask(probe, SETTLE_MS));
  }
  await step("making the copy");
  const oldState = old.state();
  time.reset();
  const patched = await Copy.make(plan, time, ask);
  const first = patched.state();
  await step("hotfix()");
  const hotfix = await patched.apply(question);
  await step("the comparison");
  const atOnce = compareStates(first, patched.state());
  const after: DryAnswer[] = [];
  for (const probe of probes) {
    await step(`the probe ${nameOf(probe)}`);
    after.push(await patched.ask(probe, SETTLE_MS));
  }
  await step("the comparison");
  return {
    kind: "done",
    missing: patched.missing,
    hotfix: [...question.texts.values()].some(hasHotfix) ? hotfix : undefined,
    atOnce,
    probes: probes.map((probe, index) => ({
      probe: nameOf(probe),
      before: before[index] as DryAnswer,
      after: after[index] as DryAnswer,
    })),
    afterProbes: probes.length === 0 ? [] : compareStates(oldState, patched.state()),
    notes: plan.notes,
  };
}

/** Asks a live service the same only once: both copies hear the same. */
function createAsk(allowed: ReadonlySet<string>): AskLive {
  const answers = new Map<string, Promise<unknown>>();
  const waiting = new Map<number, (reply: DryReply) => void>();
  process.on("message", (word: DryReply | DryQuestion) => {
    if ("id" in word) waiting.get(word.id)?.(word);
  });
  return (asked, names) => {
    if (!names.some((name) => allowed.has(name))) return undefined;
    const key = inspect(asked, { depth: null, maxArrayLength: null, maxStringLength: null });
    let answer = answers.get(key);
    if (answer === undefined) {
      const id = answers.size;
      answer = new Promise((resolve, reject) => {
        waiting.set(id, ({ value, error }) => {
          if (error === undefined) resolve(value);
          else reject(new SnaxError(error.code ?? "ERR_REMOTE", error.message));
        });
        send({ kind: "ask", id, ask: asked });
      });
      answer.catch(() => {});
      answers.set(key, answer);
    }
    // Each copy has an answer of its own to change.
    return answer.then((value) => structuredClone(value));
  };
}

function nameOf({ method, args }: DryCall): string {
  const shown = args.map((arg) => inspect(arg, { depth: 3, breakLength: Infinity }));
  return `${method}(${shown.join(", ")})`;
}

/** What would lead out of the copies. */
function closeDoors(): void {
  for (const name of ["fetch", "WebSocket", "EventSource", "BroadcastChannel"]) {
    Reflect.deleteProperty(globalThis, name);
  }
  for (const name of ["getBuiltinModule", "binding", "_linkedBinding", "dlopen", "kill", "chdir"]) {
    Reflect.deleteProperty(process, name);
  }
}

process.once("message", (question: DryQuestion) => {
  closeDoors();
  void run(question)
    .catch((error: unknown): DryWord => {
      return {
        kind: "failed",
        code: codeOf(error) as ErrorCode | undefined,
        message: messageOf(error),
      };
    })
    .then((word) => send(word));
});
// A promise that a service's code has dropped ends nothing.
process.on("unhandledRejection", () => {});
process.on("disconnect", () => process.exit(0));
if (process.platform !== "win32") {
  // A copy that loops hears of nothing: another thread looks whether the node is still there.
  const parent = process.ppid;
  const look = `if (process.ppid !== ${parent}) process.kill(${process.pid}, "SIGKILL")`;
  new Worker(`setInterval(() => { ${look} }, ${PARENT_LOOK_MS})`, { eval: true }).unref();
}

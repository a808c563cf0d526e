/**
 * The right of a global service to act, looked at before each message, on any thread.
 *
 *     membership -> until when -> shared memory -> the thread of the service: message -> is it still time? -> handler
 *
 * The moment is one of the machine's monotonic clock, which all threads of a process read alike. A request or a post that comes too late is refused with
 * ERR_ENGINE_DOWN: another node may have the name already. Timers and sleeps wait: either the right is confirmed, and they run, or the service is ended. Answers
 * pass, for they end what was begun: what acts behind an `await` asks for its token once more.
 */

import { SnaxError } from "../base/error.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Timer } from "../kernel/timers.ts";
import type { Context } from "./context.ts";
import { defineNote } from "./context.ts";
import { ServiceTimer } from "./timers.ts";
import { Timeout, Waiter } from "./waiting.ts";

/** What a global service knows of its right. */
interface Tenure {
  readonly until: BigInt64Array;
  readonly token: number;
}

const tenures = defineNote<Tenure>({ holds: () => "the name of a global service" });

/** Until when a process has the right to its names, where all threads can read it. */
export class TenureClock {
  #memory = new SharedArrayBuffer(8);
  #until = new BigInt64Array(this.#memory);

  /** What services that begin now look at. */
  get memory(): SharedArrayBuffer {
    return this.#memory;
  }

  /** The right lasts for `ms` milliseconds from now. */
  extend(ms: number): void {
    Atomics.store(this.#until, 0, process.hrtime.bigint() + BigInt(Math.floor(ms * 1e6)));
  }

  /**
   * The right has ended, for good.
   *
   * Race: the next right may begin before a service of another thread hears that it is ended; so that one begins on a clock of its own;
   * test/integration/cluster/owner-stopped.test.ts.
   */
  end(): void {
    Atomics.store(this.#until, 0, 0n);
    this.#memory = new SharedArrayBuffer(8);
    this.#until = new BigInt64Array(this.#memory);
  }
}

/** Lets a service act only while its node has the right to its name; on the thread of the service. */
export function beginTenure(context: Context, memory: SharedArrayBuffer, token: number): void {
  const before = tenures.peek(context);
  if (before !== undefined && before.token !== token) {
    const why = `${context.name} is of an earlier right to its name`;
    throw new SnaxError("ERR_SERVICE_DEAD", why);
  }
  const isNew = before === undefined;
  tenures.set(context, { until: new BigInt64Array(memory), token });
  if (!isNew) return;
  const receive = context.receive.bind(context);
  context.receive = (message) => {
    const { type } = message;
    const isWork = type !== PTYPE.response && type !== PTYPE.error && type !== PTYPE.debug;
    if (isWork && !mayAct(context)) return context.refuse(message, lateError(context));
    receive(message);
  };
  context.service.mayRun = (timer) => mayAct(context) || !isOfCode(timer);
}

/** The code of the service has asked for it: no deadline of a call, and nothing of the system's own. */
function isOfCode({ subject }: Timer): boolean {
  return [ServiceTimer, Timeout, Waiter].some((kind) => subject instanceof kind);
}

/** Returns the fencing token of a global service; undefined if it is not global. @throws {ERR_ENGINE_DOWN} if its right has ended. */
export function tokenOf(context: Context): number | undefined {
  const tenure = tenures.peek(context);
  if (tenure !== undefined && !mayAct(context)) throw lateError(context);
  return tenure?.token;
}

function mayAct(context: Context): boolean {
  const tenure = tenures.peek(context);
  return tenure === undefined || process.hrtime.bigint() < Atomics.load(tenure.until, 0);
}

function lateError({ name }: Context): Error {
  const why = `the engine of the cluster has not confirmed that ${name} is still this node's`;
  return new SnaxError("ERR_ENGINE_DOWN", why, { data: { sent: false } });
}

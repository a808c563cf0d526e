/** A thread of a node without a runtime: what the fabric puts together, and a kernel that hosts nothing. */

import { systemClock } from "../../../src/base/clock.ts";
import { createDrain } from "../../../src/fabric/event-loop.ts";
import type { Thread, ThreadOptions } from "../../../src/fabric/thread.ts";
import { createThread } from "../../../src/fabric/thread.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";

/** What a test says of its thread. */
export type BareOptions = Pick<ThreadOptions, "memory" | "thread" | "onWord" | "onMalformed"> &
  Partial<ThreadOptions>;

/** Creates a thread that takes turns. */
export function createBareThread(options: BareOptions): Thread {
  const thread = createThread({
    ...{ clock: systemClock, portables: new PortableTable(), harbor: 0, waitingLimit: 0 },
    ...options,
  });
  const kernel = new Kernel({
    ...{ clock: systemClock, drain: createDrain(), waker: thread.waker },
    ...{ elsewhere: thread.fabric, handles: thread.directory.handleSource(options.thread) },
    events: { onError: () => {}, onOverload: () => {}, onDeath: () => {} },
  });
  thread.fabric.attach(kernel, thread.exchange);
  thread.waker.attach(kernel);
  return thread;
}

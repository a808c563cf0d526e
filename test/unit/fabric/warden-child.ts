/** A worker of warden.test.ts: it ends before it is ready as often as it is told, or is joined to the others and echoes. */

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import type { ThreadData, ThreadNews } from "../../../src/fabric/warden.ts";
import { createBareThread } from "./bare-thread.ts";

const data = workerData as ThreadData;
// How many more threads are to fail.
const failures = new Int32Array(data.node as SharedArrayBuffer);
if (Atomics.load(failures, 0) > 0) {
  Atomics.sub(failures, 0, 1);
  process.exit(1);
}

const thread = createBareThread({
  memory: data.memory,
  thread: data.thread,
  onMalformed: (_from, error) => {
    throw error;
  },
  onUnknown: () => takeNews(),
  // Passed on to the thread that the word names, and from there to the main thread.
  onWord: (_from, [word, next, ...way]) => {
    if (next === undefined) thread.fabric.tell(0, word, data.thread);
    else thread.fabric.tell(next as number, word, ...way);
  },
});

function hear(news: ThreadNews): void {
  if (news.kind === "join") thread.join(news.joint);
  else thread.part(news.thread);
}

function takeNews(): void {
  for (;;) {
    const received = receiveMessageOnPort(data.news) as { message: ThreadNews } | undefined;
    if (received === undefined) return;
    hear(received.message);
  }
}

data.news.on("message", hear);
for (const joint of data.joints) thread.join(joint);
thread.waker.turn();
parentPort?.postMessage("ready");

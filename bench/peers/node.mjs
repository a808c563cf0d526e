// @ts-check
/** Node itself as a subject: a bare MessagePort between two threads, with no more than a number that finds the caller. */

import { createPartner, prepareThreads, takePart } from "./thread-pair.mjs";

export const prepare = prepareThreads(import.meta.url);

takePart({
  serve: (port) => {
    /** @type {Record<string, (value: any) => any>} */
    const partner = createPartner();
    port.on("message", ([id, name, value]) => {
      const result = partner[name]?.(value);
      if (id > 0) port.postMessage([id, result]);
    });
  },
  connect: (port) => {
    /** @type {Map<number, (value: any) => void>} */
    const waiting = new Map();
    let last = 0;
    port.on("message", ([id, value]) => {
      waiting.get(id)?.(value);
      waiting.delete(id);
    });
    const call = (/** @type {string} */ name) => (/** @type {any} */ value) =>
      new Promise((resolve) => {
        waiting.set((last += 1), resolve);
        port.postMessage([last, name, value]);
      });
    return {
      echo: call("echo"),
      visit: call("visit"),
      add: () => port.postMessage([0, "add"]),
      total: /** @type {() => Promise<number>} */ (call("total")),
    };
  },
});

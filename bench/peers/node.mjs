// @ts-check
/**
 * Node itself as a subject: between threads a bare MessagePort, with no more than a number that finds the caller; for the
 * section `clients` a server of its own.
 */

import { prepareClients } from "./node-clients.mjs";
import { createPartner, prepareThreads, takePart } from "./thread-pair.mjs";

const prepareThread = prepareThreads(import.meta.url);

/** @param {import("../child.mjs").Job} job */
export const prepare = (job) =>
  job.section === "clients" ? prepareClients(job) : prepareThread(job);

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

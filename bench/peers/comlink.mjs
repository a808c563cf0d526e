// @ts-check
/** Comlink as a subject: the functions of one thread, called from another. It has no messages without an answer. */

import { expose, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { createPartner, prepareThreads, takePart } from "./thread-pair.mjs";

export const prepare = prepareThreads(import.meta.url);

takePart({
  serve: (port) => expose(createPartner(), nodeEndpoint(port)),
  connect: (port) => {
    /** @type {any} */
    const partner = wrap(nodeEndpoint(port));
    return { echo: partner.echo, visit: partner.visit };
  },
});

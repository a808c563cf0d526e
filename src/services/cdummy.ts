/**
 * `.cslave` of a node without a network: what other services ask the network of harbors, answered
 * without one.
 *
 *     REGISTER name handle   gives a global name; the kernel keeps it
 *     QUERYNAME name         its handle, as soon as a service has the name
 *     LINK id                answered when that harbor goes: at once, for it is not there
 *     CONNECT id, LINKMASTER refused: they would never come true
 *
 * It starts the service `harbor`, as skynet's does.
 */

import { harbor, skynet, SnaxError } from "snax";
import { serveCommands } from "./lib/command.ts";

function alone(what: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `${what}: this node is alone, without a network of harbors`);
}

serveCommands("cdummy", {
  REGISTER(_source, name: string, handle: number) {
    if (skynet.name(name, handle)) return;
    throw new SnaxError("ERR_ARGUMENT", `another service has the name ${name}`);
  },
  QUERYNAME: (_source, name: string) => harbor.queryname(name),
  LINK() {},
  CONNECT(_source, id: number) {
    skynet.error("Can't connect to other harbor in single node mode");
    throw alone(`no connection to harbor ${id}`);
  },
  LINKMASTER() {
    throw alone("no master");
  },
});

skynet.start(() => {
  skynet.register(".cslave");
  skynet.launch("snlua", "harbor", skynet.getenv<number>("harbor"), skynet.self());
});

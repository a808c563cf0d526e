/**
 * `harbor` of a node without a network: where messages to other harbors would leave, if there were
 * any.
 *
 * Skynet starts it on every node, behind `.cslave`. Here it keeps the place: a service that
 * sends it something is told that there is no network.
 */

import { skynet } from "snax";
import { serveCommands } from "./lib/command.ts";

serveCommands("harbor, without a network,", {});

skynet.start(() => {
  skynet.register(".harbor");
});

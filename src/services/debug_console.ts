/**
 * The debug console: how an operator looks at a node and changes it, from a plain `nc`.
 *
 *     skynet.newservice("debug_console", 8000)               on this machine
 *     skynet.newservice("debug_console", "0.0.0.0", 8000)    elsewhere, only with `consoletoken` in the configuration
 *
 * The configuration's `console` starts one. The commands and their transports are the runtime's
 * (src/console); this service is what they run in and end with.
 */

import { operator, skynet } from "snax";

skynet.start(async (...place: unknown[]) => {
  const { address, clientCount } = await operator.listen(...place);
  skynet.info_func(() => ({ address, clients: clientCount() }));
  skynet.error(`Start debug console at ${address}`);
});

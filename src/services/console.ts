/**
 * The console at the node's own terminal: lines of standard input, as skynet's service `console`.
 *
 *     skynet.newservice("console")
 *
 *     list                   a command of the debug console
 *     agent 1 2              any other word starts a service of that name, as in skynet; `snax agent` a snax service
 *
 * At a terminal there are line editing, history, and completion of commands and addresses. The end
 * of the input ends nothing. What runs here is the runtime's (src/console); this service is what it
 * runs in and ends with.
 */

import { operator, skynet } from "snax";

skynet.start(() => {
  operator.talk();
});

/** A service without snax: it answers the protocol "lua" with the argument, for the price of a bare `skynet.call`. */

import { skynet } from "snax";

skynet.start(() => {
  skynet.dispatch("lua", (_session, _source, value: number) => value);
});

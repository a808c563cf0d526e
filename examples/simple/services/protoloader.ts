/**
 * Puts the schemas of the protocol into the slots from which agents load them.
 *
 * A mistake in one of them ends the start of the node, not the first client's game.
 */

import { skynet, sprotoloader } from "snax";
import { C2S_SLOT, S2C_SLOT } from "./lib/slots.ts";

skynet.start(async () => {
  await sprotoloader.register("proto/c2s.sproto", C2S_SLOT);
  await sprotoloader.register("proto/s2c.sproto", S2C_SLOT);
});

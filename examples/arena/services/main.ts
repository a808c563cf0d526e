/** Starts the others, then leaves. */

import { skynet, snax } from "snax";
import type * as Arena from "./arena.ts";
import type * as Watchdog from "./watchdog.ts";

skynet.start(async () => {
  await snax.uniqueservice<typeof Arena>("arena");
  const watchdog = await snax.newservice<typeof Watchdog>("watchdog");
  const port = await watchdog.req.open(Number(skynet.getenv("webport")));
  skynet.error(`Play in a browser: http://127.0.0.1:${port}/`);
  skynet.exit();
});

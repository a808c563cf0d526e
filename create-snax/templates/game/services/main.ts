/** Starts the others, then leaves. */

import { sharetable, skynet, snax } from "snax";
import type * as Matchmaker from "./matchmaker.ts";
import type * as Store from "./store.ts";
import type * as Watchdog from "./watchdog.ts";

skynet.start(async () => {
  await sharetable.loadfile("rules");
  // Who is started first ends last: rooms still store their scores when the server stops.
  await snax.uniqueservice<typeof Store>("store", String(skynet.getenv("scores")));
  await snax.uniqueservice<typeof Matchmaker>("matchmaker");
  const watchdog = await snax.newservice<typeof Watchdog>("watchdog");
  const port = await watchdog.req.open(Number(skynet.getenv("webport")));
  skynet.error(`Play in a browser: http://127.0.0.1:${port}/`);
  skynet.exit();
});

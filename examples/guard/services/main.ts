/** Twenty healthy services on two threads, three culprits among them, and one question all along: who answers? */

import { codeOf, skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Culprit from "./culprit.ts";
import type * as Healthy from "./healthy.ts";

const HEALTHY = 20;
/** How long a healthy service may take to answer while one of its own thread loops: until that is stopped. */
const PATIENCE_MS = 5000;

let healthy: ServiceObject<typeof Healthy>[] = [];

async function roll(what: string) {
  const answers = await Promise.allSettled(
    healthy.map((each) =>
      snax.within(PATIENCE_MS).bind<typeof Healthy>(each.handle, "healthy").req.ping(),
    ),
  );
  const there = answers.filter(({ status }) => status === "fulfilled").length;
  console.log(`${what}: ${there} of ${HEALTHY} healthy services answer`);
}

/** Runs a fault to its end, and asks the others meanwhile and afterwards. */
async function run(what: string, fault: Promise<unknown>) {
  const end = fault.then(
    () => "it returned",
    (error: unknown) => codeOf(error),
  );
  await roll(`during the ${what}`);
  console.log(`the ${what} ended with ${await end}`);
  await roll(`after the ${what}`);
}

skynet.start(async () => {
  healthy = await Promise.all(
    Array.from({ length: HEALTHY }, (_, i) =>
      snax.at(1 + (i % 2)).newservice<typeof Healthy>("healthy"),
    ),
  );
  await roll("at first");
  // The loop runs among the healthy: it is stopped, and its thread goes on.
  const looping = await snax.at(2).newservice<typeof Culprit>("culprit");
  await run("loop", looping.req.loop());
  // These two cost their thread, so they have one for themselves.
  const leaking = await snax.at(3).newservice<typeof Culprit>("culprit");
  await run("leak", leaking.req.leak());
  const exiting = await snax.at(3).newservice<typeof Culprit>("culprit");
  await run("exit", exiting.req.exit());
  skynet.abort();
});

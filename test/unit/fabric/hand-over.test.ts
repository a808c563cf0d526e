/** A service that can't leave stays as it was: nothing of what waits for it is lost, doubled or told that it lives elsewhere. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { kPort } from "../../../src/base/portable.ts";
import { codeOf } from "../../../src/base/error.ts";
import type { Fabric } from "../../../src/fabric/fabric.ts";
import type { HandOver } from "../../../src/fabric/hand-over.ts";
import type { Kernel } from "../../../src/kernel/kernel.ts";
import type { Message } from "../../../src/kernel/message.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import { createProbe } from "../../simulator.ts";
import { DISCARD, joinThreads } from "../../sim/hand-over-threads.ts";

const COUNT = 5;

/** Stands for something that only this thread has. */
const ofThisThread = { [kPort]: () => () => {} };

for (const place of [0, 2, COUNT - 1]) {
  for (const kind of ["post", "call"] as const) {
    test(`a service stays with all that waits for it if message ${place + 1} of ${COUNT}, a ${kind}, can't go to the other thread`, () => {
      const { simulator, fabrics, handOvers } = joinThreads(3, { seed: place + 1 });
      const { kernels, threads } = simulator;
      const [, here, there] = kernels as [Kernel, Kernel, Kernel];
      const answer = (kernel: Kernel) =>
        createProbe(kernel, (message: Message, { service }) =>
          kernel.reply(service, message, (message.payload as unknown[])[0]),
        );
      const one = answer(here);
      const client = createProbe(here);
      here.hold(one.service, HOLD.draining);
      here.hold(one.service, HOLD.voting);
      const outcomes = Array.from({ length: COUNT }, (_, index) => {
        const values = index === place ? [index, ofThisThread] : [index];
        if (index === place && kind === "post") return void client.send(one.handle, ...values);
        return client.call(one.handle, ...values);
      });
      const stand = there.create("stand", () => ({ receive: () => {} }), one.handle);
      (handOvers[2] as HandOver).expect(stand, 1);
      throws(
        () => (handOvers[1] as HandOver).leave(one.service, 2),
        (error) => codeOf(error) === "ERR_NOT_SENDABLE",
      );
      const { directory } = threads?.all[1] ?? {};
      equal(directory?.threadOf(one.handle), 1);
      (fabrics[1] as Fabric).tell(2, DISCARD, one.handle);
      here.release(one.service, HOLD.voting);
      here.release(one.service, HOLD.draining);
      const late = createProbe(there).call(one.handle, COUNT);
      for (const fabric of fabrics) fabric.publish();
      simulator.drain();
      deepEqual(
        one.heard,
        Array.from({ length: COUNT + 1 }, (_, index) => index),
      );
      deepEqual(
        [...outcomes, late].flatMap((each) =>
          each === undefined ? [] : [[each.settled, each.value]],
        ),
        one.heard.filter((index) => kind === "call" || index !== place).map((index) => [1, index]),
      );
      equal(there.services.get(one.handle), undefined);
    });
  }
}

/**
 * Faults in the move of a service, for a process whose every thread imports this first. `node --import` this, with
 * MIGRATE_PLANT naming one and MIGRATE_SEEDS the seeds to run; runs them until one notices it, and prints how many did.
 */

import { isMainThread } from "node:worker_threads";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { HOLD } from "../../../src/kernel/service.ts";
import { ArrivingTimers } from "../../../src/live/reload/moving-timers.ts";
import { Reviver } from "../../../src/live/state/revive.ts";

/** Whether a function of that name is under way. */
const isInside = (name: string): boolean => new Error().stack?.includes(name) === true;

const plants: Readonly<Record<string, () => void>> = {
  nothing: () => {},
  "a timer is lost": () => {
    const { fill } = ArrivingTimers.prototype;
    ArrivingTimers.prototype.fill = function (extras, fresh) {
      const left = new Map(extras);
      const [first] = [...left.keys()].filter((name) => name.startsWith("setTimeout"));
      if (first !== undefined) left.set(first, [() => {}, []]);
      fill.call(this, left, fresh);
    };
  },
  "the timers of the top level begin anew": () => {
    const { removeTimer } = Kernel.prototype;
    Kernel.prototype.removeTimer = function (service, timer) {
      if (!isInside("endArmed")) removeTimer.call(this, service, timer);
    };
  },
  "one object becomes two": () => {
    const { revive } = Reviver.prototype;
    Reviver.prototype.revive = function (value) {
      const made = revive.call(this, value) as object | undefined;
      if (made?.constructor?.name !== "Item") return made;
      return Object.assign(Object.create(Object.getPrototypeOf(made) as object) as object, made);
    };
  },
  "the gate is opened early": () => {
    const { hold } = Kernel.prototype;
    Kernel.prototype.hold = function (service, bit) {
      if (bit !== HOLD.voting || !isInside("expect")) hold.call(this, service, bit);
    };
  },
};

plants[process.env["MIGRATE_PLANT"] ?? "nothing"]?.();

if (isMainThread && process.env["MIGRATE_SEEDS"] !== undefined) {
  const { runMoves } = await import("./migrate-run.ts");
  let noticed = 0;
  for (const seed of process.env["MIGRATE_SEEDS"].split(",")) {
    const { problems } = await runMoves(Number(seed));
    if (problems.length === 0) continue;
    noticed += 1;
    break;
  }
  process.stdout.write(`noticed ${noticed}\n`, () => process.exit(0));
}

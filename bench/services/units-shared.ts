/** Eight units whose classes all instances of the service share. */

import { Unit } from "./lib/unit-class-shared.ts";

const units = Array.from({ length: 8 }, (_, id) => new Unit(id));

export const response = {
  /** Ticks all units a number of times and returns how many ticks gave a number. */
  work(turns: number) {
    let ticks = 0;
    for (let turn = 0; turn < turns; turn += 1) {
      for (const unit of units) if (unit.tick() > 0) ticks += 1;
    }
    return ticks;
  },
};

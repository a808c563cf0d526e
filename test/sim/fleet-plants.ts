/** Bugs for fleet-world.ts, and one node that is only slow. */

import { FleetPatches } from "../../src/cluster/fleet/patches.ts";
import type { FleetRecord } from "../../src/cluster/fleet/record.ts";

/** A bug that is planted. */
export interface Plant {
  readonly patches?: typeof FleetPatches;
  /** Says yes before the patch is in. */
  readonly isRash?: boolean;
  /** Never says that it is not ready. */
  readonly isProud?: boolean;
}

/** How a node asks what was decided: the number, whether services are held for it, the key. */
type Asked = Parameters<FleetPatches["decided"]>;
type Decided = ReturnType<FleetPatches["decided"]>;

/** Takes up to 15 s before it commits. */
function dawdle(
  { options }: FleetPatches,
  id: number,
  { state, patch }: FleetRecord,
): Promise<void> {
  const isMeant = state === "commit" && patch?.type !== "last";
  const ms = isMeant ? (id * 4241) % 15_000 : 0;
  return new Promise((resolve) => void options.membership.options.host.later(ms, resolve));
}

/** Faults by name. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  none: {},
  rash: { isRash: true },
  // No fault: decides late.
  slow: {
    patches: class extends FleetPatches {
      override async write(id: number, record: FleetRecord): Promise<boolean> {
        await dawdle(this, id, record);
        return await super.write(id, record);
      }
    },
  },
  // Decides late, and overwrites what another node has decided.
  stubborn: {
    patches: class extends FleetPatches {
      override async write(id: number, record: FleetRecord): Promise<boolean> {
        const { driver } = this.options.membership.options;
        await dawdle(this, id, record);
        const key = `patch/${id}`;
        try {
          const found = await driver.read(key);
          const value = this.options.seal.seal(key, record);
          const token = await driver.claim(key, value, found?.token ?? 0);
          if (token !== undefined) this.take({ key, value, token });
          return true;
        } catch {
          return false;
        }
      }
    },
  },
  // Goes on without the patch as soon as the engine does not answer.
  hasty: {
    patches: class extends FleetPatches {
      override async decided(...asked: Asked): Decided {
        const { membership } = this.options;
        const decision = super.decided(...asked);
        if (!asked[1]) return await decision;
        const gone = new Promise<"unknown">((resolve) => {
          const look = (): void => {
            if (!membership.isUp) resolve("unknown");
            else membership.options.host.later(100, look);
          };
          look();
        });
        return await Promise.race([decision, gone]);
      }
    },
  },
  proud: { isProud: true },
  // Does not ask the record when it has waited long enough.
  impatient: {
    patches: class extends FleetPatches {
      override async decided(...asked: Asked): Decided {
        if (!asked[1]) return await super.decided(...asked);
        const { host } = this.options.membership.options;
        const late = new Promise<"abort">(
          (resolve) => void host.later(500, () => resolve("abort")),
        );
        return await Promise.race([super.decided(...asked), late]);
      }
    },
  },
  // Does not tell an engine that has lost its memory.
  forgetful: {
    patches: class extends FleetPatches {
      override tellAgain(): Promise<void> {
        return Promise.resolve();
      }
    },
  },
};

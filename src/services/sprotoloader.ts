/**
 * Slots of sproto schemas: the one place of a node that holds their binary forms.
 *
 *     SAVE slot binary     what is loaded from now on
 *     LOAD slot version    { version, binary }; the binary is left out if the caller has that version
 *     LIST                 version by slot
 *
 * Each thread builds a schema from the binary once, when one of its services first loads it
 * (library/sprotoloader.ts), so that all its services share one copy. A version names one SAVE for
 * good, even if this service is started anew.
 */

import { skynet, SnaxError } from "snax";
import { serveCommands } from "./lib/command.ts";

interface Slot {
  readonly version: string;
  readonly binary: Uint8Array;
}

const slots = new Map<number, Slot>();
let saves = 0;

serveCommands("sprotoloader", {
  SAVE(_source, slot: number, binary: Uint8Array) {
    saves += 1;
    const version = `${skynet.address(skynet.self())}/${saves}`;
    slots.set(slot, { version, binary });
    return version;
  },
  LOAD(_source, slot: number, known?: string) {
    const found = slots.get(slot);
    if (found === undefined) throw new SnaxError("ERR_ARGUMENT", `nil sproto at index ${slot}`);
    return found.version === known ? { version: known } : found;
  },
  LIST: () => new Map([...slots].map(([slot, { version }]) => [slot, version])),
});

skynet.start();

/**
 * Which timers are the top level's: code that begins anew arms them again, so those of the code before end.
 *
 *     setInterval(tick, 100);                                   the top level arms it
 *     function beat() { ...; setTimeout(beat, 1000); } beat();  a loop that the top level has begun arms itself again
 *     void load().then(() => setInterval(tick, 100));           the top level goes on after a wait of the service's own
 */

import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Timer } from "../kernel/timers.ts";
import type { Context } from "./context.ts";
import { Birth, definePart } from "./context.ts";

/** Most functions of one loop that arm each other in turn. */
const LOOP_FUNCTIONS_MAX = 8;

/** A timer that code of a service has asked for. */
export abstract class Armed {
  /**
   * How many timers the top level had armed with this one, or with the first of its loop; 0 = other code has armed it;
   * OF_BIRTH = the top level or `init`, and it can't be told which.
   */
  readonly place: number;
  /** The functions that have armed each other since the top level armed the first one, if there are several. */
  readonly chain: Chain | undefined;

  constructor(at: Armer) {
    this.place = at.place;
    this.chain = at.chain;
  }

  /** What it runs. */
  abstract get code(): Function;

  /** The top level of the code has armed it, and does so again when the code begins anew. */
  get isOfTopLevel(): boolean {
    return this.place > 0;
  }

  /** The top level may have armed it: then code that begins anew arms one that does the same. */
  get mayBeOfTopLevel(): boolean {
    return this.place === OF_BIRTH;
  }
}

/** Timers that have followed from one of the top level. */
interface Chain {
  /** Of that one. */
  readonly place: number;
  readonly codes: readonly Function[];
}

/** What has armed a timer. */
export type Armer = Pick<Armed, "place" | "chain">;

/** The place of a timer that was armed behind a wait of a birth, when both the top level and `init` had begun. */
const OF_BIRTH = -1;

const ELSEWHERE: Armer = { place: 0, chain: undefined };
const AT_BIRTH: Armer = { place: OF_BIRTH, chain: undefined };

/** How many timers the top level of the code has armed. */
const placed = definePart(() => ({ count: 0 }), { isOfCode: true });

/** Says that the top level has run: from now on what follows from the birth that is being handled may be other code's. */
export function endTopLevel({ runtime }: Context): void {
  const birth = runtime.kernel.origin?.payload;
  if (birth instanceof Birth) birth.isTopLevel = false;
}

/**
 * Says whether the top level of the code runs, or goes on behind a wait: code that begins anew does the same again, and what it
 * does no more is gone on purpose. What `init` or a handler does, code that begins anew does not.
 */
export function isInTopLevel({ code, runtime }: Context): boolean {
  if (code === undefined) return true;
  const payload = runtime.kernel.origin?.payload;
  return payload instanceof Birth && payload.isTopLevel;
}

/** Finds what arms a timer that runs this function. */
export function armerOf(context: Context, run: Function): Armer {
  if (context.code === undefined) return nextOf(context);
  const { origin } = context.runtime.kernel;
  if (origin === undefined) return ELSEWHERE;
  if (origin.type === PTYPE.timer) return followerOf(origin, run);
  const { payload } = origin;
  if (!(payload instanceof Birth)) return ELSEWHERE;
  return payload.isTopLevel ? nextOf(context) : AT_BIRTH;
}

function nextOf(context: Context): Armer {
  return { place: (placed.of(context).count += 1), chain: undefined };
}

/** A timer that arms one with the same code is a loop. Any other code that it arms is something new, such as the end of a spell. */
function followerOf(origin: Message, run: Function): Armer {
  const { subject } = origin.payload as Timer;
  if (!(subject instanceof Armed)) return ELSEWHERE;
  const { place, chain, code } = subject;
  const first = chain?.place ?? place;
  if (first === 0) return ELSEWHERE;
  const codes = chain?.codes ?? [code];
  if (codes.some((each) => isSameText(each, run))) return { place: first, chain };
  if (codes.length >= LOOP_FUNCTIONS_MAX) return ELSEWHERE;
  return { place: 0, chain: { place: first, codes: [...codes, run] } };
}

/** A method and a function may have one name. */
function isSameText(one: Function, two: Function): boolean {
  return one === two || (one.name === two.name && String(one) === String(two));
}

/** Says whether two functions are of the same name, or of the same text if they have none. */
export function isSameCode(one: Function, two: Function): boolean {
  return one === two || (one.name !== "" ? one.name === two.name : String(one) === String(two));
}

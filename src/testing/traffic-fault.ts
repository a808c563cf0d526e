/**
 * The faults that simulated traffic may meet.
 */

import type { FaultPoint } from "./fault.ts";
import { faults } from "./fault.ts";

/** A service is killed from outside, between two turns; another takes its place later. */
export const KILL: FaultPoint = faults.define("service.kill", 0.2);
/** A service ends itself while it handles a message. */
export const EXIT: FaultPoint = faults.define("service.exit", 0.01);
/**
 * A service that has ended posts something in its last turn, where its calls are told of the end.
 */
export const LAST_WORD: FaultPoint = faults.define("service.lastword", 0.3);
/** A hot-fix holds a service for a while. */
export const HOLD: FaultPoint = faults.define("service.hold", 0.3);
/** A service handles messages strictly one after the other. */
export const QUEUE: FaultPoint = faults.define("service.queue", 0.5);
/** A service tries to take a name that another has. */
export const USURP: FaultPoint = faults.define("name.usurp", 0.3);
/** A call goes to a name, which may have no owner just now. */
export const BY_NAME: FaultPoint = faults.define("name.call", 0.2);
/** A message goes to a service that has died. */
export const TO_DEAD: FaultPoint = faults.define("target.dead", 0.1);
/** A handler takes so long that the turn's time is used up. */
export const SLOW: FaultPoint = faults.define("handler.slow", 0.05);
/** A handler throws. */
export const THROW: FaultPoint = faults.define("handler.throw", 0.05);
/** A request is never answered; its caller has set a deadline. */
export const SILENT: FaultPoint = faults.define("reply.never", 0.1);
/** A request is answered later, from a timer. */
export const DELAY: FaultPoint = faults.define("reply.delay", 0.3);
/** A request is answered twice, and the second answer must be refused. */
export const TWICE: FaultPoint = faults.define("reply.twice", 0.1);
/** A result can't be sent. */
export const UNSENDABLE: FaultPoint = faults.define("reply.unsendable", 0.05);
/** A request is passed on to another service, which answers it. */
export const PASS: FaultPoint = faults.define("request.pass", 0.2);
/** A message is long. */
export const LARGE: FaultPoint = faults.define("message.large", 0.1);
/** A message holds shared memory. */
export const SHARED: FaultPoint = faults.define("message.shared", 0.05);
/** A call has a short deadline, which its answer may miss. */
export const HURRY: FaultPoint = faults.define("call.hurry", 0.2);

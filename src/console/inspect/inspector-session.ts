/**
 * V8's inspector for this thread, in-process: profilers only, no domain that can stop the code.
 */

import { Session } from "node:inspector/promises";

/** Opens a session; whoever opened it disconnects it. */
export function openInspector(): Session {
  const session = new Session();
  session.connect();
  return session;
}

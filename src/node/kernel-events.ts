/**
 * What the kernel tells about, put into the log in skynet's words.
 */

import { LEVEL } from "../base/log-level.ts";
import { codeOf } from "../base/error.ts";
import { formatAddress } from "../kernel/service.ts";
import type { KernelEvents } from "../kernel/kernel-options.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { describeError } from "../service/error-text.ts";
import { Context } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { isNews } from "../service/runtime.ts";

/** Makes the listeners of a kernel; the runtime exists when the first event comes. */
export function kernelEvents(runtime: () => Runtime): KernelEvents {
  return {
    onError: (service, error, message) => {
      const isLine = service.handle === runtime().logger && message.type === PTYPE.text;
      // A line of another thread that found the logger's mailbox full.
      if (isLine && codeOf(error) === "ERR_MAILBOX_FULL") runtime().writePast(message);
      else runtime().reportError(service, error, message);
    },
    onOverload: (service, length) => {
      const { logger, state } = runtime();
      // A line about the logger's own mailbox would make it longer, and a node that stops asks all services at once.
      if (service.handle !== logger && state === "running") {
        runtime().log(service.handle, `May overload, message queue length = ${length}`, LEVEL.warn);
      }
    },
    onLateError: (service, error, message) => {
      // That a service has died after its caller gave up is not worth a line.
      if (codeOf(error) === "ERR_SERVICE_DEAD") return;
      const from = formatAddress(message.source);
      runtime().log(
        service.handle,
        `the call of ${from}, session ${message.session}, had ended when its error came : ${describeError(error)}`,
        LEVEL.error,
      );
    },
    onLostError: (source, target, { session, payload }) => {
      if (!isNews(runtime(), payload, target)) return;
      const where = `call [${formatAddress(target)} to ${formatAddress(source)} : ${session}]`;
      runtime().log(source, `${where} error : ${describeError(payload)}`, LEVEL.error);
    },
    onNamed: (name, handle) => runtime().harborDoor?.onNamed?.(name, handle),
    onNameless: (name) => {
      const { kernel, harborDoor } = runtime();
      const slave = harborDoor === undefined ? undefined : kernel.names.get(".cslave");
      if (slave === undefined) return;
      kernel.send(0, slave, { type: PTYPE.lua, method: 0, values: ["SEEK", name] });
    },
    onDeath: (service) => {
      const { kernel, threads, commitments } = runtime();
      commitments.forget(service);
      if (service.instance instanceof Context) service.instance.code?.release();
      const monitor = threads?.monitor ?? runtime().monitor;
      const envelope = { type: PTYPE.client, method: 0, values: [] };
      if (monitor !== 0) kernel.send(service.handle, monitor, envelope);
    },
    onRest: (service, ms) => {
      const what = "its requests, posts and timers wait, patches and the console's commands do not";
      runtime().log(service.handle, `was cut off and rests for ${ms} ms: ${what}`, LEVEL.warn);
    },
    onSlowCall: (service, call, ms) => {
      const who = runtime().kernel.services.get(call.target);
      if (call.isPatient) return;
      const target = call.target === 0 ? "a name that no service has" : formatAddress(call.target);
      runtime().log(
        service.handle,
        `a call to ${target}${who === undefined ? "" : ` (${who.title})`} is unanswered for ` +
          `${Math.round(ms / 1000)} s, session ${call.session}`,
        LEVEL.warn,
      );
    },
  };
}

/**
 * A service for tests: it keeps what it receives, and its calls tell what became of them.
 */

import type { Kernel } from "../kernel/kernel.ts";
import type { Envelope, Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";
import { OpenCall } from "../kernel/open-calls.ts";

/** What became of a call. */
export interface Outcome {
  /** How often it ended: 0 while it waits, 1 for good. */
  settled: number;
  /** The result, once there is one. */
  value: unknown;
  /** Why it failed, if it did. */
  error: unknown;
  readonly call: OpenCall;
}

/** A service under test. */
export interface Probe {
  readonly service: Service;
  readonly handle: number;
  /** Every message that it was given, in order; a test may empty it. */
  readonly received: Message[];
  /** The first argument of every message that it was given; a test may empty it. */
  readonly heard: unknown[];
  /** Sends a one-way message. @returns false if no service lives there. */
  send(target: number, ...values: readonly unknown[]): boolean;
  /** Calls a handle, or a name. */
  call(target: number | string, ...values: readonly unknown[]): Outcome;
}

/** How a probe handles a message; what it returns is not looked at. */
export type ProbeHandler = (message: Message, probe: Probe) => void;

/** Makes the envelope of a snax message. */
export function createEnvelope(...values: unknown[]): Envelope {
  return { type: PTYPE.snax, method: 1, values };
}

/** Makes a call that is not sent yet, and the record of what becomes of it. */
export function createOutcome(): Outcome {
  const call = new OpenCall(
    (value) => {
      outcome.settled += 1;
      outcome.value = value;
    },
    (error) => {
      outcome.settled += 1;
      outcome.error = error;
    },
  );
  const outcome: Outcome = { settled: 0, value: undefined, error: undefined, call };
  return outcome;
}

/**
 * Creates a service for tests.
 *
 * @param handler - handles each message after it was kept. @defaultValue keeps it and does nothing
 * else
 */
export function createProbe(kernel: Kernel, handler: ProbeHandler = () => {}): Probe {
  const received: Message[] = [];
  const heard: unknown[] = [];
  const service = kernel.create("probe", () => ({
    receive: (message) => {
      received.push(message);
      if (Array.isArray(message.payload)) heard.push(message.payload[0]);
      handler(message, probe);
    },
  }));
  const probe: Probe = {
    service,
    handle: service.handle,
    received,
    heard,
    send: (target, ...values) => kernel.send(service.handle, target, createEnvelope(...values)),
    call: (target, ...values) => {
      const outcome = createOutcome();
      const envelope = createEnvelope(...values);
      if (typeof target === "string") kernel.requestNamed(service, target, envelope, outcome.call);
      else kernel.request(service, target, envelope, outcome.call);
      return outcome;
    },
  };
  return probe;
}

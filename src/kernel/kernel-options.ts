/**
 * What a kernel is made of: the interfaces that it owns, and that higher layers implement.
 *
 * Clock, Drain and Waker are the runtime's side (base/clock.ts, scheduler.ts); here are the ways out to other kernels and to
 * the code that logs.
 */

import type { Clock } from "../base/clock.ts";
import type { Message } from "./message.ts";
import type { PhaseWords, TallyBook } from "./instruments.ts";
import type { Drain, Waker } from "./scheduler.ts";
import type { HandleSource, Service } from "./service.ts";
import type { NameStore } from "./name-table.ts";
import type { OpenCall } from "./open-calls.ts";

/** Where messages go whose receiver does not live on this kernel. */
export interface Elsewhere {
  /**
   * Takes a message for another kernel. The payload is the sender's own and must be copied before this returns.
   *
   * @returns false if no service lives under the handle anywhere.
   * @throws {ERR_NOT_SENDABLE} if the payload can't be sent.
   */
  deliver(target: number, message: Message): boolean;
  /** Says whether a service lives under the handle, on another kernel. */
  lives(handle: number): boolean;
  /**
   * Takes a message that another kernel of this node has sent on its way to another node.
   *
   * @returns false if there is no such service.
   * @throws what its sender is told.
   */
  onward?(target: number, message: Message): boolean;
  /** Says that another service answers a waiting call of another kernel's service: see {@link Kernel.retarget}. */
  retarget(source: number, session: number, handle: number, from: number): void;
}

/** What the kernel tells about, and does not decide. */
export interface KernelEvents {
  /** Code of a service threw outside any request, or inside one that is not awaited. */
  onError(service: Service, error: unknown, message: Message): void;
  /** A mailbox passed a mark: 1024 messages, and each doubling. */
  onOverload(service: Service, length: number): void;
  /** An error came as the answer to a call that had ended before, for example by its deadline. */
  onLateError?(service: Service, error: unknown, message: Message): void;
  /**
   * An error came as the answer of `source` for a service that has died on the way: it is reported nowhere else.
   */
  onLostError?(source: number, target: number, message: Message): void;
  /** A name was given to a service, on this kernel or another one. */
  onNamed?(name: string, handle: number): void;
  /** The first message waits for a global name that no service has. */
  onNameless?(name: string): void;
  /** A service died. */
  onDeath(service: Service): void;
  /** An interrupt cut off what a service did. What the kernel has of it is in order again. */
  onCut?(service: Service): void;
  /** A service whose handler was cut off rests for that many milliseconds. */
  onRest?(service: Service, ms: number): void;
  /** A call of a service has waited SLOW_CALL_MS for its answer; told once. Without this event the kernel does not look for them. */
  onSlowCall?(service: Service, call: OpenCall, ms: number): void;
}

/** How long a turn lasts unless told otherwise, in milliseconds: sockets and foreign timers wait no longer for their own. */
export const TURN_BUDGET_MS = 3;

/** For how long a service rests whose handler was cut off unless told otherwise, in milliseconds. */
export const INTERRUPT_REST_MS = 1000;

/** What a kernel is made of. */
export interface KernelOptions {
  readonly clock: Clock;
  readonly drain: Drain;
  readonly waker: Waker;
  readonly events: KernelEvents;
  /** @defaultValue no service lives elsewhere */
  readonly elsewhere?: Elsewhere;
  /** @defaultValue handles of this kernel alone, from 1 */
  readonly handles?: HandleSource;
  /** @defaultValue names that this kernel alone knows */
  readonly names?: NameStore;
  /** This node's id in a harbor network. @defaultValue 0 */
  readonly harbor?: number;
  /** Milliseconds after which a turn goes back to the event loop. @defaultValue TURN_BUDGET_MS */
  readonly turnBudgetMs?: number;
  /** Count CPU time per service. @defaultValue true */
  readonly profile?: boolean;
  /** Where services are counted by their types. @defaultValue nowhere */
  readonly tallies?: TallyBook;
  /** Where it is written whose message is handled, for another thread to read. @defaultValue nowhere */
  readonly phase?: PhaseWords | undefined;
  /** Most messages a mailbox holds; 0 = no bound. @defaultValue 0 */
  readonly mailboxLimit?: number;
  /** Milliseconds for which a service rests whose handler was cut off; 0 = it does not. @defaultValue INTERRUPT_REST_MS */
  readonly restMs?: number;
}

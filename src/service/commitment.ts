/**
 * What running handlers have promised to others inside the node, beside their answer: to let go of a lock, to tell of a
 * beginning, to end a patch. If an interrupt cuts a handler off, somebody else keeps the promise.
 *
 * Filed under the message whose handling it is (Kernel.origin), so that it is found whatever the handler awaited meanwhile. A
 * handler that waits for another one in its service, for a lock or to be woken, is recorded here too, so that an interrupt does not mistake it for a stuck one.
 */

import type { Waiting } from "../kernel/last-words.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";

/** A promise of one handler, or a wait. */
interface Commitment {
  /** The message whose handling it is; undefined for a wait of code that belongs to none. */
  readonly origin: Message | undefined;
  /** Keeps the promise in the handler's place; undefined for a wait. */
  readonly release: ((error: unknown) => void) | undefined;
  /** Who waits, if they have to be told of the service's end. */
  readonly waiter: Pick<Waiting, "reject"> | undefined;
  /** What it waits for comes from outside: code of the program goes on then. */
  readonly isOutside: boolean;
}

const nothing = (): void => {};

/** The commitments of a thread's services. */
export class Commitments {
  /** Only services that have some. */
  readonly #byService = new Map<Service, Commitment[]>();

  /**
   * Takes note of a promise.
   *
   * @param origin - the message whose handler makes it; undefined = code that no interrupt can tell from other code.
   * @param release - what to do if an interrupt cuts the handler off; runs inside the service, once.
   * @returns what says that the promise has been kept.
   */
  add(
    origin: Message | undefined,
    service: Service,
    release: (error: unknown) => void,
  ): () => void {
    return origin === undefined
      ? nothing
      : this.#note(service, { origin, release, waiter: undefined, isOutside: false });
  }

  /**
   * Takes note that a handler waits for another one of its service.
   *
   * @param waiter - is rejected if the service ends meanwhile.
   * @returns what says that it does not wait any more.
   */
  wait(
    origin: Message | undefined,
    service: Service,
    waiter?: Pick<Waiting, "reject">,
  ): () => void {
    if (origin === undefined && waiter === undefined) return nothing;
    return this.#note(service, { origin, release: undefined, waiter, isOutside: false });
  }

  /** Takes note that a handler waits for a socket, or for Node. @returns what says that it does not wait any more. */
  waitOutside(origin: Message | undefined, service: Service): () => void {
    if (origin === undefined) return nothing;
    return this.#note(service, { origin, release: undefined, waiter: undefined, isOutside: true });
  }

  /** The waits in a service that are to be told of its end. */
  waiters(service: Service): Pick<Waiting, "reject">[] {
    return (this.#byService.get(service) ?? []).flatMap(({ waiter }) => waiter ?? []);
  }

  /** How many wait in a service by {@link waitOutside}. */
  outsideWaits(service: Service): number {
    return (this.#byService.get(service) ?? []).filter(({ isOutside }) => isOutside).length;
  }

  /** Forgets the waits of {@link waiters}: the code that waits does not go on. */
  dropWaits(service: Service): void {
    for (const each of [...(this.#byService.get(service) ?? [])]) {
      if (each.waiter !== undefined) this.#strike(service, each);
    }
  }

  /** Keeps every promise of a handler that was cut off. */
  release(service: Service, origin: Message, error: unknown): void {
    // One at a time: it may run code of the service, which may be cut off as well.
    for (;;) {
      const mine = this.#byService
        .get(service)
        ?.findLast((each) => each.origin === origin && each.release !== undefined);
      if (mine === undefined) return;
      this.#strike(service, mine);
      mine.release?.(error);
    }
  }

  /** Forgets everything about a service that has died. */
  forget(service: Service): void {
    this.#byService.delete(service);
  }

  /** The messages of a service whose handlers have promised something. */
  holding(service: Service): Message[] {
    return this.#origins(service, (release) => release !== undefined);
  }

  /** The messages of a service whose handlers wait for another one. */
  waiting(service: Service): Message[] {
    return this.#origins(service, (release) => release === undefined);
  }

  #origins(service: Service, fits: (release: Commitment["release"]) => boolean): Message[] {
    const all = this.#byService.get(service) ?? [];
    return all.flatMap(({ origin, release }) =>
      origin !== undefined && fits(release) ? [origin] : [],
    );
  }

  #note(service: Service, commitment: Commitment): () => void {
    if (!service.isAlive) return nothing;
    const others = this.#byService.get(service);
    if (others === undefined) this.#byService.set(service, [commitment]);
    else others.push(commitment);
    return () => this.#strike(service, commitment);
  }

  #strike(service: Service, commitment: Commitment): void {
    const all = this.#byService.get(service);
    const index = all?.indexOf(commitment) ?? -1;
    if (index >= 0) all?.splice(index, 1);
    if (all?.length === 0) this.#byService.delete(service);
  }
}

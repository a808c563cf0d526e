/**
 * Services that are held while many decide on a patch: none of them handles a message, and no
 * service that would be one of them is born.
 *
 *     births pause -> those in `init` end it -> what the caller has posted before is handled -> held
 *                  -> ... -> all go on, births too
 *
 * For a type these are its services; for a shared module all that use it, of whichever type. Who
 * will use it shows only when it is loaded, so the births of all types pause then.
 */

import { SnaxError } from "../../base/error.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import { formatAddress, hasMailFrom, HOLD } from "../../kernel/service.ts";
import { BirthPause, EVERY_TYPE } from "../../service/birth-pause.ts";
import type { Context } from "../../service/context.ts";
import { callInside } from "../../service/context.ts";
import { dropKept, sendKept } from "../../service/outbox.ts";
import type { Runtime } from "../../service/runtime.ts";

/** Milliseconds between two looks at services that are being born. */
const LOOK_MS = 5;

/** Which services are held. */
export interface StandstillWish {
  readonly types: ReadonlySet<string>;
  /** Shared modules, by absolute path. */
  readonly files: readonly string[];
  /** The handle of the service that asks: what it sent before is handled before. */
  readonly caller: number;
}

/** One standstill of one thread. */
export class Standstill {
  readonly #runtime: Runtime;
  readonly #wish: StandstillWish;
  readonly #files: ReadonlySet<string>;
  readonly #pauses = new Map<string, BirthPause>();
  #held: readonly Context[] = [];
  #since = 0;
  #isOver = false;

  constructor(runtime: Runtime, wish: StandstillWish) {
    this.#runtime = runtime;
    this.#wish = wish;
    this.#files = new Set(wish.files.flatMap((file) => [file, findModuleFile(file) ?? file]));
  }

  /** Those who are held, once they are. */
  get held(): readonly Context[] {
    return this.#held;
  }

  /** For how many milliseconds they have been held; 0 = none is. */
  get heldMs(): number {
    return this.#held.length === 0 ? 0 : this.#runtime.clock.now() - this.#since;
  }

  /** @throws {ERR_PATCH_TIMEOUT} if a service does not end its `init` within `hotfixtimeout`. */
  async hold(): Promise<void> {
    const { kernel, clock, birthPauses } = this.#runtime;
    const types = this.#files.size > 0 ? [EVERY_TYPE] : this.#wish.types;
    for (const type of types) {
      const pause = new BirthPause();
      this.#pauses.set(type, pause);
      birthPauses.set(type, pause);
    }
    await this.#awaitBirths();
    const all = this.#list((each) => this.#isMeant(each)).filter((each) => !this.#isPaused(each));
    const { caller } = this.#wish;
    // What the caller has posted before is handled before.
    for (const each of all) if (hasMailFrom(each.service, caller)) await settleMail(each, caller);
    if (this.#isOver) return;
    this.#since = clock.now();
    this.#held = all.filter(({ service }) => service.isAlive);
    for (const { service } of this.#held) kernel.hold(service, HOLD.voting);
  }

  /** No more services are waited for. */
  giveUp(): void {
    this.#isOver = true;
  }

  /**
   * A service goes on.
   *
   * @param isKept - whether what a patch has sent in its name goes out
   */
  letGo(context: Context, isKept: boolean): void {
    if (isKept) sendKept(context);
    else dropKept(context);
    if (context.service.isAlive) this.#runtime.kernel.release(context.service, HOLD.voting);
  }

  /** Those go on who were about to be born. */
  resumeBirths(): void {
    const { birthPauses } = this.#runtime;
    for (const [type, pause] of this.#pauses) {
      if (birthPauses.get(type) === pause) birthPauses.delete(type);
      pause.end();
    }
  }

  #isPaused(context: Context): boolean {
    return [...this.#pauses.values()].some((pause) => pause.has(context));
  }

  #isMeant({ name, code }: Context): boolean {
    if (this.#wish.types.has(name)) return true;
    if (code === undefined || this.#files.size === 0) return false;
    for (const { isShared, image } of code.program.modules()) {
      if (isShared && this.#files.has(image.file)) return true;
    }
    return false;
  }

  #list(isMeant: (context: Context) => boolean): Context[] {
    const all = [...this.#runtime.contexts()];
    return all.filter((context) => context.kind !== "" && isMeant(context));
  }

  /** Waits until each service that was begun before the pause is there, has ended, or has come to the pause. */
  async #awaitBirths(): Promise<void> {
    const { clock, environment } = this.#runtime;
    const limitMs = environment.hotfixMs;
    const deadline = clock.now() + limitMs;
    const mayBeMeant = (each: Context): boolean =>
      this.#isMeant(each) || (each.code === undefined && this.#files.size > 0);
    const isAwaited = (each: Context): boolean =>
      each.service.isAlive && !each.isListening && mayBeMeant(each) && !this.#isPaused(each);
    let awaited = this.#list(isAwaited);
    while (awaited.length > 0 && !this.#isOver) {
      if (clock.now() > deadline) throw bornLateError(awaited, limitMs);
      await this.#runtime.pause(LOOK_MS);
      awaited = awaited.filter(isAwaited);
    }
  }
}

/** Waits until a service has handled what a sender has sent it, or has ended. */
async function settleMail(context: Context, from: number): Promise<void> {
  try {
    await callInside(context, () => undefined, from);
  } catch {
    // It has ended.
  }
}

function bornLateError([first, ...others]: readonly Context[], limitMs: number): SnaxError {
  const who = first === undefined ? "" : `${formatAddress(first.handle)} (${first.service.title})`;
  const more = others.length > 0 ? `, and ${others.length} more` : "";
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `service ${who} has been in its init for ${limitMs} ms (hotfixtimeout)${more}, and a patch for all or none waits for that: ` +
      "nothing has changed; patch again",
  );
}

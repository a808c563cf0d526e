/**
 * Names that mean one owner in the whole cluster.
 *
 *     name/<name> = { node, lease }     its token is the fencing token of the owner
 *
 * A record is not renewed itself: it goes with the lease of the node (membership.ts). A node that wants the name of one whose lease has lapsed first takes
 * the place of that node away, by compare-and-set, and then the name: the earlier owner finds out at its next renewal, and before that
 * its right has ended by its own clock. An owner that lost its right has lost its names too; to have one again it claims it
 * anew, also its own, and gets a higher token.
 *
 * Promises: no node acts under a token that was replaced, if it asks {@link Names.mayAct} before; tokens of a name only grow.
 */

import type { Entry } from "./driver.ts";
import { engineError } from "./driver.ts";
import type { Membership } from "./membership.ts";

/** Who has a name. */
export type Ownership =
  /** This process. @member token - the fencing token. */
  | { readonly isOwn: true; readonly token: number }
  | { readonly isOwn: false; readonly node: string; readonly lease: string };

const KIND = "name";

/** The names of a cluster, as one process sees them. */
export class Names {
  readonly #membership: Membership;
  readonly #owned = new Map<string, number>();
  readonly #claiming = new Map<string, Promise<Ownership>>();
  readonly #onEnded: (name: string) => void;

  /** @param onEnded - the right to a name of this process has ended: the service that acts by it has to be ended. */
  constructor(membership: Membership, onEnded: (name: string) => void = () => {}) {
    this.#membership = membership;
    this.#onEnded = onEnded;
  }

  /** The names of this process, with their tokens. */
  get owned(): ReadonlyMap<string, number> {
    return this.#owned;
  }

  /** Says whether this process may act as the owner at this moment; to be asked before each act. */
  mayAct(name: string, token: number): boolean {
    const { rightUntil, options } = this.#membership;
    return this.#owned.get(name) === token && options.host.now() < rightUntil;
  }

  /**
   * Gets a name, or finds who has it. One that has just lapsed may take another lease: then it is still the earlier owner's.
   *
   * @throws {ERR_ENGINE_DOWN} if the engine is away, or this process has no place there, or the engine has lost what it held a moment ago.
   */
  async claim(name: string): Promise<Ownership> {
    const held = this.#owned.get(name);
    if (held !== undefined) {
      if (this.mayAct(name, held)) return { isOwn: true, token: held };
      // Race: the caller may be faster than the membership's next beat, and a second claim may replace the token of the first, and its answer
      // get lost. What acts under the first is ended before; test/integration/cluster/owner-stopped.test.ts.
      this.#owned.delete(name);
      this.#onEnded(name);
    }
    let claiming = this.#claiming.get(name);
    if (claiming === undefined) {
      claiming = this.#claim(name).finally(() => this.#claiming.delete(name));
      this.#claiming.set(name, claiming);
    }
    return await claiming;
  }

  async #claim(name: string): Promise<Ownership> {
    const { driver, self } = this.#membership.options;
    this.#requireRight();
    const key = `${KIND}/${name}`;
    for (;;) {
      const { lease } = this.#membership;
      const found = await driver.read(key);
      const owner = found && parseOwner(found);
      const isFree =
        owner === undefined ||
        owner.lease === lease ||
        (await this.#membership.hasLapsed(owner.node, owner.lease));
      if (!isFree) return { isOwn: false, ...owner };
      this.#requireRight();
      const value = JSON.stringify({ node: self.node, lease });
      const token = await driver.claim(key, value, found?.token ?? 0);
      if (token === undefined) continue;
      // Lost while the answer was on its way: the record is there, and no node acts by it.
      if (this.#membership.lease !== lease) throw engineError("has taken this node's place", true);
      this.#owned.set(name, token);
      return { isOwn: true, token };
    }
  }

  /** Finds which node has a name, whether or not it still lives. @throws {ERR_ENGINE_DOWN} */
  async find(name: string): Promise<{ readonly node: string } | undefined> {
    const found = await this.#membership.options.driver.read(`${KIND}/${name}`);
    const owner = found && parseOwner(found);
    return owner?.node === this.#membership.options.self.node ? undefined : owner;
  }

  /** Gives a name up. */
  async release(name: string): Promise<void> {
    const token = this.#owned.get(name);
    this.#owned.delete(name);
    if (token === undefined) return;
    await this.#membership.options.driver.claim(`${KIND}/${name}`, undefined, token);
  }

  /** This process has lost its right, and all names with it. @returns what they were */
  lose(): string[] {
    const names = [...this.#owned.keys()];
    this.#owned.clear();
    return names;
  }

  #requireRight(): void {
    const { rightUntil, claimsFrom, options } = this.#membership;
    const now = options.host.now();
    if (now >= rightUntil) throw engineError("has not confirmed this node's place", false);
    if (now >= claimsFrom) return;
    const ms = Math.ceil(claimsFrom - now);
    throw engineError(`has begun anew: names can be claimed in ${ms} ms`, false);
  }
}

function parseOwner({ value }: Entry): { node: string; lease: string } | undefined {
  try {
    const { node, lease } = JSON.parse(value ?? "") as Record<string, unknown>;
    if (typeof node !== "string" || typeof lease !== "string") return undefined;
    return { node, lease };
  } catch {
    // Not written by a node of ours.
    return undefined;
  }
}

/**
 * The patches of the whole fleet, as one node takes part in them.
 *
 *     record: prepare  -> in everywhere here, services held -> vote yes, or no
 *     record: commit   -> it stays; here as on all other nodes
 *     record: abort    -> it is undone, and no caller has seen it
 *
 * The record in the engine is the decision, and it is taken once, by compare-and-set. A node that holds a patch and hears nothing for FLEET_DECIDE_MS writes the abort
 * itself: the node that led it is gone, or will find that it can't commit any more. A node that was not asked, for it came later, was cut off or is started
 * anew, takes what was committed in the order of the numbers, and says that it is not ready before that is done.
 *
 * While the engine does not answer no node can know. Then services are held for FLEET_HOLD_MS more and go on as before; from then on the node is not ready, and
 * takes the patch when the engine says that it is in. An engine that has lost its memory is told again by the nodes.
 *
 * Promises: no node keeps a patch whose record does not say commit; a node that is ready has all that say commit, or says in its log which not.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { FLEET_DECIDE_MS, FLEET_HOLD_MS, FLEET_VOTE_MS } from "../../base/limits.ts";
import type { FleetMark } from "../../ledger/entry.ts";
import type { FleetNodeResult, PatchFailure } from "../../snax/types.ts";
import type { Entry } from "../engine/driver.ts";
import type { FleetPatch, FleetRecord, FleetSeal, FleetVote } from "./record.ts";
import { idOfKey, parseRecord, PATCH_KIND, patchKey, voteKey } from "./record.ts";
import type { Membership } from "../engine/membership.ts";

/** What a node says when the patch is in everywhere here. */
export type FleetYes = Pick<FleetVote, "bases">;

/** What becomes of a patch on a node that gets it late. */
export type FleetStanding =
  | { readonly state: "apply" }
  /** @member isContained - the files here give all of it */
  | { readonly state: "pass"; readonly why: string; readonly isContained: boolean };

/** What the fleet needs of the node. */
export interface FleetLocal {
  /** Says whether a patch is in, or is not needed any more. */
  has(mark: FleetMark): boolean;
  /** The keys of patches of which nothing is left here. */
  readonly retired: readonly string[];
  /** The hashes of the files that a patch is for; undefined if there is no such type here. */
  bases(
    type: string,
    paths: readonly string[],
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * Puts a patch in.
   *
   * @param decide - asked when it is in everywhere; what it throws has the patch undone.
   * @throws what the patch is refused for; then nothing has changed.
   */
  run(
    mark: FleetMark,
    patch: FleetPatch,
    decide: (yes: FleetYes) => Promise<void>,
  ): Promise<FleetNodeResult>;
  /** Nothing of a patch is needed here: the files give all of it. */
  pass(mark: FleetMark): void;
  /** Compares a patch with the files as they are here. */
  stand(patch: FleetPatch): Promise<FleetStanding>;
}

/** What it is made of. */
export interface FleetPatchesOptions {
  readonly membership: Membership;
  readonly seal: FleetSeal;
  readonly local: FleetLocal;
  readonly log: (text: string) => void;
  /** Says why the node is not ready; undefined = it is, as far as this goes. */
  readonly onHindrance: (id: number, why: string | undefined) => void;
}

/** What is known of a patch. */
export interface Seen {
  /** Undefined if it can't be read. */
  readonly record: FleetRecord | undefined;
  readonly token: number;
  /** When it was first seen, by the clock of this process. */
  readonly at: number;
  /** The engine has lost it. */
  readonly isGone?: boolean;
}

/** How a patch ended, as far as this node can know. */
type Decision = "commit" | "abort" | "unknown";

/** Milliseconds between two attempts to ask an engine that does not answer. */
const RETRY_MS = 500;

/** Why a node is not ready. */
const NOT_IN = "it is not in yet";
const UNDECIDED = "it is not decided";

/** The patches of the fleet on one node. */
export class FleetPatches {
  readonly options: FleetPatchesOptions;
  readonly #seen = new Map<number, Seen>();
  /** By key: what needs no more work here. */
  readonly #done = new Set<string>();
  readonly #wakers = new Set<() => void>();
  /** The patch that is in and holds services, or is just being kept; 0 = none. */
  #held = 0;
  #isWorking = false;
  #isSettled = false;
  #stopWatch: () => void = () => {};
  #isOver = false;
  #catchUp: () => void = () => {};
  /** Resolves when what was committed before is in. */
  readonly caughtUp: Promise<void> = new Promise((resolve) => {
    this.#catchUp = resolve;
  });

  constructor(options: FleetPatchesOptions) {
    this.options = options;
  }

  /** The patches by number. */
  get seen(): ReadonlyMap<number, Seen> {
    return this.#seen;
  }

  /** How many patches are decided, and not in yet. */
  get lacking(): number {
    return [...this.#seen.keys()].filter((id) => this.#lacks(id)).length;
  }

  /** What is known, for people. */
  get state(): Record<string, object> {
    const rows = [...this.#seen].map(([id, { record }]) => {
      const { state = "unreadable", patch, why } = record ?? {};
      const what = patch === undefined ? {} : { type: patch.type, from: patch.from };
      return [id, { state, ...what, ...(why !== undefined && { why }) }] as const;
    });
    return Object.fromEntries(rows);
  }

  /** Begins. */
  start(): void {
    const { membership } = this.options;
    this.#stopWatch = membership.options.driver.watch(PATCH_KIND, {
      onChange: (entry) => this.take(entry),
      onSettled: () => {
        this.#isSettled = true;
        void this.#work();
      },
    });
  }

  /** Takes part no longer. */
  close(): void {
    this.#isOver = true;
    this.#stopWatch();
    this.#wake();
  }

  /** Takes what is under the key of a patch; older than what is known is left out. */
  take({ key, value, token }: Entry): void {
    const id = idOfKey(key);
    const known = id === undefined ? undefined : this.#seen.get(id);
    if (id === undefined) return;
    // That it is gone may be told under the token under which it was there.
    if (value === undefined) {
      if ((known?.token ?? 0) <= token) this.#lose(id, token);
    } else {
      const isBack = known?.isGone === true && known.token === token;
      if ((known?.token ?? 0) >= token && !isBack) return;
      const record = parseRecord(this.options.seal.open(key, value));
      const isSame = known?.record?.key === record?.key;
      const at = isSame && known !== undefined ? known.at : this.#now();
      this.#seen.set(id, { record, token, at });
      if (this.#lacks(id)) this.options.onHindrance(id, NOT_IN);
    }
    this.#wake();
    void this.#work();
  }

  /**
   * Waits until a patch is decided.
   *
   * @param isHolding - gives up when the engine does not answer for too long
   * @param key - of its record. By then another patch may have its number: an engine that has lost its memory begins anew.
   */
  async decided(
    id: number,
    isHolding: boolean,
    key: string | undefined = this.#seen.get(id)?.record?.key,
  ): Promise<Decision> {
    let failingFrom: number | undefined = undefined;
    for (;;) {
      const seen = this.#seen.get(id);
      const { state, key: found } = seen?.record ?? {};
      if (seen === undefined || found !== key) return "abort";
      if (state !== "prepare") return state === "commit" ? "commit" : "abort";
      if (this.#isOver) return "unknown";
      if (isHolding && failingFrom !== undefined && this.#now() - failingFrom >= FLEET_HOLD_MS)
        return "unknown";
      const early = this.#isPast(id, seen) ? 0 : seen.at + FLEET_DECIDE_MS - this.#now();
      if (early > 0) {
        await this.#change(early);
        continue;
      }
      failingFrom ??= Math.max(this.#now(), seen.at + FLEET_DECIDE_MS);
      const why = `no node has decided it for ${FLEET_DECIDE_MS} ms, FLEET_DECIDE_MS`;
      if (!(await this.abort(id, why))) await this.#change(RETRY_MS);
    }
  }

  /** It was decided and swept up, and this node has missed it: there is a later one, and one comes after the other. */
  #isPast(id: number, { isGone }: Seen): boolean {
    if (isGone !== true) return false;
    return [...this.#seen].some(([other, seen]) => other > id && seen.isGone !== true);
  }

  /**
   * Ends a patch that is not decided, or finds out how it was.
   *
   * @returns false if the engine does not say
   */
  async abort(id: number, why: string): Promise<boolean> {
    const record = this.#seen.get(id)?.record;
    if (record === undefined) return true;
    const { key } = record;
    return await this.write(id, { state: "abort", key, nodes: {}, why });
  }

  /**
   * Writes a decision over a patch that has none.
   *
   * @returns false if the engine does not say what is there; true = it is known now
   */
  async write(id: number, record: FleetRecord): Promise<boolean> {
    const { seal, membership } = this.options;
    const { driver } = membership.options;
    const seen = this.#seen.get(id);
    // What was decided stays, and what another patch is about.
    if (seen?.record?.state !== "prepare" || seen.record.key !== record.key) return true;
    const { isGone = false } = seen;
    // A node that has aborted it does not tell the engine again: where the question is gone, the answer can only be no.
    if (isGone && record.state === "commit") return await this.abort(id, "the engine has lost it");
    if (isGone && this.#now() < membership.claimsFrom) return false;
    const key = patchKey(id);
    const value = seal.seal(key, record);
    try {
      const token = await driver.claim(key, value, isGone ? 0 : seen.token);
      if (token !== undefined) this.take({ key, value, token });
      else await this.#reread(id);
      return true;
    } catch {
      // Whether it was written the next attempt finds out.
      return await this.#reread(id).then(
        () => this.#seen.get(id)?.record?.state !== "prepare",
        () => false,
      );
    }
  }

  /** Says what this node thinks of a patch. Tries until it is written, or too late. */
  async vote(id: number, vote: Omit<FleetVote, "incarnation">): Promise<void> {
    const { seal, membership } = this.options;
    const { driver, self, host } = membership.options;
    if (this.#seen.get(id)?.record?.key !== vote.key) return;
    const key = voteKey(id, self.node);
    const whole: FleetVote = { ...vote, incarnation: self.incarnation };
    const value = seal.seal(key, whole);
    const until = host.now() + FLEET_VOTE_MS;
    while (!this.#isOver && host.now() < until) {
      try {
        const found = await driver.read(key);
        if (found?.value === value) return;
        if ((await driver.claim(key, value, found?.token ?? 0)) !== undefined) return;
      } catch {
        await this.#change(RETRY_MS);
      }
      if (vote.state !== "done" && this.#seen.get(id)?.record?.state !== "prepare") return;
    }
  }

  async #reread(id: number): Promise<void> {
    const { driver } = this.options.membership.options;
    const key = patchKey(id);
    const found = await driver.read(key);
    if (found !== undefined) this.take(found);
    else if (this.#seen.has(id)) this.#lose(id, this.#seen.get(id)?.token ?? 0);
  }

  /** What was there is gone: the engine has lost its memory, or it was swept up. */
  #lose(id: number, token: number): void {
    const seen = this.#seen.get(id);
    const record = seen?.record;
    if (seen === undefined) return;
    if (record?.state === "commit") return void this.tellAgain(id);
    if (record?.state !== "prepare") {
      this.#seen.delete(id);
      return this.options.onHindrance(id, undefined);
    }
    // It may have been committed, and those who know it tell the engine again.
    this.#seen.set(id, { ...seen, token, isGone: true });
    this.#wake();
  }

  /** Writes a decision anew that the engine has lost. Of several nodes that do so the first one does it. */
  async tellAgain(id: number): Promise<void> {
    const { seal, membership } = this.options;
    const key = patchKey(id);
    for (;;) {
      const record = this.#seen.get(id)?.record;
      if (this.#isOver || record?.state !== "commit") return;
      try {
        const found = await membership.options.driver.read(key);
        if (found !== undefined) return this.take(found);
        await membership.options.driver.claim(key, seal.seal(key, record), 0);
      } catch {
        await this.#change(RETRY_MS);
      }
    }
  }

  /** One patch after the other, in the order of their numbers. */
  async #work(): Promise<void> {
    if (this.#isWorking || !this.#isSettled) return;
    this.#isWorking = true;
    try {
      for (let next = this.#next(); next !== undefined && !this.#isOver; next = this.#next()) {
        await this.#follow(...next);
      }
    } finally {
      this.#isWorking = false;
    }
    this.#catchUp();
  }

  #next(): [number, FleetRecord] | undefined {
    const ids = [...this.#seen.keys()].toSorted((one, other) => one - other);
    for (const id of ids) {
      const record = this.#seen.get(id)?.record;
      if (record === undefined) {
        const why =
          "it can't be read here: another version has written it, or another token has sealed it";
        this.options.onHindrance(id, why);
      } else if (!this.#done.has(nameOf(id, record))) return [id, record];
    }
    return undefined;
  }

  async #follow(id: number, record: FleetRecord): Promise<void> {
    const { onHindrance, membership, local } = this.options;
    const { node, incarnation } = membership.options.self;
    const name = nameOf(id, record);
    switch (record.state) {
      case "abort":
      case "over":
        onHindrance(id, undefined);
        this.#done.add(name);
        return;
      case "commit":
        if (!local.has({ id, key: record.key })) await this.#takeLate(id, record);
        this.#done.add(name);
        return;
      case "prepare":
        if (record.nodes[node] === incarnation && (await this.#takePart(id, record))) {
          this.#done.add(`${id} ${record.key} commit`);
        }
        // Undecided, and this node has nothing of it: it can't be ready before it knows.
        if (this.#seen.get(id)?.record?.state === "prepare") onHindrance(id, UNDECIDED);
        await this.decided(id, false, record.key);
        if (!this.#lacks(id)) onHindrance(id, undefined);
    }
  }

  /** It was committed, and is not in: not even in services that are held. */
  #lacks(id: number): boolean {
    const record = this.#seen.get(id)?.record;
    if (record?.state !== "commit" || this.#held === id) return false;
    return !this.#done.has(nameOf(id, record)) && !this.options.local.has({ id, key: record.key });
  }

  /** @returns true if it is in */
  async #takePart(id: number, { key, patch }: FleetRecord): Promise<boolean> {
    if (patch === undefined) return false;
    const { local, log, onHindrance } = this.options;
    let isIn = false;
    try {
      const result = await local.run({ id, key }, patch, async (yes) => {
        isIn = true;
        this.#held = id;
        await this.vote(id, { state: "yes", key, ...yes, retired: local.retired });
        const decision = await this.decided(id, true, key);
        // Order: before services go on without it.
        if (decision === "unknown") onHindrance(id, UNDECIDED);
        if (decision !== "commit") throw this.#undone(id, decision);
      });
      await this.vote(id, { state: "done", key, result });
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!isIn) await this.vote(id, { state: "no", key, failure: failureOf(error, message) });
      else log(`patch ${id} of the fleet is undone here: ${message}`);
      return false;
    } finally {
      this.#held = 0;
    }
  }

  #undone(id: number, decision: Decision): SnaxError {
    if (decision === "unknown") {
      const why = "the engine does not say whether it is in, and services can't wait any longer";
      return new SnaxError("ERR_ENGINE_DOWN", `patch ${id} of the fleet: ${why}`);
    }
    const why = this.#seen.get(id)?.record?.why ?? "it was ended";
    return new SnaxError("ERR_PATCH_FAILED", `patch ${id} of the fleet is in no node: ${why}`);
  }

  /** Takes a patch that was decided without this node. */
  async #takeLate(id: number, { key, patch }: FleetRecord): Promise<void> {
    const { local, log, onHindrance } = this.options;
    if (patch === undefined) return;
    const what = `patch ${id} of the fleet, of ${patch.type},`;
    if (this.#isTakenBack(id) || this.#takesBackNothing(patch)) {
      onHindrance(id, undefined);
      return log(`${what} is passed over: it was taken back before it was in here`);
    }
    onHindrance(id, NOT_IN);
    try {
      const standing = await local.stand(patch);
      if (standing.state === "pass") {
        log(`${what} is not applied: ${standing.why}`);
        if (standing.isContained) local.pass({ id, key });
      } else {
        await local.run({ id, key }, patch, async () => {});
        log(`${what} is in, as on the other nodes`);
      }
      onHindrance(id, undefined);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log(`${what} is NOT in, and this node is not ready: ${message}`);
      onHindrance(id, message);
    }
  }

  #isTakenBack(id: number): boolean {
    return [...this.#seen.values()].some(
      ({ record }) => record?.state === "commit" && record.patch?.takesBack.includes(id) === true,
    );
  }

  /** What it takes back is not in here. */
  #takesBackNothing({ takesBack }: FleetPatch): boolean {
    const isIn = (id: number): boolean => {
      const record = this.#seen.get(id)?.record;
      return record !== undefined && this.options.local.has({ id, key: record.key });
    };
    return takesBack.length > 0 && !takesBack.some(isIn);
  }

  #now = (): number => this.options.membership.options.host.now();

  /** Waits for news of some patch, but not longer. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wakers.delete(wake);
        resolve();
      };
      const cancel = this.options.membership.options.host.later(ms, wake);
      this.#wakers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

function nameOf(id: number, { key, state }: FleetRecord): string {
  return `${id} ${key} ${state}`;
}

function failureOf(error: unknown, message: string): NonNullable<FleetVote["failure"]> {
  const { data } = error as { data?: { failed?: readonly PatchFailure[] } };
  return { code: codeOf(error) ?? "ERR_PATCH_FAILED", message, failed: data?.failed ?? [] };
}

/**
 * Leads a patch of the whole fleet, on the node that was asked for it.
 *
 *     open     the next number, and the patch under it: those who are members now vote
 *     votes    all of them yes, or it is ended; one that says no, leaves or is silent ends it
 *     decide   one record by compare-and-set: commit or abort. If another node was faster, that counts
 *     report   what each node says came of it
 *
 * The node that leads takes part as the others do (patches.ts). Numbers are given one after the other, and the next one only when the
 * last is decided: so at each moment one patch is on its way through the fleet.
 */

import { randomBytes } from "node:crypto";
import { codeOf, ERROR_CODES, SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";
import {
  ENGINE_TIMEOUT_MS,
  FLEET_PATCHES_MAX,
  FLEET_RECORD_MAX,
  FLEET_REPORT_MS,
  FLEET_VOTE_MS,
} from "../../base/limits.ts";
import type { FleetNodeResult, FleetResult } from "../../snax/types.ts";
import type { Entry } from "../engine/driver.ts";
import { engineError } from "../engine/driver.ts";
import type { FleetPatches } from "./patches.ts";
import type { FleetPatch, FleetRecord, FleetVote } from "./record.ts";
import { HEAD_KEY, idOfKey, nodeOfKey, patchKey, VOTE_KIND } from "./record.ts";

/** A patch as it is asked for. */
export interface FleetOrder {
  readonly patch: FleetPatch;
  /** Nodes that do not answer are left out. */
  readonly allowMissing: boolean;
}

/** What the nodes have said. */
interface Verdict {
  readonly code?: string;
  /** Why it is not to stay; undefined = it is. */
  readonly why?: string;
  readonly reasons?: Readonly<Record<string, { readonly code: string; readonly message: string }>>;
}

/** Leads patches. */
export class FleetLead {
  readonly #patches: FleetPatches;

  constructor(patches: FleetPatches) {
    this.#patches = patches;
  }

  /**
   * Leads one patch.
   *
   * @throws {ERR_ENGINE_DOWN} if the engine is away; with `data.sent` true it may be in.
   * @throws {ERR_PATCH_FAILED} and what else a node says, with `data: { nodes }`: nothing has changed.
   */
  async run(order: FleetOrder): Promise<FleetResult> {
    await this.#awaitPlace();
    await this.#patches.caughtUp;
    if (this.#kept >= FLEET_PATCHES_MAX) await this.#sweep();
    const votes = new Votes(this.#patches);
    try {
      const { id, key, nodes } = await this.#open(order.patch).catch((error: unknown) => {
        throw notSent(error);
      });
      votes.begin(id, key);
      const verdict = await this.#count(order, { nodes, votes });
      await this.#decide(id, { key, nodes, patch: order.patch, verdict, votes });
      return { id, nodes: await this.#report(nodes, votes) };
    } finally {
      votes.end();
    }
  }

  /** Has the nodes tell of which patches nothing is left with them: what no node needs the engine forgets. */
  async #sweep(): Promise<void> {
    const { node: from } = this.#patches.options.membership.options.self;
    const patch: FleetPatch = {
      ...{ type: "nothing", texts: [], args: "", bases: {}, takesBack: [], from },
    };
    const votes = new Votes(this.#patches);
    try {
      const { id, key, nodes } = await this.#open(patch).catch((error: unknown) => {
        throw notSent(error);
      });
      votes.begin(id, key);
      const { why } = await this.#count({ patch, allowMissing: false }, { nodes, votes });
      await this.#patches.abort(id, why ?? "it was only asked what can be forgotten");
      if (why === undefined) await this.#forget(votes);
    } finally {
      votes.end();
    }
    this.#requireRoom();
  }

  async #forget(votes: Votes): Promise<void> {
    const { seal, membership } = this.#patches.options;
    const lists = [...votes.all.values()].map(({ retired }) => retired ?? []);
    for (const [id, { record, token }] of this.#patches.seen) {
      if (record?.state !== "commit" || !lists.every((list) => list.includes(record.key))) continue;
      const over: FleetRecord = { state: "over", key: record.key, nodes: {} };
      const key = patchKey(id);
      const value = seal.seal(key, over);
      const done = await membership.options.driver.claim(key, value, token);
      if (done !== undefined) this.#patches.take({ key, value, token: done });
    }
  }

  /** Patches that new nodes need. */
  get #kept(): number {
    const all = [...this.#patches.seen.values()];
    return all.filter(({ record }) => record?.state === "commit").length;
  }

  /** Puts the patch under the next number. */
  async #open(
    patch: FleetPatch,
  ): Promise<{ id: number; key: string; nodes: FleetRecord["nodes"] }> {
    const { seal, membership } = this.#patches.options;
    const { driver } = membership.options;
    for (;;) {
      this.#requirePlace();
      const head = await driver.read(HEAD_KEY);
      const said = head?.value === undefined ? undefined : seal.open(HEAD_KEY, head.value);
      const last = Math.max(
        (said as { head: number } | undefined)?.head ?? 0,
        ...this.#patches.seen.keys(),
      );
      if (last > 0 && !(await this.#isDecided(last))) continue;
      const id = last + 1;
      const key = randomBytes(8).toString("hex");
      const { node, incarnation } = membership.options.self;
      const others = membership.members.map((member) => [member.node, member.incarnation]);
      const nodes = Object.fromEntries([[node, incarnation], ...others]) as FleetRecord["nodes"];
      const value = this.#sealed(patchKey(id), { state: "prepare", key, patch, nodes });
      const own = await driver.claim(HEAD_KEY, seal.seal(HEAD_KEY, { head: id }), head?.token ?? 0);
      if (own === undefined) continue;
      const token = await driver.claim(patchKey(id), value, 0);
      if (token === undefined) continue;
      this.#patches.take({ key: patchKey(id), value, token });
      return { id, key, nodes };
    }
  }

  /** Waits until the patch before is decided; a number under which nothing was put is closed. */
  async #isDecided(id: number): Promise<boolean> {
    const { seal, membership } = this.#patches.options;
    const { driver } = membership.options;
    if (!this.#patches.seen.has(id)) {
      const found = await driver.read(patchKey(id));
      if (found !== undefined) {
        this.#patches.take(found);
        return false;
      }
      // The node that took the number is slow, or gone: it can't put anything there any more.
      const key = randomBytes(8).toString("hex");
      const record: FleetRecord = { state: "abort", key, nodes: {}, why: "its number was passed" };
      const value = seal.seal(patchKey(id), record);
      const token = await driver.claim(patchKey(id), value, 0);
      if (token !== undefined) this.#patches.take({ key: patchKey(id), value, token });
      return false;
    }
    return (await this.#patches.decided(id, false)) !== "unknown";
  }

  /** A node has its place a moment after its start, and an engine that has begun anew is waited for. */
  async #awaitPlace(): Promise<void> {
    const { membership } = this.#patches.options;
    const { host, leaseMs } = membership.options;
    const until = host.now() + leaseMs + ENGINE_TIMEOUT_MS;
    for (;;) {
      try {
        return this.#requirePlace();
      } catch (error) {
        if (host.now() >= until || !membership.isUp) throw error;
        await new Promise<void>((resolve) => void host.later(LOOK_MS, resolve));
      }
    }
  }

  #requirePlace(): void {
    const { membership } = this.#patches.options;
    const now = membership.options.host.now();
    if (!membership.isUp) throw engineError("is away", false);
    if (now >= membership.rightUntil)
      throw engineError("has not confirmed this node's place", false);
    if (now >= membership.claimsFrom) return;
    const ms = Math.ceil(membership.claimsFrom - now);
    throw engineError(`has begun anew: the fleet can be patched in ${ms} ms`, false);
  }

  #requireRoom(): void {
    if (this.#kept < FLEET_PATCHES_MAX) return;
    const text = `the fleet has ${this.#kept} patches that nodes need, FLEET_PATCHES_MAX: deploy files that contain them, and start the nodes anew`;
    throw new SnaxError("ERR_EXHAUSTED", text);
  }

  #sealed(key: string, record: FleetRecord): string {
    const value = this.#patches.options.seal.seal(key, record);
    if (value.length <= FLEET_RECORD_MAX) return value;
    const text = `a patch of the fleet takes ${value.length} bytes in the engine, more than FLEET_RECORD_MAX (${FLEET_RECORD_MAX})`;
    throw new SnaxError("ERR_PATCH_SIZE", text);
  }

  /** Waits for the votes. */
  async #count({ patch, allowMissing }: FleetOrder, { nodes, votes }: Asked): Promise<Verdict> {
    const { membership } = this.#patches.options;
    const { host, self } = membership.options;
    const until = host.now() + FLEET_VOTE_MS;
    for (;;) {
      const refusal = votes.refusal ?? differing(patch, votes.all);
      if (refusal !== undefined) return refusal;
      const missing = Object.keys(nodes).filter((node) => votes.all.get(node)?.state !== "yes");
      if (missing.length === 0) return {};
      const isThere = (node: string): boolean =>
        node === self.node ||
        membership.members.some((one) => one.node === node && one.incarnation === nodes[node]);
      const gone = missing.find((node) => !isThere(node));
      if (gone !== undefined && !allowMissing)
        return silent([gone], "is gone, or another process has its name");
      const awaited = allowMissing ? missing.filter(isThere) : missing;
      if (awaited.length === 0 && !missing.includes(self.node)) return {};
      const rest = until - host.now();
      if (rest <= 0) {
        const isLeftOut = allowMissing && !missing.includes(self.node);
        return isLeftOut
          ? {}
          : silent(missing, `has not answered for ${FLEET_VOTE_MS} ms, FLEET_VOTE_MS`);
      }
      await votes.news(Math.min(rest, LOOK_MS));
    }
  }

  /** Writes what is decided. @throws if it is no commit */
  async #decide(id: number, { key, nodes, patch, verdict, votes }: Counted): Promise<void> {
    const { why, code, reasons } = verdict;
    const record: FleetRecord =
      why === undefined
        ? { state: "commit", key, nodes, patch: { ...patch, bases: agreed(patch, votes.all) } }
        : { state: "abort", key, nodes: {}, why };
    const isKnown = await this.#patches.write(id, record);
    const known = this.#patches.seen.get(id)?.record;
    if (known?.key === key && known.state === "commit") return;
    if (why !== undefined) {
      const text = `the patch is in no node: ${why}`;
      throw new SnaxError(codeOfRefusal(code), text, { data: { nodes: reasons } });
    }
    if (!isKnown || known?.state === "prepare") {
      const text = `did not say whether patch ${id} of the fleet is in: the nodes find out when it is there`;
      throw engineError(text, true);
    }
    const text = `the patch is in no node: ${known?.why ?? "it was ended before this node could commit it"}`;
    throw new SnaxError("ERR_PATCH_TIMEOUT", text, { data: { nodes: {} } });
  }

  /** Waits for what came of it. */
  async #report(
    nodes: FleetRecord["nodes"],
    votes: Votes,
  ): Promise<Record<string, FleetNodeResult>> {
    const { host } = this.#patches.options.membership.options;
    const until = host.now() + FLEET_REPORT_MS;
    const names = Object.keys(nodes);
    const isOpen = (node: string): boolean => votes.all.get(node)?.state === "yes";
    while (names.some(isOpen) && host.now() < until) await votes.news(until - host.now());
    const rows = names.map((node) => [
      node,
      votes.all.get(node)?.result ?? untold(votes.all.get(node)),
    ]);
    return Object.fromEntries(rows) as Record<string, FleetNodeResult>;
  }
}

/** Before the votes nothing can be in. */
function notSent(error: unknown): unknown {
  if (codeOf(error) !== "ERR_ENGINE_DOWN") return error;
  const { message } = error as Error;
  return new SnaxError("ERR_ENGINE_DOWN", `the patch is in no node: ${message}`, {
    ...{ data: { sent: false } },
    cause: error,
  });
}

function codeOfRefusal(code: string | undefined): ErrorCode {
  const isOfPatch = code?.startsWith("ERR_PATCH") === true && Object.hasOwn(ERROR_CODES, code);
  return isOfPatch ? (code as ErrorCode) : "ERR_PATCH_FAILED";
}

/** Milliseconds between two looks at who is still a member. */
const LOOK_MS = 100;

interface Asked {
  readonly nodes: FleetRecord["nodes"];
  readonly votes: Votes;
}

interface Counted extends Asked {
  readonly key: string;
  readonly patch: FleetPatch;
  readonly verdict: Verdict;
}

/** The votes on one patch, as they come in. */
class Votes {
  /** By node. */
  readonly all = new Map<string, FleetVote>();
  readonly #patches: FleetPatches;
  readonly #entries = new Map<string, Entry>();
  readonly #stop: () => void;
  #id = 0;
  #key = "";
  #notice: () => void = () => {};

  constructor(patches: FleetPatches) {
    this.#patches = patches;
    const { driver } = patches.options.membership.options;
    this.#stop = driver.watch(VOTE_KIND, {
      onChange: (entry) => this.#take(entry),
      onSettled: () => {},
    });
  }

  /** From now on votes on this patch count. */
  begin(id: number, key: string): void {
    this.#id = id;
    this.#key = key;
    for (const entry of this.#entries.values()) this.#read(entry);
  }

  /** The first no. */
  get refusal(): Verdict | undefined {
    const refused = [...this.all].filter(([, { state }]) => state === "no");
    const [first] = refused;
    if (first === undefined) return undefined;
    const [node, { failure }] = first;
    const reasons = refused.map(([name, vote]) => [name, vote.failure] as const);
    const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : "";
    return {
      ...(failure !== undefined && { code: failure.code }),
      why: `${node} refuses it: ${failure?.message ?? "it does not say why"}${more}`,
      reasons: Object.fromEntries(reasons) as NonNullable<Verdict["reasons"]>,
    };
  }

  /** Waits for another vote, but not longer. */
  news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#patches.options.membership.options.host.later(ms, resolve);
      this.#notice = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Sweeps up: votes are not needed any more. */
  end(): void {
    this.#stop();
    const { driver } = this.#patches.options.membership.options;
    for (const { key, value, token } of this.#entries.values()) {
      const id = idOfKey(key) ?? Infinity;
      if (value !== undefined && id <= this.#id)
        driver.claim(key, undefined, token).catch(() => {});
    }
    // The last number is kept: so the next one is known.
    for (const [id, { record, token }] of this.#patches.seen) {
      const isOld = id < this.#id && (record?.state === "abort" || record?.state === "over");
      if (isOld) driver.claim(patchKey(id), undefined, token).catch(() => {});
    }
  }

  #take(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    if (this.#id !== 0) this.#read(entry);
  }

  #read({ key, value }: Entry): void {
    if (value === undefined || idOfKey(key) !== this.#id) return;
    const vote = this.#patches.options.seal.open(key, value) as FleetVote | undefined;
    if (vote === undefined || vote.key !== this.#key) return;
    this.all.set(nodeOfKey(key), vote);
    this.#notice();
  }
}

function silent(nodes: readonly string[], what: string): Verdict {
  const [first = ""] = nodes;
  const more = nodes.length > 1 ? ` (and ${nodes.length - 1} more)` : "";
  const code = "ERR_PATCH_TIMEOUT";
  const reasons = Object.fromEntries(nodes.map((node) => [node, { code, message: what }]));
  return { code, why: `${first} ${what}${more}`, reasons };
}

/** The hashes that all nodes have of a file; where the node that asked has no such type, those of the first that has. */
function agreed({ bases }: FleetPatch, votes: ReadonlyMap<string, FleetVote>): FleetPatch["bases"] {
  if (Object.keys(bases).length > 0) return bases;
  return [...votes.values()].find((vote) => vote.bases !== undefined)?.bases ?? {};
}

/** One patch is for one text: nodes with another deployed file refuse it. */
function differing(patch: FleetPatch, votes: ReadonlyMap<string, FleetVote>): Verdict | undefined {
  const [first, ...others] = [...votes].filter(([, { bases }]) => bases !== undefined);
  for (const [node, { bases }] of others) {
    for (const [path, hash] of Object.entries(first?.[1].bases ?? {})) {
      const other = bases?.[path];
      if (other === hash) continue;
      const file = path === "" ? patch.type : path;
      const why = `${file} is ${hash.slice(0, 12)} on ${first?.[0]} and ${other?.slice(0, 12)} on ${node}: the nodes run different files`;
      return { code: "ERR_PATCH", why, reasons: { [node]: { code: "ERR_PATCH", message: why } } };
    }
  }
  return undefined;
}

function untold(vote: FleetVote | undefined): FleetNodeResult {
  const message =
    vote === undefined
      ? "it did not answer and was left out: it gets the patch before it is ready again"
      : "it has not told what came of it: it has the patch, or gets it before it is ready again";
  const failed = [
    { handle: 0, code: vote === undefined ? "ERR_NODE_DOWN" : "ERR_PATCH_TIMEOUT", message },
  ];
  return { applied: [], failed, skipped: [], counts: { applied: 0, failed: 1, skipped: 0 } };
}

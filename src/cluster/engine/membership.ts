/**
 * Who is there: the nodes that take part, as the engine tells, and this one's own place among them.
 *
 *     node/<name> = { incarnation, place, lease }     claimed at the start, renewed each beat, taken away at the end
 *
 * A record that is not renewed for a lease has lapsed; a node that sees that takes it away by compare-and-set. Whether it has is judged by
 * the judge's own clock alone: from the moment at which it saw the last renewal. Silence of the engine is not silence of a node, and a node
 * that stood still itself judges no other for a lease. A node to which there is a link is not taken away: the link shows that it lives.
 *
 * The other side of the same lease is the right of this process: it ends a margin before the lease does, counted from the moment at which the last renewal that
 * came through was asked for. So of a name that goes with it (names.ts) no other node has become the owner while it still has the right,
 * whatever stood still meanwhile.
 */

import type { Driver, DriverHost, Entry, Footing } from "./driver.ts";

/** A node that takes part. */
export interface Member {
  readonly node: string;
  readonly incarnation: string;
  /** Where it takes links, `host:port`; "" = nowhere. */
  readonly place: string;
}

/** What a membership needs. */
export interface MembershipOptions {
  readonly driver: Driver;
  readonly host: DriverHost;
  readonly self: Member;
  /** Milliseconds without a renewal after which a node has left. */
  readonly leaseMs: number;
  readonly log: (text: string) => void;
  /** Says whether there is a link to that process. */
  readonly isLinked: (member: Member) => boolean;
  /** A node is there, or another process of that name, or at another place. */
  readonly onJoin: (member: Member) => void;
  readonly onLeave: (member: Member) => void;
  /** The right of this process has ended, or its place was taken: what it owned it has lost. */
  readonly onLost?: (why: string) => void;
  /** The right of this process lasts for that many milliseconds from now. */
  readonly onRight?: (ms: number) => void;
  /** The engine is there for the first time: what is kept in it can be watched. */
  readonly onEngine?: () => void;
  readonly onHeard?: (topic: string, bytes: Uint8Array) => void;
}

/** What is known of another node. */
interface Known {
  readonly member: Member;
  readonly lease: string;
  readonly token: number;
  /** When it was last seen to be renewed, by the clock of this process. */
  readonly seenAt: number;
}

const KIND = "node";
/** Renewals in a lease. */
const BEATS = 6;
/** The part of a lease by which the own right ends earlier. */
const MARGIN = 1 / 6;
/** Processes of the past that are remembered; a forgotten one is waited for once more. */
const PAST_MAX = 4096;
/** Milliseconds until a node that did not find the engine tries again. */
const RETRY_MS = 1000;

/** The nodes that take part. */
export class Membership {
  readonly options: MembershipOptions;
  readonly #beatMs: number;
  readonly #key: string;
  /** Tells one stay of this process in the engine from the next: it may be taken away, and come back. */
  #lease = "";
  #stays = 0;
  #lapses = 0;
  readonly #known = new Map<string, Known>();
  /** Processes that are not members any more, and from when on they surely have no right. */
  readonly #past = new Map<string, number>();
  /** What is in the engine of this process; 0 = nothing. */
  #token = 0;
  #rightUntil = -Infinity;
  #hadRight = false;
  #claimsFrom = Infinity;
  #isUp = false;
  #isReplaced = false;
  #renewal: Promise<void> | undefined = undefined;
  #isOver = false;
  #hasTold = false;
  #beatAt = 0;
  #stopBeats: () => void = () => {};
  #stopWatch: (() => void) | undefined = undefined;
  #settle: () => void = () => {};
  /** Resolves when all nodes that take part were told, for the first time. */
  readonly settled: Promise<void> = new Promise((resolve) => {
    this.#settle = resolve;
  });

  constructor(options: MembershipOptions) {
    this.options = options;
    this.#beatMs = options.leaseMs / BEATS;
    this.#key = `${KIND}/${options.self.node}`;
  }

  /** The others that take part. */
  get members(): Member[] {
    return [...this.#known.values()].map(({ member }) => member);
  }

  /** The engine is there. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** The lease that this process has, or had last. */
  get lease(): string {
    return this.#lease;
  }

  /** Until when this process has the right to what it owns, in milliseconds of its clock. */
  get rightUntil(): number {
    return this.#rightUntil;
  }

  /** From when on names may be claimed: when the engine has lost what it held, not before all rights of before have ended. */
  get claimsFrom(): number {
    return this.#claimsFrom;
  }

  /** Begins; tries until the engine is there. */
  start(): void {
    this.#beatAt = this.options.host.now();
    this.#beat();
    void this.#join();
  }

  /** Says goodbye: what this process owned it has lost before. */
  async leave(): Promise<void> {
    const { driver } = this.options;
    this.#isOver = true;
    this.#stopBeats();
    this.#stopWatch?.();
    this.#lose("this node has left");
    // Race: a renewal that is under way makes the place, or gives it another token: the node would be a member until its lease ends.
    // test/unit/cluster/membership.test.ts
    await this.#renewal;
    const token = this.#token;
    this.#token = 0;
    if (token !== 0) await driver.claim(this.#key, undefined, token).catch(() => undefined);
    await driver.leave();
  }

  /** Ends without a goodbye, as a crash does: the lease runs out. */
  abandon(): void {
    this.#isOver = true;
    this.#stopBeats();
    this.#stopWatch?.();
    this.#lose("this node has ended");
    void this.options.driver.leave();
  }

  /** What is known, for people. */
  get state(): object {
    const members = this.members.map(({ node, ...rest }) => [node, rest] as const);
    return { engine: this.#isUp ? "up" : "down", members: Object.fromEntries(members) };
  }

  /** Says whether a lease has ended, for certain; asking begins to find out. */
  async hasLapsed(node: string, lease: string): Promise<boolean> {
    const { host, leaseMs } = this.options;
    const known = this.#known.get(node);
    if (known?.lease === lease) {
      if (!this.#isSilent(known)) return false;
      return await this.#evict(known);
    }
    const from = this.#past.get(lease);
    if (this.#past.size > PAST_MAX) this.#past.clear();
    if (from !== undefined) return host.now() >= from;
    this.#past.set(lease, host.now() + leaseMs);
    return false;
  }

  async #join(): Promise<void> {
    const { driver, host, self, log } = this.options;
    try {
      const footing = await driver.join(self, {
        onUp: (later) => this.#stand(later),
        onDown: (reason) => this.#fall(reason),
        onHeard: (topic, bytes) => this.options.onHeard?.(topic, bytes),
      });
      if (this.#isOver) return void driver.leave();
      this.#stand(footing);
      this.#stopWatch = driver.watch(KIND, {
        onChange: (entry) => this.#take(entry),
        onSettled: () => this.#settle(),
      });
      this.options.onEngine?.();
    } catch (error) {
      if (this.#isOver) return;
      if (!this.#hasTold) log(`no place among the nodes yet: ${(error as Error).message}`);
      this.#hasTold = true;
      host.later(RETRY_MS, () => this.#isOver || void this.#join());
    }
  }

  #stand({ ageMs }: Footing): void {
    const { host, leaseMs, log } = this.options;
    const now = host.now();
    log("the engine of the cluster is there");
    this.#isUp = true;
    this.#claimsFrom = now + Math.max(0, leaseMs - ageMs);
    this.#judgeFrom(now);
    void this.#renew();
  }

  #fall(reason: string): void {
    this.#isUp = false;
    this.options.log(`${reason}: nodes and names stay as they are known; calls over links go on`);
  }

  /** What was not seen before this moment does not count against any node. */
  #judgeFrom(now: number): void {
    for (const [node, known] of this.#known) this.#known.set(node, { ...known, seenAt: now });
    for (const [lease, from] of this.#past) {
      if (from > now) this.#past.set(lease, now + this.options.leaseMs);
    }
  }

  #beat(): void {
    const { host } = this.options;
    const now = host.now();
    if (now - this.#beatAt > 3 * this.#beatMs) this.#judgeFrom(now);
    this.#beatAt = now;
    if (this.#hadRight && now >= this.#rightUntil) {
      // With a lease of its own from here on: under the old one others would take this process for the owner still.
      this.#token = 0;
      this.#lapses += 1;
      this.#lose("the lease was not renewed in time");
    }
    if (this.#isUp) {
      void this.#renew();
      for (const known of this.#known.values()) {
        if (this.#isSilent(known) && !this.options.isLinked(known.member)) void this.#evict(known);
      }
    }
    this.#stopBeats = host.later(this.#beatMs, () => this.#isOver || this.#beat());
  }

  #isSilent({ seenAt }: Known): boolean {
    return this.#isUp && this.options.host.now() - seenAt > this.options.leaseMs;
  }

  /** Takes the place of a node away that has not been renewed; of several that try one does it. */
  async #evict({ member, lease, token }: Known): Promise<boolean> {
    const done = await this.options.driver
      .claim(`${KIND}/${member.node}`, undefined, token)
      .catch(() => undefined);
    if (done !== undefined) this.#past.set(lease, -Infinity);
    return done !== undefined;
  }

  async #renew(): Promise<void> {
    if (this.#renewal !== undefined || this.#isOver) return;
    this.#renewal = this.#holdPlace();
    await this.#renewal;
    this.#renewal = undefined;
  }

  /** Makes the place of this node, or renews it; never throws. */
  async #holdPlace(): Promise<void> {
    try {
      const asked = this.options.host.now();
      const lapses = this.#lapses;
      const token = this.#token === 0 ? await this.#register() : await this.#again();
      if (token === undefined || this.#lapses !== lapses) return;
      this.#token = token;
      if (this.#isOver) return;
      this.#hadRight = true;
      this.#rightUntil = asked + this.options.leaseMs * (1 - MARGIN);
      this.options.onRight?.(this.#rightUntil - this.options.host.now());
    } catch {
      // The engine did not answer: the next beat asks again, and the right ends by itself.
    }
  }

  /** Claims the place of this node. */
  async #register(): Promise<number | undefined> {
    const { driver, self, log } = this.options;
    const found = await driver.read(this.#key);
    const holder = found && parseMember(self.node, found.value);
    if (holder !== undefined && holder.incarnation !== self.incarnation) {
      // The newer process has the name; the older one finds that out and stays away.
      if (this.#isReplaced) return undefined;
      log(`another process was ${self.node} (${holder.incarnation}): its place is taken`);
    }
    this.#isReplaced = false;
    this.#stays += 1;
    this.#lease = `${self.incarnation}.${this.#stays}`;
    return await driver.claim(this.#key, this.#value(), found?.token ?? 0);
  }

  async #again(): Promise<number | undefined> {
    const { driver, self, log } = this.options;
    const token = await driver.renew({ key: this.#key, value: this.#value(), token: this.#token });
    if (token !== undefined) return token;
    const found = await driver.read(this.#key);
    // A renewal whose answer was lost.
    if (found?.value === this.#value()) return await driver.renew(found);
    this.#token = 0;
    const holder = found && parseMember(self.node, found.value);
    if (holder === undefined) {
      this.#lose("the place of this node was taken away: it was silent");
      return await this.#register();
    }
    this.#isReplaced = true;
    log(
      `another process is ${self.node} now (${holder.incarnation}): this one is no member any more`,
    );
    this.#lose(`another process is ${self.node} now`);
    return undefined;
  }

  #value(): string {
    const { incarnation, place } = this.options.self;
    return JSON.stringify({ incarnation, place, lease: this.#lease });
  }

  #lose(why: string): void {
    this.#rightUntil = -Infinity;
    if (!this.#hadRight) return;
    this.#hadRight = false;
    this.options.onLost?.(why);
  }

  #take({ key, value, token }: Entry): void {
    const { self, host, leaseMs, onJoin, onLeave } = this.options;
    const node = key.slice(KIND.length + 1);
    // After a reconnect a server may send a node its own words of before.
    if (node === self.node) return;
    const before = this.#known.get(node);
    const member = parseMember(node, value);
    if (before !== undefined && before.lease !== member?.lease) {
      this.#past.set(before.lease, value === undefined ? -Infinity : before.seenAt + leaseMs);
    }
    if (member === undefined) {
      this.#known.delete(node);
      if (before !== undefined) onLeave(before.member);
      return;
    }
    const { lease, ...rest } = member;
    this.#known.set(node, { member: rest, lease, token, seenAt: host.now() });
    const last = before?.member;
    const isSame = last?.incarnation === rest.incarnation && last.place === rest.place;
    if (!isSame) onJoin(rest);
  }
}

/** A member with its lease. */
interface Lessee extends Member {
  readonly lease: string;
}

/** Reads the record of a node; what can't be read is no member. */
function parseMember(node: string, value: string | undefined): Lessee | undefined {
  if (value === undefined) return undefined;
  try {
    const { incarnation, place, lease } = JSON.parse(value) as Partial<Lessee>;
    const isText = typeof incarnation === "string" && typeof place === "string";
    if (!isText || typeof lease !== "string" || !INCARNATION.test(incarnation)) return undefined;
    return { node, incarnation, place, lease };
  } catch {
    // Not written by a node of ours.
    return undefined;
  }
}

const INCARNATION = /^[0-9a-f]{16}$/;

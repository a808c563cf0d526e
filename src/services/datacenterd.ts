/**
 * The data center, `DATACENTER`: values by keys, for all services, and a way to wait for a value.
 *
 *     UPDATE key... value    sets, answered with what was there; undefined deletes
 *     QUERY key...           what is there
 *     WAIT key...            the same, as soon as there is something
 *     WAITFOR ms key...      the same for a caller who gives up after that time, so that nothing is kept for longer
 *
 * Several keys lead through branches: Maps, which are made on the way, or objects, Maps and lists
 * that a service set. As in skynet, waiting for what is in a branch and for the branch itself
 * exclude each other, and a caller that waits for a value where a branch comes to be is told so.
 * Unlike there, a call that waits for a part of a value gets it when the value is set whole.
 *
 * With an engine there is one data center for all nodes: the engine keeps what is under each
 * first key (cluster/fleet/data.ts), and here are only the waiting callers. One that waits for a
 * value where a branch comes to be gets the branch: how it was made is not known any more.
 */

import { skynet, SnaxError } from "snax";
import type { Response } from "snax";
import { DATACENTER_WAITING_MAX } from "../base/limits.ts";
import { serveCommands } from "./lib/command.ts";

type Key = string | number | bigint | boolean;

/** A branch that was made on the way to a key. */
type Branch = Map<Key, unknown>;

/** A caller that waits for a key: either for its value, or for what is in it. */
interface Expectation {
  readonly waiting?: Set<Response>;
  readonly branch?: Map<Key, Expectation>;
}

const database: Branch = new Map();
const expected = new Map<Key, Expectation>();
let waitingCount = 0;

function checkKeys(keys: readonly unknown[]): readonly Key[] {
  if (keys.length === 0) throw refuse("at least one key is needed");
  const types = ["string", "number", "bigint", "boolean"];
  const wrong = keys.findIndex((key) => !types.includes(typeof key) || Number.isNaN(key));
  if (wrong < 0) return keys as Key[];
  throw refuse(`key ${wrong + 1} is ${String(keys[wrong])}: keys are texts, numbers or booleans`);
}

/** Writes keys as a program would name the place. */
function placeOf(keys: readonly Key[]): string {
  return keys.map(String).join(".").slice(0, 200);
}

function refuse(message: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", `datacenter: ${message}`);
}

function childOf(node: unknown, key: Key): unknown {
  if (node instanceof Map) return node.get(key);
  const fields = node as Record<string, unknown>;
  return Object.hasOwn(fields, String(key)) ? fields[String(key)] : undefined;
}

/** Says whether something is in a value. */
function isBranch(value: unknown): boolean {
  if (value instanceof Map || Array.isArray(value)) return true;
  return typeof value === "object" && value !== null && isPlain(Object.getPrototypeOf(value));
}

function isPlain(prototype: unknown): boolean {
  return prototype === null || prototype === Object.prototype;
}

/** Finds what keys lead to. @returns undefined if there is nothing. */
function find(root: unknown, keys: readonly Key[]): unknown {
  let node = root;
  for (const [depth, key] of keys.entries()) {
    if (node === undefined) return undefined;
    if (!isBranch(node)) throw refuse(`${placeOf(keys.slice(0, depth))} is a value, no branch`);
    node = childOf(node, key);
  }
  return node;
}

/** Finds the branch for a value, and makes it if need be. */
function makeBranch(root: Branch, keys: readonly Key[]): unknown {
  let node: unknown = root;
  for (const [depth, key] of keys.entries()) {
    let next = childOf(node, key);
    if (next === undefined) put(node, key, (next = new Map()));
    else if (!isBranch(next)) {
      throw refuse(`${placeOf(keys.slice(0, depth + 1))} is a value, no branch`);
    }
    node = next;
  }
  return node;
}

function put(node: unknown, key: Key, value: unknown): void {
  if (node instanceof Map) {
    if (value === undefined) node.delete(key);
    else node.set(key, value);
  } else if (Array.isArray(node)) {
    const isPlace = typeof key === "number" && Number.isInteger(key) && key >= 0;
    if (!isPlace || key > node.length) throw refuse(`${String(key)} is no place in a list`);
    node[key] = value;
  } else if (value === undefined) Reflect.deleteProperty(node as object, String(key));
  else {
    const attributes = { enumerable: true, writable: true, configurable: true };
    Object.defineProperty(node, String(key), { value, ...attributes });
  }
}

/** Answers the callers that wait for a value, or for what is in it. */
function tell(expectation: Expectation, value: unknown): boolean {
  for (const answer of expectation.waiting ?? []) answer(true, value);
  waitingCount -= expectation.waiting?.size ?? 0;
  const { branch } = expectation;
  if (branch === undefined || !isBranch(value)) return branch === undefined;
  for (const [key, inner] of branch) {
    const content = childOf(value, key);
    if (content !== undefined && tell(inner, content)) branch.delete(key);
  }
  return branch.size === 0;
}

/**
 * Follows the keys that got a value through those who wait.
 *
 * @returns whether no service waits here any more.
 */
function wake(branch: Map<Key, Expectation>, keys: readonly Key[], value: unknown): boolean {
  const [key, ...rest] = keys;
  const expectation = key === undefined ? undefined : branch.get(key);
  if (key === undefined || expectation === undefined) return false;
  let isDone: boolean;
  if (rest.length === 0) isDone = tell(expectation, value);
  else if (expectation.branch !== undefined) isDone = wake(expectation.branch, rest, value);
  else {
    const error = refuse(`${String(key)} became a branch while it was waited for`);
    for (const answer of expectation.waiting ?? []) answer(false, error);
    waitingCount -= expectation.waiting?.size ?? 0;
    isDone = true;
  }
  if (isDone) branch.delete(key);
  return branch.size === 0;
}

/** Keeps the answer to the message being dispatched until there is a value. */
function expect(keys: readonly Key[], answer: Response): void {
  const path = keys.slice(0, -1);
  const last = keys[keys.length - 1] as Key;
  let branch = expected;
  for (const [depth, key] of path.entries()) {
    let next = branch.get(key);
    if (next === undefined) branch.set(key, (next = { branch: new Map() }));
    if (next.branch === undefined) {
      throw refuse(
        `${placeOf(keys.slice(0, depth + 1))} is waited for as a value, not as a branch`,
      );
    }
    branch = next.branch;
  }
  const found = branch.get(last);
  if (found?.branch !== undefined) {
    throw refuse(`${placeOf(keys)} is waited for as a branch, not as a value`);
  }
  const waiting = found?.waiting ?? new Set();
  waiting.add(answer);
  waitingCount += 1;
  if (found === undefined) branch.set(last, { waiting });
}

/** Forgets a request that is no longer awaited, and the branches that led to it alone. */
function forget(branch: Map<Key, Expectation>, keys: readonly Key[], answer: Response): void {
  const [key, ...rest] = keys;
  const expectation = key === undefined ? undefined : branch.get(key);
  if (key === undefined || expectation === undefined) return;
  if (rest.length > 0 && expectation.branch !== undefined) forget(expectation.branch, rest, answer);
  else if (expectation.waiting?.delete(answer) === true) waitingCount -= 1;
  const size = expectation.branch?.size ?? expectation.waiting?.size ?? 0;
  if (size === 0) branch.delete(key);
}

/** Forgets the requests of services that have died. */
function forgetTheDead(branch: Map<Key, Expectation>): void {
  for (const [key, { waiting, branch: inner }] of branch) {
    for (const answer of waiting ?? []) {
      if (!answer("TEST") && waiting?.delete(answer) === true) waitingCount -= 1;
    }
    if (inner !== undefined) forgetTheDead(inner);
    if ((inner?.size ?? waiting?.size ?? 0) === 0) branch.delete(key);
  }
}

function expectBesideTheLiving(keys: readonly Key[], answer: Response): void {
  try {
    expect(keys, answer);
  } catch {
    // What is in the way may be a request of a service that has died; if not, the second refusal
    // stands.
    forgetTheDead(expected);
    expect(keys, answer);
  }
}

/** Has an answer wait for a value. @param ms - Infinity for ever. */
function keepWaiting(keys: readonly Key[], answer: Response, ms: number): void {
  if (waitingCount >= DATACENTER_WAITING_MAX) forgetTheDead(expected);
  if (waitingCount >= DATACENTER_WAITING_MAX) {
    const text = `${waitingCount} requests wait in the data center, DATACENTER_WAITING_MAX`;
    throw new SnaxError("ERR_EXHAUSTED", text);
  }
  expectBesideTheLiving(keys, answer);
  if (ms !== Infinity) skynet.timeout(ms, () => forget(expected, keys, answer));
}

/** Sets a value in a tree. @returns the one before */
function update(root: Branch, keys: readonly Key[], value: unknown): unknown {
  const last = keys[keys.length - 1] as Key;
  if (value === undefined && find(root, keys) === undefined) return undefined;
  const branch = makeBranch(root, keys.slice(0, -1));
  const before = childOf(branch, last);
  put(branch, last, value);
  return before;
}

function readUpdate(given: readonly unknown[]): { keys: readonly Key[]; value: unknown } {
  if (given.length < 2) throw refuse("set takes keys and a value");
  return { keys: checkKeys(given.slice(0, -1)), value: given[given.length - 1] };
}

/** What a data center does. */
interface Center {
  readonly query: (keys: readonly Key[]) => unknown;
  readonly update: (keys: readonly Key[], value: unknown) => unknown;
  readonly wait: (keys: readonly Key[], ms: number) => unknown;
}

/** That of this node. */
const ownCenter: Center = {
  query: (keys) => find(database, keys),
  update(keys, value) {
    const before = update(database, keys, value);
    if (value !== undefined) wake(expected, keys, value);
    return before;
  },
  wait(keys, ms) {
    const value = find(database, keys);
    if (value !== undefined) return value;
    keepWaiting(keys, skynet.response(), ms);
    return undefined;
  },
};

/**
 * Milliseconds until an engine that does not answer is asked again for what a service waits for.
 */
const RETRY_MS = 500;

/** An entry of the engine: what is under a first key, as a tree of that key alone. */
interface Entry {
  readonly root: Branch;
  readonly token: number;
}

/** The one of all nodes. */
class FleetCenter implements Center {
  /** By first key: one change of this node after the other. */
  readonly #changing = new Map<Key, Promise<unknown>>();
  #watching: Promise<unknown> | undefined = undefined;

  async query(keys: readonly Key[]): Promise<unknown> {
    return find((await this.#read(keys[0] as Key)).root, keys);
  }

  async update(keys: readonly Key[], value: unknown): Promise<unknown> {
    const key = keys[0] as Key;
    const before = this.#changing.get(key);
    const run = (): Promise<unknown> => this.#update(keys, value);
    const change = before === undefined ? run() : before.then(run, run);
    this.#changing.set(key, change);
    try {
      return await change;
    } finally {
      if (this.#changing.get(key) === change) this.#changing.delete(key);
    }
  }

  async #update(keys: readonly Key[], value: unknown): Promise<unknown> {
    const key = keys[0] as Key;
    for (;;) {
      const { root, token } = await this.#read(key);
      const isThere = value !== undefined || find(root, keys) !== undefined;
      if (!isThere) return undefined;
      const before = update(root, keys, value);
      const isDone = await this.#ask("DATAREPLACE", key, root.get(key), token);
      if (isDone !== undefined) return before;
    }
  }

  /** The answer is taken before anything is waited for: later there is no message to answer. */
  wait(keys: readonly Key[], ms: number): void {
    const answer = skynet.response();
    this.#wait(keys, ms, answer).catch((error: unknown) => answer(false, error));
  }

  async #wait(keys: readonly Key[], ms: number, answer: Response): Promise<void> {
    this.#watching ??= this.#ask("DATAWATCH").catch((error: unknown) => {
      this.#watching = undefined;
      throw error;
    });
    await this.#watching;
    const value = await this.query(keys);
    if (value !== undefined) return void answer(true, value);
    keepWaiting(keys, answer, ms);
    // What has changed between the two has not been told.
    await this.changed(keys[0] as Key);
  }

  /** What is under a first key has changed. */
  async changed(key: Key): Promise<void> {
    while (expected.has(key)) {
      try {
        const value = (await this.#read(key)).root.get(key);
        const expectation = expected.get(key);
        if (value === undefined || expectation === undefined) return;
        if (tell(expectation, value)) expected.delete(key);
        return;
      } catch {
        await skynet.sleep(RETRY_MS);
      }
    }
  }

  async #read(key: Key): Promise<Entry> {
    const { value, token } = (await this.#ask("DATAREAD", key)) as {
      value: unknown;
      token: number;
    };
    return { root: value === undefined ? new Map() : new Map([[key, value]]), token };
  }

  async #ask(command: string, ...values: unknown[]): Promise<unknown> {
    const daemon = await skynet.uniqueservice("clusterd");
    return await skynet.within(Infinity).call(daemon, "lua", command, ...values);
  }
}

/** Says whether the nodes share one by an engine; a network of harbors has that of the master. */
function isOfFleet(): boolean {
  const { engine } = (skynet.getenv("cluster") ?? {}) as { engine?: unknown };
  return engine !== undefined && skynet.harbor(skynet.self()).id === 0;
}

const fleet = isOfFleet() ? new FleetCenter() : undefined;
const center: Center = fleet ?? ownCenter;

serveCommands("the data center", {
  QUERY: (_source, ...keys) => center.query(checkKeys(keys)),
  UPDATE(_source, ...given) {
    const { keys, value } = readUpdate(given);
    return center.update(keys, value);
  },
  WAIT: (_source, ...keys) => center.wait(checkKeys(keys), Infinity),
  WAITFOR: (_source, ms: number, ...keys) => center.wait(checkKeys(keys), ms),
  CHANGED: (_source, key: Key) => fleet?.changed(key),
});

skynet.start(() => {
  skynet.register("DATACENTER");
});

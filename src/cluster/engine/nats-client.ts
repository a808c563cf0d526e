/**
 * What is used of the NATS client, which is an optional peer: the project has it, or not.
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { SnaxError } from "../../base/error.ts";
import { ENGINE_TIMEOUT_MS } from "../../base/limits.ts";

/** A list that goes on until it is stopped. */
export interface NatsIterator<T> extends AsyncIterable<T> {
  stop(): void;
}

/** A value of a bucket. */
export interface NatsEntry {
  readonly key: string;
  readonly operation: "PUT" | "DEL" | "PURGE";
  readonly revision: number;
  readonly created: Date;
  /** Of a watch: nothing that was there before comes behind it. */
  readonly isUpdate: boolean;
  string(): string;
}

/** A bucket of JetStream. */
export interface NatsBucket {
  create(key: string, value: string): Promise<number>;
  update(key: string, value: string, revision: number): Promise<number>;
  put(key: string, value: string): Promise<number>;
  get(key: string): Promise<NatsEntry | null>;
  delete(key: string, options: { readonly previousSeq: number }): Promise<void>;
  purge(key: string): Promise<void>;
  watch(options: { readonly key: string }): Promise<NatsIterator<NatsEntry>>;
}

/** A connection to a server. */
export interface NatsConnection {
  publish(subject: string, bytes: Uint8Array): void;
  subscribe(
    subject: string,
  ): AsyncIterable<{ readonly subject: string; readonly data: Uint8Array }>;
  flush(): Promise<void>;
  close(): Promise<void>;
  status(): AsyncIterable<{ readonly type: string }>;
}

/** The two packages. */
export interface Nats {
  connect(options: object): Promise<NatsConnection>;
  openBucket(connection: NatsConnection, name: string): Promise<NatsBucket>;
}

/** What the packages export of it. */
interface KvPackage {
  Kvm: new (connection: NatsConnection) => {
    create(name: string, options: object): Promise<NatsBucket>;
  };
}

/** The packages, as a manifest names them. */
const TRANSPORT = "@nats-io/transport-node";
const KV = "@nats-io/kv";

/** Loads the client. @throws {ERR_CONFIG} if the project does not have it. */
export function loadNats(): Nats {
  const { connect } = load<Pick<Nats, "connect">>(TRANSPORT);
  const { Kvm } = load<KvPackage>(KV);
  return {
    connect,
    openBucket: (connection, name) =>
      new Kvm(connection).create(name, {
        ...{ history: 1, storage: "file", timeout: ENGINE_TIMEOUT_MS },
      }),
  };
}

/** The project has it beside snax, or above the folder in which it runs. */
function load<T>(name: string): T {
  let cause: unknown;
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      return createRequire(from)(name) as T;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
      cause = error;
    }
  }
  const text = `cluster.engine is NATS, and the project lacks ${name}: npm install ${TRANSPORT} ${KV}`;
  throw new SnaxError("ERR_CONFIG", text, { cause });
}

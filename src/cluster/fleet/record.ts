/**
 * What the engine holds of patches of the whole fleet.
 *
 *     fleet/head        the number of the last patch
 *     patch/<id>        the patch and what was decided of it
 *     vote/<id>.<node>  what a node says of it
 *
 * A patch is code that every node runs. So all of this is sealed with a key that is derived from the token of the cluster (AES-256-GCM, the name of the
 * entry is sealed with it): a stranger who can write to the engine and does not know the token can delete, and can read nothing, change nothing and make up nothing.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { PatchFailure, FleetNodeResult } from "../../snax/types.ts";

/** A patch of the whole fleet. */
export interface FleetPatch {
  readonly type: string;
  /** The texts, by module path; "" is the service's own file. */
  readonly texts: readonly (readonly [path: string, text: string])[];
  /** What `hotfix()` gets: a frame of the codec of links, in base64. */
  readonly args: string;
  /** The SHA-256 of the files that it is for, by module path; empty if the node that asked has no such type. */
  readonly bases: Readonly<Record<string, string>>;
  /** The numbers of the patches that it takes back. */
  readonly takesBack: readonly number[];
  /** The node that asked. */
  readonly from: string;
}

/** What is under `patch/<id>`. */
export interface FleetRecord {
  /** `over`: no node needs it any more. */
  readonly state: "prepare" | "commit" | "abort" | "over";
  /** Tells it from a patch of that number in an engine that has begun anew. */
  readonly key: string;
  /** Undefined once it is not wanted. */
  readonly patch?: FleetPatch;
  /** Who votes: the incarnation by node. */
  readonly nodes: Readonly<Record<string, string>>;
  /** Why it was ended, for people. */
  readonly why?: string;
}

/** What is under `vote/<id>.<node>`. */
export interface FleetVote {
  /** `done`: it was decided, and this came of it. */
  readonly state: "yes" | "no" | "done";
  /** Of the record that is voted on. */
  readonly key: string;
  readonly incarnation: string;
  /** Why not. */
  readonly failure?: {
    readonly code: string;
    readonly message: string;
    readonly failed: readonly PatchFailure[];
  };
  /** The hashes of this node's files, as in {@link FleetPatch.bases}; undefined if it has no such type. */
  readonly bases?: Readonly<Record<string, string>> | undefined;
  /** The keys of patches of which nothing is left on this node. */
  readonly retired?: readonly string[];
  readonly result?: FleetNodeResult;
}

const STATES: ReadonlySet<unknown> = new Set(["prepare", "commit", "abort", "over"]);

/** Reads a record; undefined if it is not one. */
export function parseRecord(value: unknown): FleetRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { state, key, nodes } = value as Partial<FleetRecord>;
  const isGood = STATES.has(state) && typeof key === "string" && typeof nodes === "object";
  return isGood ? (value as FleetRecord) : undefined;
}

/** What else is sealed. */
export type Sealed = { readonly head: number } | { readonly values: string };

/** The kinds of keys. */
export const HEAD_KEY = "fleet/head";
export const PATCH_KIND = "patch";
export const VOTE_KIND = "vote";

/** The key of a patch. */
export function patchKey(id: number): string {
  return `${PATCH_KIND}/${id}`;
}

/** The key of a vote. */
export function voteKey(id: number, node: string): string {
  return `${VOTE_KIND}/${id}.${node}`;
}

/** The number of the patch that a key is about; undefined if it is about none. */
export function idOfKey(key: string): number | undefined {
  const [, id] = /^(?:patch\/|vote\/)([1-9]\d{0,8})(?:\.|$)/.exec(key) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** The node whose vote a key is. */
export function nodeOfKey(key: string): string {
  return key.slice(key.indexOf(".") + 1);
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** What a sealed text grows to at most. */
const OPENED_MAX: number = 16 << 20;

/** Seals what only the nodes of the cluster are to write and to read. */
export class FleetSeal {
  readonly #secret: Uint8Array;

  constructor(token: string) {
    this.#secret = new Uint8Array(hkdfSync("sha256", token, "snax", "fleet patch 1", 32));
  }

  /** Makes the text that is under a key. */
  seal(key: string, body: FleetRecord | FleetVote | Sealed): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#secret, iv);
    cipher.setAAD(Buffer.from(key));
    const plain = deflateRawSync(JSON.stringify(body));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64");
  }

  /** Reads it; undefined if none of this cluster's nodes has written it there. */
  open(key: string, text: string): unknown {
    try {
      const bytes = Buffer.from(text, "base64");
      const decipher = createDecipheriv("aes-256-gcm", this.#secret, bytes.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(key));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const sealed = bytes.subarray(IV_BYTES + TAG_BYTES);
      const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
      return JSON.parse(inflateRawSync(plain, { maxOutputLength: OPENED_MAX }).toString());
    } catch {
      return undefined;
    }
  }
}

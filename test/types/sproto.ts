/**
 * What the compiler says about a schema whose types `snax sproto` has written, and about one without types.
 *
 * Nothing here runs: the type check is the test. A line under `@ts-expect-error` has to be refused.
 */

import { sproto } from "../../src/sproto/index.ts";
import type { Handlers } from "../../src/sproto/index.ts";
import type { Item, Shop } from "./schema/shop.ts";

declare const text: string;
declare const packet: Uint8Array;

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the claim is true. */
function claim<T extends true>(): T | undefined {
  return undefined;
}

const shop = sproto.parse<Shop>(text);

export function messages(): void {
  const item = shop.decode("item", packet);
  claim<Same<typeof item, Item>>();
  claim<Same<typeof item.price, number | undefined>>();
  claim<Same<typeof item.picture, Uint8Array | undefined>>();
  shop.encode("item", { id: 1, tags: ["new"], parts: [{ weight: 1.5, spare: true }] });
  // @ts-expect-error -- no such type
  shop.decode("itme", packet);
  // @ts-expect-error -- a name is no number
  shop.encode("item", { name: 5 });
  // @ts-expect-error -- the type has no such field
  shop.encode("item", { colour: "red" });
  const { items, stock } = shop.decode("list.response", packet);
  claim<Same<typeof items, Map<number, Item> | undefined>>();
  claim<Same<typeof stock, Map<string, number> | undefined>>();
}

export function requests(): void {
  const request = shop.host().attach(shop);
  request("list");
  request("list", undefined, 1);
  request("buy", { id: 5 }, 2);
  // @ts-expect-error -- what is bought has to be said
  request("buy");
  // @ts-expect-error -- no such protocol
  request("sell", {});
  // @ts-expect-error -- no such field
  request("buy", { name: "x" });
}

export async function answers(): Promise<Uint8Array | undefined> {
  const handlers: Handlers<Shop> = {
    list: () => ({ items: new Map([[1, { id: 1 }]]) }),
    buy: async ({ id }) => ({ id, name: "bread" }),
    leave() {},
  };
  const message = shop.host().dispatch(packet);
  if (message.type === "RESPONSE") return undefined;
  switch (message.name) {
    case "list":
      claim<Same<typeof message.args, undefined>>();
      return message.response?.(await handlers.list(undefined));
    case "buy":
      // @ts-expect-error -- an answer to `buy` is an item
      message.response?.({ items: new Map() });
      return message.response?.(await handlers.buy(message.args));
    case "leave":
      await handlers.leave(undefined);
      return message.response?.();
  }
}

// @ts-expect-error -- `leave` has no handler
export const incomplete: Handlers<Shop> = { list: () => ({}), buy: () => ({}) };

export const wrong: Handlers<Shop> = {
  list: () => ({}),
  // @ts-expect-error -- an item's name is text
  buy: () => ({ name: 5 }),
  leave() {},
};

/** A schema without types takes what there is. */
export function untyped(): void {
  const schema = sproto.parse(text);
  const request = schema.host().attach(schema);
  request("anything", { at: "all" }, 1);
  const { args } = schema.host().dispatch(packet);
  // @ts-expect-error -- its type is unknown
  args.what.length;
}

/** How objects that stand for something travel to another thread. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { kPort } from "../../../src/base/portable.ts";
import { ThreadDecoder } from "../../../src/wire/codec-decoder.ts";
import { ThreadEncoder } from "../../../src/wire/codec-encoder.ts";
import { PortableTable } from "../../../src/wire/codec-portable.ts";

/** Stands for a service, as a service object does. */
class Handle {
  readonly handle: number;
  readonly owner: object | undefined;

  constructor(handle: number, owner: object | undefined) {
    this.handle = handle;
    this.owner = owner;
  }

  [kPort](receiver: object | undefined): Handle {
    return new Handle(this.handle, receiver);
  }
}

class Special extends Handle {}

function createTable(): PortableTable {
  const table = new PortableTable();
  table.define(Handle, {
    name: "handle",
    pack: ({ handle }) => ({ handle }),
    unpack: ({ handle }, receiver) => new Handle(handle, receiver),
  });
  return table;
}

function pass<T>(value: T, receiver?: object): T {
  const parcel = new ThreadEncoder(createTable()).encodeResultApart(value);
  return new ThreadDecoder(createTable()).decodeResultApart(parcel, receiver) as T;
}

test("an object of a kind is made anew for its receiver, once for each message", () => {
  const receiver = {};
  const source = new Handle(10, undefined);
  const copy = pass([source, { source }, 1] as const, receiver);
  assert.ok(copy[0] instanceof Handle);
  assert.deepEqual([copy[0].handle, copy[0].owner === receiver], [10, true]);
  assert.equal(copy[1].source, copy[0]);
});

test("a subclass has the kind of its class", () => {
  assert.equal(Object.getPrototypeOf(pass(new Special(3, undefined))), Handle.prototype);
});

test("a portable object without a kind arrives as what it is to an unknown receiver", () => {
  const list = [new Handle(1, undefined), 2];
  let asked: unknown = "nobody";
  const values = {
    [kPort]: (receiver: unknown) => {
      asked = receiver;
      return list;
    },
  };
  const copy = pass({ values, again: values });
  assert.equal(asked, undefined);
  assert.ok((copy.values as unknown as unknown[])[0] instanceof Handle);
  assert.equal(copy.again, copy.values);
});

test("what a portable object becomes may be a primitive, and even nothing", () => {
  for (const result of [7, "text", null, undefined]) {
    const source = { [kPort]: () => result };
    assert.deepEqual(pass([source, source]) as unknown, [result, result]);
  }
});

test("a portable object that stays portable for every receiver is refused", () => {
  const encoder = new ThreadEncoder(new PortableTable());
  assert.throws(() => encoder.encodeResultApart({ handle: new Handle(1, undefined) }), {
    code: "ERR_NOT_SENDABLE",
    message: /has no form in which it could leave its thread$/,
  });
});

test("a packed form that holds its object is refused at the sender", () => {
  const table = new PortableTable();
  const kind = { name: "loop", pack: (value: Handle) => [value], unpack: () => 0 };
  table.define(Handle, kind);
  assert.throws(() => new ThreadEncoder(table).encodeResultApart(new Handle(1, undefined)), {
    code: "ERR_NOT_SENDABLE",
  });
});

test("a kind's name can be taken once", () => {
  const kind = { name: "handle", pack: () => 0, unpack: () => 0 };
  assert.throws(() => createTable().define(Special, kind), { code: "ERR_ARGUMENT" });
});

test("a kind that can't make its object leaves the message malformed, with the reason", () => {
  const cause = new Error("no such service");
  const table = new PortableTable();
  table.define(Handle, {
    name: "handle",
    pack: () => 1,
    unpack: () => {
      throw cause;
    },
  });
  const parcel = new ThreadEncoder(createTable()).encodeResultApart(new Handle(1, undefined));
  assert.throws(() => new ThreadDecoder(table).decodeResultApart(parcel, undefined), {
    code: "ERR_MALFORMED",
    cause,
  });
});

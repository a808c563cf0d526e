/**
 * Handles are handed out in sequence, never twice among the living, and carry the harbor in their high bits.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import {
  createHandleSource,
  formatAddress,
  harborOf,
  INDEX_MASK,
  parseAddress,
  Service,
  ServiceTable,
} from "../../../src/kernel/service.ts";

function add(table: ServiceTable): Service {
  const service = new Service(table.reserve(), "test", { receive: () => {} });
  table.add(service);
  return service;
}

test("handles rise by one, and begin again at 1 after 0xffffff", () => {
  const table = new ServiceTable(createHandleSource(INDEX_MASK - 1), 0);
  const handles = Array.from({ length: 3 }, () => add(table).handle);
  deepEqual(handles, [0xfffffe, 0xffffff, 1]);
});

test("an index that a living service has is skipped", () => {
  const indexes = [5, 5, 6, 5, 6, 7];
  const table = new ServiceTable({ next: () => indexes.shift() ?? 0 }, 0);
  deepEqual([add(table).handle, add(table).handle, add(table).handle], [5, 6, 7]);
});

test("a table in which every handle lives hands out none", () => {
  const table = new ServiceTable(createHandleSource(), 0);
  table.size = INDEX_MASK;
  throws(() => table.reserve(), { code: "ERR_EXHAUSTED" });
  table.size = INDEX_MASK - 1;
  equal(table.reserve(), 1);
});

test("the harbor is in the high 8 bits, and another harbor's handle finds no service", () => {
  const table = new ServiceTable(createHandleSource(), 255);
  const { handle } = add(table);
  equal(handle, 0xff000001);
  equal(harborOf(handle), 255);
  equal(table.get(handle)?.handle, handle);
  equal(table.get(1), undefined);
});

test("a service that was struck out is found no more, and striking it out twice changes nothing", () => {
  const table = new ServiceTable(createHandleSource(), 0);
  const service = add(table);
  const other = add(table);
  table.delete(service);
  table.delete(service);
  equal(table.get(service.handle), undefined);
  equal(table.get(other.handle), other);
  equal(table.size, 1);
});

test("the living are listed by rising handle, page by page too", () => {
  const table = new ServiceTable(createHandleSource(4094), 0);
  const handles = Array.from({ length: 4 }, () => add(table).handle);
  deepEqual(
    [...table].map(({ handle }) => handle),
    handles,
  );
  equal(table.pageCount, 2);
  deepEqual(table.page(1)?.filter(Boolean).length, 2);
  equal(table.page(2), undefined);
});

test("a page without services is given back", () => {
  const table = new ServiceTable(createHandleSource(), 0);
  table.delete(add(table));
  equal(table.page(0), undefined);
});

test("an address is printed with eight hex digits and read back", () => {
  equal(formatAddress(10), ":0000000a");
  equal(formatAddress(0xff000001), ":ff000001");
  deepEqual(
    [":0000000a", ":A", ":", "0000000a", ":123456789", ":g"].map((text) => parseAddress(text)),
    [10, 10, undefined, undefined, undefined, undefined],
  );
});

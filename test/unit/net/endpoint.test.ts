/** Places where a console listens. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { formatEndpoint, isLoopback, parseEndpoint } from "../../../src/net/endpoint.ts";

test("a port, and a host with a port, are read", () => {
  deepEqual(parseEndpoint(8000), { host: "127.0.0.1", port: 8000 });
  deepEqual(parseEndpoint("8000"), { host: "127.0.0.1", port: 8000 });
  deepEqual(parseEndpoint("0.0.0.0:65535"), { host: "0.0.0.0", port: 65535 });
  deepEqual(parseEndpoint("[::1]:1"), { host: "::1", port: 1 });
  deepEqual(parseEndpoint("node.example:0"), { host: "node.example", port: 0 });
});

test("anything else is refused", () => {
  const values = [
    "",
    "x",
    65_536,
    -1,
    1.5,
    "::1:80",
    "a b:1",
    ":80",
    "h:",
    "h:123456",
    null,
    {},
    [],
  ];
  for (const value of values) equal(parseEndpoint(value), undefined);
});

test("only addresses of this machine are loopback", () => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) equal(isLoopback(host), true);
  const others = ["0.0.0.0", "::", "127.0.0.1.evil", "localhost.evil", "10.0.0.1", "127", ""];
  for (const host of others) equal(isLoopback(host), false, host);
});

test("an IPv6 address is printed in brackets", () => {
  equal(formatEndpoint("::1", 80), "[::1]:80");
  equal(formatEndpoint("127.0.0.1", 80), "127.0.0.1:80");
});

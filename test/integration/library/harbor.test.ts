/** `harbor` and `.cslave` on a node that stands alone. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, world } from "../../world.ts";

const USER = `
  import { harbor, skynet } from "snax";
  export const response = {
    name: (...args) => harbor.globalname(...args),
    query: (name) => harbor.queryname(name),
    link: (id) => harbor.link(id),
    connect: (id) => harbor.connect(id),
    linkmaster: () => harbor.linkmaster(),
  };
`;

test("a global name is found, also by a service that asked before another had it", async (t) => {
  const { make } = await world(t, { user: USER });
  const [one, two] = [await make("user"), await make("user")];
  const asked = two.req.query("SHOP");
  equal(await one.req.name("SHOP"), true);
  equal(await asked, one.handle);
  equal(await two.req.query("SHOP"), one.handle);
  equal(await two.req.name("SHOP"), false);
  equal(await two.req.name("OTHER", one.handle), true);
  equal(await two.req.query("OTHER"), one.handle);
});

test("a local name is answered at once", async (t) => {
  const { make } = await world(t, { user: USER });
  const user = await make("user");
  equal(await user.req.query(".launcher"), 3);
  equal(await user.req.query(".nobody"), undefined);
});

test("no other harbor is there", async (t) => {
  const { make, log } = await world(t, { user: USER });
  const user = await make("user");
  equal(await user.req.link(2), undefined);
  equal(await codeOfFailure(user.req.connect(2)), "ERR_ARGUMENT");
  equal(await codeOfFailure(user.req.linkmaster()), "ERR_ARGUMENT");
  equal((await log()).includes("Can't connect to other harbor in single node mode"), true);
});

test(".cslave takes the messages of skynet's harbor, the service harbor none", async (t) => {
  const { make, skynet } = await world(t, { user: USER });
  const { handle } = await make("user");
  await skynet.call(".cslave", "lua", "REGISTER", "SHOP", handle);
  equal(await skynet.call(".cslave", "lua", "QUERYNAME", "SHOP"), handle);
  const again = skynet.call(".cslave", "lua", "REGISTER", "SHOP", skynet.self());
  deepEqual(
    [await codeOfFailure(again), await codeOfFailure(skynet.call(".cslave", "lua", "NO"))],
    ["ERR_ARGUMENT", "ERR_NO_METHOD"],
  );
  equal(await codeOfFailure(skynet.call(".harbor", "lua", "N SHOP")), "ERR_NO_METHOD");
});

import { sharetable, skynet, snax } from "snax";
import type * as Battle from "./battle.ts";
import type * as Shop from "./shop.ts";

await sharetable.loadfile("items");
const smith = await snax.at(1).newservice<typeof Shop>("shop", [1, 2]);
const grocer = await snax.at(2).newservice<typeof Shop>("shop", [3]);
const battle = await snax.at(2).newservice<typeof Battle>("battle");

async function show(when: string) {
  await sharetable.update("items");
  console.log(`${when}: ${await smith.req.prices()}; ${await grocer.req.prices()}`);
}

await show("before the feast");
console.log(`battle: ${await battle.req.strike(1)}`);

await sharetable.loadfile("items", 50);
await show("the feast begins");
console.log(`battle: ${await battle.req.strike(1)}`);
const versions = () =>
  sharetable.info("items").map(({ version, pins }) => `${version} (pins ${pins})`);
console.log(`versions in use: ${versions().join(", ")}`);

try {
  await sharetable.loadfile("items", 100);
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
await show("the feast goes on");

await snax.exit(battle);
console.log(`versions in use: ${versions().join(", ")}`);
const next = await snax.at(2).newservice<typeof Battle>("battle");
console.log(`the next battle: ${await next.req.strike(1)}`);
skynet.abort();

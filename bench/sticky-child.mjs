// @ts-check
/** One start of a node for the section `sticky`: starts a service of a type, perhaps patches that, and prints what it answers. */

const [, , entry = "", folder = "", ledger = "", patches = "0"] = process.argv;
const { start } = await import(entry);
const node = await start({ thread: 0, root: folder, services: [`${folder}/?.ts`], ledger });
const service = await node.snax.newservice("sticky");
for (let at = 0; at < Number(patches); at += 1) {
  await node.snax.hotfixall("sticky", `function f${at}() { return 1; }`);
}
console.log(`sum=${await service.req.sum()}`);
await node.stop();

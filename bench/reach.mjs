/**
 * Counts how many functions of a code base a patch reaches by name: `node bench/reach.mjs FOLDER...`
 *
 * What counts are functions that are in no other function: a patch of the outer one is a patch of the inner ones as well. For each name of
 * a module's top level a patch is written that gives all of its functions, and planned as `snax.hotfix` would plan it; what is
 * refused does not count. Nothing runs. Tests, declarations and node_modules are left out.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const BUILD = new URL("../build/src/", import.meta.url);
const load = (path) => import(new URL(path, BUILD).href);
const { buildImage } = await load("loader/build/image-builder.js");
const { Image } = await load("loader/weave/image.js");
const { parseModule } = await load("loader/read/syntax.js");
const { rootScope } = await load("live/text/patched-module.js");
const { parsePatch } = await load("live/text/patch-text.js");
const { planPatch } = await load("live/text/patch-plan.js");

const LEFT_OUT =
  /node_modules|\.d\.ts$|(^|\/)(_?_?tests?_?_?|docs|dist|benchmarks?|examples)\/|\.(test|spec|bench)\./;

function listFiles(root) {
  if (statSync(root).isFile()) return [root];
  const files = readdirSync(root, { recursive: true }).map(String);
  return files
    .filter((file) => /\.[cm]?[jt]s$/.test(file) && !LEFT_OUT.test(file))
    .map((file) => join(root, file))
    .filter((file) => statSync(file).isFile());
}

const isFunction = (node) => /Function(Expression|Declaration)$/.test(node.type);
const keyOf = ({ computed, key }) =>
  computed || key.type === "PrivateIdentifier" ? undefined : (key.name ?? String(key.value));

/** Calls `visit` for each outermost function below a node. */
function outermost(node, visit) {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) for (const each of node) outermost(each, visit);
  else if (typeof node.type === "string") {
    if (isFunction(node)) visit(node);
    else for (const key in node) if (key !== "type") outermost(node[key], visit);
  }
}

function countIn(node) {
  let count = 0;
  outermost(node, () => (count += 1));
  return count;
}

/** What a module's text has, as patches would give it: `{ gifts: [{ text(members) , members }], lost: [reason, count] }`. */
function readModule({ ast, code }) {
  const gifts = [];
  const lost = [];
  const slice = (node) => code.slice(node.start, node.end);
  const lose = (why, node) => {
    const count = typeof node === "number" ? node : countIn(node);
    if (count > 0) lost.push([why, count]);
  };
  const tables = new Map();
  const addTable = (name, value, text) => {
    const members = [];
    const walk = (path, { properties }) => {
      for (const property of properties) {
        const key = property.type === "Property" ? keyOf(property) : undefined;
        if (key === undefined) lose("member by a computed name, or a spread", property);
        else if (isFunction(property.value))
          members.push({ path: [...path, key], text: slice(property) });
        else if (property.value.type === "ObjectExpression") walk([...path, key], property.value);
        else lose(`member that is made by ${property.value.type}`, property.value);
      }
    };
    walk([], value);
    tables.set(name, members);
    gifts.push({ members, text: (some) => text(nest(some)) });
  };
  const addClass = (node, head) => {
    const members = [];
    for (const member of node.body.body) {
      if (member.type === "MethodDefinition" && keyOf(member) !== undefined)
        members.push({ text: slice(member) });
      else
        lose(
          member.type === "PropertyDefinition" ? "field of a class" : "private or computed method",
          member,
        );
    }
    if (node.superClass) lose("in extends", node.superClass);
    const heritage = node.superClass ? ` extends ${slice(node.superClass)}` : "";
    gifts.push({
      members,
      text: (some) => `${head}${heritage} { ${some.map((each) => each.text).join("\n")} }`,
    });
  };
  const addNamed = (text) => gifts.push({ members: [{ text }], text: () => text });
  const read = (node) => {
    switch (node.type) {
      case "FunctionDeclaration":
        addNamed(slice(node));
        break;
      case "ClassDeclaration":
        addClass(node, `class ${node.id.name}`);
        break;
      case "VariableDeclaration":
        for (const { id, init } of node.declarations) {
          if (!init || id.type !== "Identifier") lose("in a pattern", node);
          else if (isFunction(init)) addNamed(`const ${id.name} = ${slice(init)};`);
          else if (init.type === "ObjectExpression" && countIn(init) > 0)
            addTable(id.name, init, (members) => `const ${id.name} = ${members};`);
          else
            lose(
              init.type === "ClassExpression" ? "class expression" : `const made by ${init.type}`,
              init,
            );
        }
        break;
      case "ExportNamedDeclaration":
        if (node.declaration) read(node.declaration);
        break;
      case "ExportDefaultDeclaration": {
        const { declaration } = node;
        if (declaration.type === "ClassDeclaration")
          addClass(declaration, `export default class ${declaration.id?.name ?? ""}`);
        else if (declaration.type === "ObjectExpression")
          addTable("default", declaration, (members) => `export default ${members};`);
        else if (isFunction(declaration)) addNamed(slice(node));
        else lose("default export made otherwise", declaration);
        break;
      }
      case "ExpressionStatement": {
        const { expression } = node;
        const { left, right } = expression;
        const isMember =
          left?.type === "MemberExpression" && left.object.type === "Identifier" && !left.computed;
        if (isMember && tables.has(left.object.name) && isFunction(right)) {
          const { name } = left.object;
          gifts.push({
            members: [{ text: "" }],
            text: () => `const ${name} = { ${left.property.name}: ${slice(right)} };`,
          });
        } else lose("in a statement at top level", node);
        break;
      }
      default:
        lose(`in ${node.type}`, node);
    }
  };
  for (const statement of ast.body) read(statement);
  return { gifts, lost };
}

/** Members with their ways -> one object literal. */
function nest(members) {
  const root = new Map();
  for (const { path, text } of members) {
    let at = root;
    for (const key of path.slice(0, -1)) {
      if (!at.has(key)) at.set(key, new Map());
      at = at.get(key);
    }
    at.set(path.at(-1), text);
  }
  const print = (level) =>
    `{ ${[...level].map(([key, value]) => (typeof value === "string" ? value : `${JSON.stringify(key)}: ${print(value)}`)).join(",\n")} }`;
  return print(root);
}

function measure(root) {
  const total = { files: 0, unread: 0, functions: 0, reached: 0, why: new Map() };
  const lose = (why, count) => total.why.set(why, (total.why.get(why) ?? 0) + count);
  for (const file of listFiles(root)) {
    let image;
    let syntax;
    try {
      const text = readFileSync(file, "utf8");
      image = new Image(buildImage(text, file, new Set()));
      syntax = parseModule(text, file);
    } catch (error) {
      total.unread += 1;
      if (process.env.VERBOSE) console.log(`  ${file}: ${error.message}`);
      continue;
    }
    total.files += 1;
    const target = {
      image,
      scope: rootScope(image),
      injected: new Set(),
      hasMethods: false,
      elsewhere: () => "",
    };
    const refusalOf = (text) => {
      try {
        planPatch(parsePatch(text, "patch.ts"), target);
        return undefined;
      } catch (error) {
        return error.message.replace(/^\S+:\d+:\d+: /, "");
      }
    };
    const { gifts, lost } = readModule(syntax);
    for (const [why, count] of lost) {
      total.functions += count;
      lose(why, count);
    }
    for (const { members, text } of gifts) {
      total.functions += members.length;
      if (members.length === 0) continue;
      const refusal = refusalOf(text(members));
      if (refusal === undefined) {
        total.reached += members.length;
        continue;
      }
      for (const member of members) {
        const why = members.length === 1 ? refusal : refusalOf(text([member]));
        if (why === undefined) total.reached += 1;
        else
          lose(
            `refused: ${why.replace(/\b[\w$]+\b(?= (of|is|already|can))|"\S+"/g, "X").slice(0, 90)}`,
            1,
          );
      }
    }
  }
  return total;
}

const shares = [];
for (const root of process.argv.slice(2)) {
  const { files, unread, functions, reached, why } = measure(resolve(root));
  const share = functions === 0 ? 1 : reached / functions;
  shares.push(share);
  const name = resolve(root).split("/").slice(-2).join("/");
  console.log(
    `${name.padEnd(32)} ${(share * 100).toFixed(1).padStart(5)} % of ${functions} functions in ${files} files${unread > 0 ? `; ${unread} files can't be read` : ""}`,
  );
  for (const [reason, count] of [...why].sort((a, b) => b[1] - a[1]).slice(0, 6))
    console.log(`    ${String(count).padStart(6)}  ${reason}`);
}
shares.sort((a, b) => a - b);
if (shares.length > 1)
  console.log(`median ${((shares[Math.floor((shares.length - 1) / 2)] ?? 0) * 100).toFixed(1)} %`);

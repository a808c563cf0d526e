/**
 * What the start function of a plain service does, as far as its text tells it.
 *
 * One that only registers handlers and names can run again when the code of a running service is replaced; one that does more
 * has done it already.
 */

import type { AnyNode } from "acorn";
import type { Image } from "../../loader/weave/image.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";

/** Functions of `skynet` that do the same when they are called again. */
const REGISTERING: ReadonlySet<string> = new Set([
  "dispatch",
  "register",
  "register_protocol",
  "name",
  "info_func",
  "error",
]);

/** Says whether everything that the text gives to `skynet.start` only registers. */
export function onlyRegisters({ text, file }: Image): boolean {
  let module: ModuleText;
  try {
    module = readModuleText(text, file, { isService: false });
  } catch {
    return false;
  }
  const given = module.loose.flatMap(({ node }) => {
    if (node.type !== "ExpressionStatement") return [];
    const { expression } = node;
    if (expression.type !== "CallExpression") return [];
    const name = memberOfSkynet(expression.callee);
    return name === "start" ? (expression.arguments[0] ?? []) : [];
  });
  return given.length > 0 && given.every((node) => isRegistering(node, module));
}

function isRegistering(given: AnyNode, module: ModuleText): boolean {
  let node: AnyNode | undefined = given;
  if (given.type === "Identifier") node = module.byName.get(given.name)?.value;
  const isFunction =
    node?.type === "ArrowFunctionExpression" ||
    node?.type === "FunctionExpression" ||
    node?.type === "FunctionDeclaration";
  if (!isFunction || node === undefined || !("params" in node)) return false;
  const { params, body } = node as AnyNode & { params: AnyNode[]; body: AnyNode };
  if (params.length > 0) return false;
  if (body.type !== "BlockStatement") return isRegistration(body);
  return body.body.every(
    (statement) => statement.type === "ExpressionStatement" && isRegistration(statement.expression),
  );
}

function isRegistration(node: AnyNode): boolean {
  if (node.type !== "CallExpression") return false;
  const name = memberOfSkynet(node.callee);
  return name !== undefined && REGISTERING.has(name);
}

function memberOfSkynet(callee: AnyNode): string | undefined {
  if (callee.type !== "MemberExpression" || callee.computed) return undefined;
  const { object, property } = callee;
  if (object.type !== "Identifier" || object.name !== "skynet") return undefined;
  return property.type === "Identifier" ? property.name : undefined;
}

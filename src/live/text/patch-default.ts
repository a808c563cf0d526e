/**
 * `export default` in a patch: it means what the module exports as its default, under whatever name that has there.
 */

import type { AnyNode } from "acorn";
import type { Image } from "../../loader/weave/image.ts";
import { isFunction, isConstant } from "../../loader/read/names.ts";
import { DEFAULT_NAME } from "../../loader/read/record.ts";

/** What a patch gives as default export, or why it can't. */
export type DefaultExport =
  | { readonly name: string; readonly value: AnyNode; readonly refusal?: undefined }
  | { readonly refusal: string };

/**
 * Reads a default export.
 *
 * @param elsewhere - says where a name comes from that the module does not declare, for the end of a message.
 */
export function readDefault(
  node: AnyNode & { type: "ExportDefaultDeclaration" },
  image: Image,
  elsewhere: (name: string) => string,
): DefaultExport {
  const value = node.declaration as AnyNode;
  const own = image.exports.find(({ name }) => name === "default")?.local;
  if (own === undefined) {
    const advice = elsewhere("default") || ", and a patch can't give it one";
    return { refusal: `the module has no default export of its own${advice}` };
  }
  const isDeclaration = value.type === "FunctionDeclaration" || value.type === "ClassDeclaration";
  const given = isDeclaration ? value.id?.name : undefined;
  if (given !== undefined && given !== own) {
    const called =
      own === DEFAULT_NAME ? "has no name: write it without one" : `is ${own}: write it as ${own}`;
    return { refusal: `the module's default export ${called}` };
  }
  const isObject = value.type === "ObjectExpression" || value.type === "ArrayExpression";
  if (isDeclaration || isFunction(value) || isConstant(value) || isObject) {
    return { name: own, value };
  }
  const kinds = "a function, a class, a literal, or members of an object";
  return { refusal: `a patch can export ${kinds} as default, written out on the spot` };
}

/** What people call a name: the variable of a default export without one is the loader's own. */
export function publicName(name: string): string {
  return name === DEFAULT_NAME ? "default" : name;
}

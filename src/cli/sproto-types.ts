/**
 * `snax sproto`: writes the TypeScript types of a sproto schema, beside the schema.
 *
 *     c2s.sproto -> c2s.ts: an interface for each type, and one, C2s, for the schema: sproto.parse<C2s>(text)
 *
 * The file holds types and nothing else, so that the schema itself stays replaceable at run time. A file that `snax
 * sproto` has not written is left alone. The order is stable, and the file is written only if its text changes.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { SnaxError } from "../base/error.ts";
import { decodeSchema } from "../sproto/schema-binary.ts";
import { KIND } from "../sproto/schema-model.ts";
import type { Field, Schema, StructType } from "../sproto/schema-model.ts";
import { compileSchema } from "../sproto/sproto.ts";

/** What the types say. */
export interface SprotoTypesOptions {
  /**
   * Whether integers may be bigints: for a schema that is parsed with `{ bigint: true }`.
   *
   * @defaultValue false
   */
  readonly bigint?: boolean;
}

const SIGN = "// Written by `snax sproto` from ";

/**
 * Writes the types of a schema, unless the file says the same already.
 *
 * @param file - the path of the schema, which ends in `.sproto`.
 * @throws {ERR_SCHEMA} if the text is no schema.
 * @throws {ERR_ARGUMENT} if a file of that name is there that this command has not written.
 */
export function writeSprotoTypes(
  file: string,
  options: SprotoTypesOptions = {},
): { path: string; changed: boolean } {
  const path = file.replace(/\.sproto$/, ".ts");
  const text = formatSprotoTypes(readFileSync(file, "utf8"), file, options);
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (before !== undefined && !before.startsWith(SIGN)) {
    throw new SnaxError("ERR_ARGUMENT", `${path} was not written by snax sproto: not overwritten`);
  }
  if (before !== text) writeFileSync(path, text);
  return { path, changed: before !== text };
}

/**
 * Makes the text of the types.
 *
 * @param text - the schema.
 * @param file - its path: errors name it, and the interface of the schema is called after it.
 */
export function formatSprotoTypes(
  text: string,
  file: string,
  options: SprotoTypesOptions = {},
): string {
  const schema = decodeSchema(compileSchema(text, file));
  return new TypeWriter(schema, basename(file), options).write();
}

class TypeWriter {
  readonly #schema: Schema;
  readonly #file: string;
  readonly #integer: string;
  /** The interface of the whole schema. */
  readonly #root: string;
  /** The interface of each type. */
  readonly #names: Map<StructType, string> = new Map();

  constructor(schema: Schema, file: string, options: SprotoTypesOptions) {
    this.#schema = schema;
    this.#file = file;
    this.#integer = options.bigint === true ? "number | bigint" : "number";
    this.#root = interfaceName(file.replace(/\.sproto$/, "").split(/[^A-Za-z0-9_]+/)) || "Schema";
    // What the file itself refers to must keep its meaning.
    const taken = new Set(["Map", "Uint8Array", this.#root]);
    for (const type of schema.types.values()) {
      const base = interfaceName(type.name.split("."));
      let name = base;
      for (let count = 2; taken.has(name); count++) name = `${base}${count}`;
      taken.add(name);
      this.#names.set(type, name);
    }
  }

  write(): string {
    const types = [...this.#schema.types.values()];
    const protocols = [...this.#schema.protocols.values()].map(({ name, request, response }) => {
      return `    ${name}: { request: ${this.#nameOf(request)}; response: ${this.#nameOf(response)} };\n`;
    });
    return [
      `${SIGN}${this.#file}; run it again after a change there.\n`,
      ...types.map((type) => this.#interface(type)),
      `/** The schema, for \`sproto.parse<${this.#root}>(text)\`. */`,
      `export interface ${this.#root} {`,
      block(
        "types",
        types.map((type) => `    ${keyOf(type.name)}: ${this.#nameOf(type)};\n`),
      ),
      block("protocols", protocols),
      "}\n",
    ].join("\n");
  }

  #interface(type: StructType): string {
    const fields = type.fields.map(
      (field) => `  ${field.name}?: ${this.#typeOf(field)} | undefined;\n`,
    );
    const body = fields.length === 0 ? "{}" : `{\n${fields.join("")}}`;
    return `/** \`${type.name}\` */\nexport interface ${this.#nameOf(type)} ${body}\n`;
  }

  #nameOf(type: StructType | undefined): string {
    return (type && this.#names.get(type)) ?? "undefined";
  }

  #typeOf(field: Field): string {
    const { key, value } = field;
    const one = this.#elementOf(field);
    if (!field.isList) return one;
    if (key === undefined) return one.includes(" ") ? `(${one})[]` : `${one}[]`;
    return `Map<${this.#elementOf(key)}, ${value === undefined ? one : this.#typeOf(value)}>`;
  }

  /** The type of a value, or of one value of a list. */
  #elementOf(field: Field): string {
    switch (field.kind) {
      case KIND.integer:
        return field.factor === 0 ? this.#integer : "number";
      case KIND.double:
        return "number";
      case KIND.boolean:
        return "boolean";
      case KIND.string:
        return "string";
      case KIND.binary:
        return "Uint8Array";
      case KIND.struct:
        return this.#nameOf(field.struct);
    }
  }
}

/** A member of the schema's interface. */
function block(name: string, lines: readonly string[]): string {
  return lines.length === 0 ? `  ${name}: {};` : `  ${name}: {\n${lines.join("")}  };`;
}

function keyOf(name: string): string {
  return name.includes(".") ? JSON.stringify(name) : name;
}

/** Joins words to the name of an interface; "" if there is nothing that such a name can begin with. */
function interfaceName(words: readonly string[]): string {
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  return name.replace(/^\d+/, "");
}

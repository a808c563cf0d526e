/** Invalid JSON: the place and the reason. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findJsonFault, parseJson } from "../../../src/loader/text/json.ts";
import { runs } from "../../fuzz/runs.ts";

test("JSON is parsed, also behind a byte order mark", () => {
  assert.deepEqual(parseJson('\uFEFF{"a": [1, -0.5e2, "\\u00e9", true, null]}', "a.json"), {
    a: [1, -50, "é", true, null],
  });
});

test("a text that is no JSON is refused with line, column and reason", () => {
  const cases: [string, string][] = [
    ["", "1:1: no JSON: a value is expected, and the text ends"],
    ['{\n  "a": 1,\n  "b": x\n}', '3:8: no JSON: a value is expected, not "x"'],
    ['{\n  "a": 1,\n}', '3:1: no JSON: nothing follows the "," before "}", not "}"'],
    ['{"a": 1 "b": 2}', '1:9: no JSON: "," or "}" is expected, not "\\""'],
    ['{\r\n"a" 1}', '2:5: no JSON: ":" is expected, not "1"'],
    ["{a: 1}", '1:2: no JSON: a key in double quotes is expected, not "a"'],
    ["['x']", '1:2: no JSON: a text needs double quotes, not "\'"'],
    ['{"a": [1, 2}', '1:12: no JSON: "," or "]" is expected, not "}"'],
    ['{"a": 1}\n}', '2:1: no JSON: there is something behind the value, not "}"'],
    ['{"a": "x\ny"}', "1:7: no JSON: this text has no end"],
    ['{"a": "x', "1:7: no JSON: this text has no end"],
    ['["\\x"]', '1:3: no JSON: JSON has no such escape, not "\\\\"'],
    ['["a\tb"]', '1:4: no JSON: a control character is in a text, not "\\t"'],
    ["[01]", '1:2: no JSON: JSON has no such number, not "01"'],
    ["[1.]", '1:2: no JSON: JSON has no such number, not "1."'],
    ["[NaN]", '1:2: no JSON: a value is expected, not "NaN"'],
    ["// a\n{}", "1:1: no JSON: JSON has no comments"],
    ['{"a": 1, // price\n"b": 2}', "1:10: no JSON: JSON has no comments"],
    ['{"剑": 剑}', '1:7: no JSON: a value is expected, not "剑"'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseJson(text, "a.json"), {
      ...{ code: "ERR_SYNTAX", message: `a.json:${message}` },
    });
  }
});

test("what nests deeper than the stack is refused in V8's words, at the beginning", () => {
  const text = "[".repeat(200_000);
  assert.throws(() => parseJson(text, "a.json"), { code: "ERR_SYNTAX" });
});

test("a fault is found where, and only where, V8 refuses a text", (t) => {
  const text = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.nat(4),
      fc.constantFrom("", ",", "}", "]", '"', "1", "-", "\\", " ", "x", "\n"),
    )
    .map(([json, at, length, other]) => {
      const start = at % (json.length + 1);
      return json.slice(0, start) + other + json.slice(start + length);
    });
  fc.assert(
    fc.property(text, (each) => {
      const accepted = ((): boolean => {
        try {
          JSON.parse(each);
          return true;
        } catch {
          return false;
        }
      })();
      const fault = findJsonFault(each);
      assert.equal(fault === undefined, accepted, JSON.stringify(each));
      assert.ok(fault === undefined || fault.at <= each.length);
    }),
    runs(t, 2000),
  );
});

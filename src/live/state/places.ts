/** What a state says of a variable, apart from what is in it. */

import type { RootPlace } from "./names.ts";
import type { Root } from "./state.ts";

/** What is said of a variable beside its mirror. */
export function rootOf(place: RootPlace, value: unknown): Omit<Root, "value" | "written"> {
  const { file, name, path, field, isAdded, line, isConst } = place;
  const isOfText = path !== undefined && place.isGift?.(value) === true;
  const way = { ...(path && { path }), ...(field !== undefined && { field }) };
  const root = { file, name, line, isConst, ...way };
  return { ...root, ...(isAdded && { isAdded }), ...(isOfText && { isOfText }) };
}

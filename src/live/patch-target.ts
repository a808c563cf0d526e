/**
 * What a patch text is compiled for.
 */

import type { Image } from "../loader/image.ts";
import type { NameScope } from "./name-scope.ts";

/** What a patch may be told about where it goes. */
export interface PatchTarget {
  readonly image: Image;
  readonly scope: NameScope;
  /** Names of globals that services get from their surroundings. */
  readonly injected: ReadonlySet<string>;
  /** Whether the module may export groups of methods: the service's own file, of a snax service. */
  readonly hasMethods: boolean;
  /** Says which other module of the service has a name, for the end of an error; nothing if none has it. */
  readonly elsewhere: (name: string) => string;
}

/** `npm run build`: src/ to dist/. */

import { buildPackage } from "./compile.mjs";

process.exitCode = buildPackage() ? 0 : 1;

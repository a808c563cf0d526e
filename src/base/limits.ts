/**
 * The limits of the runtime that are not options.
 *
 * Everything that someone else can make grow has a bound with a name, and a test at the bound and one past it. A limit
 * that an operator may move is an option and stands with the configuration; here are the others.
 */

/**
 * How many objects may lie inside each other in one message: an argument is at depth 1, what it holds at depth 2.
 *
 * The copier and the encoder recurse, and a list linked by `next` must end in an error that names it. 1000 levels take
 * about half of V8's default stack (984 KiB), Maps and errors more; a caller that has little left is refused too.
 */
export const COPY_DEPTH_MAX = 1000;

/** How many characters of the path to a refused value an error message shows. */
export const COPY_PATH_MAX = 200;

/** Longest text of one patch, in UTF-16 units; a patch of several modules has it for each. */
export const PATCH_LENGTH_MAX: number = 1 << 20;

/** How many texts a module remembers to have compiled, so that the next service gets them at once. */
export const PATCH_CACHE_MAX = 64;

/** How many patches the ledger of a node remembers. */
export const LEDGER_LENGTH_MAX = 1000;

/** How many services' results one entry of the ledger keeps in full. */
export const LEDGER_RESULTS_MAX = 100;

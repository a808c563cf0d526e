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

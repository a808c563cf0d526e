/**
 * Where the runtime's own code is: frames in it are not the program's.
 */

/** The folder of the runtime's files, as stacks and V8's inspector show it, with a slash at its end. */
export const OWN_FILES: string = new URL("..", import.meta.url).href;

/** In it the folder of the system's services, which count as a program's. */
export const OWN_SERVICES: string = `${OWN_FILES}services/`;

/** Says whether a script is the runtime's own. @param url - of the script */
export function isOwnFile(url: string): boolean {
  return url.startsWith(OWN_FILES) && !url.startsWith(OWN_SERVICES);
}

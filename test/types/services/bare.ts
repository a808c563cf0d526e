/** A service with one method and neither `init` nor `exit`. */

export const accept = {
  stop() {},
};

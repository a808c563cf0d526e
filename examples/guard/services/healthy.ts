/** A service that does its work: it answers. */

let answered = 0;

export const response = {
  ping() {
    answered += 1;
    return answered;
  },
};

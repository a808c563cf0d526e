// The types of what a script of `inject` is given; there is nothing to run.
export {};

/** The slots in which the schemas of the protocol lie. */

/** What clients ask. */
export const C2S_SLOT = 1;

/** What the server tells. */
export const S2C_SLOT = 2;

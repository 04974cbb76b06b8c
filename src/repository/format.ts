/** What every record and pack says it is; workers need this without all the schemas. */
export const FORMAT = 'lsb1';

/** Of a hash, and of a pack's id, in hex. */
export const SHA256_DIGITS = 64;

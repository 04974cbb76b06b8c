/** What every record and pack says it is; workers need it without all the schemas. */
export const FORMAT = 'lsb1';

/** Where the comments begin, so that they can be read as a column. */
const COLUMN = 34;

/** A line of the file with a comment behind it. */
export function noted(line: string, note: string): string {
  return `${line.padEnd(COLUMN)}  # ${note}`;
}

/**
 * How glibc's allocator is to behave, in its variables (mallopt(3)); it reads them when a program starts, and only then. Two
 * arenas: each thread with one of its own would hold what it once needed. Buffers of 4 MiB come from the heap, and up to 32 MiB
 * that are free stay there: given back and taken again for each part of a backup, they cost a twentieth of its time in page faults.
 */
export const ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(8 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024),
};

/** For the bodies that are read and judged at once: the daemon hosts the inbox, and supervises programs meanwhile. */
export const ROOM_BYTES = 64 * 1024 * 1024;

export interface Room {
  /** False when there is not so much left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** So many bytes for all who send at the same time. */
export function roomFor(bytes: number): Room {
  let left = bytes;
  return {
    take: (wanted) => {
      if (wanted > left) return false;
      left -= wanted;
      return true;
    },
    give: (back) => {
      left += back;
    },
  };
}

/** A part of the room, given back as a whole. */
export function share(room: Room): { take(bytes: number): boolean; giveBack(): void } {
  let taken = 0;
  return {
    take: (bytes) => {
      if (!room.take(bytes)) return false;
      taken += bytes;
      return true;
    },
    giveBack: () => {
      room.give(taken);
      taken = 0;
    },
  };
}

export const NO_ROOM = 'too many large messages at once; send it again';

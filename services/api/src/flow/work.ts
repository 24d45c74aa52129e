/** Room that a request takes: seats are units of concurrency. */
export interface Work {
  /** Seats that it has while it is served. */
  readonly seats: number;
  /** Seats that it has for `extraMs` after its answer, for what it makes of work for others. */
  readonly finalSeats: number;
  readonly extraMs: number;
}

/** The least that a request takes. */
export const leastWork: Work = { seats: 1, finalSeats: 0, extraMs: 0 };

/** Facts that the work of a request is estimated by. */
export interface WorkFacts {
  readonly verb: string;
  /** Characters of the objects of a list, or of the state with which a watch begins; undefined where nobody knows. */
  readonly listChars?: number | undefined;
  /** Watches that a write has to be told to. */
  readonly watches: number;
  /** Most seats of one request in its level; 0 where the level does not say. */
  readonly maxSeats: number;
}

/** Characters of a list for which it takes a seat, and most seats of a list: Kubernetes' size-based estimate. */
const charsPerSeat = 100_000;
const maxListSeats = 100;
/** Characters of a list that are in memory at a time, at most: it is sent in parts. */
const maxCharsAtOnce = 1_000_000;
/** Watches that take a seat for a while, how long that is in milliseconds, and most seats of a write. */
const watchesPerSeat = 10;
const eventMs = 5;
const maxWriteSeats = 10;

/** Estimates the room that a request takes, as Kubernetes does. */
export function estimate({ verb, listChars, watches, maxSeats }: WorkFacts): Work {
  switch (verb) {
    case 'list':
    case 'watch': {
      if (listChars === undefined) return leastWork;
      const most = maxSeats === 0 ? maxListSeats : Math.min(maxSeats, maxListSeats);
      const wanted = Math.ceil(Math.min(listChars, maxCharsAtOnce) / charsPerSeat);
      return wanted <= 1 ? leastWork : { seats: Math.min(wanted, most), finalSeats: 0, extraMs: 0 };
    }
    case 'create':
    case 'update':
    case 'patch':
    case 'delete': {
      // A few watches cost less than counting them would.
      if (watches < watchesPerSeat) return leastWork;
      const most = maxSeats === 0 ? maxWriteSeats : Math.min(maxSeats, maxWriteSeats);
      const wanted = Math.ceil(watches / watchesPerSeat);
      const finalSeats = Math.min(wanted, most);
      return { seats: 1, finalSeats, extraMs: (wanted * eventMs) / finalSeats };
    }
    default:
      return leastWork;
  }
}

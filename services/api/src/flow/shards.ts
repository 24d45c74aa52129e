import { createHash } from 'node:crypto';

/** Flows whose hands are remembered, of one schema; past it all are forgotten. */
const maxHands = 4_096;

/**
 * Shuffle sharding: the queues of each flow of a schema, a hand of a few out of many, dealt by a hash of the flow's name. Two
 * flows seldom share all of theirs, so that a busy flow leaves others a queue.
 */
export class Hands {
  readonly #schema: string;
  readonly #known = new Map<string, readonly number[]>();
  #queues = 0;
  #size = 0;

  constructor(schema: string) {
    this.#schema = schema;
  }

  /** The queues of a flow, by their indexes. @param queues How many there are, and how many a flow gets. */
  of(flow: string, queues: number, handSize: number): readonly number[] {
    if (queues !== this.#queues || handSize !== this.#size || this.#known.size >= maxHands) {
      this.#known.clear();
      [this.#queues, this.#size] = [queues, handSize];
    }
    let hand = this.#known.get(flow);
    if (hand === undefined) {
      hand = deal(hashOf(this.#schema, flow), queues, handSize);
      this.#known.set(flow, hand);
    }
    return hand;
  }
}

function hashOf(schema: string, flow: string): bigint {
  return createHash('sha256').update(`${schema}\0${flow}`).digest().readBigUInt64LE(0);
}

/**
 * A hand of distinct cards out of a deck, by the digits of a number in a mixed base.
 * @param deck Cards, numbered from 0; validation keeps decks and hands within the bits of the hash.
 */
export function deal(hash: bigint, deck: number, size: number): number[] {
  const cards: number[] = [];
  const digits: number[] = [];
  let rest = hash;
  for (let index = 0; index < size; index++) {
    const base = BigInt(deck - index);
    digits.push(Number(rest % base));
    rest /= base;
    // A digit counts the cards that are left: those dealt before it are stepped over, the latest first.
    let card = digits[index]!;
    for (let before = index; before > 0; before--) if (card >= digits[before - 1]!) card++;
    cards.push(card);
  }
  return cards;
}

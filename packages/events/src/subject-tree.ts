/** A level of the tree: what follows a prefix of tokens. */
interface Level<T> {
  readonly literal: Map<string, Level<T>>;
  star: Level<T> | undefined;
  /** Values of patterns that end here. */
  readonly exact: Set<T>;
  /** Values of patterns that end here with `>`. */
  readonly rest: Set<T>;
}

/** Values by subject pattern. Finding the values for a subject costs its tokens, not the number of patterns. */
export class SubjectTree<T> {
  readonly #root: Level<T> = newLevel();

  /** Files a value under a pattern; a value is filed once a pattern. Throws for a pattern that is not well formed. */
  add(pattern: string, value: T): void {
    this.#set(pattern, true).add(value);
  }

  delete(pattern: string, value: T): void {
    this.#set(pattern, false).delete(value);
    prune(this.#root, pattern.split('.'), 0);
  }

  /** The values of all patterns that match the subject. */
  match(subject: string): T[] {
    const found: T[] = [];
    collect(this.#root, subject.split('.'), 0, found);
    return found;
  }

  /** True where nothing is filed. */
  get empty(): boolean {
    return isEmpty(this.#root);
  }

  #set(pattern: string, create: boolean): Set<T> {
    const tokens = pattern.split('.');
    let level = this.#root;
    for (const [index, token] of tokens.entries()) {
      if (token === '' || /\s/.test(token) || (token === '>' && index !== tokens.length - 1)) {
        throw new Error(`invalid subject pattern ${JSON.stringify(pattern)}`);
      }
      if (token === '>') return level.rest;
      const next = token === '*' ? level.star : level.literal.get(token);
      if (next === undefined && !create) return new Set();
      level = next ?? grow(level, token);
    }
    return level.exact;
  }
}

function newLevel<T>(): Level<T> {
  return { literal: new Map(), star: undefined, exact: new Set(), rest: new Set() };
}

function grow<T>(level: Level<T>, token: string): Level<T> {
  const next = newLevel<T>();
  if (token === '*') level.star = next;
  else level.literal.set(token, next);
  return next;
}

function collect<T>(level: Level<T>, tokens: readonly string[], depth: number, found: T[]): void {
  if (depth === tokens.length) {
    found.push(...level.exact);
    return;
  }
  found.push(...level.rest);
  const literal = level.literal.get(tokens[depth]!);
  if (literal) collect(literal, tokens, depth + 1, found);
  if (level.star) collect(level.star, tokens, depth + 1, found);
}

/** Removes levels that hold nothing, so that subscriptions that come and go leave no memory behind. */
function prune<T>(level: Level<T>, tokens: readonly string[], depth: number): void {
  const token = tokens[depth];
  if (token === undefined || token === '>') return;
  const next = token === '*' ? level.star : level.literal.get(token);
  if (next === undefined) return;
  prune(next, tokens, depth + 1);
  if (!isEmpty(next)) return;
  if (token === '*') level.star = undefined;
  else level.literal.delete(token);
}

function isEmpty<T>(level: Level<T>): boolean {
  return level.literal.size === 0 && level.star === undefined && level.exact.size === 0 && level.rest.size === 0;
}

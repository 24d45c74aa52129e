/** Finds in JSON text the two things that JSON.parse ignores: duplicate properties, and the depth of nesting. */

interface Level {
  /** Properties so far; undefined in lists. */
  readonly seen: Set<string> | undefined;
  /** Path of the object or list. */
  readonly prefix: string;
  /** Path of the entry that is being read. */
  at: string;
  index: number;
}

/** Duplicates that are told of one text, at most. */
const maxDuplicates = 20;
/** Deeper than this nobody needs to know how deep it is. */
const enoughDepth = 1000;

/** Nesting of a text, and the paths of properties that come twice in one object. The text must be valid JSON. */
export function scanJson(text: string): { readonly depth: number; readonly duplicates: readonly string[] } {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  let depth = 0;
  let expectsKey = false;
  for (let index = 0; index < text.length && depth < enoughDepth; index++) {
    const level = levels.at(-1);
    switch (text[index]) {
      case '{':
      case '[':
        levels.push(levelWithin(level, text[index] === '{'));
        depth = Math.max(depth, levels.length);
        expectsKey = text[index] === '{';
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        expectsKey = level?.seen !== undefined;
        if (level !== undefined && !expectsKey) level.at = `${level.prefix}[${++level.index}]`;
        break;
      case '"': {
        const end = endOfString(text, index);
        if (expectsKey && level !== undefined && enterProperty(level, text.slice(index, end + 1))) {
          if (duplicates.length < maxDuplicates) duplicates.push(level.at);
        }
        expectsKey = false;
        index = end;
        break;
      }
    }
  }
  return { depth, duplicates };
}

function levelWithin(parent: Level | undefined, isObject: boolean): Level {
  const prefix = parent?.at ?? '';
  return { seen: isObject ? new Set() : undefined, prefix, at: isObject ? prefix : `${prefix}[0]`, index: 0 };
}

/** Moves on to a property. True where the object had it already. */
function enterProperty(level: Level, quotedKey: string): boolean {
  const key = JSON.parse(quotedKey) as string;
  level.at = level.prefix === '' ? key : `${level.prefix}.${key}`;
  const wasSeen = level.seen!.has(key);
  level.seen!.add(key);
  return wasSeen;
}

/** Index of the quote that ends the string which starts at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

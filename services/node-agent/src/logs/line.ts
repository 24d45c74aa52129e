/**
 * Lines of a container's log file as container runtimes write them (CRI's format):
 * `<RFC 3339 time with nanoseconds> <stdout or stderr> <P or F> <text>`. P is a part of a line that goes on in the next entry.
 */

const newline = 0x0a;
const space = 0x20;

/** One entry of a log file. */
export interface LogEntry {
  /** As it is written, with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The line goes on in the next entry of its stream. */
  readonly partial: boolean;
  readonly text: Buffer;
}

/** Parses an entry without its line end; undefined for anything else, such as a line that was cut. */
export function parseEntry(line: Buffer): LogEntry | undefined {
  const first = line.indexOf(space);
  const second = first < 0 ? -1 : line.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const third = line.indexOf(space, second + 1);
  const time = line.subarray(0, first).toString('latin1');
  const stream = line.subarray(first + 1, second).toString('latin1');
  const tags = line.subarray(second + 1, third < 0 ? undefined : third).toString('latin1');
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const text = third < 0 ? Buffer.alloc(0) : line.subarray(third + 1);
  return { time, stream, partial: tags.split(':')[0] === 'P', text };
}

/** Cuts bytes that arrive in any pieces into lines. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The lines that are complete now, without their ends. */
  *push(chunk: Buffer): Generator<Buffer> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let begin = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, begin)) {
      yield bytes.subarray(begin, end);
      begin = end + 1;
    }
    this.#rest = bytes.subarray(begin);
  }
}

/** Selection and form of log lines. */
export interface LogView {
  /** Only what was written at or after this, in milliseconds since the Unix epoch; everything if absent. */
  readonly sinceMs?: number;
  /** Each line's time before it. */
  readonly timestamps: boolean;
}

/** Formats entries for users. */
export class LogFormatter {
  readonly #view: LogView;
  /** Streams whose line goes on in their next entry. */
  readonly #open = new Set<string>();

  constructor(view: LogView) {
    this.#view = view;
  }

  /** The text of an entry, with a newline unless the line goes on; undefined if the view leaves it out. */
  format({ time, stream, partial, text }: LogEntry): Buffer | undefined {
    const continues = this.#open.has(stream);
    if (partial) this.#open.add(stream);
    else this.#open.delete(stream);
    if (this.#view.sinceMs !== undefined && Date.parse(time) < this.#view.sinceMs) return undefined;
    const prefix = this.#view.timestamps && !continues ? `${time} ` : '';
    return Buffer.concat([Buffer.from(prefix), text, Buffer.from(partial ? '' : '\n')]);
  }
}

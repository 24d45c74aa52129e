import { appendFile, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeWhole } from '../../json-file.ts';

const streams = ['stdout', 'stderr'] as const;
const pollMs = 100;
const readBytes = 64 * 1024;
/** Longest text of one log line; longer lines are split with the tag P, as container runtimes do at this length. */
const maxLineBytes = 16 * 1024;
/** Output already logged that may lie on disk before the file is emptied. */
const maxSpentBytes = 4 * 1024 * 1024;

/** Dependencies of a pump. */
export interface LogPumpConfig {
  /** The container's directory, with its stdout and stderr. */
  readonly directory: string;
  readonly logFile: string;
  /** Called with everything that is logged, for those who are attached. */
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Buffer) => void;
  /** Holds the processes still while `work` runs, so that a file can be emptied without losing a write. */
  readonly whilePaused: (work: () => Promise<void>) => Promise<void>;
}

interface Source {
  readonly stream: 'stdout' | 'stderr';
  offset: number;
  /** An unfinished line. */
  rest: Buffer;
}

/**
 * Moves a container's output into its log file in CRI's format. Processes write to files, not to pipes of ours, so they neither
 * stop nor die when the agent is away; what they wrote meanwhile gets the time at which it was found.
 */
export class LogPump {
  readonly #config: LogPumpConfig;
  readonly #sources: Source[] = streams.map((stream) => ({ stream, offset: 0, rest: Buffer.alloc(0) }));
  #working: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(config: LogPumpConfig) {
    this.#config = config;
  }

  /** Begins where an earlier agent left off. */
  async start(): Promise<void> {
    const offsets = (await readJson<Record<string, number>>(join(this.#config.directory, 'logged'))) ?? {};
    for (const source of this.#sources) source.offset = offsets[source.stream] ?? 0;
    this.#timer = setInterval(() => void this.pump(false), pollMs);
    this.#timer.unref();
  }

  /** No more moving by itself. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Moves what is there. `last` also writes lines without an end and stops. */
  pump(last: boolean): Promise<void> {
    if (last) this.stop();
    this.#working = this.#working.then(() => this.#pumpOnce(last)).catch(() => {});
    return this.#working;
  }

  async #pumpOnce(last: boolean): Promise<void> {
    let moved = false;
    for (const source of this.#sources) {
      if (await this.#drain(source, last)) moved = true;
      if (source.offset > maxSpentBytes) await this.#config.whilePaused(() => this.#empty(source));
    }
    if (moved) await this.#saveOffsets();
  }

  async #saveOffsets(): Promise<void> {
    const offsets = this.#sources.map((source) => [source.stream, source.offset - source.rest.length]);
    await writeWhole(join(this.#config.directory, 'logged'), Object.fromEntries(offsets));
  }

  async #drain(source: Source, last: boolean): Promise<boolean> {
    const file = await open(join(this.#config.directory, source.stream));
    let moved = false;
    try {
      const buffer = Buffer.alloc(readBytes);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, readBytes, source.offset);
        const final = bytesRead === 0 && last && source.rest.length > 0;
        if (bytesRead === 0 && !final) return moved;
        const data = Buffer.from(buffer.subarray(0, bytesRead));
        const { lines, rest } = formatLines(source.stream, Buffer.concat([source.rest, data]), new Date(), final);
        if (lines.length > 0) await appendFile(this.#config.logFile, lines);
        if (bytesRead > 0) this.#config.onOutput(source.stream, data);
        source.offset += bytesRead;
        source.rest = rest;
        moved = true;
        if (final) return true;
      }
    } finally {
      await file.close();
    }
  }

  async #empty(source: Source): Promise<void> {
    await this.#drain(source, true);
    // Said before it is done: after a crash in between, lines are logged twice rather than never.
    source.offset = 0;
    await this.#saveOffsets();
    await truncate(join(this.#config.directory, source.stream), 0);
  }
}

/** Whole lines of output as lines of a CRI log (`<time> <stream> <F or P> <text>`), and what is left of an unfinished one. */
export function formatLines(stream: string, data: Buffer, now: Date, final: boolean): { lines: Buffer; rest: Buffer } {
  const head = (tag: 'F' | 'P') => Buffer.from(`${now.toISOString().replace('Z', '000000Z')} ${stream} ${tag} `);
  const [full, partial, newline] = [head('F'), head('P'), Buffer.from('\n')];
  const parts: Buffer[] = [];
  let start = 0;
  while (start < data.length) {
    const found = data.indexOf(10, start);
    const end = found === -1 ? data.length : found;
    if (end - start > maxLineBytes) {
      parts.push(partial, data.subarray(start, start + maxLineBytes), newline);
      start += maxLineBytes;
    } else if (found !== -1) {
      parts.push(full, data.subarray(start, end), newline);
      start = found + 1;
    } else if (final) {
      parts.push(partial, data.subarray(start), newline);
      start = data.length;
    } else break;
  }
  return { lines: Buffer.concat(parts), rest: data.subarray(start) };
}

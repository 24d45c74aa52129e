import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Counter, type Registry } from 'prom-client';

/** A file of events, one a line in JSON. */
export interface AuditLogOptions {
  readonly path: string;
  /** Bytes after which the file is put aside and a new one begun. */
  readonly maxBytes: number;
  /** Files put aside that are kept; older ones go. */
  readonly maxBackups: number;
}

export interface AuditLogDeps {
  readonly log: Logger;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Registry;
}

/** Bytes of events that wait to be written, at most; further ones are dropped and counted. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** Writes events to a file without holding requests up. Events that cannot be written are counted and logged, never lost in silence. */
export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions;
  readonly #log: Logger;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #events: Counter;
  readonly #errors: Counter;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #stream: WriteStream | undefined;
  #bytes = 0;

  constructor(options: AuditLogOptions, { log, clock, metrics }: AuditLogDeps) {
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    const registers = [metrics];
    this.#events = new Counter({
      name: 'apiserver_audit_event_total',
      help: 'Audit events that were made.',
      registers,
    });
    this.#errors = new Counter({
      name: 'apiserver_audit_error_total',
      help: 'Audit events that were not written, because too many waited or the file could not be written.',
      labelNames: ['plugin'],
      registers,
    });
  }

  /** Takes an event to be written. Never throws. */
  write(event: object): void {
    this.#events.inc();
    const line = `${JSON.stringify(event)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#waitingBytes + bytes > maxWaitingBytes) {
      this.#lose(1, 'too many audit events wait to be written; one was dropped');
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += bytes;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(lines.join(''));
      } catch (error) {
        this.#lose(lines.length, 'audit events could not be written', error);
        this.#stream = undefined;
      }
    }
    this.#writing = undefined;
  }

  #lose(count: number, text: string, error?: unknown): void {
    this.#errors.inc({ plugin: 'log' }, count);
    this.#log.error({ error, count, path: this.#options.path }, text);
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.byteLength(text);
    if (this.#stream !== undefined && this.#bytes > 0 && this.#bytes + bytes > this.#options.maxBytes)
      await this.#rotate();
    this.#stream ??= await this.#open();
    this.#bytes += bytes;
    const stream = this.#stream;
    await new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  async #open(): Promise<WriteStream> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    this.#bytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
    // A failure is the write's: its callback tells of it.
    stream.on('error', () => undefined);
    return stream;
  }

  async #rotate(): Promise<void> {
    const { path, maxBackups } = this.#options;
    await this.#close();
    await rename(path, `${path}.${new Date(this.#clock.now()).toISOString().replaceAll(':', '-')}`);
    const prefix = `${basename(path)}.`;
    const aside = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
    for (const name of aside.slice(0, Math.max(0, aside.length - maxBackups))) await rm(join(dirname(path), name));
  }

  async #close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#bytes = 0;
    if (stream !== undefined) await new Promise<void>((resolve) => stream.end(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#close();
  }
}

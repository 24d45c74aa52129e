import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Path of a log's older half after rotation. */
export function rotatedPath(path: string): string {
  return `${path}.1`;
}

/** Polling interval of a followed log, in milliseconds. */
const followMs = 100;
const chunkBytes = 64 * 1024;
const newline = 0x0a;

/** A place in a log: which of its two files, and how many bytes into it. */
export interface LogPosition {
  readonly rotated: boolean;
  readonly offset: number;
}

/** Position at which the last `lines` lines of a log begin; the log's start if it has no more. */
export async function tailPosition(path: string, lines: number): Promise<LogPosition> {
  let wanted = lines;
  for (const rotated of [false, true]) {
    const found = await searchBackwards(rotated ? rotatedPath(path) : path, wanted);
    if (found === undefined) break;
    if (found.offset > 0 || found.missing === 0) return { rotated, offset: found.offset };
    wanted = found.missing;
  }
  return { rotated: true, offset: 0 };
}

/** Offset at which the last `lines` lines of a file begin, and the number of lines it lacks. Undefined without such a file. */
async function searchBackwards(path: string, lines: number): Promise<{ offset: number; missing: number } | undefined> {
  const file = await openLog(path).catch(() => undefined);
  if (file === undefined) return undefined;
  await using owned = file;
  const { size } = await owned.stat();
  if (lines === 0) return { offset: size, missing: 0 };
  let left = lines;
  const buffer = Buffer.alloc(chunkBytes);
  // The newline of the last line terminates no earlier line.
  for (let end = size - 1; end > 0; ) {
    const begin = Math.max(0, end - chunkBytes);
    const { bytesRead } = await owned.read(buffer, 0, end - begin, begin);
    for (let at = bytesRead - 1; at >= 0; at--) {
      if (buffer[at] === newline && --left === 0) return { offset: begin + at + 1, missing: 0 };
    }
    end = begin;
  }
  return { offset: 0, missing: size > 0 ? left - 1 : left };
}

/** How a log is read. */
export interface ReadOptions {
  readonly from: LogPosition;
  /** Follows the log until this returns true, after which nothing more is written; absent to stop at the end. */
  readonly isOver?: () => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a log from a position on, across rotations: a rotation renames the file and starts a new one, so unread bytes are in
 * the renamed file at the same offset.
 */
export async function* readLog(path: string, { from, isOver, clock, signal }: ReadOptions): AsyncGenerator<Buffer> {
  if (from.rotated) yield* readFrom(rotatedPath(path), from.offset);
  let isFirst = true;
  let at: { readonly inode: number; offset: number } | undefined;
  while (!signal.aborted) {
    // Asked before reading, so that everything written until then is read.
    const over = isOver?.() ?? true;
    const inode = await inodeOf(path);
    // Until there is a new file, the runtime goes on in the renamed one.
    if (at !== undefined && inode !== at.inode && (inode !== undefined || over)) {
      for await (const chunk of readFrom(rotatedPath(path), at.offset)) yield chunk;
      at = undefined;
    }
    if (inode !== undefined) {
      at ??= { inode, offset: isFirst && !from.rotated ? from.offset : 0 };
      isFirst = false;
      for await (const chunk of readFrom(path, at.offset)) {
        at.offset += chunk.length;
        yield chunk;
      }
    }
    if (over) return;
    await clock.sleep(followMs, signal).catch(() => {});
  }
}

/** Identity of the file behind a name, which rotation changes; undefined without a file. */
async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.ino;
}

/** Opens a log file; a link or a pipe in its place is refused. */
async function openLog(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new GantryError('Invalid', `${path} is not a file`);
}

async function* readFrom(path: string, offset: number): AsyncGenerator<Buffer> {
  const file: FileHandle | undefined = await openLog(path).catch(() => undefined);
  if (file === undefined) return;
  await using owned = file;
  for (let at = offset; ; ) {
    const { bytesRead, buffer } = await owned.read(Buffer.alloc(chunkBytes), 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

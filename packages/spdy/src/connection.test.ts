import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { createDeflate, constants as zlib } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { SpdyConnection } from './connection.ts';
import { headerDictionary } from './dictionary.ts';
import { controlFrame, dataFrame, FrameReader, frameType, uint32 } from './frames.ts';
import type { SpdyStream } from './stream.ts';

const open: SpdyConnection[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

/** A server on one side of a pipe, the other side of the pipe, and the streams that were accepted. */
function serve(): {
  readonly other: Duplex;
  readonly accepted: SpdyStream[];
  readonly next: () => Promise<SpdyStream>;
} {
  const [own, other] = duplexPair();
  const accepted: SpdyStream[] = [];
  const arrived = new EventTarget();
  const accept = (stream: SpdyStream): void => {
    accepted.push(stream);
    arrived.dispatchEvent(new Event('stream'));
  };
  open.push(new SpdyConnection(own, { accept }));
  const next = async (): Promise<SpdyStream> => {
    if (accepted.length === 0) await once(arrived, 'stream');
    return accepted.shift()!;
  };
  other.on('error', () => undefined);
  return { other, accepted, next };
}

function client(transport: Duplex): SpdyConnection {
  const connection = new SpdyConnection(transport);
  open.push(connection);
  return connection;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}

/** A SYN_STREAM as clients send it that compress with the dictionary. */
async function opening(id: number, block: Buffer): Promise<Buffer> {
  const deflate = createDeflate({ dictionary: headerDictionary });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  deflate.write(block);
  await new Promise<void>((resolve) => deflate.flush(zlib.Z_SYNC_FLUSH, resolve));
  return controlFrame(frameType.synStream, Buffer.concat([uint32(id), uint32(0), Buffer.of(0, 0), ...chunks]));
}

const portBlock = Buffer.concat([uint32(1), uint32(4), Buffer.from('port'), uint32(2), Buffer.from('80')]);

describe('a server', () => {
  test('takes streams with their headers, whose directions end one by one', async () => {
    const { other, next } = serve();
    const connection = client(other);
    const first = await connection.open({ streamtype: 'error', port: '80' });
    const second = await connection.open({ streamtype: 'data', port: '80' });
    const [error, data] = [await next(), await next()];
    expect([error.headers, data.headers]).toEqual([first.headers, second.headers]);
    second.end('x'.repeat(100_000));
    expect(await textOf(data)).toBe('x'.repeat(100_000));
    data.end('answer');
    error.end();
    expect(await Promise.all([textOf(second), textOf(first)])).toEqual(['answer', '']);
  });

  test('takes streams of which the client uses one direction alone, and hears no more of them', async () => {
    const { other, next } = serve();
    const written: number[] = [];
    const write = other.write.bind(other);
    other.write = ((...args: Parameters<typeof write>) => {
      written.push(args[0].length);
      return write(...args);
    }) as typeof other.write;
    const connection = client(other);
    const stream = await connection.open({ streamtype: 'stdout' }, { fin: true });
    const side = await next();
    expect(await textOf(side)).toBe('');
    side.end('output');
    expect(await textOf(stream)).toBe('output');
    expect(written).toHaveLength(1);
  });

  test('reads headers that were compressed with the dictionary, cut anywhere, and replies', async () => {
    const { other, next } = serve();
    const replied: number[] = [];
    const frames = new FrameReader();
    other.on('data', (data: Buffer) =>
      frames.take(data, (header, body) => {
        if (header.readUInt16BE(2) === frameType.synReply) replied.push(body.readUInt32BE(0));
      }),
    );
    const sent = Buffer.concat([await opening(1, portBlock), dataFrame(1, Buffer.from('early'), true)]);
    for (const byte of sent) other.write(Buffer.of(byte));
    const stream = await next();
    expect(stream.headers).toEqual({ port: '80' });
    expect(await textOf(stream)).toBe('early');
    await expect.poll(() => replied).toEqual([1]);
  });

  test('holds the connection back for a stream that nobody reads, until it is read or gone', async () => {
    const { other, next } = serve();
    const connection = client(other);
    const [slow, quick] = [await connection.open({ name: 'slow' }), await connection.open({ name: 'quick' })];
    const [slowSide, quickSide] = [await next(), await next()];
    quickSide.resume();
    slow.write(Buffer.alloc(1_000_000));
    const written = new Promise((resolve) => quick.write('x', resolve));
    await once(slowSide, 'readable');
    expect(slowSide.readableLength).toBeLessThan(200_000);
    slowSide.destroy();
    await written;
  });

  test('ends a stream that its client cancels', async () => {
    const { other, next } = serve();
    other.write(await opening(1, portBlock));
    const stream = await next();
    other.write(controlFrame(frameType.rstStream, Buffer.concat([uint32(1), uint32(5)])));
    await once(stream, 'close');
  });

  test.each([
    ['a frame that is too long', Buffer.from([0, 0, 0, 1, 0, 255, 255, 255])],
    ['a frame that ends early', controlFrame(frameType.rstStream, Buffer.of(0))],
    [
      'headers that are not compressed',
      controlFrame(frameType.synStream, Buffer.concat([uint32(1), Buffer.alloc(6), portBlock])),
    ],
    ['a stream of the wrong number', controlFrame(frameType.synStream, Buffer.concat([uint32(2), Buffer.alloc(6)]))],
    ['headers without end', opening(1, Buffer.concat([uint32(9), portBlock]))],
    ['headers that inflate without bound', opening(1, Buffer.alloc(1_000_000))],
  ])('closes a connection that sends %s', async (_, bytes) => {
    const [own, other] = duplexPair();
    const connection = new SpdyConnection(own, { accept: () => undefined });
    open.push(connection);
    const failed = once(own, 'error');
    const closed = once(own, 'close').catch(() => undefined);
    other.on('error', () => undefined);
    other.write(await bytes);
    await closed;
    expect(await failed).toMatchObject([{ reason: 'InternalError' }]);
  });
});

test('streams end with their connection', async () => {
  const { other, next } = serve();
  const connection = client(other);
  const streams = [await connection.open({}), await next()];
  other.end();
  expect(await Promise.all(streams.map(textOf))).toEqual(['', '']);
  await expect.poll(() => other.destroyed).toBe(true);
  await expect(connection.open({})).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
});

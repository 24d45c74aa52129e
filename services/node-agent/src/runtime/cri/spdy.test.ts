import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createInflate } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { connectSpdy } from './spdy.ts';

/** A server that takes apart what the client sends and sends what the test wants. */
class FakeServer {
  readonly headers = new Map<number, Record<string, string>>();
  readonly data = new Map<number, string>();
  readonly ended = new Set<number>();
  readonly pings: number[] = [];
  socket!: Socket;
  readonly #inflate = createInflate();
  #inflated = Buffer.alloc(0);
  #received = Buffer.alloc(0);
  readonly #changed = new EventTarget();

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#inflated = Buffer.concat([this.#inflated, chunk]);
    });
  }

  accept(socket: Socket): void {
    this.socket = socket;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      void this.#take();
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise((resolve) => this.#changed.addEventListener('frame', resolve, { once: true }));
  }

  sendData(id: number, text: string, fin = false): void {
    this.socket.write(Buffer.concat([bytes(4, id), Buffer.of(fin ? 1 : 0), bytes(3, text.length), Buffer.from(text)]));
  }

  sendControl(type: number, body: Buffer): void {
    this.socket.write(Buffer.concat([bytes(2, 0x8003), bytes(2, type), Buffer.of(0), bytes(3, body.length), body]));
  }

  async #take(): Promise<void> {
    while (this.#received.length >= 8) {
      const length = this.#received.readUIntBE(5, 3);
      if (this.#received.length < 8 + length) return;
      const frame = this.#received.subarray(0, 8 + length);
      this.#received = this.#received.subarray(8 + length);
      await this.#frame(frame, frame.subarray(8));
      this.#changed.dispatchEvent(new Event('frame'));
    }
  }

  async #frame(frame: Buffer, body: Buffer): Promise<void> {
    if (frame[0]! < 0x80) {
      const id = frame.readUInt32BE(0);
      this.data.set(id, (this.data.get(id) ?? '') + body);
      if (frame[4]! & 1) this.ended.add(id);
    } else if (frame.readUInt16BE(2) === 6) this.pings.push(body.readUInt32BE(0));
    else {
      await new Promise((resolve) => this.#inflate.write(body.subarray(10), resolve));
      this.headers.set(body.readUInt32BE(0), headersOf(this.#inflated));
      this.#inflated = Buffer.alloc(0);
    }
  }
}

function headersOf(block: Buffer): Record<string, string> {
  const texts: string[] = [];
  for (let offset = 4; offset < block.length; ) {
    const length = block.readUInt32BE(offset);
    texts.push(String(block.subarray(offset + 4, offset + 4 + length)));
    offset += 4 + length;
  }
  return Object.fromEntries(
    Array.from({ length: block.readUInt32BE(0) }, (_, index) => [texts[2 * index]!, texts[2 * index + 1]!]),
  );
}

function bytes(size: number, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeUIntBE(value, 0, size);
  return buffer;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

describe('SPDY client', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function start(fake: FakeServer): Promise<string> {
    server = createServer((_request, response) => response.writeHead(404).end());
    server.on('upgrade', (request, socket) => {
      if (request.url === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      else fake.accept(socket as Socket);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('opens streams with their headers, and ends one direction of one of them', async () => {
    const fake = new FakeServer();
    const connection = await connectSpdy(await start(fake), 'v4.channel.k8s.io');
    const [first, second] = await Promise.all([
      connection.open({ streamtype: 'stdin' }),
      connection.open({ streamtype: 'stdout', port: '80' }),
    ]);
    first.end('x'.repeat(100_000));
    await fake.until(() => fake.ended.has(1) && fake.headers.size === 2);
    expect([...fake.headers]).toEqual([
      [1, { streamtype: 'stdin' }],
      [3, { streamtype: 'stdout', port: '80' }],
    ]);
    expect(fake.data.get(1)).toBe('x'.repeat(100_000));
    expect(fake.ended.has(3)).toBe(false);
    fake.sendData(3, 'hello ');
    fake.sendData(1, 'after the end', true);
    fake.sendData(3, 'world', true);
    expect(await Promise.all([textOf(first), textOf(second)])).toEqual(['after the end', 'hello world']);
    connection.close();
  });

  it('reads frames that arrive byte by byte, and answers pings', async () => {
    const fake = new FakeServer();
    const connection = await connectSpdy(await start(fake), 'p');
    const stream = await connection.open({ streamtype: 'stdout' });
    await fake.until(() => fake.headers.size === 1);
    fake.sendControl(6, bytes(4, 77));
    for (const byte of Buffer.concat([bytes(4, 1), Buffer.of(1), bytes(3, 2), Buffer.from('ok')]))
      fake.socket.write(Buffer.of(byte));
    expect(await textOf(stream)).toBe('ok');
    await fake.until(() => fake.pings.length > 0);
    expect(fake.pings).toEqual([77]);
    connection.close();
  });

  it('takes a cancelled stream as ended, and a refused one as an error', async () => {
    const fake = new FakeServer();
    const connection = await connectSpdy(await start(fake), 'p');
    const [cancelled, refused] = await Promise.all([connection.open({}), connection.open({})]);
    await fake.until(() => fake.headers.size === 2);
    fake.sendData(1, 'all');
    fake.sendControl(3, Buffer.concat([bytes(4, 1), bytes(4, 5)]));
    fake.sendControl(3, Buffer.concat([bytes(4, 3), bytes(4, 3)]));
    await expect(textOf(refused)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(await textOf(cancelled)).toBe('all');
    connection.close();
  });

  it('ends streams with the connection, and refuses a frame that is too long', async () => {
    const fake = new FakeServer();
    const connection = await connectSpdy(await start(fake), 'p');
    const stream = await connection.open({});
    await fake.until(() => fake.headers.size === 1);
    fake.socket.write(Buffer.concat([bytes(4, 1), Buffer.of(0), bytes(3, 0xffffff)]));
    await expect(textOf(stream)).rejects.toMatchObject({ reason: 'InternalError' });
    await expect(connection.open({})).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  it('says when a server refuses, or the caller gives up', async () => {
    const url = await start(new FakeServer());
    await expect(connectSpdy(`${url}/refused`, 'p')).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: expect.stringMatching(/403/),
    });
    await expect(connectSpdy(url, 'p', AbortSignal.abort())).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});

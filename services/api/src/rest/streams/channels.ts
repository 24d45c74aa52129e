import type { ExecInput, TerminalSize } from '@gantry/client/pod-messages.ts';
import type { WebSocket } from 'ws';
import { piecesOf } from './pieces.ts';
import { sendMessage } from './websocket.ts';

/** Channels of Kubernetes' remote command protocol: the first byte of each message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** How messages look in a protocol of channels, and how it tells the end of a command. */
interface Protocol {
  /** The channel is a digit and the data are base64, both in messages of text. */
  readonly base64: boolean;
  /** The end is told as a Status; otherwise failures alone are told, as plain text. */
  readonly status: boolean;
}

/** Protocols of channels that are served. Only v5 can end standard input while the output goes on. */
const protocols: ReadonlyMap<string, Protocol> = new Map([
  ['v5.channel.k8s.io', { base64: false, status: true }],
  ['v4.channel.k8s.io', { base64: false, status: true }],
  ['v4.base64.channel.k8s.io', { base64: true, status: true }],
  ['channel.k8s.io', { base64: false, status: false }],
  ['base64.channel.k8s.io', { base64: true, status: false }],
  // That of clients that offer none.
  ['', { base64: false, status: false }],
]);

/** Names of the protocols of channels that are served; the empty name is that of clients that offer none. */
export const channelProtocols: readonly string[] = [...protocols.keys()];

/** Input that waits for the command, in bytes, until the client must wait. */
const maxWaitingBytes = 256 * 1024;
/** The digit of channel 0. */
const zero = '0'.charCodeAt(0);
/** Bytes that a message without data counts for. */
const messageBytes = 64;

/** Streams of a command that a client asks for. */
export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The client's side of one command, whatever carries it. */
export interface CommandClient {
  /** Messages for the command, until the client or the command is gone. May be iterated once. */
  input(): AsyncIterable<ExecInput>;
  /** Sends output. Resolves when the client can take more, or is gone. */
  stdout(data: Uint8Array): Promise<void>;
  stderr(data: Uint8Array): Promise<void>;
  /** Tells the client how the command ended, and closes. */
  finish(end: CommandEnd): Promise<void>;
}

/** The Status that tells how a command ended. */
export interface CommandEnd {
  readonly metadata: object;
  readonly status: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
}

/** The client's side of one command, over a WebSocket. */
export class Channels implements CommandClient {
  readonly #webSocket: WebSocket;
  readonly #protocol: Protocol;
  readonly #wanted: { readonly stdin?: boolean; readonly tty?: boolean };
  readonly #waiting: ExecInput[] = [];
  #waitingBytes = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  /**
   * @param protocol One of `channelProtocols`.
   * @param wanted Input that the command takes; other input is dropped.
   */
  constructor(webSocket: WebSocket, protocol: string, wanted: { readonly stdin?: boolean; readonly tty?: boolean }) {
    this.#webSocket = webSocket;
    this.#protocol = protocols.get(protocol)!;
    this.#wanted = wanted;
    webSocket.on('message', (data: Buffer) => this.#take(data));
    webSocket.on('close', () => this.#end());
  }

  async *input(): AsyncGenerator<ExecInput> {
    while (true) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#waitingBytes -= sizeOf(message);
        if (this.#waitingBytes <= maxWaitingBytes && this.#webSocket.isPaused) this.#webSocket.resume();
        yield message;
      } else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  stdout(data: Uint8Array): Promise<void> {
    return this.#write(channel.stdout, data);
  }

  stderr(data: Uint8Array): Promise<void> {
    return this.#write(channel.stderr, data);
  }

  async finish(end: CommandEnd): Promise<void> {
    if (this.#protocol.status) await this.#write(channel.error, Buffer.from(JSON.stringify(end)));
    else if (end.message !== undefined) await this.#write(channel.error, Buffer.from(end.message));
    this.#end();
    this.#webSocket.close(1000);
  }

  #write(number: number, data: Uint8Array): Promise<void> {
    const message = this.#protocol.base64
      ? `${number}${Buffer.from(data).toString('base64')}`
      : Buffer.concat([Buffer.of(number), data]);
    return sendMessage(this.#webSocket, message);
  }

  #end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    // A paused connection would not see the client's close.
    this.#webSocket.resume();
    this.#wake();
  }

  #take(message: Buffer): void {
    if (this.#ended || message.length === 0) return;
    const { base64 } = this.#protocol;
    const data = base64 ? Buffer.from(message.subarray(1).toString('latin1'), 'base64') : message.subarray(1);
    const { stdin, tty } = this.#wanted;
    switch (base64 ? message[0]! - zero : message[0]) {
      case channel.stdin:
        if (stdin) for (const piece of piecesOf(data)) this.#push({ stdin: piece });
        return;
      case channel.resize: {
        const resize = sizeFrom(data);
        if (tty && resize !== undefined) this.#push({ resize });
        return;
      }
      case channel.close:
        if (stdin && data[0] === channel.stdin) this.#push({ stdinClosed: true });
    }
  }

  #push(message: ExecInput): void {
    this.#waiting.push(message);
    this.#waitingBytes += sizeOf(message);
    if (this.#waitingBytes > maxWaitingBytes) this.#webSocket.pause();
    this.#wake();
  }
}

function sizeOf({ stdin }: ExecInput): number {
  return messageBytes + (stdin?.length ?? 0);
}

/** Reads a terminal's size; undefined for one that no terminal has. */
export function sizeFrom(data: Buffer): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(String(data)) as { Width?: unknown; Height?: unknown };
    return isSide(width) && isSide(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a side of a terminal is a number of 16 bits, as the kernel keeps it. */
function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff;
}

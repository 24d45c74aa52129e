/**
 * Messages of the bus. A change is one line of JSON that says where it stands in the stream, a line break, and the
 * object's JSON exactly as the store holds it: nothing on the way reads or writes the object again.
 *
 * How a consumer knows that it missed nothing: each change names the revision of the change before it in its resource.
 * A consumer that knows everything up to an earlier revision than that has a gap.
 * Progress messages name the last revision, so that a lost last change is found too. See ChangeCursor.
 */

/** A committed change of one object; which object, its subject says. */
export interface ChangeMessage {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The store's revision of this change: the object's resourceVersion from now on. */
  readonly revision: number;
  /** Revision of the change before this one in the same resource, or a later one: nothing lies between it and this. */
  readonly previous: number;
  /** Fencing token of the relay that published it. */
  readonly epoch: number;
  /** The object after the change (of DELETED: before it); absent where it is too large for a message: read it from the api. */
  readonly json?: string;
}

/** How far the relay has published. */
export interface ProgressMessage {
  readonly epoch: number;
  /** Every change up to this revision was published, in this epoch or before. */
  readonly revision: number;
  /** Revision at which this epoch began: its relay knows nothing of what was published before. */
  readonly start: number;
  /**
   * Number of the line of revisions that this is about. Another number than before means that the store lost changes that
   * were published already: nothing that was known counts any more.
   */
  readonly history: number;
  /** Last revision of each resource that changed since `start`. */
  readonly last: Readonly<Record<string, number>>;
}

/** Room for the header in a message of NATS' default largest size, 1 MiB. */
export const maxInlineJsonBytes = 1024 * 1024 - 1024;

const lineBreak = 0x0a;

/** The bytes of a change. An object above maxInlineJsonBytes is left out. */
export function encodeChange(message: ChangeMessage): Buffer {
  const { type, revision, previous, epoch, json } = message;
  const head = `{"type":"${type}","revision":${revision},"previous":${previous},"epoch":${epoch}}`;
  if (json === undefined || isTooLarge(json)) return Buffer.from(head);
  return Buffer.from(`${head}\n${json}`);
}

/** A character is at most three bytes: most objects need not be measured. */
function isTooLarge(json: string): boolean {
  return json.length * 3 > maxInlineJsonBytes && Buffer.byteLength(json) > maxInlineJsonBytes;
}

/** The change in these bytes; undefined where they hold none. The object's JSON is not looked at. */
export function decodeChange(payload: Uint8Array): ChangeMessage | undefined {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const end = buffer.indexOf(lineBreak);
  const header = parse(buffer.toString('utf8', 0, end < 0 ? buffer.length : end));
  if (header === undefined || !['ADDED', 'MODIFIED', 'DELETED'].includes(header.type as string)) return undefined;
  const numbers = [header.revision, header.previous, header.epoch];
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  const message = header as unknown as ChangeMessage;
  return end < 0 ? message : { ...message, json: buffer.toString('utf8', end + 1) };
}

export function encodeProgress(message: ProgressMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** The progress in these bytes; undefined where they hold none. */
export function decodeProgress(payload: Uint8Array): ProgressMessage | undefined {
  const message = parse(Buffer.from(payload).toString('utf8'));
  if (message === undefined || typeof message.last !== 'object' || message.last === null) return undefined;
  const { epoch, revision, start, history } = message;
  const numbers = [epoch, revision, start, history, ...Object.values(message.last)];
  return numbers.every(Number.isSafeInteger) ? (message as unknown as ProgressMessage) : undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

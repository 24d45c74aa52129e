/**
 * The event bus. It carries changes that are committed already; it may lose a message, and consumers find gaps by the
 * revisions that each message carries (see ChangeMessage).
 */

/** A handler of one message; must not throw. */
export type MessageHandler = (subject: string, payload: Uint8Array) => void;

export interface Subscription extends AsyncDisposable {
  /** Resolves when the server knows of the subscription: messages published after are seen. */
  readonly ready: Promise<void>;
}

/** The bus: publish and subscribe, at most once. Subjects are dot-separated; `*` matches one token, `>` all that follow. */
export interface EventBus extends AsyncDisposable {
  /** Hands the message over; resolves when it was sent, rejects with ServiceUnavailable when there is no connection. */
  publish(subject: string, payload: Uint8Array): Promise<void>;
  /** Calls the handler for each message whose subject matches, in the publisher's order. Survives reconnects. */
  subscribe(pattern: string, handler: MessageHandler): Subscription;
  /** Calls back each time the connection was lost and is there again: consumers must look for gaps. Returns the way to stop. */
  onReconnect(callback: () => void): () => void;
}

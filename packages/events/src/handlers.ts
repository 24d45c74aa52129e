import type { MessageHandler } from './events.ts';

/**
 * Calls a handler that must not throw. One that does is a bug of its own: the process hears of it as an uncaught
 * exception, but the other handlers and the connection are not harmed by it.
 */
export function callHandler(handler: MessageHandler, subject: string, payload: Uint8Array): void {
  try {
    handler(subject, payload);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

import type { Socket } from 'node:net';

/**
 * The sockets of a process, by broker. When a broker leaves a request on one of them unanswered, the others on which nothing
 * was received since the request was sent are closed as well: else each of them would be found out by a request and a
 * time-out of its own, one after the other.
 */
export class SilentSockets {
  readonly #sockets = new Map<Socket, { broker: string; heardAtMs: number }>();

  add(socket: Socket, broker: string): void {
    const state = { broker, heardAtMs: Date.now() };
    this.#sockets.set(socket, state);
    socket.on('data', () => {
      state.heardAtMs = Date.now();
    });
    // Set by our patch of kafkajs.
    socket.on('error', ({ unansweredSince }: Error & { unansweredSince?: number }) => {
      if (unansweredSince !== undefined) this.#close(broker, unansweredSince);
    });
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #close(broker: string, sinceMs: number): void {
    for (const [socket, state] of this.#sockets)
      if (state.broker === broker && state.heardAtMs < sinceMs)
        socket.destroy(new Error(`${broker} left a request on another connection unanswered`));
  }
}

/** A part of a service that is started and stopped: a server, a consumer, a connection. */
export interface Component {
  /** For people: 'ops server', 'task consumer'. */
  readonly name: string;
  /**
   * Resolves when the component works. One that rejects leaves nothing behind: it is not stopped.
   * The signal aborts when the service is stopped meanwhile: start then gives up soon, by rejecting or resolving.
   */
  start?(options: { signal: AbortSignal }): Promise<void>;
  /**
   * Finishes or hands back what is running, within graceMs: what is left of the whole service's grace period.
   * It may be called while start is pending, and must then make it give up if the signal does not.
   */
  stop?(options: { graceMs: number }): Promise<void>;
  /** Where a server listens once it has started, as a URL: logged, for a port may be any free one. */
  address?(): string;
}

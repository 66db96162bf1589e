/** The server's address cannot be listened on. */
export class ListenError extends Error {
  readonly code: 'ADDRESS_IN_USE' | 'CANNOT_LISTEN';

  constructor(address: string, cause: NodeJS.ErrnoException) {
    const isInUse = cause.code === 'EADDRINUSE';
    super(`cannot listen on ${address}: ${isInUse ? 'the port is in use' : cause.message}`);
    this.name = 'ListenError';
    this.code = isInUse ? 'ADDRESS_IN_USE' : 'CANNOT_LISTEN';
  }
}

/** The server was closed before all requests had been answered. */
export class RequestsCutOffError extends Error {
  readonly code = 'REQUESTS_CUT_OFF';

  constructor(requests: number) {
    super(`${requests} requests were cut off`);
    this.name = 'RequestsCutOffError';
  }
}

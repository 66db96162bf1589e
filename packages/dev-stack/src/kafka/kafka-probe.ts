import { connect } from 'node:net';
import { once } from 'node:events';

const apiVersionsKey = 18;
const correlationId = 1;

/**
 * Asks a broker which API versions it speaks (Kafka protocol, ApiVersions v0): the first thing any client does, and
 * answered only by a broker that takes requests.
 * @throws when nobody listens, or the answer is not Kafka's
 */
export async function probeKafka(port: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const socket = connect({ host: '127.0.0.1', port });
  // An error that comes when nobody waits any more is nobody's.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    socket.write(apiVersionsRequest('probe'));
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
    // Size (4 bytes), correlation id (4), error code (2).
    if (answer.length < 10 || answer.readInt32BE(4) !== correlationId) throw new Error('what answers is not Kafka');
    const errorCode = answer.readInt16BE(8);
    if (errorCode !== 0) throw new Error(`Kafka answered with error ${errorCode}`);
  } finally {
    socket.destroy();
  }
}

/** Size, then API key, API version, correlation id and client id; all integers big-endian. */
function apiVersionsRequest(clientId: string): Buffer {
  const request = Buffer.alloc(14 + clientId.length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(apiVersionsKey, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(correlationId, 8);
  request.writeInt16BE(clientId.length, 12);
  request.write(clientId, 14, 'latin1');
  return request;
}

import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { probeKafka } from './kafka.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

/** Answers each request with what comes after its size field. */
async function answering(answer: (correlationId: number) => Buffer): Promise<number> {
  const listening = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => socket.write(answer(request.readInt32BE(8))));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

function apiVersionsAnswer(correlationId: number, errorCode: number): Buffer {
  const answer = Buffer.alloc(14);
  answer.writeInt32BE(10, 0);
  answer.writeInt32BE(correlationId, 4);
  answer.writeInt16BE(errorCode, 8);
  return answer;
}

const patient = () => AbortSignal.timeout(5000);

test('a broker that says which versions it speaks is up', async () => {
  const port = await answering((correlationId) => apiVersionsAnswer(correlationId, 0));
  await expect(probeKafka(port, patient())).resolves.toBeUndefined();
});

test('one that answers with an error is not', async () => {
  const port = await answering((correlationId) => apiVersionsAnswer(correlationId, 35));
  await expect(probeKafka(port, patient())).rejects.toThrow('error 35');
});

test('another server is not', async () => {
  const port = await answering(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await expect(probeKafka(port, patient())).rejects.toThrow('not Kafka');
});

test('silence ends with the signal', async () => {
  const port = await answering(() => Buffer.alloc(0));
  await expect(probeKafka(port, AbortSignal.timeout(100))).rejects.toThrow('abort');
});

test('it does not begin once it is given up', async () => {
  const port = await answering((correlationId) => apiVersionsAnswer(correlationId, 0));
  await expect(probeKafka(port, AbortSignal.abort())).rejects.toThrow('abort');
});

test('a port where nobody listens is not', async () => {
  const port = await answering(() => Buffer.alloc(0));
  await new Promise((resolve) => server?.close(resolve));
  await expect(probeKafka(port, patient())).rejects.toThrow('ECONNREFUSED');
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { schema } from 'avsc';
import { createRegistryClient, RegistryError, registryError } from './registry.ts';

/** How answers are understood that a registry, or what stands in its place, may give. What a real one gives: codec and contract. */

const record: schema.RecordType = { type: 'record', name: 'A', namespace: 'n', fields: [] };
let server: Server | undefined;

async function answering(respond: (request: IncomingMessage, response: ServerResponse) => void) {
  server = createServer(respond).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return createRegistryClient({
    url: `http://127.0.0.1:${port}/api/`,
    timeoutMs: 200,
    auth: { username: 'u', password: 'p' },
  });
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const unreachable = expect.objectContaining({ name: 'RegistryError', code: 'UNREACHABLE' });

describe('a registry that gives no answer of its own', () => {
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['a 404 of a proxy', (_, response) => response.writeHead(404).end('<html>not here</html>')],
    ['a 502 of a proxy', (_, response) => response.writeHead(502).end('bad gateway')],
    ['a 500 with its own JSON', (_, response) => response.writeHead(500).end('{"error_code":50001,"message":"store"}')],
    ['a connection closed', (request) => request.socket.destroy()],
    ['silence', () => {}],
  ])('%s: unreachable, whatever was asked', async (_, respond) => {
    const registry = await answering(respond);
    await expect(registry.typeOf(1)).rejects.toEqual(unreachable);
    await expect(registry.idOf('s', record)).rejects.toEqual(unreachable);
    await expect(registry.register('s', record)).rejects.toEqual(unreachable);
    await expect(registry.setCompatibility('s', 'FULL')).rejects.toEqual(unreachable);
  });

  test('nobody listens: unreachable', async () => {
    const registry = createRegistryClient({ url: 'http://127.0.0.1:1' });
    await expect(registry.typeOf(1)).rejects.toEqual(unreachable);
    await expect(registry.compatibility('s')).rejects.toEqual(unreachable);
  });
});

describe("a registry's own answers", () => {
  const notFound = '{"error_code":40403,"message":"Schema not found"}';

  test('it does not know the id, the schema, the subject', async () => {
    const registry = await answering((_, response) => response.writeHead(404).end(notFound));
    await expect(registry.typeOf(1)).rejects.toEqual(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(await registry.idOf('s', record)).toBeUndefined();
    expect(await registry.compatibility('s')).toBeUndefined();
  });

  test('a schema of another kind is not one of ours', async () => {
    const body = JSON.stringify({ schemaType: 'JSON', schema: '{"type":"object"}' });
    const registry = await answering((_, response) => response.end(body));
    await expect(registry.typeOf(1)).rejects.toEqual(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test.each(['{"compatibilityLevel":"FULL"}', '{"compatibility":"FULL"}'])('a level as %s', async (body) => {
    const registry = await answering((_, response) => response.end(body));
    expect(await registry.compatibility('s')).toBe('FULL');
  });

  test('the user and the subject are sent as they are', async () => {
    const seen: (string | undefined)[] = [];
    const registry = await answering((request, response) => {
      seen.push(request.url, request.headers.authorization);
      response.end('{}');
    });
    await registry.compatibility('a/b-value');
    await registry.typeOf(1).catch(() => {});
    const basic = `Basic ${btoa('u:p')}`;
    expect(seen).toEqual(['/api/config/a%2Fb-value', basic, '/api/schemas/ids/1', basic]);
  });

  test('a refusal is told by its status, and said without the Java class', () => {
    const message =
      'Confluent_Schema_Registry - io.apicurio.registry.rules.RuleViolationException: Incompatible artifact: s [AVRO]';
    const error = registryError({ status: 409, message });
    expect(error).toBeInstanceOf(RegistryError);
    expect([error.code, error.message]).toEqual(['INCOMPATIBLE', 'Incompatible artifact: s [AVRO]']);
    expect(registryError({ status: 422, message: 'x' }).code).toBe('REFUSED');
    expect(registryError({ status: 401, message: 'x' }).code).toBe('REFUSED');
  });
});

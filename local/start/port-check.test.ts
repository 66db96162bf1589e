import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadSettings } from '@nask/service';
import { freePort } from '@nask/dev-stack';
import { settingsTable, wantedPorts } from '../config.ts';
import { PortsInUseError, requireFreePorts } from './port-check.ts';

let server: Server;
let takenPort: number;
beforeEach(async () => {
  server = createServer((socket) => socket.end('something else\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takenPort = (server.address() as AddressInfo).port;
});
afterEach(() => void server.close());

describe('the check of the ports', () => {
  test('names each that is in use, what wants it, and the setting that changes it', async () => {
    const wanted = [
      { port: takenPort, what: 'the API', variable: 'PORT' },
      { port: await freePort(), what: 'the local Kafka', variable: 'LOCAL_KAFKA_PORT' },
    ];
    await expect(requireFreePorts(wanted)).rejects.toThrow(PortsInUseError);
    await expect(requireFreePorts(wanted)).rejects.toThrow(`${takenPort}, wanted for the API: set PORT to another`);
    await expect(requireFreePorts(wanted)).rejects.not.toThrow('LOCAL_KAFKA_PORT');
  });

  test('names the port that another system uses', async () => {
    const api = createHttpServer((_request, response) => void response.end('{"name":"nask-task"}'));
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const { port } = api.address() as AddressInfo;
    const wanted = (at: number) => [{ port: at, what: 'the API', variable: 'PORT' }];
    await expect(requireFreePorts(wanted(port))).rejects.toThrow(/set PORT to another \(another nask-task has it/);
    api.closeAllConnections();
    api.close();
    await expect(requireFreePorts(wanted(takenPort))).rejects.toThrow(/set PORT to another$/m);
  });

  test('refuses one that is wanted twice', async () => {
    const port = await freePort();
    const wanted = ['PORT', 'GATEWAY_OPS_PORT'].map((variable) => ({ port, what: variable, variable }));
    await expect(requireFreePorts(wanted)).rejects.toThrow('set GATEWAY_OPS_PORT');
  });

  test('is content with free ones', async () => {
    await expect(requireFreePorts([{ port: await freePort(), what: 'the API', variable: 'PORT' }])).resolves.toBe(
      undefined,
    );
  });
});

describe('the ports that a start wants', () => {
  test('are those of the API, four services and three servers', () => {
    const ports = wantedPorts(loadSettings(settingsTable, {})).map(({ port }) => port);
    expect(ports).toEqual([8000, 8001, 8002, 8003, 8004, 19_092, 19_093, 18_081, 17_017]);
  });

  test('are not those of servers that are given', () => {
    const given = {
      KAFKA_BROKERS: 'kafka:9092',
      SCHEMA_REGISTRY_URL: 'http://registry:8080/apis/ccompat/v7',
      MONGODB_URL: 'mongodb://mongo',
    };
    const variables = wantedPorts(loadSettings(settingsTable, given)).map(({ variable }) => variable);
    expect(variables.filter((variable) => variable.startsWith('LOCAL_'))).toEqual([]);
  });
});

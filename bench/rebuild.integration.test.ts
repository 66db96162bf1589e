import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { rebuildUnderLoad } from './rebuild/rebuild-under-load.ts';
import { createWatchfulClient } from './rebuild/watchful-client.ts';

jest.setTimeout(120_000);

test('a read model that is rebuilt while events arrive and clients read: no read fails, none goes back, and it is the log’s', async () => {
  // The projectors leave the old one after 3 s: from then on a gateway that had not followed would answer with old tasks.
  const report = await rebuildUnderLoad({ tasks: 100, eventsPerSecond: 60 }, { intervalMs: 200, overlapMs: 4_500 });
  expect(report.faults).toEqual([]);
  expect(report.verification).toMatchObject({ differences: 0, changing: 0 });
  expect(report.generations).toEqual([
    { generation: 1, role: 'old' },
    { generation: 2, role: 'live' },
  ]);
  console.log(`${report.reads} reads, ${report.verification.tasks} tasks`);
});

test('the client notices a read that fails, a list without a task that its token stands for, and a task that goes back', async () => {
  const answers = [
    { results: [{ task: { id: 7 } }] },
    { id: 7, status: 'STARTED' },
    { id: 7, status: 'STARTED' },
    { tasks: [] },
    { id: 7, status: 'PENDING' },
    undefined,
  ];
  const server = createServer((_request, response) => {
    const answer = answers.shift();
    response
      .writeHead(answer === undefined ? 503 : 200, { 'consistency-token': 'x' })
      .end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createWatchfulClient({ url, log: { write: async () => undefined } });

  await client.addTasks(1);
  await client.listNewest();
  await client.readOne();
  await client.readOne();

  expect(client.faults).toEqual([
    'task 7 is not in the list',
    'task 7 went back from 1 to 0',
    'task 7 was answered 503 {}',
  ]);
  server.close();
});

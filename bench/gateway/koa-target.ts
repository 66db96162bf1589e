/**
 * `node bench/gateway/koa-target.ts bare|floor`: a Koa to measure the gateway against, as a process of its own. It says
 * its port to its parent, and its CPU seconds and memory whenever it is asked.
 *
 * `bare` parses the body as the gateway does and answers. `floor` does all that the gateway does for a task except Kafka:
 * the check against the schemas, the event in Avro, the id, the line in the log.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import avsc from 'avsc';
import Koa from 'koa';
import { Registry } from 'prom-client';
import { avroSchemas, taskTypes } from '@nask/schemas';
import { createLogger } from '@nask/service';
import { parseJsonText, readBodyText } from '../../services/gateway/src/http/bodies.ts';
import { observe } from '../../services/gateway/src/http/observe.ts';
import { createTaskRequestValidator } from '../../services/gateway/src/tasks/new-task.rules.ts';
import { pendingTask } from '../../services/gateway/src/tasks/task-view.rules.ts';

const limits = { maxBodyBytes: 65_536, bodyTimeoutMs: 10_000 };
const task = { id: 1, type: 'prime', status: 'PENDING', payload: { input: 100 } };

function bare(app: Koa): void {
  app.use(async (ctx) => {
    if (ctx.method === 'POST') JSON.parse(await readBodyText(ctx.req, limits));
    ctx.status = ctx.method === 'POST' ? 202 : 200;
    ctx.body = task;
  });
}

function floor(app: Koa): void {
  const validate = createTaskRequestValidator(taskTypes);
  const logger = createLogger({ service: 'gateway', format: 'json' });
  const event = avsc.Type.forSchema(avroSchemas.TaskRequested);
  let id = 0;
  app.use(observe({ logger, level: 'info', metrics: new Registry() }));
  app.use(async (ctx) => {
    const task = validate(parseJsonText(await readBodyText(ctx.req, limits)));
    id += 1;
    event.toBuffer({
      event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10',
      task_id: id,
      type: task.type,
      payload: task.payloadJson,
      notify_url: task.notifyUrl,
      requested_at: Date.now(),
      timeout_ms: task.timeoutMs,
      client: null,
      tags: task.tags,
      search: task.search,
      payload_schema_hash: task.payloadSchemaHash,
      include_result: task.includeResult,
    });
    ctx.status = 202;
    ctx.set('Location', `/api/tasks/${id}`);
    ctx.body = pendingTask(id, task);
  });
}

const app = new Koa();
if (process.argv[2] === 'floor') floor(app);
else bare(app);
const handle = app.callback();
const server = createServer((request, response) => void handle(request, response));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());

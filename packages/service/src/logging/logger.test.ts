import { describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger, writeByTurn, type LogFormat } from './logger.ts';

function loggerToMemory(options: { level?: 'info' | 'debug'; format?: LogFormat } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'gateway', version: '1.2.3', format: 'json', destination, ...options });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLogger', () => {
  test('writes JSON lines with level, time, service and version', () => {
    const { logger, last } = loggerToMemory();
    logger.info({ task: 4 }, 'accepted');
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'gateway',
      version: '1.2.3',
      task: 4,
      msg: 'accepted',
    });
  });

  test('has the project’s version unless told', () => {
    const lines: string[] = [];
    createLogger({ service: 'x', format: 'json', destination: { write: (line) => void lines.push(line) } }).info(
      'hello',
    );
    expect(lines[0]).toMatch(/"version":"\d+\.\d+\.\d+/);
  });

  test('leaves out what is below the level', () => {
    const { logger, lines } = loggerToMemory({ level: 'info' });
    logger.debug('quiet');
    expect(lines).toEqual([]);
    const verbose = loggerToMemory({ level: 'debug' });
    verbose.logger.debug('loud');
    expect(verbose.lines).toHaveLength(1);
  });

  test('has an error’s code and causes', () => {
    const { logger, last } = loggerToMemory();
    const error = Object.assign(new Error('no', { cause: new Error('because') }), { code: 'NO' });
    for (const log of [
      () => logger.error(error),
      () => logger.error({ err: error }, 'x'),
      () => logger.error({ error }),
    ]) {
      log();
      const { err, error: other } = last();
      expect(err ?? other).toMatchObject({ message: 'no', code: 'NO', cause: { message: 'because' } });
    }
  });

  test.each([
    ['a header', { request: { headers: { authorization: 'Bearer hunter2' } } }],
    ['a header at the top', { authorization: 'Bearer hunter2' }],
    ['an API key', { headers: { 'x-api-key': 'hunter2' } }],
    ['a webhook secret', { webhook: { secret: 'hunter2' } }],
    ['webhook secrets', { webhookSecrets: ['hunter2'] }],
    ['a url', { store: 'mongodb://user:hunter2@host/' }],
    ['a url in a list', { a: { b: { c: { d: { e: ['https://user:hunter2@host/'] } } } } }],
    ['an error', { err: new Error('cannot reach https://user:hunter2@host/?x=1') }],
  ])('hides the secret in %s', (_, bindings) => {
    for (const format of ['json', 'pretty'] as const) {
      const { logger, lines } = loggerToMemory({ format });
      logger.info(bindings, 'logged');
      logger.child(bindings).info('logged by a child');
      logger.child({ a: 1 }).child(bindings).info('logged by its child');
      expect(lines).toHaveLength(3);
      expect(lines.join()).not.toContain('hunter2');
    }
  });

  test('hides the credentials in a message', () => {
    const { logger, last } = loggerToMemory();
    logger.info('at https://user:hunter2@host/');
    expect(last().msg).toBe('at https://***@host/');
  });

  test('is for people when pretty', () => {
    const { logger, lines } = loggerToMemory({ format: 'pretty' });
    logger.warn({ task: 4 }, 'slow');
    expect(lines.join('')).toMatch(/WARN.*gateway: slow/);
    expect(() => JSON.parse(lines.join('')) as unknown).toThrow(SyntaxError);
  });
});

function createDestination() {
  const writes: string[] = [];
  return { writes, stream: writeByTurn({ write: (text) => void writes.push(text) }) };
}

test('the lines of one turn are written as one, in their order', async () => {
  const { writes, stream } = createDestination();
  stream.write('a\n');
  stream.write('b\n');
  expect(writes).toEqual([]);
  await nextTurn();
  stream.write('c\n');
  await nextTurn();
  expect(writes).toEqual(['a\nb\n', 'c\n']);
});

test('a flush writes at once, and nothing twice', async () => {
  const { writes, stream } = createDestination();
  stream.write('a\n');
  stream.flushSync();
  expect(writes).toEqual(['a\n']);
  await nextTurn();
  stream.flushSync();
  expect(writes).toEqual(['a\n']);
});

test('what gathers in one turn is bounded', () => {
  const { writes, stream } = createDestination();
  const line = `${'x'.repeat(999)}\n`;
  for (let n = 0; n < 100; n += 1) stream.write(line);
  expect(writes).toHaveLength(1);
});

import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../testing/silent-logger.ts';
import { logFailure } from './kafkajs-group-client.ts';

/** As kafkajs has it: the refusal itself, or wrapped after its last try. */
const refused = (type: string) => Object.assign(new Error('refused'), { type });
const wrapped = (type: string) => new Error('Number of retries exceeded', { cause: refused(type) });

test.each([
  ['a coordinator that loads', refused('GROUP_LOAD_IN_PROGRESS'), 1, 'info'],
  ['a coordinator that moved', refused('NOT_COORDINATOR_FOR_GROUP'), 5, 'info'],
  ['no coordinator yet, after kafkajs’s own tries', wrapped('GROUP_COORDINATOR_NOT_AVAILABLE'), 1, 'info'],
  ['a coordinator that goes on loading', refused('GROUP_LOAD_IN_PROGRESS'), 6, 'warn'],
  ['another refusal', refused('GROUP_AUTHORIZATION_FAILED'), 1, 'warn'],
  ['an error of another kind', new Error('socket closed'), 1, 'warn'],
])('%s is logged at its level, expected ones without a stack', (_what, error, failures, level) => {
  const lines: { level: string; fields: object }[] = [];
  const at =
    (level: string) =>
    (...[fields]: unknown[]) =>
      void lines.push({ level, fields: fields as object });
  logFailure({ ...silentLogger, info: at('info'), warn: at('warn') }, error, { groupId: 'g', failures, delayMs: 1 });
  expect(lines.map((line) => [line.level, 'err' in line.fields])).toEqual([[level, level === 'warn']]);
});

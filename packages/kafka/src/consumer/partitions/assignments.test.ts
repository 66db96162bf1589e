import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../testing/silent-logger.ts';
import { Assignments, type AssignedPartition } from './assignments.ts';
import { encodeCommitMetadata } from './offset-map.ts';
import type { GroupClient, Scheduler } from '../group/group-client.ts';

const scheduler: Scheduler = {
  nowMs: () => Date.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => 0,
};

/** What a consumer is told of a partition whose commit says this. */
async function told(metadata: string | null): Promise<AssignedPartition> {
  const partition = { topic: 'work', partition: 0 };
  const client: GroupClient = {
    start() {},
    stop: async () => {},
    seek() {},
    pause() {},
    resume() {},
    commit: async () => {},
    committed: async () => (metadata === null ? [] : [{ ...partition, offset: 7, metadata }]),
    bounds: async () => [{ ...partition, logStart: 0, logEnd: 9 }],
    instances: async () => new Set(['me']),
  };
  const assigned = Promise.withResolvers<AssignedPartition[]>();
  const assignments = new Assignments(
    {
      client,
      scheduler,
      logger: silentLogger,
      owner: 'me',
      handOverTimeoutMs: 1_000,
      onAssigned: assigned.resolve,
    },
    { maxMetadataLength: () => 100, flowing() {}, lost() {} },
  );
  assignments.assigned({ memberId: 'm', generation: 1 }, [partition]);
  const [only] = await assigned.promise;
  assignments.close();
  return only!;
}

const commitOf = (owner: string, released: boolean) => encodeCommitMetadata({ owner, released, runs: [] }, 100);

test.each([
  ['without a commit', null, false],
  ['with a commit of something else', 'whatever', false],
  ['whose owner has released it', commitOf('other', true), false],
  ['that this consumer has signed already', commitOf('me', false), false],
  ['whose owner is gone and has not released it', commitOf('other', false), true],
])('a partition %s', async (_what, metadata, abandoned) => {
  expect(await told(metadata)).toMatchObject({ abandoned, committed: metadata === null ? null : 7, logEnd: 9 });
});

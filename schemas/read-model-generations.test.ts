import { describe, expect, test } from '@jest/globals';
import { collectionsOf, generationOf, projectionLagCollectionOf, projectorGroupOf } from './read-model-generations.ts';

describe('the collections of a generation', () => {
  test('given generations of several versions, then no two share one, and a collection of tasks names its own', () => {
    const generations = [1, 2, 3].flatMap((version) => [1, 2, 3, 12].map((generation) => ({ version, generation })));
    const names = generations.flatMap(({ version, generation }) => Object.values(collectionsOf(generation, version)));
    expect(new Set(names).size).toBe(names.length);
    for (const { version, generation } of generations)
      for (const other of [1, 2, 3])
        expect(generationOf(collectionsOf(generation, version).tasks, other)).toBe(
          other === version ? generation : undefined,
        );
  });

  test('given version 1, then the names are those that a store of 0.1 has', () => {
    expect(collectionsOf(1, 1)).toEqual({ tasks: 'tasks', taskEvents: 'task_events', checkpoints: 'checkpoints' });
    expect(collectionsOf(2, 1).tasks).toBe('tasks_v1_g2');
    expect([projectionLagCollectionOf(1), projectorGroupOf(1)]).toEqual(['projection_lag', 'projector']);
  });

  test('given version 2, then every name has the version in it', () => {
    expect(collectionsOf(1).tasks).toBe('tasks_v2_g1');
    expect([projectionLagCollectionOf(2), projectorGroupOf(2)]).toEqual(['projection_lag_v2', 'projector-v2']);
  });

  test.each(['tasks', 'task_events', 'tasks_v2_g', 'tasks_v2_g0', 'tasks_v3_g3', 'tasks_v2_g2_old'])(
    '%s is a collection of none',
    (name) => {
      expect(generationOf(name)).toBeUndefined();
    },
  );
});

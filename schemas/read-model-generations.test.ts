import { describe, expect, test } from '@jest/globals';
import { collectionsOf, generationOf } from './read-model-generations.ts';

describe('the collections of a generation', () => {
  test('no two generations share one, and a collection of tasks says which it belongs to', () => {
    const generations = [1, 2, 3, 12];
    const names = generations.flatMap((generation) => Object.values(collectionsOf(generation)));
    expect(new Set(names).size).toBe(names.length);
    for (const generation of generations) expect(generationOf(collectionsOf(generation).tasks)).toBe(generation);
  });

  test.each(['task_events', 'tasks_v1_g', 'tasks_v1_g0', 'tasks_v2_g3', 'tasks_v1_g2_old'])(
    '%s is none of them',
    (name) => {
      expect(generationOf(name)).toBeUndefined();
    },
  );
});

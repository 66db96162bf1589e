import { MongoClient } from 'mongodb';
import { collectionsOf, firstGeneration, type TaskDocument } from '@nask/schemas';

/** Tasks that have ended, as the projector would have written them, under the ids from 1 on. */
export async function storeTasks(env: Record<string, string>, count: number): Promise<void> {
  const client = new MongoClient(env['MONGODB_URL']!);
  const { tasks: name } = collectionsOf(firstGeneration);
  const tasks = client.db(env['MONGODB_DATABASE']).collection<TaskDocument>(name);
  const slot = { offset: 1, event_id: '019ab6f0-3c5e-7d2a-9b1f-5a7e2c4d8e10' };
  const at = new Date();
  const attempt = { ...slot, attempt: 1, executor: 'bench' };
  for (let first = 1; first <= count; first += 1_000)
    await tasks.insertMany(
      Array.from({ length: Math.min(1_000, count - first + 1) }, (_, i) => ({
        _id: first + i,
        status: 'SUCCESS' as const,
        created_at: at,
        kept_from: at,
        type: 'prime',
        requested: { ...slot, type: 'prime', payload: '{"input":100}', notify_url: null, requested_at: at },
        started: { ...attempt, started_at: at },
        completed: { ...attempt, outcome: 'SUCCESS' as const, result: '541', error: null, completed_at: at },
      })),
    );
  await client.close();
}

/**
 * Gathers what is asked for while a look-up is under way and asks for it in one, as the next. An answer is never older
 * than its question: a question that comes while a look-up is under way waits for the one after it.
 */
interface Coalescer<K, V> {
  /** The value of a key, undefined when there is none. Rejects with the look-up's error. */
  readonly get: (key: K) => Promise<V | undefined>;
}

interface Question<V> {
  resolve(value: V | undefined): void;
  reject(error: unknown): void;
}

/**
 * @param lookUp answers many keys at once, in bounded time; keys without a value are left out of the map
 * @param maxKeys how many keys one look-up has at most. What waits is bounded by the requests in flight; when a look-up
 *   fails, everything that waits fails with it, so that nobody waits for several time-outs in a row.
 */
export function createCoalescer<K, V>(
  lookUp: (keys: K[]) => Promise<ReadonlyMap<K, V>>,
  maxKeys: number,
): Coalescer<K, V> {
  let gathered = new Map<K, Question<V>[]>();
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (gathered.size > 0) {
      const batch = takeBatch();
      try {
        const values = await lookUp([...batch.keys()]);
        for (const [key, questions] of batch) for (const question of questions) question.resolve(values.get(key));
      } catch (error) {
        const failed = [...batch.values(), ...gathered.values()];
        gathered = new Map();
        for (const questions of failed) for (const question of questions) question.reject(error);
      }
    }
    running = false;
  }

  function takeBatch(): Map<K, Question<V>[]> {
    if (gathered.size <= maxKeys) {
      const all = gathered;
      gathered = new Map();
      return all;
    }
    const batch = new Map([...gathered].slice(0, maxKeys));
    for (const key of batch.keys()) gathered.delete(key);
    return batch;
  }

  return {
    get: (key) =>
      new Promise((resolve, reject) => {
        const questions = gathered.get(key);
        if (questions === undefined) gathered.set(key, [{ resolve, reject }]);
        else questions.push({ resolve, reject });
        if (!running) void run();
      }),
  };
}

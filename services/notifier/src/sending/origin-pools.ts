import { LRUCache } from 'lru-cache';
import { Pool, type buildConnector } from 'undici';

export interface OriginPools {
  /** The pool of an origin (scheme, host and port), made when there is none. */
  pool(origin: string): Pool;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/**
 * Keeps connections alive for the origins that were last sent to. Beyond `maxOrigins`, the pool that was used longest
 * ago is closed as soon as what it still sends has ended.
 */
export function createOriginPools(options: {
  connector: buildConnector.connector;
  connectionsPerOrigin: number;
  maxOrigins: number;
}): OriginPools {
  const { connector, connectionsPerOrigin, maxOrigins } = options;
  const open = new Set<Pool>();

  const pools = new LRUCache<string, Pool>({
    max: maxOrigins,
    dispose: (pool) => {
      void pool.close().then(() => open.delete(pool));
    },
  });

  function createPool(origin: string): Pool {
    const pool = new Pool(origin, {
      connect: connector,
      connections: connectionsPerOrigin,
      pipelining: 1,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 60_000,
      // One deadline bounds an attempt as a whole: the sender's.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    open.add(pool);
    return pool;
  }

  return {
    pool(origin) {
      const known = pools.get(origin);
      if (known !== undefined) return known;
      const created = createPool(origin);
      pools.set(origin, created);
      return created;
    },
    async close() {
      await Promise.all([...open].map((pool) => pool.destroy()));
    },
  };
}

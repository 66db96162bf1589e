/** Answers from what is known already: it asks nobody, so that it is cheap and cannot hang. */
export type HealthCheck = () => { ok: boolean; reason?: string };

/** The two checks of what tells of itself whether it is live and ready, and why it is not (a consumer). */
export function checksOf(health: () => { live: boolean; ready: boolean; reason?: string }): {
  live: HealthCheck;
  ready: HealthCheck;
} {
  const check = (aspect: 'live' | 'ready') => () => {
    const { [aspect]: ok, reason } = health();
    return ok ? { ok } : { ok, reason };
  };
  return { live: check('live'), ready: check('ready') };
}

/** A check that needs one reason for all its failures. */
export function check(isOk: () => boolean, reason: string): HealthCheck {
  return () => (isOk() ? { ok: true } : { ok: false, reason });
}

export interface HealthReport {
  status: 'ok' | 'unavailable';
  checks: Record<string, { ok: boolean; reason?: string }>;
  /** What is shared with the other replicas: told, and not counted. */
  dependencies?: Record<string, { ok: boolean; reason?: string }>;
}

type Phase = 'starting' | 'started' | 'stopping';

export interface Health {
  /** Whether the process works; where not, it should be restarted. */
  live(): HealthReport;
  /** Whether the service should be given work now. */
  ready(): HealthReport;
  /** Told by runService. Where it is told, readiness has a check `phase` that is ok only when started. */
  setPhase(phase: Phase): void;
}

/**
 * A service's health from its named checks. A check that throws counts as failed, with its message as the reason.
 * @param checks.dependencies what the service shares with its other replicas. Readiness tells how it is and does not
 *   count it: where it is away or slow, no other replica would do better, and without any nobody would answer at all.
 */
export function createHealth(checks: {
  live: Readonly<Record<string, HealthCheck>>;
  ready: Readonly<Record<string, HealthCheck>>;
  dependencies?: Readonly<Record<string, HealthCheck>>;
}): Health {
  let phase: Phase | undefined;
  const phaseCheck: HealthCheck = () => (phase === 'started' ? { ok: true } : { ok: false, reason: phase });
  return {
    live: () => report(checks.live),
    ready: () => ({
      ...report(phase === undefined ? checks.ready : { phase: phaseCheck, ...checks.ready }),
      ...(checks.dependencies === undefined ? {} : { dependencies: resultsOf(checks.dependencies) }),
    }),
    setPhase: (next) => {
      phase = next;
    },
  };
}

function report(checks: Readonly<Record<string, HealthCheck>>): HealthReport {
  const results = resultsOf(checks);
  const isOk = Object.values(results).every(({ ok }) => ok);
  return { status: isOk ? 'ok' : 'unavailable', checks: results };
}

function resultsOf(checks: Readonly<Record<string, HealthCheck>>): HealthReport['checks'] {
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, result(check)]));
}

function result(check: HealthCheck): { ok: boolean; reason?: string } {
  try {
    return check();
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

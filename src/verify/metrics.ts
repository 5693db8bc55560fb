import type { VerifierStatus } from './verifier.ts'

/** The text format of Prometheus */
export function statusText({ age, isStale, entries, failures }: VerifierStatus): string {
  const gauges = [
    ...(age === undefined
      ? []
      : [
          [
            'age_seconds',
            'How old the knowledge of what has ended is',
            age === Number.POSITIVE_INFINITY ? '+Inf' : age / 1000,
          ],
        ]),
    ['stale', 'Whether it is older than maxStale', Number(isStale)],
    ['entries', 'Entries in memory', entries],
    ['failures', 'Requests to the feed that failed since its last answer', failures],
  ] as const
  return gauges
    .map(([name, help, value]) => {
      const metric = `rekindle_verifier_${name}`
      return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${metric} ${value}\n`
    })
    .join('')
}

/** LOG_PROBES=false: the log has no lines of successful probes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startService } from '../support/service.ts'

const routes = (logged: string) =>
  logged
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    .filter(({ msg }) => msg === 'request')
    .map(({ route, status }) => `${route} ${status}`)

for (const logProbes of [true, false]) {
  test(`LOG_PROBES=${logProbes}`, async (t) => {
    const service = await startService(t, { logProbes })
    await service.request('/livez')
    await service.request('/readyz')
    await service.request('/openapi.json')
    service.core.shutdown.draining = true
    await service.request('/readyz')
    const successful = logProbes ? ['/livez 200', '/readyz 200'] : []
    assert.deepEqual(routes(service.logged()), [...successful, '/openapi.json 200', '/readyz 503'])
  })
}

/** The contract's tag `service`. */

import { hideMigrations } from '../../support/world.ts'
import type { Provocation, Provocations } from './provoke.ts'
import { after, changed } from './provoke.ts'

const get =
  (path: string): Provocation =>
  () => ({ path, request: {} })

/** The client has what it asks for. */
const again =
  (path: string): Provocation =>
  async ({ service }) => {
    const { headers } = await service.request(path)
    return { path, request: { headers: { 'If-None-Match': headers.get('ETag') ?? '' } } }
  }

const notPatched = (path: string): Provocations => ({
  '405 method_not_allowed': changed(get(path), () => ({ method: 'PATCH' })),
})

export const livez: Provocations = { ...notPatched('/livez'), '200 ok': get('/livez') }

export const readyz: Provocations = {
  ...notPatched('/readyz'),
  '200 ok': get('/readyz'),
  '503 unavailable': [
    after(get('/readyz'), ({ service }) => service.core.store.close()),
    after(get('/readyz'), hideMigrations),
  ],
  '503 shutting_down': after(get('/readyz'), ({ service }) => {
    service.core.shutdown.draining = true
  }),
}

export const openapi: Provocations = {
  ...notPatched('/openapi.json'),
  '200 abridged': get('/openapi.json'),
  '304 empty': again('/openapi.json'),
}

export const docs: Provocations = {
  ...notPatched('/docs'),
  '200 text/html page': get('/docs'),
  '304 empty': again('/docs'),
}

export const docsAsset: Provocations = {
  ...notPatched('/docs/docs.js'),
  '200 text/css file': [get('/docs/swagger-ui.css'), get('/docs/docs.css')],
  '200 text/javascript file': [get('/docs/docs.js'), get('/docs/swagger-ui-bundle.js')],
  '304 empty': [again('/docs/docs.js'), again('/docs/swagger-ui.css')],
  '404 not_found': [get('/docs/nothing.js'), get('/docs/constructor'), get('/docs/%2e%2e%2fpackage.json')],
}

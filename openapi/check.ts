/** Fails when the routes of the running app and the operations of the contract differ. */
import { readFileSync } from 'node:fs'
import pino from 'pino'
import { createApp } from '../src/http/app.ts'
import type { Core } from '../src/http/core.ts'
import type { Contract } from './routes.ts'

const contract = JSON.parse(
  readFileSync(new URL('../generated/openapi.json', import.meta.url), 'utf8'),
) as Contract

// Binding handlers uses neither the database nor keys.
const settings = { corsOrigins: [], trustProxy: false, cookie: { name: 'refresh_token', secure: true } }
const app = createApp({ settings, log: pino({ enabled: false }) } as unknown as Core)

const key = (method: string, path: string) => `${method.toUpperCase()} ${path}`
const promised = new Set(
  Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => key(method, path)),
  ),
)
const bound = new Set(
  app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [key(definition.route.method, definition.route.path)] : [],
  ),
)
// All routes of Hono for single methods, including any that were added without the contract.
const served = new Set(
  app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => key(method, path.replaceAll(/:(\w+)/g, '{$1}'))),
)

for (const route of promised.difference(bound))
  console.error(`${route} is in the contract, but not in the app`)
for (const route of served.difference(promised))
  console.error(`${route} is in the app, but not in the contract`)
if (promised.difference(bound).size + served.difference(promised).size > 0) process.exitCode = 1

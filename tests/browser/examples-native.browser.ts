/**
 * The example for React Native, with the globals of React Native: its `fetch` is that of `whatwg-fetch` over
 * XMLHttpRequest, its `AbortController` is a package. No signal has a `reason`, and there are no tabs, streams or locations.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createContext, runInContext } from 'node:vm'
import type { Session } from '../../src/client/index.ts'
import { PASSWORD } from '../support/service.ts'
import { until } from '../support/until.ts'
import { copyExamples } from './examples/packed.ts'
import { restartable } from './restartable.ts'

interface App {
  readonly session: Session
  readonly logIn: (username: string, password: string) => Promise<string | undefined>
  readonly RefreshError: new () => Error
}

const PLATFORM = `
  import { AbortController, AbortSignal } from 'abort-controller'
  import { fetch, Headers, Request, Response } from 'whatwg-fetch'
  Object.assign(globalThis, { AbortController, AbortSignal, fetch, Headers, Request, Response })`

/** What V8 has and Hermes has not */
const REDUCE = `
  for (const name of ['Iterator', 'SharedArrayBuffer', 'Atomics', 'WebAssembly']) delete globalThis[name]
  delete Promise.withResolvers; delete Promise.try; delete Array.fromAsync; delete Object.groupBy; delete Map.groupBy`

/** React Native's, from before the app begins. Timers are numbers, which nothing can release. */
function globals(t: TestContext, XMLHttpRequest: unknown) {
  const timers = new Map<number, NodeJS.Timeout>()
  t.after(() => timers.forEach(clearTimeout))
  return {
    XMLHttpRequest,
    navigator: { product: 'ReactNative' },
    performance: { now: () => performance.now() },
    atob: (text: string) => atob(text),
    queueMicrotask,
    setTimeout(work: () => void, milliseconds: number) {
      const id = timers.size + 1
      timers.set(id, setTimeout(work, milliseconds))
      return id
    },
    clearTimeout: (id: number) => clearTimeout(timers.get(id)),
  }
}

/** Answers later, as that of a phone does. What it keeps outlives the app. */
function asyncStorage(kept: Map<string, string>) {
  return {
    async getItem(key: string) {
      await setImmediate()
      return kept.get(key) ?? null
    },
    async setItem(key: string, value: string) {
      await setImmediate()
      kept.set(key, value)
    },
    async removeItem(key: string) {
      await setImmediate()
      kept.delete(key)
    },
  }
}

async function prepare(t: TestContext) {
  const service = await restartable(t, {})
  await service.register('ada')
  const kept = new Map<string, string>()
  const ended: string[] = []
  return {
    service,
    kept,
    ended,
    /** The app as it is started from its icon */
    async launch(): Promise<App> {
      const examples = copyExamples(t, service.url())
      const { XMLHttpRequest } = createRequire(`${examples.directory}/`)('xhr2')
      const context = createContext({
        ...globals(t, XMLHttpRequest),
        storage: asyncStorage(kept),
        onEnded: (reason: string) => ended.push(reason),
      })
      runInContext(`${REDUCE}; globalThis.self = globalThis`, context)
      runInContext(await examples.bundle(PLATFORM, { format: 'iife' }), context)
      const app = `
        import { RefreshError } from 'rekindle/client'
        import { createAppSession } from './react-native.ts'
        globalThis.app = { ...createAppSession(storage, onEnded), RefreshError }`
      runInContext(await examples.bundle(app, { format: 'iife' }), context)
      const absent =
        '[typeof AbortSignal.any, typeof AbortSignal.timeout, typeof ReadableStream, typeof BroadcastChannel, typeof location, typeof localStorage, typeof structuredClone, typeof crypto, typeof TextDecoder, typeof addEventListener, typeof URL, typeof Event].join()'
      assert.match(runInContext(absent, context), /^(undefined,?){12}$/)
      return context['app']
    },
  }
}

test('an app logs in, refreshes, is launched again, and logs out', { timeout: 60_000 }, async (t) => {
  const { service, kept, ended, launch } = await prepare(t)
  const me = async ({ session }: App) => (await session.fetch(`${service.url()}/api/auth/me`)).status
  const app = await launch()
  assert.equal(await me(app), 401)
  assert.equal(await app.logIn('ada', 'not this one'), 'Invalid credentials.')
  assert.equal(await app.logIn('ada', PASSWORD), undefined)
  assert.equal(await me(app), 200)

  const token = await app.session.accessToken()
  const [one, two] = await Promise.all([app.session.refresh(), app.session.refresh()])
  assert.equal(one, two)
  assert.notEqual(one, token)
  assert.equal(await me(app), 200)
  assert.match(kept.get('rekindle') ?? '', /"refreshToken"/)

  const again = await launch()
  assert.equal(await me(again), 200)
  assert.deepEqual({ ...again.session.user }, { ...app.session.user })
  assert.equal(again.session.state.status, 'loggedIn')
  assert.deepEqual(ended, [])

  const { refreshToken } = JSON.parse(kept.get('rekindle') ?? '{}')
  await again.session.logout()
  assert.deepEqual(ended, ['logout'])
  await until(() => kept.size === 0)
  const refused = await fetch(`${service.url()}/refresh_token`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${refreshToken}` },
  })
  assert.equal(refused.status, 401)
  assert.equal(await me(await launch()), 401)
})

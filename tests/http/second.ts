/** Another process on the same database, with its own settings or secrets, like a second node or a restart. */
import type { TestContext } from 'node:test'
import pino from 'pino'
import type { Settings } from '../../src/config/settings.ts'
import { createApp } from '../../src/http/app.ts'
import type { CoreOptions } from '../../src/http/core.ts'
import { createCore } from '../../src/http/core.ts'
import { listen } from '../../src/http/server/listen.ts'
import type { Service } from '../support/service.ts'
import { client, SECRET, waitPatiently } from '../support/service.ts'

export async function startSecond(
  t: TestContext,
  first: Service,
  secrets: CoreOptions['secrets'] = { current: SECRET, previous: [] },
  overrides: Partial<Settings> = {},
) {
  const settings = { ...first.core.settings, ...overrides }
  const core = await createCore({
    settings,
    secrets,
    log: pino({ enabled: false }),
    now: () => first.clock.now,
  })
  waitPatiently(core)
  const listener = await listen(createApp(core), settings, core)
  t.after(async () => {
    await listener.close(1000)
    await core.store.close()
  })
  return { ...client(listener.url), url: listener.url }
}

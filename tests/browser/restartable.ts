import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import type { Service } from '../support/service.ts'
import { realClock, startService } from '../support/service.ts'

/** A service that can be stopped and started again on the same database. */
export async function restartable(t: Pick<TestContext, 'after'>, settings: Partial<Settings>) {
  let service: Service = await startService(t, settings, realClock)
  return {
    url: () => service.url,
    register: (username: string) => service.register(username),
    /** @returns its new address */
    async restart(): Promise<string> {
      await service.stop()
      service = await startService(t, { ...settings, database: service.database }, realClock)
      return service.url
    },
  }
}

import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import type { Service } from '../fixture.ts'
import { realClock, startService } from '../fixture.ts'

/** A service that can be stopped and started again on the same database. */
export async function restartable(t: Pick<TestContext, 'after'>, settings: Partial<Settings>) {
  let service: Service = await startService(t, settings, realClock)
  const logs: string[] = []
  const read = () => logs.concat(service.logged()).join('')

  return {
    url: () => service.url,
    register: (username: string) => service.register(username),
    /** @returns its new address */
    async restart(): Promise<string> {
      logs.push(service.logged())
      await service.stop()
      const { database } = service.core.settings
      service = await startService(t, { ...settings, database }, realClock)
      return service.url
    },
    /** Times of all rotations, in milliseconds since the epoch */
    rotations: () =>
      read()
        .split('\n')
        .filter((line) => line.includes('"event":"token.rotated"'))
        .map((line) => Number(JSON.parse(line).time)),
  }
}

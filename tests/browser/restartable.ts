import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import { connect } from '../dialects.ts'
import type { Service } from '../fixture.ts'
import { realClock, startService } from '../fixture.ts'

/** A service that can be stopped and started again on the same database. */
export async function restartable(t: Pick<TestContext, 'after'>, settings: Partial<Settings>) {
  let service: Service = await startService(t, settings, realClock)
  // The database notes the time that each rotation counts from: a log line comes after the disk, and that can be late.
  const database = await connect(service.database)
  t.after(() => database.close())
  await database.query('create table rotations (at integer not null)')
  await database.query(
    'create trigger rotation after update of generation on sessions begin insert into rotations values (new.rotated_at); end',
  )

  return {
    url: () => service.url,
    register: (username: string) => service.register(username),
    /** @returns its new address */
    async restart(): Promise<string> {
      await service.stop()
      service = await startService(t, { ...settings, database: service.database }, realClock)
      return service.url
    },
    /** Times of all rotations, in milliseconds since the epoch */
    rotations: async (): Promise<number[]> =>
      (await database.query('select at from rotations order by rowid')).map(({ at }) => at),
  }
}

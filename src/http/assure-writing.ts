import { probeWriting } from '../store/queries/probe.ts'
import type { Core } from './core.ts'

/**
 * Makes sure that the database can be written to, if nothing was written yet, or a write has failed.
 *
 * @throws the error of the write
 */
export async function assureWriting({ db, failedWrites }: Pick<Core, 'db' | 'failedWrites'>): Promise<void> {
  const { count } = failedWrites
  if (count > 0) await probeWriting(db)
  // A write may have failed meanwhile.
  if (failedWrites.count === count) failedWrites.count = 0
}

/** What is measured: one operation of one service on one database. */

import type { Cleanup } from '../../support/cleanup.ts'
import type { Files, Sizes } from './fill.ts'
import type { Operation } from './operation.ts'
import type { Running } from './process.ts'

export interface Prepared {
  readonly processes: readonly Running[]
  readonly files: Files
  /** How many operations the database knows of; undefined where they leave no trace in it */
  done(): Promise<number | undefined>
  /** How often the disk was waited for; undefined when nobody counts */
  syncs(): Promise<number | undefined>
}

export interface Preparation {
  readonly sizes: Sizes
  /** Whether waits for the disk are counted, which slows the service */
  readonly isTraced: boolean
  /** Milliseconds that each wait for the disk takes longer, as on a slow one */
  readonly syncDelay?: number | undefined
}

export interface Subject {
  /** For `--only` */
  readonly key: string
  readonly name: string
  /** The database, or how many processes there are on it */
  readonly where: string
  readonly operation: Operation
  /** Starts it on a database of its own. */
  prepare(cleanup: Cleanup, preparation: Preparation): Promise<Prepared>
}

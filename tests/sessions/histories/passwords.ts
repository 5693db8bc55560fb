/** After a change of password the logins to come would cost a whole hash each. */
import assert from 'node:assert/strict'
import { findPasswordHash } from '../../../src/store/users.ts'
import type { Model } from '../model.ts'
import type { Foretold } from './orders.ts'
import type { History } from './world.ts'

const REAL = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

/** The same password, but cheaper, once it was seen that the service hashes it as it should. */
export async function keepCheap(model: Model, { world }: History, foretold: Foretold): Promise<void> {
  if (!foretold.some((answer) => answer?.why === 'changed')) return
  const { db } = world.service.core
  for (const { id, state, password, passwordChanges } of model.users) {
    if (state === 'deleted' || passwordChanges === 0) continue
    const cheap = world.cheapHash(password)
    const hash = (await findPasswordHash(db, id)) ?? ''
    assert.ok(hash === cheap || REAL.test(hash), hash)
    await db.updateTable('users').set({ password_hash: cheap }).where('id', '=', id).execute()
  }
}

/** Refreshes of sessions that are bound to a key (DPoP). Each is verified anew, so all can have the same proof. */
import { createSecretKey, randomBytes } from 'node:crypto'
import { createKey } from '../../../src/conform/provocations/dpop.ts'
import { createNonces } from '../../../src/proofs/nonces.ts'
import type { Operation } from './operation.ts'
import { REFRESH } from './operation.ts'

// Nonces are made from the secret of the service.
const secret = randomBytes(32).toString('base64url')
const nonces = createNonces([createSecretKey(Buffer.from(secret))])

export const KEY = createKey()
export const BOUND_ENVIRONMENT = { JWT_SECRET_KEY: secret, PUBLIC_URL: 'http://localhost' }

/** With a proof that holds for two minutes */
export function boundRefresh(): Operation {
  const proof = KEY.prove({
    htm: 'POST',
    htu: `${BOUND_ENVIRONMENT.PUBLIC_URL}/refresh_token`,
    nonce: nonces.current(Date.now()),
  })
  return { ...REFRESH, header: `${REFRESH.header}\r\nDPoP: ${proof}` }
}
